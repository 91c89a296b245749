"""Trend pyramid: adds to a winner step by step, with one trailing stop over the whole position."""

from barstep import Bar, Context, Fill, Strategy, hookimpl, option
from barstep.indicators import EMA


class TrendPyramid(Strategy):
    """Enters on the side of the EMA and adds one unit each time the price has moved a step in its favour."""

    period: int = option(100, ge=2, help="bars of the EMA")
    step_ticks: int = option(12, ge=1, help="ticks in favour before the next unit")
    trail_ticks: int = option(24, ge=1, help="distance of the trailing stop")
    units: int = option(4, ge=1, help="most units")
    size: int = option(1, ge=1, help="contracts of a unit")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.trend = ctx.indicator(EMA(self.period))

    @hookimpl
    def on_fill(self, fill: Fill, ctx: Context) -> None:
        if fill.opened:
            ctx.protect(trail_ticks=self.trail_ticks)

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        position = ctx.position
        if not self.trend.ready or any(order.kind == "market" for order in ctx.orders):
            return
        if not position.size:
            if bar.close != self.trend.value:
                ctx.set_position(self.size if bar.close > self.trend.value else -self.size)
            return
        way = 1 if position.size > 0 else -1
        moved = (bar.close - (position.last_entry_price or bar.close)) * way
        if position.entries < self.units and moved >= self.step_ticks * float(ctx.instrument.tick_size):
            ctx.set_position(position.size + way * self.size)
