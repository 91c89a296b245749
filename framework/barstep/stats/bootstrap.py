"""How sure a figure is: intervals from drawing the sample anew, many times, in the same way each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.stats.measures import Group

DRAWS = 1000
LEVEL = 0.95
SEED = 20130901
_UNDEFINED = 0.05
"""Share of draws without a figure above which there is no interval."""

S = TypeVar("S", bound="Sample")


class Sample(Protocol):
    """Something to draw from: trades, or days."""

    def take(self: S, which: NDArray[np.int64]) -> S:
        """Some of it, or some of it several times."""

    def __len__(self) -> int: ...


def intervals(
    group: Group[S], sample: S, *, draws: int = DRAWS, level: float = LEVEL, seed: int = SEED
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of a group's headlines by the circular block bootstrap.

    Each draw is as long as the sample and made of blocks of neighbours, the cube root of its length long, so that what
    hangs together in time stays together (Politis and Romano, A Circular Block-Resampling Procedure for Stationary Data,
    1992; percentile intervals after Efron, Annals of Statistics 7(1), 1979). A measure that many draws leave undefined,
    such as a profit factor without losses, gets none.

    Args:
        group: The measures; those with `interval` are asked.
        sample: Trades in order of closing, or days in order.
        draws: How many.
        level: Share of the draws that lie inside.
        seed: The same seed gives the same intervals.

    Returns:
        Lower and upper bound by name.
    """
    asked = [measure for measure in group.measures.values() if measure.interval]
    count = len(sample)
    if count < 2:
        return {}
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {measure.name: [] for measure in asked}
    for _ in range(draws):
        drawn = sample.take(blocks(rng, count))
        for measure in asked:
            value = measure.function(drawn)
            if value is not None:
                found[measure.name].append(float(value))
    tail = 50 * (1 - level)
    return {
        name: (float(low), float(high))
        for name, values in found.items()
        if len(values) >= (1 - _UNDEFINED) * draws
        for low, high in [np.percentile(values, (tail, 100 - tail))]
    }


def blocks(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Indices of one draw: blocks of neighbours, the last followed by the first, int64 of shape (count,)."""
    length = max(1, round(count ** (1 / 3)))
    starts = rng.integers(0, count, size=-(-count // length))
    drawn: NDArray[np.int64] = (starts[:, None] + np.arange(length)) % count
    return drawn.ravel()[:count]
