"""The SMA crossover with the crossing itself declared: one read and one truth test a bar."""

from barstep import Bar, Context, Strategy, hookimpl
from barstep.indicators import SMA, Above, Cross


class SmaCross(Strategy):
    """The rule of `sma_crossover`; the first side is taken when both means are ready and differ."""

    fast: int = 10
    slow: int = 30

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        fast, slow = SMA(self.fast), SMA(self.slow)
        self.cross = ctx.indicator(Cross(fast, slow))
        self.above, self.below = ctx.indicator(Above(fast, slow)), ctx.indicator(Above(slow, fast))
        self.begun = False

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        turn = self.cross.value
        if turn:
            ctx.set_position(int(turn))
        elif not self.begun and (self.above.value or self.below.value):
            self.begun = True
            ctx.set_position(1 if self.above.value else -1)
