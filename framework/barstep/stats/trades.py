"""Measures of closed trades: round trips matched first in, first out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from barstep.stats.measures import MICROS, Group, Number, deviation, longest_run, mean, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MINUTE = 60_000_000_000
_THARP = "Van Tharp, Trade Your Way to Financial Freedom, 2nd ed. 2006, ch. 7"
_SQN = "Van Tharp, The Definitive Guide to Position Sizing, 2008"
_SWEENEY = "John Sweeney, Maximum Adverse Excursion, 1996"

TRADES: Group[Trades] = Group("closed trades", least=30)


@dataclass(frozen=True)
class Trades:
    """Closed trades in order of closing; int64 arrays of shape (n,), money in micro-dollars.

    Attributes:
        net: Result after fees.
        fees: Fees of both sides.
        worst, best: Maximum adverse (<= 0) and favourable (>= 0) excursion, before fees.
        bars: Bars from entry to exit.
        size: Contracts.
        ambiguous: 1 where entry or exit hung on the path inside a bar (R17), else 0.
        held_ns: Nanoseconds from entry to exit.
        risk: What the stop that came with the entry let it lose, before slippage and fees; 0 where it brought none.
    """

    net: NDArray[np.int64]
    fees: NDArray[np.int64]
    worst: NDArray[np.int64]
    best: NDArray[np.int64]
    bars: NDArray[np.int64]
    size: NDArray[np.int64]
    ambiguous: NDArray[np.int64]
    held_ns: NDArray[np.int64]
    risk: NDArray[np.int64]

    @classmethod
    def of(cls, table: NDArray[np.int64]) -> Trades:
        """From an array of shape (9, n), a row for each attribute."""
        return cls(*table)

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Trades:
        """Some of them, or some of them several times."""
        return Trades(*(getattr(self, field.name)[which] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.net)

    @cached_property
    def usd(self) -> NDArray[np.float64]:
        """Net results in USD."""
        return self.net / MICROS

    @cached_property
    def wins(self) -> NDArray[np.float64]:
        """Net results above 0 in USD."""
        return self.usd[self.net > 0]

    @cached_property
    def losses(self) -> NDArray[np.float64]:
        """Net results below 0 in USD."""
        return self.usd[self.net < 0]

    @cached_property
    def multiples(self) -> NDArray[np.float64]:
        """Net results in units of the risk taken, of the trades that brought a stop."""
        known = self.risk > 0
        return self.net[known] / self.risk[known]


COLUMNS = len(fields(Trades))


@TRADES.measure("USD", "gross, trade", headline=True)
def gross_pnl(trades: Trades) -> Number:
    """Sum of the results before fees."""
    return float((trades.net + trades.fees).sum() / MICROS)


@TRADES.measure("USD", "net, trade")
def closed_pnl(trades: Trades) -> Number:
    """Sum of the results; unlike `net_pnl` of the run without what an open position has paid in fees."""
    return float(trades.net.sum() / MICROS)


@TRADES.measure("share", "net, trade", headline=True, interval=True)
def win_rate(trades: Trades) -> Number:
    """Trades above 0 / all trades."""
    return len(trades.wins) / len(trades) if len(trades) else None


@TRADES.measure("ratio", "net, trade", headline=True, interval=True)
def profit_factor(trades: Trades) -> Number:
    """Sum of wins / size of the sum of losses; none without losses."""
    return ratio(float(trades.wins.sum()), float(-trades.losses.sum()))


@TRADES.measure("USD", "net, trade", headline=True, interval=True)
def expectancy(trades: Trades) -> Number:
    """Mean result of a trade."""
    return mean(trades.usd)


@TRADES.measure("USD", "net, trade")
def median_trade(trades: Trades) -> Number:
    """Median result of a trade."""
    return float(np.median(trades.usd)) if len(trades) else None


@TRADES.measure("USD", "net, trade")
def trade_deviation(trades: Trades) -> Number:
    """Standard deviation of the results (sample: divided by n - 1)."""
    return deviation(trades.usd, 1)


@TRADES.measure("USD", "net, trade", headline=True)
def average_win(trades: Trades) -> Number:
    """Mean result of the trades above 0."""
    return mean(trades.wins)


@TRADES.measure("USD", "net, trade", headline=True)
def average_loss(trades: Trades) -> Number:
    """Mean result of the trades below 0."""
    return mean(trades.losses)


@TRADES.measure("ratio", "net, trade", headline=True, interval=True)
def payoff(trades: Trades) -> Number:
    """`average_win` / size of `average_loss`."""
    lost = mean(trades.losses)
    return ratio(mean(trades.wins), None if lost is None else -lost)


@TRADES.measure("USD", "net, trade", headline=True)
def best_trade(trades: Trades) -> Number:
    """Largest result."""
    return float(trades.usd.max()) if len(trades) else None


@TRADES.measure("USD", "net, trade", headline=True)
def worst_trade(trades: Trades) -> Number:
    """Smallest result."""
    return float(trades.usd.min()) if len(trades) else None


@TRADES.measure("trades", "net, trade", headline=True)
def longest_win_streak(trades: Trades) -> Number:
    """Most trades in a row above 0."""
    return longest_run(trades.net > 0)


@TRADES.measure("trades", "net, trade", headline=True)
def longest_loss_streak(trades: Trades) -> Number:
    """Most trades in a row below 0."""
    return longest_run(trades.net < 0)


@TRADES.measure("USD", "gross, trade", _SWEENEY, headline=True)
def average_mae(trades: Trades) -> Number:
    """Mean of how far trades stood behind at worst, 0 or less."""
    return mean(trades.worst / MICROS)


@TRADES.measure("USD", "gross, trade", _SWEENEY, headline=True)
def average_mfe(trades: Trades) -> Number:
    """Mean of how far trades stood ahead at best, 0 or more."""
    return mean(trades.best / MICROS)


@TRADES.measure("ratio", "gross, trade", _SWEENEY)
def excursion_ratio(trades: Trades) -> Number:
    """`average_mfe` / size of `average_mae`."""
    behind = mean(trades.worst)
    return ratio(mean(trades.best), None if behind is None else -behind)


@TRADES.measure("bars", "trade", headline=True)
def average_bars_held(trades: Trades) -> Number:
    """Mean number of bars from entry to exit; 0 inside one bar."""
    return mean(trades.bars)


@TRADES.measure("minutes", "trade, calendar time")
def average_minutes_held(trades: Trades) -> Number:
    """Mean time from entry to exit, breaks included."""
    return mean(trades.held_ns / _MINUTE)


@TRADES.measure("minutes", "trade, calendar time")
def median_minutes_held(trades: Trades) -> Number:
    """Median time from entry to exit, breaks included."""
    return float(np.median(trades.held_ns)) / _MINUTE if len(trades) else None


@TRADES.measure("minutes", "trade, calendar time")
def longest_minutes_held(trades: Trades) -> Number:
    """Longest time from entry to exit, breaks included."""
    return float(trades.held_ns.max()) / _MINUTE if len(trades) else None


@TRADES.measure("ratio", "net, trade", _SQN, headline=True, interval=True)
def sqn(trades: Trades) -> Number:
    """√n · mean / standard deviation of the n results (population: divided by n); none below two trades."""
    spread = deviation(trades.usd, 0)
    return len(trades) ** 0.5 * float(trades.usd.mean()) / spread if spread else None


@TRADES.measure("R", "net, trade", _THARP, interval=True)
def average_r(trades: Trades) -> Number:
    """Mean of result / risk. The risk is the distance from the fill to the stop that came with the entry, times size;
    trades whose entry brought no stop are left out.
    """  # noqa: D205
    return mean(trades.multiples)


@TRADES.measure("R", "net, trade", _THARP)
def r_deviation(trades: Trades) -> Number:
    """Standard deviation of result / risk (sample)."""
    return deviation(trades.multiples, 1)


@TRADES.measure("R", "net, trade", _THARP)
def best_r(trades: Trades) -> Number:
    """Largest result / risk."""
    return float(trades.multiples.max()) if len(trades.multiples) else None


@TRADES.measure("R", "net, trade", _THARP)
def worst_r(trades: Trades) -> Number:
    """Smallest result / risk; below -1 by slippage, fees and gaps."""
    return float(trades.multiples.min()) if len(trades.multiples) else None


@TRADES.measure("share", "trade")
def r_trades(trades: Trades) -> Number:
    """Trades whose entry brought a stop / all trades: how many the R figures speak for."""
    return len(trades.multiples) / len(trades) if len(trades) else None


@TRADES.measure("USD", "trade, per contract and round turn", headline=True)
def cost_per_contract(trades: Trades) -> Number:
    """Fees / contracts."""
    return ratio(float(trades.fees.sum()) / MICROS, float(trades.size.sum()))


@TRADES.measure("USD", "gross, per contract and round turn", headline=True)
def break_even_cost(trades: Trades) -> Number:
    """Sum of the results before fees / contracts: fees per contract and round turn at which nothing is left. Slippage
    is in the prices already.
    """  # noqa: D205
    return ratio(float((trades.net + trades.fees).sum()) / MICROS, float(trades.size.sum()))


@TRADES.measure("share", "trade", headline=True)
def ambiguous_trades(trades: Trades) -> Number:
    """Trades whose entry or exit hung on the path inside a bar (R17) / all trades."""
    return mean(trades.ambiguous)


@TRADES.measure("share", "net, trade", headline=True)
def ambiguous_profit(trades: Trades) -> Number:
    """Sum of the sizes of the results of ambiguous trades / that of all trades: how much of what was won and lost hung
    on the path inside a bar.
    """  # noqa: D205
    sizes = np.abs(trades.usd)
    return ratio(float(sizes[trades.ambiguous > 0].sum()), float(sizes.sum()))
