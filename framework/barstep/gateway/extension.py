"""The optional object `barstep`: what the gateway API has no words for (design, section 4).

A replay started with the object reports the events of each call in order; `Extension/...` takes what risk rules ask for.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import msgspec

from barstep.broker.report import (
    AmbiguousReport,
    BreachReport,
    EventReport,
    FillReport,
    GuardReport,
    MismatchReport,
    OrderReport,
    OutcomeReport,
    Report,
    TradeReport,
)
from barstep.broker.wire import GatewayError
from barstep.domain.fill import Fill, Trade
from barstep.domain.order import Bracket, Order
from barstep.domain.session import Session
from barstep.sim.book import Execution
from barstep.sim.records import AmbiguousBar, Breach, Mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barstep.domain.bar import Bar
    from barstep.engine.replay import Replay
    from barstep.sim.choice import Outcome
    from barstep.sim.guards import Guard
    from barstep.sim.records import Event


class EventLog:
    """Collects what happens in a replay until a reply carries it away.

    Args:
        replay: The replay; whoever listens to it hands each event to `hear`.
    """

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self._events: list[EventReport] = []
        self._shown: dict[int, tuple[int, float | None, int]] = {}
        self._warned = 0

    def hear(self, event: Event) -> None:
        """Note an event as it stands now."""
        self._events.append(_told(event))

    def reply(self, played: Bar | Session | None = None) -> dict[str, Any]:
        """What has happened since the last reply; `played` is what the step returned, if this answers one."""
        exchange = self.replay.exchange
        market = exchange.current
        report = Report(self._events, failed=exchange.failed)
        self._events = []
        if market.steps and any(isinstance(event, FillReport) for event in report.events):
            report.worth = (market.steps[-2], market.steps[-1])
        report.guards = [
            GuardReport(guard.plugin, guard.name, armed.level, armed.day_start, *_watches(guard))
            for armed in market.book.guards
            for guard in (armed.guard,)
        ]
        shown = {w.id: (w.id, w.order.stop, w.order.size) for w in market.book.live if w.order is not None}
        report.moved = [now for key, now in shown.items() if self._shown.get(key, now) != now]
        self._shown = shown
        report.warnings = self.replay.warnings[self._warned :]
        self._warned = len(self.replay.warnings)
        if isinstance(played, Session):
            report.begins_ns = exchange.clock_ns
        elif played is not None:
            report.span = (played.start_ns, played.end_ns)
            report.session_over = self.replay.session_over
        told: dict[str, Any] = msgspec.to_builtins(report)
        return told


def _told(event: Event) -> EventReport:
    if isinstance(event, Fill):
        return FillReport(
            event.order.id, event.side, event.size, event.price_ticks, event.phase, event.level_ticks, event.rule,
            event.leg, event.arriving, event.certainty, event.reason, event.resolution, event.at_ns,
        )  # fmt: skip
    if isinstance(event, Order):
        return OrderReport(
            event.id, event.side, event.kind, event.size, event.status, event.reason, event.limit, event.stop,
            event.trail, event.reduce_only, event.parent, event.tag, event.plugin, event.asked_ns, event.ended_ns,
            [(verdict.rule, verdict.size, verdict.reason) for verdict in event.verdicts],
        )  # fmt: skip
    if isinstance(event, Trade):
        return TradeReport(event.worst_ticks, event.best_ticks, event.exit_reason)
    if isinstance(event, Breach):
        guard = event.guard
        return BreachReport(guard.plugin, guard.name, event.at_ns, event.level, *_watches(guard))
    if isinstance(event, Mismatch):
        return MismatchReport(event.reason)
    return _ambiguous(event)


def _watches(guard: Guard) -> tuple[str, str, str, int | None]:
    return guard.basis, guard.side, guard.action, guard.trail


def _ambiguous(bar: AmbiguousBar) -> AmbiguousReport:
    return AmbiguousReport([_outcome(outcome) for outcome in bar.outcomes], bar.resolution, bar.at_ns)


def _outcome(outcome: Outcome) -> OutcomeReport:
    fills = [(e.sign, e.size, e.price, e.rule) for e in outcome.log if isinstance(e, Execution)]
    return OutcomeReport(outcome.path, outcome.chosen, outcome.equity, outcome.failed, outcome.locked, fills)


def complete_order(order: Order, extras: Mapping[str, Any]) -> None:
    """Put the extension's words for an order into it; a GatewayError names the one that cannot be read."""
    order.reduce_only = bool(extras.get("reduceOnly"))
    order.tag = extras.get("tag") or order.tag
    order.plugin = extras.get("plugin") or order.plugin
    order.trail = extras.get("trailTicks") if order.trail is None else order.trail
    order.expires = _expiry(extras.get("expires"))
    stop, target = extras.get("stopLoss"), extras.get("takeProfit")
    if stop is not None or target is not None:
        order.bracket = order.bracket or Bracket()
        order.bracket.stop = stop if stop is not None else order.bracket.stop
        order.bracket.target = target if target is not None else order.bracket.target


def _expiry(given: Any) -> Any:
    if given is None or given == "session" or (type(given) is int and given > 0):
        return given
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise GatewayError(
            400, f"barstep.expires: found {given!r}, expected session, a number of bars, or a time with a zone"
        )
    return moment


def clock(text: str | None) -> time | None:
    """A time of day such as 15:10, or None."""
    if text is None:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise GatewayError(400, f"clock: found {text!r}, expected a time of day such as 15:10") from None
