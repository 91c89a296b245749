"""A strategy that keeps the exchange busy: a limit replaced each bar, stop and target once it is in."""

from barstep import Bar, Context, Strategy, hookimpl


class Orders(Strategy):
    """While flat, a limit one tick from the close, long and short in turn, with a bracket of 12 ticks each way."""

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.order = None
        self.side = -1

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if ctx.position.size:
            return
        if self.order is not None and self.order.is_open:
            ctx.cancel(self.order)
        self.side = -self.side
        send = ctx.buy if self.side > 0 else ctx.sell
        price, gap = bar.close - self.side * 0.25, self.side * 3.0
        self.order = send(1, limit=price, stop_loss=price - gap, take_profit=price + gap)
