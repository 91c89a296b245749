"""Standard deviation and Bollinger bands."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from collections import deque
from math import nan, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.indicators.arrays import exact, largest, right_aligned, rows_of, window_sums
from barstep.indicators.base import RollingIndicator, WindowIndicator, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class StdDev(RollingIndicator):
    """Population standard deviation of the last n values, ready on bar n.

    `variance = n * sum(x * x) - sum(x) ** 2` is an exact integer of ticks; then, in this order,
    `value = sqrt(variance / n**2) * numerator / denominator`.

    Args:
        n: Number of bars.
        source: `open`, `high`, `low`, `close` or `volume`.
    """

    __slots__ = ("_square", "_squares", "_total")

    def _resume(self) -> None:
        self._total = sum(self._ring)
        self._squares = sum(x * x for x in self._ring)
        self._square = self.n * self.n

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        ring, n = self._ring, self.n
        old = ring[0]
        ring.append(x)
        self._total = total = self._total + x - old
        self._squares = squares = self._squares + (x - old) * (x + old)
        if not self.ready:
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
        self.value = sqrt((n * squares - total * total) / self._square) * self._num / self._den

    def _windows(self, x: NDArray[np.int64], numerator: int, denominator: int) -> NDArray[np.float64] | None:
        if not _fits(x, self.n, numerator, denominator):
            return None
        values: NDArray[np.float64] = _deviations(x, self.n) * numerator / denominator
        return values


class Bands(NamedTuple):
    """The three lines of a channel, one value per bar."""

    middle: NDArray[np.float64]
    upper: NDArray[np.float64]
    lower: NDArray[np.float64]


class Bollinger(WindowIndicator):
    """Bollinger bands: an SMA and lines k population standard deviations above and below it, ready on bar n.

    `middle` is `SMA(n)` and `deviation` is `StdDev(n)`, both to the last bit;
    `upper = middle + k * deviation` and `lower = middle - k * deviation`.

    Args:
        n: Number of bars.
        k: Width in standard deviations, above 0.
        source: `open`, `high`, `low`, `close` or `volume`.

    Attributes:
        middle, upper, lower: The lines, NaN until ready; `value` is `middle`.
    """

    __slots__ = ("_divisor", "_ring", "_square", "_squares", "_total", "k", "lower", "middle", "upper")

    lines = ("middle", "upper", "lower")

    def __init__(self, n: int = 20, k: float = 2.0, source: str = "close") -> None:
        super().__init__(n, source)
        self.k = width(self, k, "standard deviations")
        self.middle = self.upper = self.lower = nan

    def reset(self) -> None:
        """Forget all bars."""
        self.middle = self.upper = self.lower = nan
        self._ring = deque([0] * self.n, maxlen=self.n)
        self._total = 0
        self._squares = 0
        self._missing = self.n
        self._square = self.n * self.n
        self._divisor = self.n * self._den

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        x = close if self._on_close else (open, high, low, close, volume)[self._column]
        ring, n, num, den = self._ring, self.n, self._num, self._den
        old = ring[0]
        ring.append(x)
        self._total = total = self._total + x - old
        self._squares = squares = self._squares + (x - old) * (x + old)
        if not self.ready:
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
        self.value = self.middle = middle = total * num / self._divisor
        reach = self.k * (sqrt((n * squares - total * total) / self._square) * num / den)
        self.upper = middle + reach
        self.lower = middle - reach

    def ahead(self, columns: BarColumns) -> list[tuple[float, float, float]] | None:
        """The lines after each bar of the next chunk, as `Indicator.ahead`."""
        x = np.concatenate((np.array(self._ring, np.int64), getattr(columns, self.source)))
        lines = self._lines(x, self._num, self._den)
        if lines is None:
            return None
        latest = x[-self.n :].tolist()
        self._ring.extend(latest)
        self._total, self._squares = sum(latest), sum(one * one for one in latest)
        return rows_of(*(line[1:] for line in lines))

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
        x: NDArray[np.int64] = getattr(columns, self.source)
        lines = self._lines(x, *self._scale(numerator, denominator))
        if lines is None:
            return Bands(*self._replay(columns, numerator, denominator, new_session, *Bands._fields).T)
        return Bands(*(right_aligned(line, len(x)) for line in lines))

    def _lines(self, x: NDArray[np.int64], num: int, den: int) -> Bands | None:
        """The lines of each n neighbours of `x`, or None when the numbers are too large to be exact."""
        n = self.n
        if not (_fits(x, n, num, den) and exact(n * largest(x) * num)):
            return None
        middle = window_sums(x, n) * num / (n * den)
        reach = self.k * (_deviations(x, n) * num / den)
        return Bands(middle, middle + reach, middle - reach)


def _fits(x: NDArray[np.int64], n: int, num: int, den: int) -> bool:
    """Whether int64 and doubles hold every step: the integer variance is at most (n * span) ** 2."""
    span = int(x.max()) - int(x.min()) if x.size else 0
    return exact((n * span) ** 2, n * n, n * den, num)


def _deviations(x: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Standard deviations in ticks, taken from the distances to the lowest value: smaller sums."""
    above = x - x.min() if x.size else x
    variances = n * window_sums(above * above, n) - window_sums(above, n) ** 2
    return np.sqrt(variances / (n * n))
