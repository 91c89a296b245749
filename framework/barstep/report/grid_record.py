"""A finished grid as figures see it. Whoever knows the grid's store hands one over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(slots=True)
class GridPoint:
    """One point that ended without an error.

    Attributes:
        number: Its number in the grid.
        at: Its place on each axis, from 0, in the order of the axes.
        metrics: Figures by name; None where there is nothing to measure.
        daily: Result of each of its trading days, USD, shape (d,).
        failed: The guard that failed its account, or empty.
    """

    number: int
    at: tuple[int, ...]
    metrics: dict[str, float | int | None]
    daily: Floats
    failed: str = ""


@dataclass(slots=True)
class GridRecord:
    """A grid.

    Attributes:
        name: The grid's.
        axes: The values of each axis, by its name.
        metric: What points are ranked by.
        sign: 1 where more is better, -1 where less is.
        points: The points, by number.
        segments: Steps of a walk-forward, each with `train` and `test` (first and last day), `values`, `trained` (the
            metric on the training days), `net_pnl` (USD on the test days), `daily` and `train_daily` (USD of each day); empty
            without one.
        told: What the grid says of its best point, or of its walk-forward, as `barstep grid show --json` does.
        errors: How many points ended with an error.
    """

    name: str
    axes: dict[str, list[Any]]
    metric: str
    sign: int
    points: list[GridPoint]
    segments: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    errors: int = 0

    def values(self, metric: str | None = None) -> Floats:
        """A figure of every point, NaN where there is none, shape (n,)."""
        name = metric or self.metric
        given = (point.metrics.get(name) for point in self.points)
        return np.array([np.nan if value is None else float(value) for value in given])

    def places(self) -> NDArray[np.int64]:
        """Where every point stands on the axes, shape (n, axes)."""
        return np.array([point.at for point in self.points], np.int64).reshape(len(self.points), len(self.axes))

    def best(self) -> int | None:
        """Row of the best point by the metric; of equal ones the first; None where none has it."""
        values = self.values() * self.sign
        return int(np.nanargmax(values)) if np.isfinite(values).any() else None

    def metrics(self) -> list[str]:
        """Names of figures that some point has, the ranking one first."""
        names = dict.fromkeys(
            name for point in self.points for name, value in point.metrics.items() if value is not None
        )
        return [self.metric, *(name for name in names if name != self.metric)]
