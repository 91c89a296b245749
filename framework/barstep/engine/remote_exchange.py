"""The engine's picture of an exchange that lives elsewhere: it decides nothing and books what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from barstep.broker.report import AmbiguousReport, BreachReport, FillReport, MismatchReport, OrderReport, TradeReport
from barstep.domain.fill import Fill
from barstep.domain.order import Order
from barstep.sim.book import LIMIT, MARKET, STOP, STOP_LIMIT, Execution, Working
from barstep.sim.choice import Outcome
from barstep.sim.exchange import SimulatedExchange
from barstep.sim.guards import ArmedGuard, Guard
from barstep.sim.records import AmbiguousBar, Breach, Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.broker.remote import HelperBroker
    from barstep.broker.report import EventReport, GuardReport, OutcomeReport, Report
    from barstep.domain.bar import Feed
    from barstep.domain.fill import Phase
    from barstep.domain.fill_options import FillOptions
    from barstep.domain.instrument import Contract
    from barstep.sim.market import Market

_KINDS = {
    "market": MARKET,
    "stop": STOP,
    "trailing_stop": STOP,
    "stop_limit": STOP_LIMIT,
    "limit": LIMIT,
    "join": LIMIT,
}


class RemoteExchange(SimulatedExchange):
    """Same money, same views; orders go to a broker and come back as reports.

    Args:
        feed: What is traded.
        options: The fill options, as far as they are known; they decide nothing here.
        fee: Micro-dollars per contract and side.
        start_balance: Micro-dollars.
        broker: The gateway.

    Attributes:
        waiting_ns: Start of the bar that phase A waits for.
    """

    can_be_quiet = False  # a gateway reports what it reports

    def __init__(self, feed: Feed, options: FillOptions, fee: int, start_balance: int, broker: HelperBroker) -> None:
        super().__init__([feed], options, [fee], start_balance)
        self.broker = broker
        self.waiting_ns = 0
        self._known: dict[int, Order] = {}
        self._told: dict[int, str] = {}
        broker.follower = self

    @property
    def clock_ns(self) -> int:
        """The replay's clock: the end of the last complete bar, or in phase A the start of the next, UTC nanoseconds."""
        if self.between_bars and self.waiting_ns:
            return self.waiting_ns
        return self.current.stamps[1] or self.begins_ns

    @property
    def last_price(self) -> float | None:
        """The last close, None before the first bar."""
        close = self.current.last_close
        return None if close is None else self.current.feed.contract.instrument.price(close)

    # -- what the engine asks for -------------------------------------------------------------------------------

    def start_session(self, market: Market, start_ns: int, *, new_day: bool = True) -> None:  # noqa: ARG002
        """A trading day begins: its result starts. Expiries and guards are the gateway's business."""
        if new_day:
            self._day_start = self.equity

    def protect(self, order: Order, role: str) -> None:
        """Make a working reduce-only order live and die with the position."""
        self.broker.extension("protect", {"orderId": order.id, "role": role})

    def exits_only(self, contract: Contract, reason: str) -> None:  # noqa: ARG002 - there is one contract
        """Cancel the entries that work; orders against the position may from now on only reduce it."""
        self._must("exitsOnly", {"reason": reason})
        for working in self.current.book.live:
            if working.order is not None and working.sign * self.current.book.position < 0:
                working.reduce_only = working.order.reduce_only = True

    def flatten(self, reason: str, rule: str, phase: Phase, only: Contract | None = None) -> None:  # noqa: ARG002
        """Cancel all orders and close the position at the last close less the forced slip (R18)."""
        self._must("flatten", {"reason": reason})

    def set_guard(self, guard: Guard) -> None:
        """Put a guard in force, or replace the one of that name by the same plugin (R19)."""
        self._guards[guard.plugin, guard.name] = guard
        self._must(
            "setGuard",
            {
                "plugin": guard.plugin, "name": guard.name, "basis": guard.basis, "level": guard.level,
                "side": guard.side, "action": guard.action, "trail": guard.trail, "trailUntil": guard.trail_until,
            },
        )  # fmt: skip

    def remove_guard(self, plugin: str, name: str) -> None:
        """Take a guard out of force; nothing happens when there is none."""
        if self._guards.pop((plugin, name), None) is not None:
            self._must("removeGuard", {"plugin": plugin, "name": name})

    def fail(self, guard: Guard) -> None:
        """Fail the account now; the gateway reports the breach with what it closed."""
        self._guards[guard.plugin, guard.name] = guard
        self._must("failAccount", {"plugin": guard.plugin, "name": guard.name, "level": guard.level})

    def finish(self) -> None:
        """The end of the data (R25), settled by the gateway."""
        self.take(self.broker.end())

    def _must(self, verb: str, body: dict[str, Any]) -> None:
        """An extension that a rule relies on: a refusal is the rule's error, not to be passed over."""
        refused = self.broker.extension(verb, body)
        if refused and self.broker.lost is None:
            raise ValueError(f"{verb}: {refused}")

    # -- what the gateway reports -------------------------------------------------------------------------------

    def place(self, order: Order) -> None:
        """An order was accepted: it works from now on."""
        self._known[order.id] = order
        self._work(order)
        if not self.broker.extended:  # nobody else reports it
            self.events.append(order)

    def take(self, report: Report) -> None:
        """Book what happened, in the order in which it did."""
        market, fills = self.current, False
        self.failed = report.failed or self.failed
        events = iter(report.events)
        for event in events:
            if isinstance(event, FillReport):
                fills = True
                self._book(market, event, events)
            elif isinstance(event, OrderReport):
                self._change(event)
            elif isinstance(event, BreachReport):
                self.events.append(Breach(self._guard(event), event.at_ns, event.level))
            elif isinstance(event, AmbiguousReport):
                outcomes = [self._outcome(one) for one in event.outcomes]
                end_ns = market.stamps[1]
                ambiguous = AmbiguousBar(
                    market.feed, market.next_bar - 1, end_ns, outcomes, event.resolution, event.at_ns
                )
                self.events.append(ambiguous)
            elif isinstance(event, MismatchReport):
                self.events.append(Mismatch(market.feed, market.next_bar - 1, market.stamps[1], event.reason))
        for key in [key for key, order in self._known.items() if order.status != "working"]:
            del self._known[key]  # not before: children that are born in the same bar look for their parent
            self._told.pop(key, None)
        for key, stop, size in report.moved:
            self._known[key].stop, self._known[key].size = stop, size
            self._work(self._known[key])
        if fills:
            self._mark(market, report.worth)
        if report.guards:
            self._show_guards(report)

    def _book(self, market: Market, told: FillReport, events: Iterator[EventReport]) -> None:
        order = self._known.get(told.order) or self._forced(market, told)
        start_ns, end_ns = market.stamps
        fill = Fill(
            order, market.feed, cast("Any", told.side), told.size, told.price, market.next_bar - 1, start_ns, end_ns,
            cast("Any", told.phase), told.leg, told.level, told.rule, told.arriving, cast("Any", told.certainty),
            0, 0, 0, 0, 0, told.reason, told.resolution, told.at_ns,
        )  # fmt: skip
        sign = 1 if told.side == "buy" else -1
        book, done = market.book, order.filled
        book.position += sign * told.size
        book.cash -= sign * told.size * told.price
        trades = market.ledger.apply(fill, order.tag or "order")
        order.filled += told.size
        order.average_price = ((order.average_price or 0.0) * done + fill.price * told.size) / order.filled
        working = self._working(market, order)
        if working is not None:
            working.size = order.size - order.filled
        if self.broker.extended:
            for trade in trades:
                ending = cast("TradeReport", next(events))
                trade.worst_ticks, trade.best_ticks, trade.exit_reason = ending.worst, ending.best, ending.reason
        self.events.append(fill)
        self.events.extend(trades)

    def _forced(self, market: Market, told: FillReport) -> Order:
        """The order of a forced close."""
        side = cast("Any", told.side)
        order = Order(market.feed.contract, side, told.size, reduce_only=True, tag=told.reason, id=told.order)
        order.asked, order.status, order.asked_ns = told.size, "working", market.stamps[1]
        self._known[order.id] = order
        return order

    def _change(self, told: OrderReport) -> None:
        order = self._known.get(told.id)
        if order is None:
            if told.id < 0:
                return  # refused: whoever asked has been told
            order = self._known[told.id] = self._child(told)
        if told.reason and order.is_open:  # what was known of it here, such as why it was resized, stands in front
            news = told.reason.removeprefix(self._told.get(order.id, "")).removeprefix("; ")
            order.reason = "; ".join(filter(None, (order.reason, news)))
            self._told[order.id] = told.reason
        order.status, order.ended_ns = cast("Any", told.status), told.ended_ns
        order.size, order.reduce_only = told.size, told.reduce_only or order.reduce_only
        order.limit, order.stop, order.trail = told.limit, told.stop, told.trail
        self._work(order)
        self.events.append(order)

    def _child(self, told: OrderReport) -> Order:
        """A stop or target that a fill brought along."""
        kind, side = cast("Any", told.kind), cast("Any", told.side)
        order = Order(
            self.current.feed.contract, side, told.size, kind, told.limit, told.stop, told.trail, reduce_only=True,
            tag=told.tag, plugin=told.plugin, id=told.id, asked=told.size, parent=told.parent, asked_ns=told.asked_ns,
        )  # fmt: skip
        parent = self._known.get(told.parent or 0)
        if parent is not None:
            parent.children += (order,)
        return order

    def _work(self, order: Order) -> None:
        """Bring the list of working orders up to date with one order."""
        live = self.current.book.live
        working = self._working(self.current, order)
        if order.status != "working":
            if working is not None:
                live.remove(working)
            return
        if working is None:
            sign = 1 if order.side == "buy" else -1
            working = Working(order.id, order, sign, _KINDS[order.kind], order.size, 0, "")
            live.append(working)
        working.size, working.reduce_only = order.size - order.filled, order.reduce_only

    def _mark(self, market: Market, worth: tuple[int, int] | None) -> None:
        ledger, row = market.ledger, max(market.row, 0)
        if worth is None:
            worth = cast("Any", tuple(sorted((ledger.worth(market.lows[row]), ledger.worth(market.highs[row])))))
        ledger.low, ledger.high = worth
        market.mark(row)

    def _show_guards(self, report: Report) -> None:
        armed = []
        for told in report.guards:
            guard = ArmedGuard(self._guard(told), told.day_start)
            guard.level = told.level
            armed.append(guard)
        self.current.book.guards = armed

    def _guard(self, told: GuardReport | BreachReport) -> Guard:
        """The guard that this run set, or one of the gateway's own rules as it is reported."""
        own = self._guards.get((told.plugin, told.name))
        if own is not None:
            return own
        basis, side, action = cast("Any", told.basis), cast("Any", told.side), cast("Any", told.action)
        return Guard(told.name, basis, told.level, side, action, told.trail, told.plugin)

    def _outcome(self, told: OutcomeReport) -> Outcome:
        log = [Execution(None, 0, s, n, p, p, rule, "path", 0, False, 0, "") for s, n, p, rule in told.fills]
        book = self.current.book
        return Outcome(book, told.path, told.equity, [*log], told.failed, told.locked, told.chosen)
