"""The works that all engines do, and the bars they do them on."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np

from barstep.data import SyntheticStream, front_contract, instrument
from barstep.domain.bar import Timeframe

WORKS = {
    "noop": "a strategy that does nothing",
    "sma": "SMA 10/30, always in the market, market orders at the next open",
    "orders": "a limit order replaced each bar; once in, a stop and a target",
}
FAST, SLOW = 10, 30
BRACKET = 12
"""Ticks from an entry's limit to its stop and to its target."""

TICK, POINT, FEE = 0.25, 50.0, 2.0
"""ES: points a tick, USD a point, USD a contract and side."""

CASH = 10_000_000.0
SEED, FIRST = 7, date(2020, 1, 2)


class Series(NamedTuple):
    """The bars as int64 columns: starts in UTC nanoseconds, prices in ticks."""

    start_ns: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


class Answer(NamedTuple):
    """What one run of an engine came to.

    `contracts` counts each contract bought or sold: a flip of one is two, however an engine books it. `net` is USD after
    fees, an open position at the last close. `mb` is the peak memory of the process.
    """

    seconds: float
    contracts: int
    net: float
    mb: float = 0.0


def series(bars: int) -> Series:
    """The seeded one-minute bars that every engine plays."""
    contract = front_contract(instrument("ES"), FIRST)
    stream = SyntheticStream(contract, Timeframe.parse("1m"), seed=SEED, start=FIRST, bars=bars)
    parts = [(c.start_ns, c.open, c.high, c.low, c.close, c.volume) for c in stream.chunks()]
    return Series(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def frame(bars: Series) -> Any:
    """The same bars as pandas users have them: prices in points, a DatetimeIndex."""
    import pandas as pd

    prices = {name.title(): getattr(bars, name) * TICK for name in ("open", "high", "low", "close")}
    return pd.DataFrame({**prices, "Volume": bars.volume}, index=pd.to_datetime(bars.start_ns))
