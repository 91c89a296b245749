"""Longer timeframes beside a run's own bars: each of their bars is seen when it is complete, and not before."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from barstep.data import Windows
from barstep.domain.bar import Bar, Feed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import Timeframe
    from barstep.indicators.base import Indicator


_LONG_AGO = -(1 << 62)


class Higher:
    """The bars of one longer timeframe, made of the run's own bars as these are completed.

    A bar is complete at the first of the run's bars that ends where it ends, or later: where the last minutes of its
    window have no bar of their own, the next bar that comes tells that it is complete, or the next session's begin.
    Nothing else of the data is looked at, so that what is seen at a bar does not depend on what follows it.

    Args:
        base: What the run's own bars share.
        timeframe: Length of the longer bars.
        sessions: The trading days of the contract; bars are counted from their opens.
        history: How many complete bars are kept.
    """

    def __init__(self, base: Feed, timeframe: Timeframe, sessions: SessionTable, history: int) -> None:
        self.feed = Feed(base.contract, timeframe, base.zone)
        self.bars: deque[Bar] = deque(maxlen=history)
        self._windows = Windows(sessions, timeframe)
        self._indicators: list[Indicator] = []
        tick = base.contract.instrument.tick_size
        self._num, self._den = tick.numerator, tick.denominator
        self._count = 0
        self._row = 0
        self._starts: Sequence[int] = []
        self._ends: Sequence[int] = []
        self._making = False
        self._new_session = False
        self._start = self._end = _LONG_AGO
        self._cut = False
        self._open = self._high = self._low = self._close = self._volume = 0

    def begin_chunk(self, starts: Sequence[int], ends: Sequence[int]) -> None:
        """The bars that `update` is called for next are those of these stamps, UTC nanoseconds; the lists may still grow."""
        self._starts, self._ends, self._row = starts, ends, 0

    def add_indicator(self, indicator: Indicator) -> None:
        """Update an indicator with each longer bar that is completed from now on."""
        self._indicators.append(indicator)

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in the next complete bar of the run; the arguments are those of `Indicator.update`."""
        row = self._row
        self._row = row + 1
        start = self._starts[row]
        if start >= self._end:
            self.complete()
            self._start, self._end, self._cut = self._windows.at(start)
            self._making, self._new_session = True, new_session
            self._open, self._high, self._low, self._volume = open, high, low, volume
        else:
            if high > self._high:
                self._high = high
            if low < self._low:
                self._low = low
            self._volume += volume
        self._close = close
        end = self._ends[row]
        if end >= self._end:
            if end > self._end and not self._cut:
                raise self._windows.refuse(self._windows.at(start), start, end)
            self.complete()

    def complete(self) -> None:
        """The bar that is being made is complete, if there is one: show it, and update its indicators."""
        if not self._making:
            return
        self._making = False
        num, den = self._num, self._den
        ticks = (self._open, self._high, self._low, self._close)
        o, h, l, c = (price * num / den for price in ticks)  # noqa: E741 - as everywhere
        self.bars.append(Bar(o, h, l, c, self._volume, self._start, self._end, self._count, self.feed))
        self._count += 1
        for indicator in self._indicators:
            indicator.update(*ticks, self._volume, self._new_session)

    def recent(self, count: int) -> list[Bar]:
        """The last `count` complete bars, oldest first; fewer near the start of the data."""
        if count > (self.bars.maxlen or count):
            raise ValueError(f"bars({count}): data.history is {self.bars.maxlen}; raise it in the configuration")
        have = len(self.bars)
        return [self.bars[place] for place in range(max(0, have - count), have)]
