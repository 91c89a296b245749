"""What speaks for and against the best point of a grid, or the account of a walk-forward, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.report.html import definitions, section
from barstep.report.words import many

if TYPE_CHECKING:
    from barstep.report.grid_record import GridRecord

_NOTE = (
    "None of it is proof: docs/overfitting.md has the formula, the paper and the limits of each line. Intervals hold the "
    "middle 95% of draws of the same days; they say nothing of the choice of the best among many."
)


def doubts(grid: GridRecord) -> str:
    """The section; empty where nothing is known."""
    told = grid.told
    rows: list[tuple[str, str]] = []
    intervals = told.get("intervals")
    if intervals:
        low, high = intervals["net_pnl"]
        rows.append(("net P&L, 95% interval", f"{low:+,.2f} to {high:+,.2f} USD"))
        low, high = intervals["daily_sharpe"]
        rows.append(("daily Sharpe, 95% interval", f"{low:+.2f} to {high:+.2f}"))
    account = told.get("walk_forward")
    rows += _account(account) if account is not None else _best(told)
    if "trials" in told:
        rows.append(("trials so far", f"{told['trials']:,} of this strategy on this data, over all grids"))
    return section("doubts", "How sure it is", _NOTE, definitions(rows, wide=True)) if rows else ""


def _account(account: dict[str, Any]) -> list[tuple[str, str]]:
    chance, ratio = account["probability_above_zero"], account["sharpe"]
    return [
        ("daily Sharpe on unseen days", "–" if ratio is None else f"{ratio:.2f}"),
        ("chance that it is above 0", "–" if chance is None else f"{chance:.0%}"),
    ]


def _best(told: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if told.get("deflated_sharpe") is not None:
        rows.append(("deflated Sharpe ratio", f"{told['deflated_sharpe']:.2f}; 0.95 is usually asked for"))
        rows.append(
            (
                "best daily Sharpe by luck alone",
                f"{told['expected_best_sharpe']:.2f}; the best has {told['sharpe']:.2f}",
            )
        )
    over = told.get("overfitting")
    if over:
        points, splits = many(over["points"], "point"), many(over["splits"], "split")
        rows += [
            ("backtest overfitting", f"{over['probability']:.0%} ({points}, {splits})"),
            ("best of a half loses in the other", f"{over['loss']:.0%} of splits"),
            ("slope, unseen over seen", f"{over['slope']:+.2f}; below 0 the better does worse"),
        ]
    near = (told.get("best") or {}).get("neighbours")
    if near and near["count"]:
        middle, worst = (f"{value:,.5g}" for value in (near["median"], near["worst"]))
        rows.append((f"{many(near['count'], 'neighbour')}, {near['metric']}", f"median {middle}, worst {worst}"))
    return rows
