"""Simple and exponential moving averages."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from barstep.indicators.arrays import exact, largest, recursion, right_aligned, window_sums
from barstep.indicators.base import WindowIndicator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class SMA(WindowIndicator):
    """Simple moving average: the mean of the last n values, ready on bar n.

    `value = sum(ticks) * numerator / (n * denominator)`: the sum is an integer and the division rounds once,
    so two means that are equal are equal floats, whatever their n.

    Args:
        n: Number of bars.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ("_divisor", "_ring", "_total")

    def reset(self) -> None:
        """Forget all bars."""
        self._ring = deque([0] * self.n, maxlen=self.n)
        self._total = 0
        self._missing = self.n
        self._divisor = self.n * self._den

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        ring = self._ring
        self._total = total = self._total + x - ring[0]
        ring.append(x)
        if not self.ready:
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
        self.value = total * self._num / self._divisor

    def ahead(self, columns: BarColumns) -> list[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`; window sums in numpy."""
        x = np.concatenate((np.array(self._ring, np.int64), getattr(columns, self.source)))
        if not exact(self.n * largest(x) * self._num, self._divisor):
            return None
        sums = window_sums(x, self.n)[1:]
        self._ring.extend(x[-self.n :].tolist())
        self._total = int(sums[-1])
        values: list[float] = (sums * self._num / self._divisor).tolist()
        return values

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; window sums in numpy."""
        x: NDArray[np.int64] = getattr(columns, self.source)
        num, den = self._scale(numerator, denominator)
        if not exact(self.n * largest(x) * num, self.n * den):
            return super().compute(columns, numerator, denominator, new_session)
        return right_aligned(window_sums(x, self.n) * num / (self.n * den), len(x))


class EMA(WindowIndicator):
    """Exponential moving average with weight `alpha = 2 / (n + 1)`, ready on bar n.

    The first value is the SMA of the first n values; then, in floats and in this order,
    `value = value + alpha * (price - value)` with `price = ticks * numerator / denominator`.

    Args:
        n: Number of bars of the seed and of the weight.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ("_alpha", "_total")

    def reset(self) -> None:
        """Forget all bars."""
        self._alpha = 2 / (self.n + 1)
        self._total = 0
        self._missing = self.n

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        if self.ready:
            value = self.value
            self.value = value + self._alpha * (x * self._num / self._den - value)
            return
        self._total += x
        self._missing -= 1
        if not self._missing:
            self.value = self._total * self._num / (self.n * self._den)
            self.ready = True

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; prices in numpy, the recursion in a plain loop."""
        x: NDArray[np.int64] = getattr(columns, self.source)
        n, alpha = self.n, 2 / (self.n + 1)
        num, den = self._scale(numerator, denominator)
        if not exact(n * largest(x) * num, n * den):
            return super().compute(columns, numerator, denominator, new_session)
        seed = window_sums(x[:n], n) * num / (n * den)
        values = recursion(seed, x[n:] * num / den, lambda value, price: value + alpha * (price - value))
        return right_aligned(values, len(x))
