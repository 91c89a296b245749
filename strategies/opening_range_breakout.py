"""Opening range breakout: one trade a day, sized by the average true range, with a bracket."""

from barstep import Bar, Context, Order, Session, Strategy, hookimpl, option
from barstep.indicators import ATR


class OpeningRangeBreakout(Strategy):
    """Stop orders at both ends of the range of the first regular minutes; the first to fill cancels the other."""

    minutes: int = option(15, ge=1, help="minutes of the regular session that make the range")
    atr: int = option(14, ge=1, help="bars of the average true range")
    stop: float = option(2.0, gt=0, help="stop distance in average true ranges")
    target: float = option(3.0, gt=0, help="target distance in average true ranges")
    risk: float = option(500.0, gt=0, help="USD that the stop may lose before slippage and fees")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.range = ctx.indicator(ATR(self.atr))
        self.ends: tuple[float, float] | None = None
        self.done = True

    @hookimpl
    def on_session_start(self, session: Session, ctx: Context) -> None:
        self.ends, self.done = None, session.regular_open is None

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        opened = ctx.session.regular_open
        if self.done or opened is None or bar.start < opened:
            return
        low, high = self.ends or (bar.low, bar.high)
        self.ends = (min(low, bar.low), max(high, bar.high))
        if (bar.end - opened).total_seconds() >= self.minutes * 60:
            self.done = True
            self.place(bar, ctx)

    def place(self, bar: Bar, ctx: Context) -> None:
        """Work both entries; the bar that ends the range may already stand at one of them."""
        low, high = self.ends or (bar.low, bar.high)
        tick = float(ctx.instrument.tick_size)
        stop = max(1, round(self.stop * self.range.value / tick)) if self.range.ready else 0
        size = ctx.size_for_risk(self.risk, stop) if stop else 0
        if not size:
            return
        target = max(1, round(self.target * self.range.value / tick))
        orders: list[Order] = [
            ctx.buy(size, stop=high + tick, stop_loss_ticks=stop, take_profit_ticks=target, expires="session"),
            ctx.sell(size, stop=low - tick, stop_loss_ticks=stop, take_profit_ticks=target, expires="session"),
        ]
        if all(order.is_open for order in orders):
            ctx.oco(*orders)
