"""RSI scalper: buys when oversold, sells when overbought, and waits for the opposite signal to reverse."""

import numpy as np
from numpy.typing import NDArray

from barstep import Bar, Context, Strategy, hookimpl, option
from barstep.arrays import KEEP, ArrayBars
from barstep.indicators import RSI


class RsiScalper(Strategy):
    """The playground's template: plain averages of gains and losses, strict comparisons, no exit at the mean."""

    period: int = option(14, ge=2, help="bars of the RSI")
    oversold: float = option(30.0, gt=0, lt=100, help="buy below this RSI")
    overbought: float = option(70.0, gt=0, lt=100, help="sell above this RSI")
    size: int = option(1, ge=1, help="contracts")

    def check(self) -> None:
        if self.oversold >= self.overbought:
            raise ValueError(f"oversold is {self.oversold} and overbought {self.overbought}: oversold must be smaller")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.rsi = ctx.indicator(RSI(self.period, smoothing="simple"))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if not self.rsi.ready:
            return
        if self.rsi.value < self.oversold:
            ctx.set_position(self.size)
        elif self.rsi.value > self.overbought:
            ctx.set_position(-self.size)

    def positions(self, bars: ArrayBars) -> NDArray[np.int64]:
        rsi = bars.indicator(RSI(self.period, smoothing="simple"))
        return np.where(rsi < self.oversold, self.size, np.where(rsi > self.overbought, -self.size, KEEP))
