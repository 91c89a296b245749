"""Bars for indicator tests, and the two ways of running an indicator over them."""

from dataclasses import dataclass
from math import nan

import numpy as np
import pytest

from barstep.domain.bar import BarColumns


@dataclass(frozen=True)
class Row:
    """One bar in ticks; `new` marks the first bar of a trading day."""

    open: int
    high: int
    low: int
    close: int
    volume: int = 1
    new: bool = False


class Lab:
    """Runs an indicator over rows, bar by bar or as columns."""

    Row = Row

    @staticmethod
    def closes(*ticks):
        """Flat bars that close at each of `ticks`."""
        return [Row(x, x, x, x) for x in ticks]

    @staticmethod
    def values(indicator, rows, tick=(1, 4), name="value"):
        """An attribute after each bar, by `update`; NaN exactly while the indicator is not ready."""
        indicator.bind(*tick)
        found = []
        for row in rows:
            indicator.update(row.open, row.high, row.low, row.close, row.volume, row.new)
            value = getattr(indicator, name)
            assert indicator.ready == (value == value)
            found.append(value)
        return found

    @staticmethod
    def columns(rows):
        """The rows as columns, and the flags of new sessions."""
        names = ("open", "high", "low", "close", "volume")
        prices = {name: np.array([getattr(row, name) for row in rows], dtype=np.int64) for name in names}
        start = np.arange(len(rows), dtype=np.int64)
        return BarColumns(start_ns=start, end_ns=start + 1, **prices), np.array([row.new for row in rows], dtype=bool)

    @staticmethod
    def bits(values):
        """The very bits of floats, so that 0.0 and -0.0 differ and NaN equals NaN."""
        return np.where(np.isnan(values), nan, values).astype(np.float64).tobytes()


@pytest.fixture(scope="session")
def lab():
    return Lab
