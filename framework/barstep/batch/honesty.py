"""Is the best point real? What the number of trials, the other days and the neighbours say about it."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.batch.ledger import count_trials
from barstep.domain.instrument import MICROS
from barstep.stats.overfitting import (
    backtest_overfitting,
    bootstrap_interval,
    deflated_sharpe,
    expected_best_sharpe,
    moments,
    probabilistic_sharpe,
    sharpe,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.batch.rows import Row
    from barstep.batch.store import Store
    from barstep.stats.overfitting import Overfitting

LEAST_DAYS = 60
"""Trading days below which a result is provisional: their Sharpe ratio is uncertain by more than 0.13 a day, 2 a year."""
LEAST_TRADES = 100
"""Trades below which a result is provisional: their win rate is uncertain by more than 10 points of a hundred."""
MOST_COMPARED = 1000
"""Points that CSCV compares: the best one, and others chosen by lot."""


def honesty(store: Store) -> dict[str, Any]:
    """What there is to say about the best point of a grid, or about the account of a walk-forward; empty without points.

    Returns:
        best: The point, with its neighbours.
        trials: How many points were ever tried on the grid's strategies and their data.
        deflated_sharpe, expected_best_sharpe, sharpe: See `barstep.stats.overfitting`; daily.
        overfitting: Probability, loss, slope and splits of CSCV, and how many points were compared.
        intervals: 95% of `net_pnl` (USD) and `daily_sharpe`.
        provisional: Why the figures are provisional, one text for each reason.
        walk_forward: The stitched account, with its steps.
    """
    about = store.about
    if not about:
        return {}
    done, failed = store.count()
    subjects = [(strategy, data) for strategy, data in about["subjects"]]
    trials = max(done - failed, count_trials(Path(about["workspace"]) / "runs", subjects))
    if about["walk_forward"] is not None:
        return {"trials": trials, **_stitched(store)}
    rank = about["rank_by"]
    best = next(iter(store.best(rank["metric"], rank["sign"], 1)), None)
    if best is None:
        return {"trials": trials}
    daily = best.daily / MICROS
    ratio = sharpe(daily)
    found: dict[str, Any] = {
        "best": {**told(best), "neighbours": _neighbours(store, about, best)},
        "trials": trials,
        "sharpe": ratio,
        **_deflated(store, daily, ratio, trials),
        "overfitting": _overfitting(store, best),
        **_intervals(daily),
        "provisional": provisional(len(daily), int(best.metrics.get("trades") or 0)),
    }
    return found


def told(row: Row) -> dict[str, Any]:
    """A point as `show --json` tells it."""
    return {
        "number": row.number, "values": row.vals, "digest": row.digest, "lane": row.lane, "seconds": row.seconds,
        "failed": row.failed, "error": row.error, "metrics": row.metrics, "verified": row.verified,
    }  # fmt: skip


def provisional(days: int, trades: int) -> list[str]:
    """Why figures are provisional."""
    reasons = [f"{days:,} trading day{'s' if days != 1 else ''}, {LEAST_DAYS} wanted"] if days < LEAST_DAYS else []
    return [*reasons, f"{trades:,} trades, {LEAST_TRADES} wanted"] if trades < LEAST_TRADES else reasons


def _deflated(store: Store, daily: NDArray[np.float64], ratio: float | None, trials: int) -> dict[str, Any]:
    ratios = [value for row in store.rows("grid") if (value := row.metrics.get("daily_sharpe")) is not None]
    if ratio is None or len(ratios) < 2:
        return {"deflated_sharpe": None, "expected_best_sharpe": None}
    variance = float(np.var(ratios, ddof=1))
    count = max(trials, len(ratios))
    return {
        "deflated_sharpe": deflated_sharpe(ratio, count, variance, len(daily), *moments(daily)),
        "expected_best_sharpe": expected_best_sharpe(count, variance),
    }


def _overfitting(store: Store, best: Row) -> dict[str, Any] | None:
    found, points = compared(store, best)
    return None if found is None else {**found._asdict(), "logits": None, "points": points}


def compared(store: Store, best: Row) -> tuple[Overfitting | None, int]:
    """CSCV over the points that have the best one's trading days, and how many those are."""
    days = store.days(best.frame)
    alike: dict[str, bool] = {}

    def comparable(frame: str) -> bool:
        if frame not in alike:
            alike[frame] = store.days(frame) == days
        return alike[frame]

    numbers = [
        row.number
        for row in store.rows("grid")
        if not row.error and row.number != best.number and comparable(row.frame)
    ]
    wanted = set(random.Random(1).sample(numbers, min(len(numbers), MOST_COMPARED - 1))) | {best.number}  # noqa: S311
    columns = [row.daily for row in store.rows("grid") if row.number in wanted and not row.error]
    return (backtest_overfitting(np.column_stack(columns) / MICROS) if columns else None), len(columns)


def _intervals(daily: NDArray[np.float64]) -> dict[str, Any]:
    if len(daily) < 2:
        return {"intervals": None}
    drawn = bootstrap_interval(daily)
    return {"intervals": {"net_pnl": drawn["sum"], "daily_sharpe": drawn["sharpe"]}}


def _neighbours(store: Store, about: dict[str, Any], best: Row) -> dict[str, Any]:
    """The figure of the points one value away on one axis of numbers."""
    rank, axes = about["rank_by"], about["axes"]
    wanted = set[int]()
    step = 1
    number = best.number
    for name in reversed(axes):
        values = axes[name]
        place = number // step % len(values)
        if _numbers(values):
            wanted |= {number + move * step for move in (-1, 1) if 0 <= place + move < len(values)}
        step *= len(values)
    metric = rank["metric"]
    figures = [
        row.metrics[metric]
        for row in store.rows("grid")
        if row.number in wanted and not row.error and row.metrics.get(metric) is not None
    ]
    worst = (min if rank["sign"] > 0 else max)(figures, default=None)
    return {"metric": metric, "count": len(figures), "median": median(figures) if figures else None, "worst": worst}


def _numbers(values: list[Any]) -> bool:
    """Whether an axis holds numbers, so that a neighbour means something."""
    try:
        return len([float(value) for value in values]) > 1
    except (TypeError, ValueError):
        return False


def _stitched(store: Store) -> dict[str, Any]:
    """The account of a walk-forward over all its trading stretches."""
    segments = store.segments()
    rows = [(segment, store.point(segment["key"]) if "key" in segment else None) for segment in segments]
    parts = [
        row.daily if row is not None and not row.error else np.zeros(segment["days"], np.int64) for segment, row in rows
    ]
    daily = np.concatenate(parts) / MICROS if parts else np.empty(0)
    trades = sum(int(segment.get("trades") or 0) for segment in segments)
    equity = np.cumsum(daily)
    ratio = sharpe(daily)
    account = {
        "start_balance": store.about["start_balance"] / MICROS,
        "end_balance": segments[-1]["end_balance"] if segments else None,
        "net_pnl": float(equity[-1]) if len(equity) else 0.0,
        "max_drawdown_daily": float((np.maximum.accumulate(np.append(0, equity)) - np.append(0, equity)).max()),
        "days": len(daily),
        "trades": trades,
        "sharpe": ratio,
        "probability_above_zero": None
        if ratio is None
        else probabilistic_sharpe(ratio, 0, len(daily), *moments(daily)),
        "segments": segments,
    }
    return {"walk_forward": account, **_intervals(daily), "provisional": provisional(len(daily), trades)}


def first_errors(store: Store, most: int = 5) -> list[Row]:
    """The first points that ended with an error."""
    return list(islice(store.errors(), most))
