"""A strategy of brackets, trails, parts closed and closes in time, at fixed bars."""

from __future__ import annotations

from barstep import Bar, Context, Strategy, hookimpl


class Brackets(Strategy):
    """Every so many bars another side, another size and another kind of exit."""

    every: int = 7

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        number, rest = divmod(bar.index + 1, self.every)
        if ctx.position.size == 3 and rest == 2:
            ctx.sell(1, tag="a part")
        elif ctx.position.size and rest == 5 and not ctx.orders:
            ctx.close(reason="in time")
        if rest or ctx.position.size:
            return
        side = ctx.buy if number % 2 else ctx.sell
        kinds = (
            {"stop_loss_ticks": 24, "take_profit_ticks": 32},
            {"trailing_stop_ticks": 20, "take_profit_ticks": 60},
            {},
        )
        side(1 + number % 3, **kinds[number % 3], tag=f"kind {number % 3}")
