"""The second formula of every measure, in plain Python or by empyrical: nothing of barstep is imported."""

from __future__ import annotations

import math
import statistics as plain
import warnings
from collections.abc import Callable
from itertools import accumulate, groupby

import numpy as np
import pytest
from second_reading import MICROS, SecondReading, product

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    empyrical = pytest.importorskip("empyrical")


class Plain:
    """Lists of numbers of a second reading, money in USD."""

    def __init__(self, again: SecondReading) -> None:
        self.again, self.trades, self.bars, self.fills = again, again.trades, again.bars, again.fills
        self.start = again.start / MICROS
        self.net = [trade.net / MICROS for trade in again.trades]
        self.gross = [trade.gross / MICROS for trade in again.trades]
        self.fees = [trade.fees / MICROS for trade in again.trades]
        self.wins, self.losses = [x for x in self.net if x > 0], [x for x in self.net if x < 0]
        self.mae, self.mfe = ([getattr(trade, name) / MICROS for trade in again.trades] for name in ("mae", "mfe"))
        self.size = [trade.size for trade in again.trades]
        self.minutes = [trade.minutes for trade in again.trades]
        self.multiples = [trade.net / trade.risk for trade in again.trades if trade.risk]
        self.doubtful = [trade.net / MICROS for trade in again.trades if trade.ambiguous]
        by_day = [list(bars) for _, bars in groupby(again.bars, key=lambda bar: bar.day)]
        self.closes = [bars[-1].close / MICROS for bars in by_day]
        self.lows = [min(bar.low for bar in bars) / MICROS for bars in by_day]
        self.days = [b - a for a, b in zip([self.start, *self.closes], self.closes, strict=False)]
        self.peaks = list(accumulate([self.start, *self.closes], max))

    @property
    def slippage(self) -> float:
        value = {book.market.product: book.market.tick_value / MICROS for book in self.again.books}
        worse = {"buy": 1, "sell": -1}
        return sum(
            worse[fill["side"]] * (fill["price_ticks"] - fill["level_ticks"]) * fill["size"] * value[product(fill)]
            for fill in self.fills
        )


def streak(flags: list[bool]) -> int:
    return max(accumulate(flags, lambda run, flag: run + 1 if flag else 0, initial=0))


def mean(values: list[float]) -> float | None:
    return plain.fmean(values) if values else None


