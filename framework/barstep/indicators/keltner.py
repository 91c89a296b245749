"""Keltner channel."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from barstep.indicators.arrays import rows_of
from barstep.indicators.atr import ATR
from barstep.indicators.averages import EMA
from barstep.indicators.bands import Bands
from barstep.indicators.base import Indicator, bar_count, together, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class Keltner(Indicator):
    """Keltner channel: an EMA of closes and lines k average true ranges above and below it, in price units.

    `middle` is `EMA(n)` and `reach` is `k * ATR(atr)`, both to the last bit; `upper = middle + reach` and
    `lower = middle - reach`. Ready on bar max(n, atr). This is Linda Raschke's form of Chester Keltner's channel.

    Args:
        n: Number of bars of the middle line.
        k: Width in average true ranges, above 0.
        atr: Number of bars of the average true range.

    Attributes:
        middle, upper, lower: The lines, NaN until ready; `value` is `middle`.
    """

    __slots__ = ("_mean", "_range", "atr", "k", "lower", "middle", "n", "upper")

    lines = ("middle", "upper", "lower")

    def __init__(self, n: int = 20, k: float = 2.0, atr: int = 10) -> None:
        super().__init__()
        self.n = bar_count(self, n)
        self.k = width(self, k, "average true ranges")
        self.atr = bar_count(self, atr, "atr")
        self.middle = self.upper = self.lower = nan

    def reset(self) -> None:
        """Forget all bars."""
        self.middle = self.upper = self.lower = nan
        self._mean, self._range = EMA(self.n), ATR(self.atr)
        self._mean.bind(self._num, self._den)
        self._range.bind(self._num, self._den)

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        mean, range_ = self._mean, self._range
        mean.update(open, high, low, close, volume, new_session)
        range_.update(open, high, low, close, volume, new_session)
        if mean.ready and range_.ready:
            self.ready = True
            self.value = self.middle = middle = mean.value
            reach = self.k * range_.value
            self.upper = middle + reach
            self.lower = middle - reach

    def ahead(self, columns: BarColumns) -> list[tuple[float, float, float]] | None:
        """The lines after each bar of the next chunk, as `Indicator.ahead`."""
        taken = together((self._mean, self._range), columns)
        if taken is None:
            return None
        (self._mean, self._range), (middle, range_) = taken
        reach = self.k * range_
        return rows_of(middle, middle + reach, middle - reach)

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
        middle = EMA(self.n).compute(columns, numerator, denominator, new_session)
        reach = self.k * ATR(self.atr).compute(columns, numerator, denominator, new_session)
        return Bands(np.where(np.isnan(reach), nan, middle), middle + reach, middle - reach)
