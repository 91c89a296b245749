"""Indicators that a strategy declares and reads.

`self.mean = ctx.indicator(SMA(20))` in `on_start`, then `self.mean.ready` and `self.mean.value` in `on_bar`.
Each has two forms that agree to the last bit: `update`, once per bar, and `compute`, over columns of bars.
"""

from barstep.indicators.atr import ATR
from barstep.indicators.averages import EMA, SMA
from barstep.indicators.bands import Bands, Bollinger, StdDev
from barstep.indicators.base import Indicator, WindowIndicator
from barstep.indicators.channel import Highest, Lowest
from barstep.indicators.rsi import RSI
from barstep.indicators.vwap import SessionVWAP

__all__ = [
    "ATR",
    "EMA",
    "RSI",
    "SMA",
    "Bands",
    "Bollinger",
    "Highest",
    "Indicator",
    "Lowest",
    "SessionVWAP",
    "StdDev",
    "WindowIndicator",
]
