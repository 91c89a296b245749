"""Indicators that a strategy declares and reads.

`self.mean = ctx.indicator(SMA(20))` in `on_start`, then `self.mean.ready` and `self.mean.value` in `on_bar`.
Each has two forms that agree to the last bit: `update`, once per bar, and `compute`, over columns of bars.
"""

from barstep.indicators.atr import ATR
from barstep.indicators.averages import EMA, RMA, SMA
from barstep.indicators.bands import Bands, Bollinger, StdDev
from barstep.indicators.base import Indicator, WindowIndicator
from barstep.indicators.channel import Donchian, Highest, Lowest
from barstep.indicators.keltner import Keltner
from barstep.indicators.macd import MACD, MacdLines
from barstep.indicators.rsi import RSI
from barstep.indicators.signals import Above, Cross
from barstep.indicators.slope import LinearRegressionSlope
from barstep.indicators.ta import TA
from barstep.indicators.vwap import SessionVWAP

__all__ = [
    "ATR",
    "EMA",
    "MACD",
    "RMA",
    "RSI",
    "SMA",
    "TA",
    "Above",
    "Bands",
    "Bollinger",
    "Cross",
    "Donchian",
    "Highest",
    "Indicator",
    "Keltner",
    "LinearRegressionSlope",
    "Lowest",
    "MacdLines",
    "SessionVWAP",
    "StdDev",
    "WindowIndicator",
]
