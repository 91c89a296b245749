"""How much of the result hung on the path inside bars: what the readings that were not kept would have come to (R17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Readings(NamedTuple):
    """The net result between two readings of the ambiguous bars, USD.

    In each ambiguous bar the account's equity at its close is known for every outcome. `pessimistic` is the net result
    less what the kept outcomes stood above the worst ones there, `optimistic` the net result plus what the best ones
    stood above those kept, each summed over the bars. Everything else is taken as it was: neither is a run of its own,
    and what an outcome would have changed in later bars is not in it.

    Attributes:
        pessimistic, optimistic: USD after fees.
        bars: Ambiguous bars; finer bars count one by one.
    """

    pessimistic: float
    optimistic: float
    bars: int


def readings(net_pnl: float, bar: NDArray[np.int64], equity: NDArray[np.float64], kept: NDArray[np.bool_]) -> Readings:
    """The interval of the net result.

    Args:
        net_pnl: Of the run, USD.
        bar: Which ambiguous bar each outcome belongs to, shape (n,).
        equity: Equity at the bar's close by each outcome, USD, shape (n,).
        kept: Which outcomes were kept, one for each bar, shape (n,).
    """
    bars, first = np.unique(bar, return_inverse=True)
    worst, best, booked = np.full(len(bars), np.inf), np.full(len(bars), -np.inf), np.zeros(len(bars))
    np.minimum.at(worst, first, equity)
    np.maximum.at(best, first, equity)
    booked[first[kept]] = equity[kept]
    return Readings(net_pnl - float((booked - worst).sum()), net_pnl + float((best - booked).sum()), len(bars))
