"""SMA crossover: always in the market on the side of the fast mean, once there is a slow one."""

import numpy as np
from numpy.typing import NDArray

from barstep import Bar, Context, Strategy, hookimpl, option
from barstep.arrays import ArrayBars, crossover
from barstep.indicators import SMA


class SmaCrossover(Strategy):
    """Long while the fast mean of closes is above the slow one, short while it is below; equal means change nothing."""

    fast: int = option(10, ge=1, help="bars of the fast mean")
    slow: int = option(30, ge=2, help="bars of the slow mean")
    size: int = option(1, ge=1, help="contracts")

    def check(self) -> None:
        if self.fast >= self.slow:
            raise ValueError(f"fast is {self.fast} and slow is {self.slow}: fast must be smaller")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.quick, self.steady = ctx.indicator(SMA(self.fast)), ctx.indicator(SMA(self.slow))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        quick, steady = self.quick.value, self.steady.value  # NaN, and so neither above nor below, until ready
        if quick > steady:
            ctx.set_position(self.size)
        elif quick < steady:
            ctx.set_position(-self.size)

    def positions(self, bars: ArrayBars) -> NDArray[np.int64]:
        return crossover(bars.indicator(SMA(self.fast)), bars.indicator(SMA(self.slow)), self.size)
