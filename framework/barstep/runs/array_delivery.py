"""What the array lane found, handed on to observers and tables in the order in which the event lane would have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.domain.errors import PluginError
from barstep.domain.fill import Fill, Trade
from barstep.domain.order import Order
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.observers import Clock, EventContext, tell
from barstep.engine.recorder import EQUITY_COLUMNS
from barstep.hooks.manager import HookManager, Registered
from barstep.sim.records import AmbiguousBar, Breach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.engine.array.account import Account
    from barstep.engine.array.teller import Teller
    from barstep.engine.array.work import Left
    from barstep.engine.recorder import Recorder
    from barstep.runs.assemble import RunPlan
    from barstep.sim.records import Event

ROWS = 65_536
"""Bars whose records are handed on together."""


class Delivery:
    """Tells of a run, some bars at a time.

    Attributes:
        stopping: Set it, and the run ends with the bar that is told of now.
        played: Bars told of so far.
    """

    def __init__(
        self, plan: RunPlan, account: Account, teller: Teller, left: Left, recorder: Recorder, log: Any
    ) -> None:
        self.stopping = False
        self.played = 0
        self._account, self._teller, self._recorder, self._log = account, teller, recorder, log
        self._batches = teller.batches()
        self._all = int(left.figures[at.BARS])
        self._equity = _equity(account, left)
        self._handed_on = 0
        self._clock = Clock(account.bars.feed)
        self._clock.notes = recorder.notes
        seed = plan.loaded.config.seed
        observers = [p for p in plan.plugins if p.section == "observers"]
        self._hooks = HookManager(
            [Registered(p.name, p.make(), EventContext(self._clock, p.name, seed, log)) for p in observers],
            lambda: f"{self._clock.now:%Y-%m-%d %H:%M:%S %Z}",
        )

    @property
    def balance(self) -> int:
        """The balance after the bars told of, in micro-dollars."""
        if not self.played:
            return int(self._account.options[at.START])
        return int(self._equity["balance"][self.played - 1])

    def run(self) -> PluginError | None:
        """Tell of all bars, or of those up to the one at which an observer raises or `stopping` is set.

        Returns:
            What an observer raised.
        """
        self._clock.ns = int(self._account.bars.start_ns[0])
        try:
            self._hooks.on_start()
            self._tell_bars()
        except PluginError as error:
            self._stop(error)
            return error
        return self._stop(None)

    def _tell_bars(self) -> None:
        for bar, events in self._batches:
            while bar >= self._handed_on + ROWS:
                self._hand_on(self._handed_on + ROWS)
            self.played = bar + 1
            self._clock.ns = int(self._account.bars.end_ns[bar])
            self._deliver(events)
            if self.stopping:
                self._teller.last = bar
        if not self.stopping:
            self.played = self._all
            self._clock.ns = int(self._account.bars.end_ns[self._all - 1])

    def _stop(self, failure: PluginError | None) -> PluginError | None:
        """`on_stop`, also after an error, which stays the error of the run; then hand on what is left."""
        try:
            self._hooks.on_stop()
        except PluginError as second:
            if failure is None:
                failure = second
            else:
                failure.add_note(f"then on_stop failed too: {second}")
        self._hooks.silence()
        self._teller.last = self.played - 1
        for _, events in self._batches:  # the rest of a bar that an observer did not hear to its end
            self._deliver(events)
        if self.played < self._all:
            self._recorder.orders += self._teller.working()
        while self._handed_on < self.played:
            self._hand_on(min(self.played, self._handed_on + ROWS))
        return failure

    def _deliver(self, events: list[Event]) -> None:
        """Hand events to the recorder and to the observers, in order, as the replay does."""
        recorder, ended = self._recorder, set[int]()
        for event in events:
            if isinstance(event, Fill):
                recorder.fills.append(event)
            elif isinstance(event, Trade):
                recorder.trades.append(event)
            elif isinstance(event, AmbiguousBar):
                recorder.ambiguous.append(event)
            elif isinstance(event, Breach):
                recorder.breaches.append(event)
                self._log.info("guard", name=event.guard.name, action=event.guard.action)
            elif isinstance(event, Order) and event.status != "working" and id(event) not in ended:
                ended.add(id(event))  # an order that came and went since the last delivery is reported for both
                recorder.orders.append(event)
        for event in events:
            tell(self._hooks, event)

    def _hand_on(self, stop: int) -> None:
        """Hand on what was recorded, with the equity of the rows up to `stop`."""
        recorder, rows = self._recorder, slice(self._handed_on, stop)
        recorder.sink.take(recorder, {name: values[rows] for name, values in self._equity.items()})
        self._handed_on = stop
        for kept in (
            recorder.fills, recorder.trades, recorder.orders, recorder.ambiguous, recorder.breaches, recorder.notes,
        ):  # fmt: skip
            kept.clear()


def _equity(account: Account, left: Left) -> dict[str, NDArray[np.int64]]:
    """The equity curve of all bars played, from the steps that fills left."""
    bars, played = account.bars, int(left.figures[at.BARS])
    start, tick = int(account.options[at.START]), int(account.options[at.TICK_VALUE])
    rows = left.steps[:, at.S_ROW]
    lasts = np.diff(rows, prepend=0, append=played)  # bars until the next fill
    held = np.vstack((np.zeros((1, at.STEP), np.int64), left.steps))
    position, cash, fees, balance = (
        np.repeat(held[:, column], lasts) for column in (at.S_POSITION, at.S_CASH, at.S_FEES, at.S_BALANCE)
    )
    base, value = cash * tick - fees + start, position * tick
    close, one, two = (base + value * price[:played] for price in (bars.close_ticks, bars.low_ticks, bars.high_ticks))
    low, high = np.minimum(one, two), np.maximum(one, two)
    low[rows], high[rows] = left.steps[:, at.S_LOW] + start, left.steps[:, at.S_HIGH] + start
    values = (bars.end_ns[:played], balance + start, close, low, high, position)
    return dict(zip(EQUITY_COLUMNS, values, strict=True))
