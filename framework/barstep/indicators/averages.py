"""Simple, exponential and Wilder's moving averages."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.indicators.arrays import continued, exact, largest, recursion, right_aligned, window_sums
from barstep.indicators.base import RollingIndicator, WindowIndicator

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class SMA(RollingIndicator):
    """Simple moving average: the mean of the last n values, ready on bar n.

    `value = sum(ticks) * numerator / (n * denominator)`: the sum is an integer and the division rounds once,
    so two means that are equal are equal floats, whatever their n.

    Args:
        n: Number of bars.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ("_divisor", "_total")

    def reset(self) -> None:
        """Forget all bars."""
        super().reset()
        self._divisor = self.n * self._den

    def _resume(self) -> None:
        self._total = sum(self._ring)

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

    def _windows(self, x: NDArray[np.int64], numerator: int, denominator: int) -> NDArray[np.float64] | None:
        n = self.n
        if not exact(n * largest(x) * numerator, n * denominator):
            return None
        values: NDArray[np.float64] = window_sums(x, n) * numerator / (n * denominator)
        return values


class _Smoothed(WindowIndicator):
    """An average that begins as the mean of the first n values and then takes a step with each price."""

    __slots__ = ("_total",)

    def reset(self) -> None:
        """Forget all bars."""
        self._total = 0
        self._missing = self.n

    def _step(self) -> Callable[[float, float], float]:
        """The average after the one before and a price."""
        raise NotImplementedError

    def _begin(self, x: int) -> None:
        """Take in one of the first n values."""
        self._total += x
        self._missing -= 1
        if not self._missing:
            self.value = self._total * self._num / (self.n * self._den)
            self.ready = True

    def ahead(self, columns: BarColumns) -> list[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`; prices in numpy, the steps in a plain loop."""
        x: NDArray[np.int64] = getattr(columns, self.source)
        if not exact(largest(x) * self._num, self._den):
            return None
        return continued(self.value, x * self._num / self._den, self._step())

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; prices in numpy, the steps in a plain loop."""
        x: NDArray[np.int64] = getattr(columns, self.source)
        n = self.n
        num, den = self._scale(numerator, denominator)
        if not exact(n * largest(x) * num, n * den):
            return super().compute(columns, numerator, denominator, new_session)
        seed = window_sums(x[:n], n) * num / (n * den)
        return right_aligned(recursion(seed, x[n:] * num / den, self._step()), len(x))


class EMA(_Smoothed):
    """Exponential moving average with weight `alpha = 2 / (n + 1)`, ready on bar n.

    The first value is the SMA of the first n values; then, in floats and in this order,
    `value = value + alpha * (price - value)` with `price = ticks * numerator / denominator`.

    Args:
        n: Number of bars of the seed and of the weight.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ("_alpha",)

    def reset(self) -> None:
        """Forget all bars."""
        super().reset()
        self._alpha = 2 / (self.n + 1)

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        if self.ready:
            value = self.value
            self.value = value + self._alpha * (x * self._num / self._den - value)
        else:
            self._begin(x)

    def _step(self) -> Callable[[float, float], float]:
        alpha = 2 / (self.n + 1)
        return lambda value, price: value + alpha * (price - value)


class RMA(_Smoothed):
    """Wilder's moving average, the one inside his RSI and ATR: an exponential one of weight `1 / n`, ready on bar n.

    The first value is the SMA of the first n values; then, in floats and in this order,
    `value = (value * (n - 1) + price) / n` with `price = ticks * numerator / denominator`.
    Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978.

    Args:
        n: Number of bars of the seed and of the weight.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ()

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        if self.ready:
            n = self.n
            self.value = (self.value * (n - 1) + x * self._num / self._den) / n
        else:
            self._begin(x)

    def _step(self) -> Callable[[float, float], float]:
        n, kept = self.n, self.n - 1
        return lambda value, price: (value * kept + price) / n
