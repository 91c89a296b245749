"""The SMA crossover with the crossing itself declared: one read and one truth test a bar."""

from barstep import Bar, Context, Strategy, hookimpl
from barstep.indicators import SMA, Cross


class SmaCross(Strategy):
    """The rule of `sma_crossover`: the first side is taken when both means are there and differ, then each crossing."""

    fast: int = 10
    slow: int = 30

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.cross = ctx.indicator(Cross(SMA(self.fast), SMA(self.slow)))
        self.begun = False

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        turn = self.cross.value
        if turn:
            ctx.set_position(int(turn))
        elif not self.begun and self.cross.ready:
            closes = [each.close for each in ctx.bars(self.slow)]
            gap = sum(closes[-self.fast :]) * self.slow - sum(closes) * self.fast
            if gap:
                self.begun = True
                ctx.set_position(1 if gap > 0 else -1)
