"""A strategy and a risk rule that use everything the contexts offer, at random but repeatably."""

from __future__ import annotations

from datetime import timedelta

from barstep import Bar, Context, Fill, RiskContext, RiskDecision, RiskRule, Session, Strategy, Trade, hookimpl


class Restless(Strategy):
    """Sends, changes, links and cancels orders of every kind."""

    @hookimpl
    def on_session_start(self, session: Session, ctx: Context) -> None:
        ctx.buy(1, expires="session", tag="morning")
        ctx.sell(1, limit=ctx.round_price(1700.0), expires="session")

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:  # noqa: C901 - a list of things to do
        dice = ctx.random.randrange(24)
        tick = float(ctx.instrument.tick_size)
        up, down = bar.close + ctx.random.randint(1, 6) * tick, bar.close - ctx.random.randint(1, 6) * tick
        if dice == 0:
            ctx.set_position(ctx.random.randint(-2, 2))
        elif dice == 1:
            ctx.buy(2, limit=down, stop_loss_ticks=6, take_profit_ticks=8, tag="bracket")
        elif dice == 2:
            ctx.sell(1, stop=down, trailing_stop_ticks=5, take_profit_ticks=9, expires=ctx.random.randint(1, 20))
        elif dice == 3:
            one, two = ctx.buy(1, stop=up), ctx.sell(1, stop=down)
            if one.is_open and two.is_open:
                ctx.oco(one, two)
        elif dice == 4:
            ctx.buy(1, trail_ticks=ctx.random.randint(3, 9), expires=ctx.now + timedelta(minutes=15))
        elif dice == 5:
            ctx.sell(1, stop=down, limit=down - 2 * tick)
        elif dice == 6:
            ctx.buy(1, join=True)
        elif dice == 7 and ctx.position.size:
            better = 1 if ctx.position.size > 0 else -1
            ctx.protect(stop=bar.close - better * 5 * tick, target=bar.close + better * 7 * tick)
        elif dice == 8 and ctx.position.size:
            ctx.close(reason="enough")
        elif dice == 9 and ctx.orders:
            ctx.cancel(ctx.random.choice(list(ctx.orders)), "changed my mind")
        elif dice == 10 and ctx.orders:
            order = ctx.random.choice(list(ctx.orders))
            ctx.modify(order, limit=down if order.kind == "limit" else None, size=ctx.random.randint(1, 3))
        elif dice == 11:
            ctx.cancel_entries()
        elif dice == 12:
            ctx.buy(1, stop_loss=down - 4 * tick, take_profit=up + 4 * tick)
        elif dice == 13:
            ctx.sell(1, limit=up, reduce_only=True)
        elif dice == 14:
            ctx.buy(1, stop=down)  # on the wrong side
        elif dice == 15:
            ctx.note(f"{ctx.position.size} {ctx.account.equity:.2f} {ctx.account.floor} {len(ctx.orders)}")

    @hookimpl
    def on_fill(self, fill: Fill, ctx: Context) -> None:
        if ctx.random.randrange(6) == 0 and ctx.position.size:
            better = 1 if ctx.position.size > 0 else -1
            ctx.protect(stop=ctx.round_price(fill.price - better * 3), trail_ticks=None)
        ctx.note(f"{fill} {fill.order}")

    @hookimpl
    def on_trade(self, trade: Trade, ctx: Context) -> None:
        ctx.note(f"{trade.net_pnl} {trade.mae} {trade.mfe} {trade.exit_reason}")


class Strict(RiskRule):
    """Judges, watches, locks and flattens."""

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        ctx.set_guard("day", level=-900, basis="day", action="lock")
        ctx.set_guard("trail", level=47_000, trail=2_500, action="flatten")

    @hookimpl
    def on_bar(self, bar: Bar, ctx: RiskContext) -> None:
        dice = ctx.random.randrange(150)
        if dice == 0:
            ctx.flatten("nervous")
        elif dice == 1:
            ctx.lock(bar.end + timedelta(minutes=30), "a break")
        elif dice == 2:
            ctx.set_guard("one", level=-150, basis="position")
        elif dice == 3:
            ctx.remove_guard("one")

    @hookimpl
    def on_risk(self, order, ctx: RiskContext) -> RiskDecision | None:
        if ctx.exposure(order) + order.opens > 4:
            return RiskDecision.resize(1, "at most four")
        return RiskDecision.deny("not this one") if ctx.random.randrange(15) == 0 else None
