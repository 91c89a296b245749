"""Highest and lowest value of a window: the edges of a price channel."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

from barstep.indicators.arrays import exact, largest, right_aligned, window_maxima
from barstep.indicators.base import WindowIndicator

if TYPE_CHECKING:
    import numpy as np
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
