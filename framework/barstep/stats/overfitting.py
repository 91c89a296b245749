"""Whether the best of many trials is more than luck: Sharpe ratios deflated for the number of trials, and overfitting by CSCV.

Ratios here are those of the observations given, not annualised: daily results give daily Sharpe ratios.
"""

from __future__ import annotations

from itertools import combinations
from math import cbrt, comb, e, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_TINY = 1e-12


def sharpe(results: NDArray[np.float64]) -> float | None:
    """Mean / standard deviation (ddof 1) of results, shape (t,); None for fewer than two or no spread."""
    if len(results) < 2:
        return None
    spread = float(results.std(ddof=1))
    return float(results.mean()) / spread if spread > _TINY else None


def moments(results: NDArray[np.float64]) -> tuple[float, float]:
    """Skewness and kurtosis (3 for a normal distribution) of results, by population moments; (0, 3) without spread."""
    centred = results - results.mean() if len(results) else results
    spread = float(np.sqrt((centred**2).mean())) if len(results) else 0.0
    if spread <= _TINY:
        return 0.0, 3.0
    return float((centred**3).mean()) / spread**3, float((centred**4).mean()) / spread**4


def probabilistic_sharpe(ratio: float, benchmark: float, count: int, skew: float = 0.0, kurtosis: float = 3.0) -> float:
    """The probability that the true Sharpe ratio is above a benchmark (Bailey & Lopez de Prado 2012, equation 11).

    Args:
        ratio: The ratio found, of `count` observations.
        benchmark: The ratio to be beaten, on the same basis.
        count: Observations, 2 or more.
        skew, kurtosis: Of the observations; a normal distribution has 0 and 3.

    Returns:
        0 to 1.
    """
    variance = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    return _NORMAL.cdf((ratio - benchmark) * sqrt(count - 1) / sqrt(max(variance, _TINY)))


def expected_best_sharpe(trials: int, variance: float) -> float:
    """The Sharpe ratio that the best of some trials without any skill is expected to show.

    Bailey & Lopez de Prado, "The deflated Sharpe ratio", Journal of Portfolio Management 40(5), 2014, equation 1 with a mean
    of zero.

    Args:
        trials: Independent trials; 1 gives 0.
        variance: Of the Sharpe ratios over the trials.
    """
    if trials < 2:
        return 0.0
    high, higher = _NORMAL.inv_cdf(1 - 1 / trials), _NORMAL.inv_cdf(1 - 1 / (trials * e))
    return sqrt(variance) * ((1 - _EULER) * high + _EULER * higher)