def over(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def moment(values: list[float], power: int) -> float | None:
    if len(set(values)) < 2:
        return None
    middle, spread = plain.fmean(values), plain.pstdev(values)
    return plain.fmean(((x - middle) / spread) ** power for x in values)


def quantile(values: list[float], share: float) -> float:
    """Linear interpolation between neighbours, as in the seventh definition of Hyndman and Fan."""
    ranked, place = sorted(values), share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (place - low) * (ranked[high] - ranked[low])


def yearly(ratio: Callable[..., float], run: Plain) -> float | None:
    """A ratio of empyrical; returns on the start balance, so that nothing is compounded."""
    if len(run.days) < 2 or len(set(run.days)) < 2:
        return None
    found = float(ratio(np.array(run.days) / run.start, period="daily", annualization=252))
    return found if math.isfinite(found) else None


def tail(run: Plain) -> float | None:
    return float(empyrical.tail_ratio(np.array(run.days))) if any(run.days) else None


def fall_inside(run: Plain) -> float:
    """Highest equity of the bars before, less the lowest inside a bar."""
    before = list(accumulate([run.again.start, *(bar.high for bar in run.bars)], max))
    return max(0, max(peak - bar.low for peak, bar in zip(before, run.bars, strict=False))) / MICROS


def fall_of_days(run: Plain, ends: list[float], before: bool) -> float:
    peaks = run.peaks[:-1] if before else run.peaks[1:]
    return max(0.0, *(peak - end for peak, end in zip(peaks, ends, strict=True)))


def van_tharp(run: Plain) -> float | None:
    alike = len(set(run.net)) < 2
    return None if alike else math.sqrt(len(run.net)) * plain.fmean(run.net) / plain.pstdev(run.net)


def young(run: Plain) -> float | None:
    fall = fall_of_days(run, run.closes, before=False)
    return over(252 * plain.fmean(run.days), fall) if len(run.days) > 1 else None


def martin(run: Plain) -> float:
    return math.sqrt(plain.fmean((100 - 100 * x / y) ** 2 for x, y in zip(run.closes, run.peaks[1:], strict=True)))


def longest_below(run: Plain) -> float:
    peak, since, longest = run.again.start, run.again.begin, 0
    for bar in run.bars:
        if bar.high >= peak:
            longest, since, peak = max(longest, bar.end - since), bar.end, bar.high
    return max(longest, run.bars[-1].end - since) / (86_400 * 10**9)


AGAIN: dict[str, Callable[[Plain], float | None]] = {
    "gross_pnl": lambda run: sum(run.gross),
    "closed_pnl": lambda run: sum(run.gross) - sum(run.fees),
    "win_rate": lambda run: over(len(run.wins), len(run.net)),
    "profit_factor": lambda run: over(sum(run.wins), -sum(run.losses)),
    "expectancy": lambda run: mean(run.net),
    "median_trade": lambda run: plain.median(run.net) if run.net else None,
    "trade_deviation": lambda run: plain.stdev(run.net) if len(run.net) > 1 else None,
    "average_win": lambda run: mean(run.wins),
    "average_loss": lambda run: mean(run.losses),
    "payoff": lambda run: over(mean(run.wins), -(mean(run.losses) or 0)),
    "best_trade": lambda run: max(run.net, default=None),
    "worst_trade": lambda run: min(run.net, default=None),
    "longest_win_streak": lambda run: streak([x > 0 for x in run.net]),
    "longest_loss_streak": lambda run: streak([x < 0 for x in run.net]),
    "average_mae": lambda run: mean(run.mae),
    "average_mfe": lambda run: mean(run.mfe),
    "excursion_ratio": lambda run: over(sum(run.mfe), -sum(run.mae)),
    "average_bars_held": lambda run: mean([t.exit["bar_index"] - t.entry["bar_index"] for t in run.trades]),
    "average_minutes_held": lambda run: mean(run.minutes),
    "median_minutes_held": lambda run: plain.median(run.minutes) if run.net else None,
    "longest_minutes_held": lambda run: max(run.minutes, default=None),
    "sqn": van_tharp,
    "average_r": lambda run: mean(run.multiples),
    "r_deviation": lambda run: plain.stdev(run.multiples) if len(run.multiples) > 1 else None,
    "best_r": lambda run: max(run.multiples, default=None),
    "worst_r": lambda run: min(run.multiples, default=None),
    "r_trades": lambda run: over(len(run.multiples), len(run.net)),
    "cost_per_contract": lambda run: over(sum(run.fees), sum(run.size)),
    "break_even_cost": lambda run: over(sum(run.gross), sum(run.size)),
    "ambiguous_trades": lambda run: over(len(run.doubtful), len(run.net)),
    "ambiguous_profit": lambda run: over(sum(map(abs, run.doubtful)), sum(map(abs, run.net))),
    "contracts_traded": lambda run: sum(fill["size"] for fill in run.fills),
    "fees_paid": lambda run: sum(fill["fees"] for fill in run.fills),
    "slippage_paid": lambda run: run.slippage,
    "slippage_per_contract": lambda run: over(run.slippage, sum(fill["size"] for fill in run.fills)),
    "max_drawdown": fall_inside,
    "longest_below_peak": longest_below,
    "exposure": lambda run: over(sum(bar.position != 0 for bar in run.bars), len(run.bars)),
    "largest_position": lambda run: max(abs(bar.position) for bar in run.bars),
    "days": lambda run: len({bar.day for bar in run.bars}),
    "average_day": lambda run: (run.closes[-1] - run.start) / len(run.closes),
    "day_deviation": lambda run: plain.stdev(run.days) if len(run.days) > 1 else None,
    "best_day": lambda run: max(run.days),
    "worst_day": lambda run: min(run.days),
    "winning_days": lambda run: over(sum(x > 0 for x in run.days), sum(x != 0 for x in run.days)),
    "day_skew": lambda run: moment(run.days, 3),
    "day_kurtosis": lambda run: None if moment(run.days, 4) is None else moment(run.days, 4) - 3,
    "sharpe": lambda run: yearly(empyrical.sharpe_ratio, run),
    "sortino": lambda run: yearly(empyrical.sortino_ratio, run),
    "calmar": young,
    "ulcer_index": martin,
    "tail_ratio": tail,
    "drawdown_static": lambda run: max(0.0, run.start - min(run.lows)),
    "drawdown_end_of_day": lambda run: fall_of_days(run, run.lows, before=True),
    "drawdown_of_closes": lambda run: fall_of_days(run, run.closes, before=False),
}  # fmt: skip
"""The second formula of each measure."""
