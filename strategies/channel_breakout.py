"""Channel breakout: long above the highest high of the bars before, short below their lowest low."""

import numpy as np
from numpy.typing import NDArray

from barstep import Bar, Context, Strategy, hookimpl, option
from barstep.arrays import KEEP, ArrayBars
from barstep.indicators import Highest, Lowest


class ChannelBreakout(Strategy):
    """The playground's template: the channel leaves out the current bar, a close inside it changes nothing."""

    lookback: int = option(50, ge=1, help="bars of the channel, the current one not among them")
    size: int = option(1, ge=1, help="contracts")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.high = ctx.indicator(Highest(self.lookback, exclude_current=True))
        self.low = ctx.indicator(Lowest(self.lookback, exclude_current=True))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if not self.high.ready:
            return
        if bar.close > self.high.value:
            ctx.set_position(self.size)
        elif bar.close < self.low.value:
            ctx.set_position(-self.size)

    def positions(self, bars: ArrayBars) -> NDArray[np.int64]:
        high = bars.indicator(Highest(self.lookback, exclude_current=True))
        low = bars.indicator(Lowest(self.lookback, exclude_current=True))
        return np.where(bars.close > high, self.size, np.where(bars.close < low, -self.size, KEEP))
