"""The figures of a point without its tables: digest, measures, and the result of each trading day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.runs.spool import Digest
from barstep.stats.days import DAYS, DayMeter
from barstep.stats.equity import EquityMeter
from barstep.stats.trades import TRADES, Trades

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.data import SessionTable
    from barstep.domain.fill import Trade
    from barstep.engine.recorder import Recorder
    from barstep.stats.measures import Measures


class DailyResults:
    """The change of equity on each trading day, fed with the equity of bars chunk by chunk.

    Args:
        ends: End of the last bar of each trading day, UTC nanoseconds, rising.
        start: Start balance in micro-dollars.
    """

    def __init__(self, ends: NDArray[np.int64], start: int) -> None:
        self._ends = ends
        self._equity = np.full(len(ends), start, np.int64)
        self._done = 0
        self._last = start

    def add(self, equity: dict[str, NDArray[np.int64]]) -> None:
        """Take in the equity of bars; what new attempts adjusted is no result."""
        ends = equity["end_ns"]
        if not len(ends):
            return
        values = equity["equity"] - equity.get("adjusted", 0)
        upto = int(np.searchsorted(self._ends, ends[-1], side="right"))
        rows = np.searchsorted(ends, self._ends[self._done : upto], side="right") - 1
        self._equity[self._done : upto] = np.where(rows >= 0, values[rows], self._last)
        self._done, self._last = upto, int(values[-1])

    def results(self, start: int) -> NDArray[np.int64]:
        """Micro-dollars for each trading day; a run that ended early has zeros after its last day."""
        self._equity[self._done :] = self._last
        return np.diff(self._equity, prepend=start)


class PointSink:
    """Takes what a replay leaves and keeps figures only.

    Args:
        ends: As for `DailyResults`.
        start: Start balance in micro-dollars.
        sessions: The trading days of the first contract.
    """

    def __init__(self, ends: NDArray[np.int64], start: int, sessions: SessionTable) -> None:
        self.daily = DailyResults(ends, start)
        self.digest = Digest()
        self.meter = EquityMeter(start)
        self._days = DayMeter(start)
        self._sessions = sessions
        self.fills = self.fees = self.ambiguous_bars = self.denied = self.rejected = 0
        self._trades: list[NDArray[np.int64]] = []

    def take(self, recorder: Recorder, equity: dict[str, NDArray[np.int64]]) -> None:
        """Count what the recorder has collected, and the equity of the bars since the last time."""
        if recorder.fills:
            self.digest.add(recorder.fills)
            self.fills += len(recorder.fills)
            self.fees += sum([fill.fee for fill in recorder.fills])
        if recorder.trades:
            self._trades.append(_numbers(recorder.trades))
        if recorder.ambiguous:  # a bar counts once, of its finer bars several may be ambiguous
            self.ambiguous_bars += len({(bar.feed, bar.bar_index) for bar in recorder.ambiguous})
        for order in recorder.orders:
            self.denied += order.status == "denied"
            self.rejected += order.status == "rejected"
        adjusted = equity.get("adjusted", 0)
        ends, low = equity["end_ns"], equity["low"] - adjusted
        self.meter.add(ends, low, equity["high"] - adjusted, equity["position"])
        if len(ends):
            opens = [session.open_ns for session in self._sessions.between(int(ends[0]) - 1, int(ends[-1]) - 1)]
            self._days.add(np.array(opens, np.int64), ends, equity["equity"] - adjusted, low)
        self.daily.add(equity)

    @property
    def trades(self) -> int:
        """Closed round trips."""
        return sum(part.shape[1] for part in self._trades)

    def measures(self) -> Measures:
        """The measures that a run's result has."""
        table = np.concatenate(self._trades, axis=1) if self._trades else np.empty((TRADE_ROWS, 0), np.int64)
        return {**trade_headlines(table), **self.meter.measures(), **DAYS.headlines(self._days.days())}


TRADE_ROWS = 7
"""What the headlines read of a trade: all rows of `Trades` but the time held and the risk taken."""


def trade_headlines(table: NDArray[np.int64]) -> Measures:
    """The headlines of closed trades.

    Args:
        table: Shape (7, n): the first rows of `Trades`, as it has them.
    """
    return TRADES.headlines(Trades.of(np.vstack((table, np.zeros((2, table.shape[1]), np.int64)))))


def _numbers(trades: Sequence[Trade]) -> NDArray[np.int64]:
    """The first rows of `Trades`, shape (7, n)."""
    rows = []
    for trade in trades:
        value = trade.size * trade.entry.feed.contract.instrument.tick_value
        worst, best = min(trade.worst_ticks, 0) * value, max(trade.best_ticks, 0) * value
        held = trade.exit.bar_index - trade.entry.bar_index
        unclear = "ambiguous" in (trade.entry.certainty, trade.exit.certainty)
        rows.append((trade.gross - trade.fee, trade.fee, worst, best, held, trade.size, unclear))
    return np.array(rows, np.int64).T
