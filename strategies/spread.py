"""Spread: two contracts against each other, when the gap between their values strays from its mean."""

from collections import deque
from statistics import fmean, pstdev

from barstep import Bar, Context, Strategy, hookimpl, option


class Spread(Strategy):
    """Sells the first contract and buys the second when the first is dear, and the other way round; out at the mean.

    It needs two contracts: `contract: [ES, NQ]` in the run file. The gap is the USD value of `size` of the first less
    that of `other_size` of the second.
    """

    lookback: int = option(60, ge=2, help="bars of the gap's mean and spread")
    enter: float = option(2.0, gt=0, help="standard deviations away from the mean that open")
    leave: float = option(0.5, ge=0, help="standard deviations away from the mean that close")
    size: int = option(1, ge=1, help="contracts of the first")
    other_size: int = option(1, ge=1, help="contracts of the second")

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        if len(ctx.contracts) != 2:
            raise ValueError("spread trades two contracts: write contract: [ES, NQ] beside use: spread")
        self.first, self.second = ctx.contracts
        self.gaps: deque[float] = deque(maxlen=self.lookback)

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if bar.contract is not self.second:
            return  # bars of equal time come in the order of the file: with the second's both are complete
        other = ctx.bars(1, contract=self.first)
        if not other or other[0].end_ns != bar.end_ns:
            return
        value = self.size * other[0].close * self.first.instrument.point_value
        self.gaps.append(value - self.other_size * bar.close * self.second.instrument.point_value)
        spread = pstdev(self.gaps)
        if len(self.gaps) == self.lookback and spread:
            self.trade((self.gaps[-1] - fmean(self.gaps)) / spread, ctx)

    def trade(self, away: float, ctx: Context) -> None:
        """Both legs at once: orders of both fill at the next opens."""
        if abs(away) >= self.enter:
            way = -1 if away > 0 else 1
            ctx.set_position(way * self.size, contract=self.first)
            ctx.set_position(-way * self.other_size, contract=self.second)
        elif abs(away) <= self.leave:
            ctx.close(contract=self.first)
            ctx.close(contract=self.second)
