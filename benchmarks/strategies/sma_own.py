"""The SMA crossover with means that the strategy keeps itself."""

from collections import deque

from barstep import Bar, Context, Strategy, hookimpl


class SmaOwn(Strategy):
    """The rule of `sma_crossover`, its sums kept bar by bar in plain Python."""

    fast: int = 10
    slow: int = 30

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.closes: deque[float] = deque([0.0] * self.slow, maxlen=self.slow)
        self.quick = self.steady = 0.0  # sums of quarters are exact in floats
        self.bars = 0

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        closes, close = self.closes, bar.close
        self.quick = quick = self.quick + close - closes[-self.fast]
        self.steady = steady = self.steady + close - closes[0]
        closes.append(close)
        self.bars += 1
        if self.bars < self.slow:
            return
        gap = quick * self.slow - steady * self.fast
        if gap:
            ctx.set_position(1 if gap > 0 else -1)
