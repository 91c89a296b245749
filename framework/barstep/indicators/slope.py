"""Slope of the line fitted to a window."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.indicators.arrays import exact, largest, window_sums
from barstep.indicators.base import RollingIndicator

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LinearRegressionSlope(RollingIndicator):
    """Slope of the least-squares line through the last n values, in price units a bar, ready on bar n.

    With the values numbered i = 0 (oldest) to n - 1, `lean = sum((2 * i - (n - 1)) * ticks)` is an exact integer, and
    `value = lean * numerator / (n * (n * n - 1) / 6 * denominator)` rounds once; a straight line of prices has exactly
    its own slope. Source: ordinary least squares with equally spaced x.

    Args:
        n: Number of bars, 2 or more.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ("_divisor", "_total", "_weighted")

    def __init__(self, n: int = 14, source: str = "close") -> None:
        super().__init__(n, source)
        if n < 2:
            raise ValueError(f"LinearRegressionSlope: a line needs n of 2 bars or more, got {n}")

    def reset(self) -> None:
        """Forget all bars."""
        super().reset()
        self._divisor = self._spread() * self._den

    def _spread(self) -> int:
        """`n * (n * n - 1) / 6`, a whole number: three numbers in a row have a 2 and a 3 among their factors."""
        return self.n * (self.n * self.n - 1) // 6

    def _resume(self) -> None:
        self._total = sum(self._ring)
        self._weighted = sum(place * x for place, x in enumerate(self._ring))

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        ring, n = self._ring, self.n
        kept = self._total - ring[0]
        self._weighted = weighted = self._weighted - kept + (n - 1) * x
        self._total = total = kept + x
        ring.append(x)
        if not self.ready:
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
        self.value = (2 * weighted - (n - 1) * total) * self._num / self._divisor

    def _windows(self, x: NDArray[np.int64], numerator: int, denominator: int) -> NDArray[np.float64] | None:
        n = self.n
        if not exact(n * n * largest(x) * numerator, self._spread() * denominator):
            return None
        rows = np.arange(len(x), dtype=np.int64)
        totals = window_sums(x, n)
        weighted = window_sums(rows * x, n) - rows[: len(totals)] * totals  # products may wrap, differences are right
        values: NDArray[np.float64] = (2 * weighted - (n - 1) * totals) * numerator / (self._spread() * denominator)
        return values
