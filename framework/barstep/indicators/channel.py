"""Highest and lowest value of a window, and the Donchian channel between them."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from collections import deque
from math import nan
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from barstep.domain.bar import view
from barstep.indicators.arrays import exact, largest, right_aligned, rows_of, window_maxima
from barstep.indicators.bands import Bands
from barstep.indicators.base import Indicator, WindowIndicator, bar_count, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class Highest(WindowIndicator):
    """The highest value of the last n bars, the current one included; ready on bar n.

    With `exclude_current` it is that of the n bars before the current one, ready on bar n + 1: a close above
    it is a breakout. On average the cost of an update does not grow with n.

    Args:
        n: Number of bars.
        source: `open`, `high`, `low`, `close` or `volume`.
        exclude_current: Leave the current bar out of the window.
    """

    __slots__ = ("_best", "_mirrored", "_ring", "exclude_current")

    _sign: ClassVar[int] = 1
    _ring: deque[int | None]
    _best: deque[int]

    def __init__(self, n: int, source: str = "high", exclude_current: bool = False) -> None:
        super().__init__(n, source)
        self.exclude_current = exclude_current

    def reset(self) -> None:
        """Forget all bars."""
        self._ring = deque([None] * self.n, maxlen=self.n)
        self._best = deque()  # never rising: the maximum, then what will be the maximum when that has left
        self._mirrored = self._sign * self._num
        self._missing = self.n + self.exclude_current

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = (open, high, low, close, volume)[self._column] * self._sign
        ring, best = self._ring, self._best
        before = best[0] if best else x  # the extreme of the n bars before this one
        leaving = ring[0]
        ring.append(x)
        while best and best[-1] < x:
            best.pop()
        best.append(x)
        if best[0] == leaving:
            best.popleft()
        if not self.ready:
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
        self.value = (before if self.exclude_current else best[0]) * self._mirrored / self._den

    def ahead(self, columns: BarColumns) -> Sequence[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`; maxima of overlapping windows in numpy."""
        kept = [x for x in self._ring if x is not None]  # all n of them, once ready
        x = np.concatenate((np.array(kept, np.int64), getattr(columns, self.source) * self._sign))
        if not exact(largest(x) * self._num, self._den):
            return None
        extremes = window_maxima(x, self.n)
        extremes = extremes[:-1] if self.exclude_current else extremes[1:]
        latest = x[-self.n :].tolist()
        self._ring.extend(latest)
        self._best = deque()
        for last in reversed(latest):
            if not self._best or last >= self._best[0]:
                self._best.appendleft(last)
        return view(extremes * self._mirrored / self._den)

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; maxima of overlapping windows in numpy."""
        x: NDArray[np.int64] = getattr(columns, self.source)
        num, den = self._scale(numerator, denominator)
        if not exact(largest(x) * num, den):
            return super().compute(columns, numerator, denominator, new_session)
        extremes = window_maxima(x * self._sign, self.n)
        if self.exclude_current:
            extremes = extremes[:-1]
        return right_aligned(extremes * self._sign * num / den, len(x))


class Lowest(Highest):
    """The lowest value of the last n bars, the current one included; ready on bar n.

    With `exclude_current` it is that of the n bars before the current one, ready on bar n + 1.

    Args:
        n: Number of bars.
        source: `open`, `high`, `low`, `close` or `volume`.
        exclude_current: Leave the current bar out of the window.
    """

    __slots__ = ()

    _sign: ClassVar[int] = -1  # the lowest is the highest of the mirrored values

    def __init__(self, n: int, source: str = "low", exclude_current: bool = False) -> None:
        super().__init__(n, source, exclude_current)


class Donchian(Indicator):
    """Donchian channel: the highest high and the lowest low of the last n bars, in price units, ready on bar n.

    `upper` is `Highest(n)` and `lower` is `Lowest(n)`, both to the last bit; `middle = (upper + lower) / 2`. With
    `exclude_current` the window ends before the current bar, ready on bar n + 1: a close above `upper` is a breakout.
    Source: Richard Donchian's four-week rule, as in R. Edwards and J. Magee, Technical Analysis of Stock Trends.

    Args:
        n: Number of bars.
        exclude_current: Leave the current bar out of the window.

    Attributes:
        middle, upper, lower: The lines, NaN until ready; `value` is `middle`.
    """

    __slots__ = ("_highest", "_lowest", "exclude_current", "lower", "middle", "n", "upper")

    lines = ("middle", "upper", "lower")

    def __init__(self, n: int = 20, exclude_current: bool = False) -> None:
        super().__init__()
        self.n = bar_count(self, n)
        self.exclude_current = exclude_current
        self.middle = self.upper = self.lower = nan

    def reset(self) -> None:
        """Forget all bars."""
        self.middle = self.upper = self.lower = nan
        self._highest, self._lowest = self._edges()
        for edge in (self._highest, self._lowest):
            edge.bind(self._num, self._den)

    def _edges(self) -> tuple[Highest, Lowest]:
        return (
            Highest(self.n, exclude_current=self.exclude_current),
            Lowest(self.n, exclude_current=self.exclude_current),
        )

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        highest, lowest = self._highest, self._lowest
        highest.update(open, high, low, close, volume, new_session)
        lowest.update(open, high, low, close, volume, new_session)
        if highest.ready:
            self.ready = True
            self.upper = upper = highest.value
            self.lower = lower = lowest.value
            self.value = self.middle = (upper + lower) / 2

    def ahead(self, columns: BarColumns) -> list[tuple[float, float, float]] | None:
        """The lines after each bar of the next chunk, as `Indicator.ahead`."""
        taken = together((self._highest, self._lowest), columns)
        if taken is None:
            return None
        (self._highest, self._lowest), (upper, lower) = taken
        return rows_of((upper + lower) / 2, upper, lower)

    def show(self, value: tuple[float, float, float]) -> None:
        """Have the lines that `ahead` gave for the bar that is complete now."""
        self.middle, self.upper, self.lower = value
        self.value = value[0]

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """The middle line after each bar, as `Indicator.compute`; `compute_lines` gives all three."""
        return self.compute_lines(columns, numerator, denominator, new_session).middle

    def compute_lines(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> Bands:
        """All three lines after each bar, equal bit for bit to what `update` gives."""
        upper, lower = (edge.compute(columns, numerator, denominator, new_session) for edge in self._edges())
        return Bands((upper + lower) / 2, upper, lower)
