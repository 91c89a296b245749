"""Drawing sequences of trading days, and what the number of source days allows to say.

Sequences are drawn by the circular block bootstrap: whole blocks of consecutive days from random starts, the last day
followed by the first (Politis and Romano, A circular block-resampling procedure for stationary data, in LePage and Billard
(eds.), Exploring the Limits of Bootstrap, Wiley 1992; blocks after Künsch, Annals of Statistics 17, 1989). Blocks keep the
streaks of the days. Their default length is the cube root of the number of days, the order that Hall, Horowitz and Jing
(Biometrika 82, 1995) give.

However many attempts are drawn, they know only the source days. The interval therefore comes from an outer bootstrap: the
source days themselves are drawn anew, attempts are drawn from each such set, and the 2.5 % and 97.5 % points of what these
give are the interval (the percentile interval of Efron and Tibshirani, An Introduction to the Bootstrap, Chapman and Hall
1993, chapter 13). The scatter that comes from drawing finitely many attempts per set is taken out of its width.
"""

from __future__ import annotations

from math import cbrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

REPLICATES = 300
"""Sets of source days in the outer bootstrap."""
PER_REPLICATE = 200
"""Attempts drawn from each set."""
PROVISIONAL_DAYS = 60
"""Below so many source days, about a quarter of a year, figures are marked PROVISIONAL."""


class Interval(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


def block_length(days: int) -> int:
    """The default length of a block."""
    return max(1, round(cbrt(days)))


def draw_days(rng: Generator, days: int, block: int, count: int, horizon: int) -> NDArray[np.int32]:
    """Draw sequences of days.

    Args:
        rng: Where chance comes from.
        days: How many source days there are, n.
        block: Length of a block.
        count, horizon: How many sequences, and how long.

    Returns:
        Numbers of days in [0, n), shape (count, horizon).
    """
    starts = rng.integers(days, size=(count, -(-horizon // block)), dtype=np.int32)
    order: NDArray[np.int32] = np.remainder(starts[:, :, None] + np.arange(block), days, dtype=np.int32)
    return order.reshape(count, -1)[:, :horizon]


def draw_replicates(rng: Generator, days: int, block: int, horizon: int) -> NDArray[np.int32]:
    """Sequences for the outer bootstrap: PER_REPLICATE of each of REPLICATES sets of source days drawn anew.

    Returns:
        Numbers of days in [0, n), shape (REPLICATES * PER_REPLICATE, horizon), set by set.
    """
    sets = draw_days(rng, days, block, REPLICATES, days)
    order = draw_days(rng, days, block, REPLICATES * PER_REPLICATE, horizon)
    which = np.repeat(np.arange(REPLICATES), PER_REPLICATE)
    drawn: NDArray[np.int32] = sets[which[:, None], order]
    return drawn


def interval(values: NDArray[np.float64], centre: float, low: float, high: float) -> Interval:
    """The interval of a mean over attempts from the outer bootstrap.

    Args:
        values: One value per attempt, set by set as `draw_replicates` orders them.
        centre: The mean of the attempts drawn from the source days themselves; always inside the interval.
        low, high: The least and the most that the mean can be.
    """
    table = values.reshape(REPLICATES, PER_REPLICATE)
    means = table.mean(axis=1)
    noise = float(table.var(axis=1, ddof=1).mean()) / PER_REPLICATE
    spread = float(means.var(ddof=1))
    shrink = np.sqrt(max(0.0, spread - noise) / spread) if spread > 0 else 0.0
    middle = means.mean()
    ends = np.percentile(middle + (means - middle) * shrink, (2.5, 97.5))
    return Interval(max(low, min(float(ends[0]), centre)), min(high, max(float(ends[1]), centre)))
