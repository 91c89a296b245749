"""What a measure of a run is: a function of arrays with its unit, basis and source, kept in groups by what it reads.

trades.py     of closed trades
days.py       of trading days
equity.py     of the equity curve, and its drawdowns
costs.py      of fills
ambiguity.py  of bars whose path decided
breakdown.py  trades by hour, weekday, session, direction, exit reason and tag
bootstrap.py  how sure a figure is
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MICROS = 1_000_000
"""Micro-dollars in a dollar."""

Number = float | int | None
Measures = dict[str, Number]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Measure(Generic[R]):
    """One measure.

    Attributes:
        name: Its key in `result.json` and in statistics.
        function: From the group's record to the figure; None where there is nothing to measure.
        unit: `USD`, `share` (0 to 1), `ratio`, `R`, `minutes`, `bars`, `days`, `trades`, `contracts` or `percent`.
        basis: Gross or net; by trade, day, bar or fill.
        source: Where the definition comes from; empty for plain arithmetic.
        headline: Whether `result.json` has it under `metrics`.
        interval: Whether statistics give a bootstrap interval for it.
    """

    name: str
    function: Callable[[R], Number]
    unit: str
    basis: str
    source: str = ""
    headline: bool = False
    interval: bool = False

    @property
    def formula(self) -> str:
        """How it is computed, in words."""
        return " ".join(inspect.cleandoc(self.function.__doc__ or "").split())


class Group(Generic[R]):
    """The measures that read one kind of record.

    Args:
        title: What they read.
        least: A sample below this many is too small to believe: its figures are marked provisional; 0 for no such mark.
    """

    def __init__(self, title: str, least: int = 0) -> None:
        self.title, self.least = title, least
        self.measures: dict[str, Measure[R]] = {}

    def measure(
        self, unit: str, basis: str, source: str = "", *, headline: bool = False, interval: bool = False
    ) -> Callable[[Callable[[R], Number]], Callable[[R], Number]]:
        """Take a function in as a measure under its own name; its docstring is the formula."""

        def take(function: Callable[[R], Number]) -> Callable[[R], Number]:
            name = function.__name__
            self.measures[name] = Measure(name, function, unit, basis, source, headline, interval)
            return function

        return take

    def headlines(self, record: R) -> Measures:
        """The measures that `result.json` has."""
        return {name: measure.function(record) for name, measure in self.measures.items() if measure.headline}

    def values(self, record: R) -> Measures:
        """All measures."""
        return {name: measure.function(record) for name, measure in self.measures.items()}


def mean(values: NDArray[np.float64] | NDArray[np.int64]) -> float | None:
    """The mean, None of nothing."""
    return float(values.mean()) if len(values) else None


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient, None where it has none."""
    return above / below if above is not None and below else None


def deviation(values: NDArray[np.float64], ddof: int) -> float | None:
    """The standard deviation, divided by n - ddof; None below two values, and 0 of equal ones, which rounding would miss."""
    if len(values) < 2:
        return None
    return float(values.std(ddof=ddof)) if (values != values[0]).any() else 0.0


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Length of the longest stretch of True."""
    others = np.flatnonzero(~flags)
    if not len(others):
        return len(flags)
    between = int(np.diff(others).max()) - 1 if len(others) > 1 else 0
    return max(int(others[0]), between, len(flags) - 1 - int(others[-1]))
