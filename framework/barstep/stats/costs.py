"""Measures of fills: what trading cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from barstep.stats.measures import MICROS, Group, Number, ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COSTS: Group[Fills] = Group("fills")


@dataclass(frozen=True, slots=True)
class Fills:
    """Executions; int64 arrays of shape (n,).

    Attributes:
        size: Contracts.
        slip: Ticks that the price was worse than the level it was measured from; below 0 where it was better.
        tick_value: Micro-dollars of one tick of one contract.
        fees: Micro-dollars.
    """

    size: NDArray[np.int64]
    slip: NDArray[np.int64]
    tick_value: NDArray[np.int64]
    fees: NDArray[np.int64]


@COSTS.measure("contracts", "fill")
def contracts_traded(fills: Fills) -> Number:
    """Sum of the sizes of all fills, entries and exits."""
    return int(fills.size.sum())


@COSTS.measure("USD", "fill")
def fees_paid(fills: Fills) -> Number:
    """Sum of the fees of all fills; the same as `fees` of the run."""
    return float(fills.fees.sum() / MICROS)


@COSTS.measure("USD", "fill")
def slippage_paid(fills: Fills) -> Number:
    """Sum of ticks worse than the level · value of a tick · contracts, as the fill model booked it. A stop is measured
    from its own level, so that a gap over it counts; a better open makes a limit's negative.
    """  # noqa: D205
    return float((fills.slip * fills.tick_value * fills.size).sum() / MICROS)


@COSTS.measure("USD", "fill, per contract and side")
def slippage_per_contract(fills: Fills) -> Number:
    """`slippage_paid` / `contracts_traded`."""
    return ratio(float((fills.slip * fills.tick_value * fills.size).sum() / MICROS), float(fills.size.sum()))
