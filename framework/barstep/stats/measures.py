"""The first measures of a run: of its trades, and of its equity curve as it streams by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MICROS = 1_000_000

Measures = dict[str, float | int | None]


def trade_measures(
    net: NDArray[np.int64],
    fees: NDArray[np.int64],
    worst: NDArray[np.int64],
    best: NDArray[np.int64],
    bars: NDArray[np.int64],
) -> Measures:
    """Measures of closed trades, in USD unless said; None where there is nothing to measure.

    Args:
        net: Result of each trade after fees, micro-dollars, in order of closing.
        fees: Fees of each trade, both sides.
        worst, best: Maximum adverse (<= 0) and favourable (>= 0) excursion of each trade.
        bars: Bars each trade was held.

    Returns:
        gross_pnl: Sum of results before fees.
        win_rate: Winning trades (net > 0) / all trades, 0 to 1.
        profit_factor: Sum of wins / |sum of losses|, net; None without losses.
        expectancy: Mean net result of a trade.
        average_win, average_loss: Mean net result of winning and of losing trades.
        payoff: average_win / |average_loss|.
        best_trade, worst_trade: Largest and smallest net result.
        longest_win_streak, longest_loss_streak: Trades in a row with net > 0, net < 0.
        average_mae, average_mfe: Means of the excursions.
        average_bars_held: Mean of `bars`.
        sqn: sqrt(n) * mean(net) / population standard deviation(net) (van Tharp's system quality number); None for
            fewer than two trades or no spread.
    """
    usd = net / _MICROS
    wins, losses = usd[net > 0], usd[net < 0]
    count = len(net)
    lost = float(-losses.sum())
    spread = float(usd.std()) if count > 1 else 0.0
    average_win, average_loss = _mean(wins), _mean(losses)
    return {
        "gross_pnl": float((net + fees).sum() / _MICROS),
        "win_rate": len(wins) / count if count else None,
        "profit_factor": float(wins.sum()) / lost if lost else None,
        "expectancy": _mean(usd),
        "average_win": average_win,
        "average_loss": average_loss,
        "payoff": average_win / -average_loss if average_win and average_loss else None,
        "best_trade": float(usd.max()) if count else None,
        "worst_trade": float(usd.min()) if count else None,
        "longest_win_streak": longest_run(net > 0),
        "longest_loss_streak": longest_run(net < 0),
        "average_mae": _mean(worst / _MICROS),
        "average_mfe": _mean(best / _MICROS),
        "average_bars_held": _mean(bars.astype(np.float64)),
        "sqn": count**0.5 * float(usd.mean()) / spread if spread else None,
    }


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Length of the longest stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


class EquityMeter:
    """Measures of the equity curve, chunk by chunk.

    The drawdown is taken inside the bars: the highest equity of all bars before (their intrabar highs, and the start
    balance) less the lowest equity inside a bar; which extreme of one bar came first is not known, so a bar's own high
    does not count against its own low, but its close does.
    """

    def __init__(self, start: int) -> None:
        self.peak = start
        self.max_drawdown = 0
        self.bars = 0
        self.bars_in_market = 0
        self.first_ns: int | None = None
        self.last_ns = 0

    def add(
        self, end_ns: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], position: NDArray[np.int64]
    ) -> None:
        """Take in bars: their ends, extremes of equity in micro-dollars, and the position after each."""
        if not len(end_ns):
            return
        peaks = np.maximum.accumulate(np.concatenate(([self.peak], high)))
        self.max_drawdown = max(self.max_drawdown, int((peaks[:-1] - low).max()))
        self.peak = int(peaks[-1])
        self.bars += len(end_ns)
        self.bars_in_market += int(np.count_nonzero(position))
        self.first_ns = int(end_ns[0]) if self.first_ns is None else self.first_ns
        self.last_ns = int(end_ns[-1])

    def measures(self) -> Measures:
        """max_drawdown in USD (0 or positive) and exposure, the share of bars that end with a position."""
        return {
            "max_drawdown": self.max_drawdown / _MICROS,
            "exposure": self.bars_in_market / self.bars if self.bars else None,
        }


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
