"""What the kernel left, as the fills, trades, orders and guards that the event lane would have told of, in its order."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from barstep.domain.fill import Fill, Trade
from barstep.domain.order import Bracket, Order
from barstep.domain.risk import Verdict
from barstep.domain.session import to_datetime
from barstep.engine.array.kernel import layout as at
from barstep.engine.phases import lock_reason
from barstep.sim.book import Book, Execution
from barstep.sim.choice import Outcome
from barstep.sim.records import AmbiguousBar, Breach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.domain.fill import Phase
    from barstep.engine.array.account import Account
    from barstep.engine.array.work import Left, Wants
    from barstep.sim.records import Event

Row = list[int]

_ROLES = {at.NO_ROLE: "", at.STOP_ROLE: "stop", at.TARGET_ROLE: "target", at.TRAIL_ROLE: "trail"}
_PHASES: dict[int, Phase] = {at.OPEN: "open", at.PATH: "path", at.SETTLE: "settle", at.HOOKS: "hooks", at.END: "end"}
_CAUSES = {at.FLAT_TIME: "flat time", at.END_OF_DATA: "end of data"}


class Teller:
    """Reads the tape of one run.

    Args:
        account: What was played.
        wants: What the strategy wanted, for the distances of its brackets.
        left: What the run left, with its tape (STORY).
        strategy: The strategy's name in the run.

    Attributes:
        last: A bar after which nothing is to be told; None for all of them.
        failed: Name of the guard that failed the account, or empty.
    """

    def __init__(self, account: Account, wants: Wants, left: Left, strategy: str) -> None:
        self._account, self._wants, self._strategy = account, wants, strategy
        feed = account.bars.feed
        self._feed, self._contract = feed, feed.contract
        self._price = feed.contract.instrument.price
        self._tick = feed.contract.instrument.tick_value
        self._fee = int(account.options[at.FEE])
        self._starts, self._ends = account.bars.start_ns, account.bars.end_ns
        self._rows, self._trades = left.fills, left.trades
        self._tape = left.tape
        self._orders: dict[int, Order] = {}
        self._fills: list[Fill] = []
        self._roles: list[str] = []
        self._locks: list[tuple[int, Verdict]] = []
        self._events: list[Event] = []
        self._ending: tuple[Order, int] | None = None
        self.last: int | None = None
        self.failed = account.guard_names[int(left.book[at.FAILED]) - 1].name if left.book[at.FAILED] else ""
        self._tellers = {
            at.TOLD_FILL: self._fill, at.TOLD_TRADE: self._trade, at.TOLD_REMOVAL: self._removal,
            at.TOLD_BIRTH: self._birth, at.TOLD_ASK: self._ask, at.TOLD_OUTCOME: self._outcome,
            at.TOLD_EXECUTION: self._execution, at.TOLD_BREACH: self._breach,
        }  # fmt: skip

    def batches(self) -> Iterator[tuple[int, list[Event]]]:
        """The bar and its events, once for those of the bar and once for those that its wish brought."""
        for (bar, _), rows in groupby(self._read(), key=lambda row: (row[at.P_BAR], row[at.P_BATCH])):
            if self.last is not None and bar > self.last:
                return
            for row in rows:
                if self._ending is not None and row[at.P_TYPE] != at.TOLD_TRADE:
                    self._end_filled()
                self._tellers[row[at.P_TYPE]](bar, row)
            self._end_filled()
            yield bar, self._events
            self._events = []

    def working(self) -> list[Order]:
        """The orders that still work after the batches told of."""
        return [order for order in self._orders.values() if order.status == "working"]

    def _read(self) -> Iterator[Row]:
        for start in range(0, len(self._tape), 65_536):
            yield from self._tape[start : start + 65_536].tolist()

    # -- orders ------------------------------------------------------------------------------------------------

    def _ask(self, bar: int, row: Row) -> None:
        ident, sign, asked, size, opens, worst, outcome, reduce_only, taken = row[at.P_ONE :]
        order = Order(self._contract, "buy" if sign > 0 else "sell", asked, bracket=self._bracket(bar))
        order.plugin, order.asked, order.opens, order.id = self._strategy, asked, opens, ident
        order.asked_ns = int(self._ends[bar])
        if opens:
            order.verdicts = self._verdicts(bar, opens, worst, taken)
            self._apply(order, size, bool(reduce_only), outcome)
        if outcome == at.ACCEPTED:
            order.status = "working"
            self._orders[ident] = order
            self._events.append(order)
        elif outcome == at.REFUSED_BY_RISK:
            self._end(order, "denied", "", bar)
        else:
            self._end(order, "rejected", f"the account has failed ({self.failed})", bar)

    def _apply(self, order: Order, size: int, reduce_only: bool, outcome: int) -> None:
        """Cut an order to what the verdicts let through, and say why, as the order gate does."""
        allowed = min([order.opens, *(verdict.size for verdict in order.verdicts)])
        if allowed == order.opens:
            return
        reason = "; ".join(f"{v.rule}: {v.reason}" for v in order.verdicts if v.size < order.opens)
        if outcome == at.REFUSED_BY_RISK:
            order.reason = reason
            return
        order.size, order.reduce_only = size, reduce_only
        order.reason = f"{'opening part denied' if not allowed else 'resized'}: {reason}"
        if reduce_only:
            order.bracket = None

    def _verdicts(self, bar: int, opens: int, worst: int, taken: int) -> list[Verdict]:
        """What the rules said: the forms' answers, the strictest first."""
        account = self._account
        found = [
            Verdict(plugin, max(0, form.contracts - max(0, worst)), form.reason)
            for plugin, form in account.caps
            if opens > form.contracts - max(0, worst)
        ]
        found += [
            Verdict(plugin, 0, form.reason.format(taken=taken))
            for plugin, form in account.entries
            if taken >= form.entries
        ]
        bits = int(account.denied[bar]) if len(account.denied) else 0
        spoken = set[str]()
        for bit, (plugin, form) in enumerate(account.hours):
            if bits >> bit & 1 and plugin not in spoken:
                spoken.add(plugin)
                now = to_datetime(int(self._ends[bar]), self._feed.zone)
                found.append(Verdict(plugin, 0, form.reason.format(now=now)))
        if bits >> len(account.hours) & 1 and account.flat_by is not None:
            plugin, flat = account.flat_by
            found.append(Verdict(plugin, 0, flat.reason))
        session = int(account.session_of[bar])
        found += [verdict for since, verdict in self._locks if since == session]
        return sorted(found, key=lambda verdict: (verdict.size, verdict.rule, verdict.reason))

    def _bracket(self, bar: int) -> Bracket | None:
        stop, target, trail = (
            int(values[bar if len(values) > 1 else 0]) or None
            for values in (self._wants.stops, self._wants.targets, self._wants.trails)
        )
        return None if stop is target is trail is None else Bracket(stop, target, trail)

    def _birth(self, bar: int, row: Row) -> None:
        ident, parent_id, role, sign, size, level = row[at.P_ONE : at.P_ONE + 6]
        parent, price, target = self._orders[parent_id], self._price(level), role == at.TARGET_ROLE
        trail = parent.bracket.trail_ticks if parent.bracket is not None and role == at.TRAIL_ROLE else None
        child = Order(
            self._contract, "buy" if sign > 0 else "sell", size,
            "limit" if target else "trailing_stop" if trail else "stop",
            limit=price if target else None, stop=None if target else price, trail=trail, reduce_only=True,
            plugin=parent.plugin, id=ident, status="working", asked=size, parent=parent_id, asked_ns=int(self._ends[bar]),
        )  # fmt: skip
        self._orders[ident] = child
        parent.children += (child,)
        self._events.append(child)

    def _removal(self, bar: int, row: Row) -> None:
        ident, other, why, cause, role, shown = row[at.P_ONE : at.P_ONE + 6]
        reason = {
            at.NOTHING_TO_REDUCE: "nothing left to reduce",
            at.OCO_FILLED: f"OCO: order {other} filled",
            at.POSITION_CLOSED: "position closed",
        }.get(why) or self._cause(cause)
        order = self._orders.pop(ident)
        if role == at.TRAIL_ROLE:
            order.stop = self._price(shown)
        self._end(order, "cancelled", reason, bar)

    def _end(
        self, order: Order, status: Literal["cancelled", "filled", "denied", "rejected"], reason: str, bar: int
    ) -> None:
        order.status = status
        if reason:
            order.reason = f"{order.reason}; {reason}" if order.reason else reason
        order.ended_ns = int(self._ends[bar])
        self._events.append(order)

    def _end_filled(self) -> None:
        """Report the order of the last fill as filled; its trades come before that."""
        if self._ending is not None:
            order, bar = self._ending
            self._ending = None
            self._end(order, "filled", "", bar)

    def _cause(self, cause: int) -> str:
        return _CAUSES.get(cause) or self._account.guard_names[cause - 1].name

    # -- fills and trades --------------------------------------------------------------------------------------

    def _fill(self, bar: int, row: Row) -> None:
        (
            _, ident, sign, size, price, level, rule, phase, leg, arriving, opened, cause, role, shown, ambiguous, after,
            earned,
        ) = self._rows[row[at.P_ONE]].tolist()  # fmt: skip
        reason = self._cause(cause) if cause else ""
        order = self._forced(bar, ident, sign, size, reason) if cause else self._orders[ident]
        fill = Fill(
            order, self._feed, order.side, size, price, bar, int(self._starts[bar]), int(self._ends[bar]), _PHASES[phase],
            leg, level, f"R{rule}", bool(arriving), "ambiguous" if ambiguous else "certain", opened, size - opened,
            earned * self._tick, size * self._fee, after, reason,
        )  # fmt: skip
        if role == at.TRAIL_ROLE:
            order.stop = self._price(shown)
        order.filled, order.average_price = size, self._price(price)
        self._fills.append(fill)
        self._roles.append(_ROLES[role])
        self._events.append(fill)
        self._ending = (order, bar)

    def _forced(self, bar: int, ident: int, sign: int, size: int, reason: str) -> Order:
        """The order of a forced close, which nobody asked for."""
        return Order(
            self._contract, "buy" if sign > 0 else "sell", size, reduce_only=True, tag=reason, id=ident, status="working",
            asked=size, asked_ns=int(self._ends[bar]), reason=reason,
        )  # fmt: skip

    def _trade(self, _bar: int, row: Row) -> None:
        entry, leave, size, ticks, worst, best = self._trades[row[at.P_ONE]].tolist()
        opening, closing = self._fills[entry], self._fills[leave]
        reason = self._roles[leave] or closing.reason or "order"
        gross, fees = ticks * size * self._tick, 2 * size * self._fee
        self._events.append(Trade(opening, closing, size, gross, fees, worst, best, reason))

    # -- ambiguous bars and guards -----------------------------------------------------------------------------

    def _outcome(self, bar: int, row: Row) -> None:
        side, chosen, equity, failed, locked = row[at.P_ONE : at.P_ONE + 5]
        fail, lock = (self._cause(guard) if guard else "" for guard in (failed, locked))
        made = Outcome(Book(0, 0), "A" if side == 1 else "B", equity, [], fail, lock, bool(chosen))
        if side == 1:
            self._events.append(AmbiguousBar(self._feed, bar, int(self._ends[bar]), [made]))
        else:
            self._last_ambiguous().outcomes.append(made)

    def _execution(self, _bar: int, row: Row) -> None:
        sign, size, price, rule = row[at.P_ONE : at.P_ONE + 4]
        done = Execution(None, 0, sign, size, price, price, f"R{rule}", "path", 0, False, 0, "")
        self._last_ambiguous().outcomes[-1].log.append(done)

    def _last_ambiguous(self) -> AmbiguousBar:
        last: Any = self._events[-1]
        assert isinstance(last, AmbiguousBar)  # noqa: S101 - the tape has both outcomes in a row
        return last

    def _breach(self, bar: int, row: Row) -> None:
        guard = self._account.guard_names[row[at.P_ONE]]
        self._events.append(Breach(guard, int(self._ends[bar]), row[at.P_ONE + 1]))
        if guard.action == "lock":
            verdict = Verdict(guard.plugin or guard.name, 0, lock_reason(guard))
            lock = (int(self._account.session_of[bar]), verdict)
            if lock not in self._locks:
                self._locks.append(lock)
