"""Trend pullback: the trend of longer bars gives the side, an exhausted pullback on the run's own bars the moment."""

from barstep import Bar, Context, Strategy, hookimpl, option
from barstep.indicators import EMA, RSI


class TrendPullback(Strategy):
    """Buys a pullback above the longer bars' mean, sells a rally below it; the stop lies behind the last longer bar."""

    trend: str = option("15m", help="timeframe of the trend, one of data.also")
    mean: int = option(20, ge=2, help="longer bars of the mean")
    rsi: int = option(5, ge=2, help="bars of the RSI")
    low: float = option(25.0, gt=0, lt=50, help="buy below this RSI, sell above 100 less it")
    reward: float = option(2.0, gt=0, help="target distance in stop distances")
    risk: float = option(400.0, gt=0, help="USD that the stop may lose before slippage and fees")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.steady = ctx.indicator(EMA(self.mean), timeframe=self.trend)
        self.quick = ctx.indicator(RSI(self.rsi))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if ctx.position.size or not (self.steady.ready and self.quick.ready):
            return
        longer = ctx.bars(1, timeframe=self.trend)[-1]  # complete: never the one that is being made
        tick = float(ctx.instrument.tick_size)
        if longer.close > self.steady.value and self.quick.value < self.low:
            ticks = round((bar.close - longer.low) / tick)
            order = ctx.buy
        elif longer.close < self.steady.value and self.quick.value > 100 - self.low:
            ticks = round((longer.high - bar.close) / tick)
            order = ctx.sell
        else:
            return
        size = ctx.size_for_risk(self.risk, ticks) if ticks >= 4 else 0
        if size:
            order(size, stop_loss_ticks=ticks, take_profit_ticks=round(self.reward * ticks))
