"""Volume-weighted average price of the session."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from barstep.indicators.arrays import exact, largest
from barstep.indicators.base import Indicator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class SessionVWAP(Indicator):
    """Volume-weighted average of the typical price since the first bar of the trading day, in price units.

    `value = sum((high + low + close) * volume) * numerator / (3 * sum(volume) * denominator)`: the sums are
    integers and the division rounds once. Until a session has traded a contract there is nothing to weigh:
    the value is NaN again and `ready` is False. A session is the exchange's trading day, so a holiday's hours
    run on into the next.
    """

    __slots__ = ("_divisor", "_traded", "_volume")

    def reset(self) -> None:
        """Forget all bars."""
        self._traded = 0
        self._volume = 0
        self._divisor = 3 * self._den

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        if new_session:
            traded = self._traded = (high + low + close) * volume
            total = self._volume = volume
        else:
            traded = self._traded = self._traded + (high + low + close) * volume
            total = self._volume = self._volume + volume
        if total:
            self.value = traded * self._num / (total * self._divisor)
            self.ready = True
        else:
            self.value = nan
            self.ready = False

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; running integer sums in numpy."""
        volume = columns.volume
        height = largest(columns.high) + largest(columns.low) + largest(columns.close)
        all_volume = int(np.sum(volume, dtype=np.float64))
        if not exact(height * all_volume * numerator, 3 * all_volume * denominator):
            return super().compute(columns, numerator, denominator, new_session)
        prices = columns.high + columns.low + columns.close
        rows = np.arange(len(volume))
        first = np.maximum.accumulate(np.where(new_session, rows, 0))  # the row each bar's session began on
        traded = _since(first, prices * volume)
        total = _since(first, volume)
        values = np.full(len(volume), nan)
        np.divide(traded * numerator, 3 * total * denominator, out=values, where=total > 0)
        return values


def _since(first: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running sums of `x` that begin at row `first[i]` for row i."""
    totals = np.cumsum(x, dtype=np.int64)
    return totals - totals[first] + x[first]
