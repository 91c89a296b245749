"""Average true range."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.indicators.arrays import continued, exact, largest, recursion, right_aligned, window_sums
from barstep.indicators.base import Indicator, bar_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class ATR(Indicator):
    """Wilder's average true range in price units, ready on bar n.

    The true range is the height of the bar with the previous close drawn in,
    `max(high, previous close) - min(low, previous close)`; of the first bar it is `high - low`. The first
    value is the mean of the first n true ranges, an integer sum of ticks and one division; then, in floats
    and in this order, `value = (value * (n - 1) + range) / n` with `range = ticks * numerator / denominator`.

    Args:
        n: Number of bars.
    """

    __slots__ = ("_close", "_missing", "_total", "n")

    _close: int | None

    def __init__(self, n: int = 14) -> None:
        super().__init__()
        self.n = bar_count(self, n)

    def reset(self) -> None:
        """Forget all bars."""
        self._close = None
        self._total = 0
        self._missing = self.n

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        previous = self._close
        self._close = close
        if previous is not None:
            if previous > high:
                high = previous
            elif previous < low:
                low = previous
        if self.ready:
            n = self.n
            self.value = (self.value * (n - 1) + (high - low) * self._num / self._den) / n
            return
        self._total += high - low
        self._missing -= 1
        if not self._missing:
            self.value = self._total * self._num / (self.n * self._den)
            self.ready = True

    def ahead(self, columns: BarColumns) -> list[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`; ranges in numpy, the recursion in a loop."""
        before = self._close
        if before is None or not _fits(columns, self.n, self._num, self._den, abs(before)):
            return None
        ranges = _true_ranges(columns, before)
        self._close = int(columns.close[-1])
        return continued(self.value, ranges * self._num / self._den, self._step())

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; ranges in numpy, the recursion in a plain loop."""
        n = self.n
        if not _fits(columns, n, numerator, denominator):
            return super().compute(columns, numerator, denominator, new_session)
        ranges = _true_ranges(columns, int(columns.low[0]) if len(columns) else 0)
        seed = window_sums(ranges[:n], n) * numerator / (n * denominator)
        later = ranges[n:] * numerator / denominator
        return right_aligned(recursion(seed, later, self._step()), len(columns))

    def _step(self) -> Callable[[float, float], float]:
        n, kept = self.n, self.n - 1
        return lambda value, height: (value * kept + height) / n


def _fits(columns: BarColumns, n: int, numerator: int, denominator: int, before: int = 0) -> bool:
    """Whether int64 and doubles hold every step."""
    tallest = largest(columns.high) + largest(columns.low) + largest(columns.close) + before
    return exact(n * tallest * numerator, n * denominator)


def _true_ranges(columns: BarColumns, before: int) -> NDArray[np.int64]:
    """Heights of the bars with the close before each drawn in; `before` is that of the first."""
    earlier = np.concatenate((np.array([before], np.int64), columns.close))[:-1]
    ranges: NDArray[np.int64] = np.maximum(columns.high, earlier) - np.minimum(columns.low, earlier)
    return ranges
