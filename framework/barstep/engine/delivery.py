"""What has happened, handed on in order: to the recorder, the hooks and a listener (R3)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NoReturn

from barstep.domain.errors import PluginError
from barstep.domain.fill import Fill, Trade
from barstep.domain.order import Order
from barstep.sim.records import AmbiguousBar, Breach, Event, Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.engine.desk import Desk
    from barstep.engine.recorder import Recorder
    from barstep.hooks.manager import HookManager

RUNAWAY: Final = 10_000
"""Events between two bars that no plugin needs: more means that fills and orders chase each other."""


class Delivery:
    """Empties the exchange's events into the recorder and the hooks.

    Args:
        desk: The state plugins reach.
        hooks: The plugins.
        recorder: What the run leaves behind.
        breached: Called with each guard that was breached.

    Attributes:
        listener: Called with each event after its hooks, in event order; None for nobody.
    """

    def __init__(self, desk: Desk, hooks: HookManager, recorder: Recorder, breached: Callable[[Breach], None]) -> None:
        self.listener: Callable[[Event], None] | None = None
        self._desk = desk
        self._hooks = hooks
        self._recorder = recorder
        self._events = desk.exchange.events
        self._several = len(desk.streams) > 1
        self._ended: set[int] = set()
        self._quiet = False
        self._handlers: dict[type, Callable[[Any], None]] = {
            Fill: self._filled,
            Trade: self._closed,
            Order: self._changed,
            Breach: breached,
            AmbiguousBar: recorder.ambiguous.append,
            Mismatch: recorder.mismatches.append,
        }

    def begin(self) -> None:
        """The run begins: from here on it is known who listens."""
        exchange, alone = self._desk.exchange, self.listener is None and self._desk.attempts is None
        self._quiet = alone and exchange.can_be_quiet and self._hooks.hears_fills_only and not self._several
        records, recorder = exchange.records, self._recorder
        records.quiet = exchange.current.ledger.at_leisure = self._quiet
        if self._quiet:
            records.ended = recorder.orders
            if not self._hooks.fill_calls:
                records.fills, records.trades = recorder.fills, recorder.trades

    def hand_out(self) -> None:
        """Hand events to the recorder, the hooks and the listener, in order, until none are left (R3).

        Whoever sends orders from outside a hook calls it afterwards: they may have filled inside the call.
        """
        events = self._events
        if self._quiet:
            self._take_down(events)
            return
        hooks, handlers, listener, several = self._hooks, self._handlers, self.listener, self._several
        for event in islice(events, RUNAWAY):  # the list may grow on the way
            if several and isinstance(event, (Fill, Order)):
                hooks.focus(event.contract.id)
            handlers[type(event)](event)
            if listener is not None:
                listener(event)
        if len(events) > RUNAWAY:
            self._run_away(events)
        events.clear()
        if self._ended:
            self._ended.clear()
        if several:
            hooks.focus(self._desk.exchange.current.feed.contract.id)

    def _take_down(self, events: list[Event]) -> None:
        """What `hand_out` does where no plugin hears of orders or trades: the commonest run."""
        recorder, name = self._recorder, ""
        event: Any
        for event in islice(events, RUNAWAY):
            kind = type(event)
            if kind is Trade:
                recorder.trades.append(event)
                self._desk.trades.append(event)
            elif kind is Fill:
                recorder.fills.append(event)
                try:
                    for name, method, context in self._hooks.fill_calls:  # noqa: B007 - named in the error below
                        method(event, context)
                except Exception as error:
                    self._hooks.fail(name, "on_fill", error)
            else:
                self._handlers[kind](event)
        if len(events) > RUNAWAY:
            self._run_away(events)
        events.clear()

    def _run_away(self, events: list[Event]) -> NoReturn:
        orders = (event.order if isinstance(event, Fill) else event for event in reversed(events))
        plugin = next((order.plugin for order in orders if isinstance(order, Order)), "")
        events.clear()
        told = RuntimeError(
            f"more than {RUNAWAY} events between two bars: on_fill or on_order answers each event with another order; "
            "let it wait for on_bar"
        )
        raise PluginError(plugin, "on_fill or on_order", "the orders it sends", self._desk.when(), told) from told

    def _filled(self, fill: Fill) -> None:
        self._recorder.fills.append(fill)
        if self._desk.attempts is not None:
            self._desk.attempts.traded = True
        self._hooks.on_fill(fill)

    def _closed(self, trade: Trade) -> None:
        self._recorder.trades.append(trade)
        self._desk.trades.append(trade)
        self._hooks.on_trade(trade)

    def _changed(self, order: Order) -> None:
        if order.status != "working" and id(order) not in self._ended:
            self._ended.add(id(order))  # an order that came and went since the last delivery is reported for both
            self._recorder.orders.append(order)
        if self._hooks.hears_orders:
            self._hooks.on_order(order)
