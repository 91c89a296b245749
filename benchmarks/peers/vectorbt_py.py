"""vectorbt with the same rule, on bars that are ready as float columns; its functions are compiled by a first run."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.work import CASH, FAST, FEE, POINT, SLOW, Answer, frame

if TYPE_CHECKING:
    from benchmarks.work import Series

warnings.simplefilter("ignore")
import vectorbt as vbt  # noqa: E402 - it warns when imported


def run(work: str, bars: Series, variant: str = "") -> Answer:
    """Means, wanted positions, fills at the next open with fees, net result, drawdown and statistics of trades."""
    del work, variant
    table = frame(bars)
    start = time.perf_counter()
    means = [vbt.MA.run(table["Close"], n).ma.to_numpy() for n in (FAST, SLOW)]
    side = np.sign(means[0] - means[1])  # NaN until both are there
    rows = np.flatnonzero(np.nan_to_num(side))
    wanted = np.full(len(side), np.nan)
    turns = rows[np.flatnonzero(np.diff(side[rows], prepend=0))]
    turns = turns[turns + 1 < len(side)]
    wanted[turns + 1] = side[turns]
    traded = np.abs(np.diff(side[turns], prepend=0))
    fees = np.zeros(len(side))
    fees[turns + 1] = traded * FEE / POINT
    folio = vbt.Portfolio.from_orders(
        table["Close"],
        wanted,
        size_type="targetamount",
        price=table["Open"],
        fixed_fees=fees,
        init_cash=CASH,
        freq="1min",
    )
    net = folio.final_value() - CASH
    folio.max_drawdown()
    folio.trades.win_rate(), folio.trades.profit_factor(), folio.trades.expectancy()
    contracts = int(folio.orders.records["size"].sum())
    seconds = time.perf_counter() - start
    return Answer(seconds, contracts, float(net) * POINT)
