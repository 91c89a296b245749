"""Orders on their way into the book and out of it between bars: accepted, refused, amended, cancelled, linked (R4, R23)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from barstep.sim.account import AccountState
from barstep.sim.amend import Amendment
from barstep.sim.amend import apply as apply_amendment
from barstep.sim.guards import liquidate, test_guards
from barstep.sim.intake import RefusedError, make_working, set_expiry, show_prices
from barstep.sim.matching import Moment, try_at

if TYPE_CHECKING:
    from barstep.domain.fill import Phase
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order
    from barstep.sim.book import Working
    from barstep.sim.guards import ArmedGuard
    from barstep.sim.market import Market


class OrderEntry(AccountState):
    """Takes what strategies ask for while no bar is being played."""

    def accept(self, order: Order) -> None:
        """Take an order into the book, or reject it with a reason; under `current_close` it may fill inside the call."""
        market = self._by_contract[order.contract.id]
        try:
            if self.failed:
                raise RefusedError(f"the account has failed ({self.failed})")
            working = make_working(order, self.options, market.last_close)
            working.from_bar = working.arrive_bar = self._first_bar(market) + self.options.latency_bars
            if order.expires is not None:
                set_expiry(working, order.expires, working.from_bar)
        except RefusedError as refusal:
            self.refuse(order, "rejected", str(refusal))
            return
        order.status = "working"
        order.id = working.id = self._next_id
        self._next_id += 1
        if working.trail:
            order.stop = order.contract.instrument.price(working.level)
        elif self.options.off_grid == "conservative":
            show_prices(order, working)
        market.book.live.append(working)
        self.records.working(order)
        if self.options.market_fill == "current_close" and not self.between_bars:
            self._fill_at_close(market, working)
            market.refresh()
        else:
            market.watch(working)

    def refuse(self, order: Order, status: Literal["denied", "rejected"], reason: str) -> None:
        """Record an order that never reached the book."""
        self._refused += 1
        order.id = -self._refused
        order.status = status
        order.reason = f"{order.reason}; {reason}" if order.reason else reason
        order.ended_ns = self.clock_ns
        self.records.ended.append(order)

    def cancel(self, order: Order, reason: str = "cancelled") -> bool:
        """Cancel a working order (R23); False when it is not working. With latency it may still fill before."""
        market = self.market(order.contract)
        if self._working(market, order) is None:
            return False
        self._later(market, partial(self._cancel_now, market, order, reason))
        return True

    def amend(self, order: Order, size: int | None, limit: float | None, stop: float | None, trail: int | None) -> str:
        """Change a working order (R23), None leaves a value; returns the reason when it is refused, else nothing."""
        change = Amendment(size, limit, stop, trail)
        market = self.market(order.contract)
        working = self._working(market, order)
        if working is None:
            return f"order {order.id} is {order.status}, not working"
        try:
            made = change.check(working, self.options, market.last_close)
        except RefusedError as refusal:
            return str(refusal)
        self._later(market, partial(self._amend_now, market, order, made))
        return ""

    def link(self, first: Order, second: Order) -> str:
        """Make two working orders cancel each other (OCO); returns the reason when it cannot be, else an empty string."""
        found = []
        for order in (first, second):
            working = self._working(self.market(order.contract), order)
            if working is None:
                return f"order {order.id} is {order.status}, not working"
            found.append(working)
        if first.contract.id != second.contract.id:
            return f"orders {first.id} and {second.id} are of different contracts"
        self._groups += 1
        group = found[0].oco or found[1].oco or self._groups
        for working in found:
            working.oco = group
        return ""

    def protect(self, order: Order, role: Literal["stop", "target", "trail"]) -> None:
        """Make a working reduce-only order live and die with the position, as a bracket child does (R12)."""
        working = self._working(self.market(order.contract), order)
        if working is not None:
            working.role = role

    def exits_only(self, contract: Contract, reason: str) -> None:
        """Cancel the entries that work on a contract; orders against the position may from now on only reduce it."""
        market = self.market(contract)
        for working in market.book.live.copy():
            if working.reduce_only or working.order is None:
                continue
            if working.sign * market.book.position < 0:
                working.reduce_only = working.order.reduce_only = True
            else:
                self.cancel(working.order, reason)

    def working_orders(self, contract: Contract) -> list[Order]:
        """The public orders that work on a contract, by id."""
        orders = [w.order for w in self.market(contract).book.live if w.order is not None]
        return sorted(orders, key=lambda order: order.id)

    def worst_case(self, contract: Contract, sign: int) -> int:
        """Signed position if every working order of a side that may open filled; of an OCO group the largest counts."""
        book = self._by_contract[contract.id].book
        if not book.live:
            return book.position
        groups: dict[int, int] = {}
        total = 0
        for working in book.live:
            if working.sign != sign or working.reduce_only:
                continue
            if working.oco:
                groups[working.oco] = max(groups.get(working.oco, 0), working.size)
            else:
                total += working.size
        return book.position + sign * (total + sum(groups.values()))

    # -- inside ------------------------------------------------------------------------------------------------

    def _after_guards(self, market: Market, before: list[ArmedGuard]) -> None:
        """Report the guards that acted; the exchange says how."""
        raise NotImplementedError

    @staticmethod
    def _working(market: Market, order: Order) -> Working | None:
        for working in market.book.live:
            if working.order is order:
                return working
        return None

    def _first_bar(self, market: Market) -> int:
        """The first bar that begins after now: of another contract, the bar under way does not count (R4, R25b)."""
        if market is self.current:
            return market.first + market.row + 1
        row = market.row + 1
        under_way = row < len(market.starts) and market.starts[row] < self.clock_ns
        return market.next_bar + under_way

    def _later(self, market: Market, act: partial[None]) -> None:
        """Carry out a request now, or when the bar under way and the configured latency are over (R23)."""
        due = self._first_bar(market) - 1 + self.options.latency_bars
        if due >= market.next_bar:
            market.pending.append((due, act))
            market.wake()
        else:
            act()

    def _cancel_now(
        self, market: Market, order: Order, reason: str, status: Literal["cancelled", "expired"] = "cancelled"
    ) -> None:
        working = self._working(market, order)
        if working is not None:
            market.book.live.remove(working)
            self.records.end(order, status, reason, self.clock_ns)

    def _amend_now(self, market: Market, order: Order, made: Working) -> None:
        working = self._working(market, order)
        if working is not None:
            moved = apply_amendment(working, made, self.options, market.next_bar)
            self.records.working(order)
            if moved and self.options.market_fill == "current_close" and not self.between_bars:
                self._fill_at_close(market, working)  # it is arriving again (R23), as one that is placed now
                market.refresh()
            else:
                market.watch(working)

    def _expire(self, market: Market, start_ns: int, *, session_over: bool) -> None:
        for working in market.expire(market.next_bar, start_ns, session_over=session_over):
            if working.order is not None:
                self._cancel_now(market, working.order, "", "expired")

    def _fill_at_close(self, market: Market, working: Working) -> None:
        """Phase E under `market_fill: current_close` (R6): the order is tested at the last close as arriving."""
        close = market.last_close
        if close is None or (market.shut is not None and market.shut[market.row]):
            return
        book = market.book
        book.base = self._worth_of_others(market)
        book.log = []
        book.next_id = self._next_id
        now = Moment(self.options, market.next_bar - 1, close, close, close, close, first_of_session=False)
        try_at(book, working, close, now, "hooks", 0, arriving=True)
        before = [armed.copy() for armed in book.guards]
        if book.log and book.guards:
            test_guards(book, close, self.options.forced_slip_ticks, "hooks", 0)
        self._next_id = book.next_id
        self.records.book_late(market)
        self._after_guards(market, before)

    def _liquidate(self, market: Market, slip: int, phase: Phase, rule: str, reason: str) -> None:
        book = market.book
        if not book.live and not book.position:
            return
        book.log = []
        book.next_id = self._next_id
        liquidate(book, market.last_close or 0, slip, phase, 0, rule, reason)
        self._next_id = book.next_id
        self.records.book_late(market)
        market.refresh()
