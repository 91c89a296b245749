"""The simulated exchange: one account, one or more contracts, the rules of the fill model.

It knows bars, orders and money, but neither hooks nor configuration nor HTTP. Whoever drives it plays bars one by one and
reads `events`: fills, trades, order changes, guard breaches and ambiguous bars, in the order in which they happened.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from barstep.sim.amend import Amendment
from barstep.sim.amend import apply as apply_amendment
from barstep.sim.guards import ArmedGuard, Guard, liquidate, test_guards
from barstep.sim.intake import RefusedError, make_working, set_expiry, show_prices
from barstep.sim.market import Market
from barstep.sim.matching import Moment, try_at
from barstep.sim.records import Breach, Event, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.domain.bar import Feed
    from barstep.domain.fill import Phase
    from barstep.domain.fill_options import FillOptions
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order
    from barstep.sim.book import Working


class SimulatedExchange:
    """Accepts, amends and cancels orders and plays bars.

    Args:
        feeds: One for each contract, in the order in which bars of equal time are played (R25b).
        options: The fill options.
        fees: Micro-dollars per contract and side, one for each feed.
        start_balance: Micro-dollars.

    Attributes:
        failed: Name of the guard that failed the account, or empty.
        between_bars: True in phase A, while session hooks run: an order asked for then waits for the bar's open.
        current: The market whose bar is being played.
        begins_ns: What the clock shows before the first bars are loaded; the driver sets it.
    """

    def __init__(self, feeds: Sequence[Feed], options: FillOptions, fees: Sequence[int], start_balance: int) -> None:
        self.options = options
        self.start_balance = start_balance
        self.markets = [Market(feed, options, fee) for feed, fee in zip(feeds, fees, strict=True)]
        self._by_contract = {market.feed.contract.id: market for market in self.markets}
        self.records = Records()
        self.failed = ""
        self.between_bars = True
        self.current = self.markets[0]
        self.begins_ns = 0
        self._next_id = 1
        self._refused = 0
        self._groups = 0
        self._guards: dict[tuple[str, str], Guard] = {}
        self._day_start = start_balance
        for market in self.markets:
            market.book.base = start_balance

    @property
    def events(self) -> list[Event]:
        """What has happened since the list was last emptied, in order; the driver empties it."""
        return self.records.events

    # -- money -------------------------------------------------------------------------------------------------

    def market(self, contract: Contract) -> Market:
        """The market of a contract."""
        return self._by_contract[contract.id]

    @property
    def balance(self) -> int:
        """Start balance, realised results and fees, in micro-dollars (R20)."""
        return self.start_balance + sum(market.ledger.balance for market in self.markets)

    @property
    def equity(self) -> int:
        """Balance and open results at the last closes, in micro-dollars."""
        return self.start_balance + sum(market.ledger.worth(market.last_close or 0) for market in self.markets)

    @property
    def day_result(self) -> int:
        """Equity since the trading day began, in micro-dollars."""
        return self.equity - self._day_start

    def floor(self) -> int | None:
        """The highest floor of equity that is in force, in micro-dollars, or None."""
        levels = [
            armed.level + (armed.day_start if armed.guard.basis == "day" else 0)
            for armed in self.markets[0].book.guards
            if armed.guard.side == "floor" and armed.guard.basis != "position"
        ]
        return max(levels, default=None)

    @property
    def clock_ns(self) -> int:
        """The replay's clock: the end of the last complete bar, or in phase A the start of the next, UTC nanoseconds."""
        market = self.current
        row = market.row
        if row >= 0 and not self.between_bars:
            return market.ends[row]
        if not market.starts:
            return self.begins_ns
        if self.between_bars and row + 1 < len(market.starts):
            return market.starts[row + 1]
        return market.stamps[1]

    # -- orders ------------------------------------------------------------------------------------------------

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
        self.records.events.append(order)
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
        self.events.append(order)

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

    # -- bars --------------------------------------------------------------------------------------------------

    def start_session(self, market: Market, start_ns: int, *, new_day: bool = True) -> None:
        """Phase A of a contract's new session: its session orders expire (R3).

        On the first contract of a new trading day the guards are reset too and the day's result starts (R19).
        """
        market.session_first = market.next_bar
        self._expire(market, start_ns, session_over=True)
        if not new_day:
            return
        self._day_start = self.equity
        for each in self.markets:
            each.book.locked = ""
            for armed in each.book.guards:
                armed.start_day(self._day_start)
            each.arm(each.book.guards)

    def play(self, market: Market, row: int) -> None:
        """Phases A to D of one bar that needs work (`market.needs_work`); leaves `market.row` at it."""
        if market.expiring:
            self._expire(market, market.starts[row], session_over=False)
        book = market.book
        book.next_id = self._next_id
        if len(self.markets) > 1:
            book.base = self._worth_of_others(market)
        outcomes = market.play(row)
        market.row = row
        self._next_id = market.book.next_id
        if market.book.log:
            self.records.book_bar(market, outcomes)
        if not market.silent:
            self._after_guards(market, market.armed_before)
        market.finish_bar(row)
        if len(self.markets) > 1:
            self._keep_watch()

    def finish(self) -> None:
        """The end of the data (R25): cancel all orders and, under `at_end: close`, close at the last close."""
        for market in self.markets:
            if market.last_close is None:
                continue
            if self.options.at_end == "close":
                self._liquidate(market, self.options.market_slip_ticks, "end", "R25", "end of data")
            else:
                for order in self.working_orders(market.feed.contract):
                    self._cancel_now(market, order, "end of data")

    def flatten(self, reason: str, rule: str, phase: Phase, only: Contract | None = None) -> None:
        """Cancel all orders and close all positions at the last close less the forced slip (R18)."""
        for market in self.markets:
            if market.last_close is not None and (only is None or market.feed.contract.id == only.id):
                self._liquidate(market, self.options.forced_slip_ticks, phase, rule, reason)

    # -- guards ------------------------------------------------------------------------------------------------

    def set_guard(self, guard: Guard) -> None:
        """Put a guard in force, or replace the one of that name by the same plugin (R19)."""
        self._guards[guard.plugin, guard.name] = guard
        self._arm()

    def remove_guard(self, plugin: str, name: str) -> None:
        """Take a guard out of force; nothing happens when there is none."""
        self._guards.pop((plugin, name), None)
        self._arm()

    def _arm(self) -> None:
        old = {id(armed.guard): armed for armed in self.markets[0].book.guards}
        armed = [old.get(id(guard)) or ArmedGuard(guard, self._day_start) for guard in self._guards.values()]
        armed.sort(key=lambda each: each.severity)
        watched = any(each.guard.basis == "position" for each in armed)
        for market in self.markets:
            market.book.lots = [(lot.size, lot.price) for lot in market.ledger.lots] if watched else None
            market.arm(armed)

    def _after_guards(self, market: Market, before: list[ArmedGuard]) -> None:
        """Report the guards that acted in a bar, and let account guards act on the other contracts too."""
        armed_now = market.book.guards
        for other in self.markets:
            other.book.guards = armed_now
        for armed, was in zip(armed_now, before, strict=False):
            if armed.breaches == was.breaches:
                continue
            self.events.append(Breach(armed.guard, self.clock_ns))
            if armed.guard.basis != "position":
                for other in self.markets:
                    if other is not market and other.last_close is not None:
                        slip = self.options.forced_slip_ticks
                        self._liquidate(other, slip, "settle", "R19", armed.guard.name)
        self.failed = self.failed or market.book.failed
        self._keep_watch()

    def _keep_watch(self) -> None:
        """With several contracts a guard's price in one moves with the others, so every bar is looked at."""
        if len(self.markets) > 1 and self._guards:
            for each in self.markets:
                each.wake()

    # -- inside ------------------------------------------------------------------------------------------------

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
            apply_amendment(working, made, self.options, market.next_bar)
            market.watch(working)
            self.events.append(order)

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

    def _worth_of_others(self, market: Market) -> int:
        if len(self.markets) == 1:
            return self.start_balance
        others = (other for other in self.markets if other is not market)
        return self.start_balance + sum(other.ledger.worth(other.last_close or 0) for other in others)
