"""Trades apart by what they have in common: one row of figures for each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.stats.measures import MICROS
from barstep.stats.trades import TRADES, expectancy, profit_factor, win_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.stats.trades import Trades


class Part(NamedTuple):
    """The trades of one value: how many, USD after fees, share of winners, mean USD, wins / losses; whether too few."""

    value: str
    trades: int
    net_pnl: float
    win_rate: float | None
    expectancy: float | None
    profit_factor: float | None
    provisional: bool


def breakdown(trades: Trades, values: NDArray[Any], order: Sequence[str] | None = None) -> list[Part]:
    """Figures of the trades apart by a value.

    Args:
        trades: All of them.
        values: The value of each, text, shape (n,).
        order: The values in the order to tell them in; by default by name.

    Returns:
        A row for each value that occurs.
    """
    present = sorted(set(values.tolist()))
    told = present if order is None else [value for value in order if value in present]
    return [_part(value, trades.take(np.flatnonzero(values == value))) for value in told]


def _part(value: str, some: Trades) -> Part:
    few = len(some) < TRADES.least
    return Part(
        value, len(some), float(some.net.sum() / MICROS), win_rate(some), expectancy(some), profit_factor(some), few
    )