def deflated_sharpe(
    ratio: float, trials: int, variance: float, count: int, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """The probability that the true Sharpe ratio of the best of many trials is above zero.

    Bailey & Lopez de Prado 2014, as in `expected_best_sharpe`, equation 2.

    Args:
        ratio: Sharpe ratio of the best trial, of `count` observations.
        trials: How many were tried; correlated ones count in full here, which is on the safe side.
        variance: Of the Sharpe ratios over the trials.
        count: Observations of the best trial.
        skew, kurtosis: Of these observations.

    Returns:
        0 to 1.
    """
    return probabilistic_sharpe(ratio, expected_best_sharpe(trials, variance), count, skew, kurtosis)


class Overfitting(NamedTuple):
    """What CSCV finds.

    Attributes:
        probability: Share of splits in which the best of one half is below the median of the other: 0 to 1.
        loss: Share of splits in which the best of one half loses in the other.
        slope: Of the performance in the other half over that in the first, by least squares.
        splits: How many.
        logits: Log odds of the relative rank in the other half, one for each split.
    """

    probability: float
    loss: float
    slope: float
    splits: int
    logits: NDArray[np.float64]


def backtest_overfitting(results: NDArray[np.float64], blocks: int = 16) -> Overfitting | None:
    """The probability of backtest overfitting by combinatorially symmetric cross-validation.

    Bailey, Borwein, Lopez de Prado & Zhu, "The probability of backtest overfitting", Journal of Computational Finance 20(4),
    2017, sections 2.1 and 3. Performance is the Sharpe ratio; a half without spread has the ratio 0. Equal ranks share their
    mean.

    Args:
        results: One row for each day and one column for each trial, shape (t, n).
        blocks: Even number of blocks of neighbouring days; lowered to the days there are. Days that are left over when they
            are cut into equal blocks are the first ones and not used.

    Returns:
        None for fewer than two trials or four days.
    """
    days, trials = results.shape
    blocks = min(blocks, days // 2 * 2)
    if trials < 2 or blocks < 4:
        return None
    length = days // blocks
    cut = results[days - length * blocks :].reshape(blocks, length, trials)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    splits = comb(blocks, blocks // 2)
    logits, inside, outside = np.empty(splits), np.empty(splits), np.empty(splits)
    for place, chosen in enumerate(combinations(range(blocks), blocks // 2)):
        first = list(chosen)
        rest = [block for block in range(blocks) if block not in chosen]
        seen, unseen = (_ratios(sums[part], squares[part], length * len(part)) for part in (first, rest))
        best = int(seen.argmax())
        below, equal = int((unseen < unseen[best]).sum()), int((unseen == unseen[best]).sum())
        rank = (below + (equal + 1) / 2) / (trials + 1)
        logits[place] = np.log(rank / (1 - rank))
        inside[place], outside[place] = seen[best], unseen[best]
    centred = inside - inside.mean()
    spread = float((centred**2).sum())
    slope = float((centred * (outside - outside.mean())).sum()) / spread if spread > _TINY else 0.0
    return Overfitting(float((logits <= 0).mean()), float((outside < 0).mean()), slope, splits, logits)


def _ratios(sums: NDArray[np.float64], squares: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Sharpe ratios of all trials over some blocks, from the blocks' sums and sums of squares."""
    mean = sums.sum(axis=0) / count
    variance = (squares.sum(axis=0) - count * mean**2) / max(1, count - 1)
    scale = np.abs(squares.sum(axis=0)) / count
    flat = variance <= 1e-9 * np.maximum(scale, _TINY)
    return np.where(flat, 0.0, mean / np.sqrt(np.where(flat, 1.0, variance)))


def block_length(count: int) -> int:
    """Days of a bootstrap block, about the cube root of how many there are (Hall, Horowitz & Jing 1995), 1 at least."""
    return max(1, round(cbrt(count)))


def bootstrap_interval(
    results: NDArray[np.float64], share: float = 0.95, draws: int = 2000, seed: int = 1, length: int | None = None
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of the sum and of the Sharpe ratio of results by the stationary bootstrap.

    Politis & Romano, "The stationary bootstrap", Journal of the American Statistical Association 89, 1994: blocks of
    neighbouring days with random starts and geometric lengths, wrapped around the end.

    Args:
        results: Daily results, shape (t,), two or more.
        share: What the interval holds of the draws.
        draws: Resampled series.
        seed: Of the draws.
        length: Mean length of a block; by default `block_length`.

    Returns:
        Low and high of `sum` and `sharpe`.
    """
    days = len(results)
    source = np.random.default_rng(seed)
    stays = 1 - 1 / (length or block_length(days))
    rows = np.empty((draws, days), np.int64)
    rows[:, 0] = source.integers(days, size=draws)
    for day in range(1, days):
        fresh = source.random(draws) >= stays
        rows[:, day] = np.where(fresh, source.integers(days, size=draws), (rows[:, day - 1] + 1) % days)
    drawn = results[rows]
    sums, spread = drawn.sum(axis=1), drawn.std(axis=1, ddof=1)
    ratios = np.where(spread > _TINY, drawn.mean(axis=1) / np.where(spread > _TINY, spread, 1.0), 0.0)
    ends = [(1 - share) / 2, (1 + share) / 2]
    found = {"sum": np.quantile(sums, ends), "sharpe": np.quantile(ratios, ends)}
    return {name: (float(low), float(high)) for name, (low, high) in found.items()}
