"""The report of a grid."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.figures.grid import (
    equity_fan,
    heatmap,
    luck,
    overfitting,
    plateau,
    stability,
    unseen,
    walk_forward,
)
from barstep.report.grid_doubts import doubts
from barstep.report.html import card, cards, figure_box, page, says, section
from barstep.report.units import tick_form, titled, unit
from barstep.report.words import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.report.grid_record import GridRecord

_LISTED = ("net_pnl", "trades", "win_rate", "profit_factor", "expectancy", "max_drawdown", "sqn", "daily_sharpe")

_NOTES = {
    "heatmap": "Each square is the chosen figure over all points that share its two values. A ring marks the best point.",
    "plateau": "The ranking figure by the number of steps away from the best point: band from worst to best, line median.",
    "fan": "Net result of all points day by day, USD after fees: median, middle half, nine of ten, and the best point.",
    "walk": "Net result on days that the choice had not seen, USD after fees: a line day by day, a bar for each stretch.",
    "unseen": "What the chosen point earned a day on the days that chose it, and on those that followed. Bars that shrink were "
    "fitted; bars that stay are what an effect would look like.",
    "luck": "The daily Sharpe ratios of all points. The dashed lines are the best of them, and what the best of so many trials "
    "would show without any skill.",
    "stability": "Which value each training stretch chose on each axis. Values that jump were fitted to their days.",
    "overfitting": "All splits of the days into two halves: where the best of one half ranks in the other. Left of 0 is "
    "below the middle; how many splits lie there is the probability of overfitting.",
}


def grid_page(grid: GridRecord, logits: Sequence[float] = ()) -> str:
    """The page of a grid.

    Args:
        grid: The grid.
        logits: Of its splits into halves, see `barstep.report.figures.grid.overfitting`; empty where there are none.
    """
    figures: dict[str, Any] = {}
    parts: list[tuple[str, str, str]] = []
    if grid.points:
        figures |= {"heatmap": heatmap(grid), "plateau": plateau(grid), "fan": equity_fan(grid)}
        parts += [("heatmap", "Any two axes", "Axes"), ("plateau", "Around the best point", "Plateau")]
        parts += [("fan", "Equity of all points", "Equity")]
    if any(step.get("daily") for step in grid.segments):
        figures |= {"walk": walk_forward(grid), "unseen": unseen(grid), "stability": stability(grid)}
        parts += [("walk", "Walk-forward", "Walk-forward"), ("unseen", "Seen and unseen days", "Unseen")]
        parts.append(("stability", "What training chose", "Stability"))
    if grid.told.get("expected_best_sharpe") is not None:
        figures["luck"] = luck(grid)
        parts.append(("luck", "The best, and luck", "Luck"))
    if len(logits):
        figures["overfitting"] = overfitting(logits)
        parts.append(("overfitting", "Overfitting", "Overfitting"))
    sure = doubts(grid)
    body = _header(grid) + sure
    for name, title, _ in parts:
        tools = '<div class="tools" id="heatmap-tools"></div>' if name == "heatmap" else ""
        body += section(name, title, _NOTES[name], tools, figure_box(name, title))
    nav = [*([("doubts", "How sure")] if sure else []), *((name, short) for name, _, short in parts)]
    if grid.points:
        body += section("points", "Points", "Click a heading to sort.", '<div id="points-table"></div>')
        nav.append(("points", "Points"))
    shared = {"zone": "UTC", "seconds": False, "decimals": 2}
    scripts = ("tables.js", "grid.js") if grid.points else ()
    data = _data(grid) if grid.points else None
    return page(f"{grid.name} – barstep", nav, body, figures, shared=shared, data=data, scripts=scripts)


def _header(grid: GridRecord) -> str:
    told, best = grid.told, grid.best()
    failed = f"{grid.errors:,} more ended with an error" if grid.errors else ""
    shown = [card("Points", f"{len(grid.points):,}", failed)] if grid.points else []
    account = told.get("walk_forward")
    if account is not None:
        shown += [
            card("Walk-forward", f"{account['net_pnl']:+,.2f}", "USD after fees, on days that no choice had seen"),
            card("Max drawdown", f"{account['max_drawdown_daily']:,.2f}", "USD, by days"),
            card(
                "Test days",
                f"{account['days']:,}",
                f"in {len(grid.segments):,} stretches, {account['trades']:,} trades",
            ),
        ]
    if "trials" in told:
        shown.append(card("Trials so far", f"{told['trials']:,}", "of this strategy on this data, all grids"))
    if best is not None:
        point = grid.points[best]
        values = ", ".join(f"{name} = {axis[at]}" for (name, axis), at in zip(grid.axes.items(), point.at, strict=True))
        shown.append(card(f"Best by {grid.metric}", figure(point.metrics[grid.metric], unit(grid.metric)), values))
    if told.get("deflated_sharpe") is not None:
        shown.append(
            card("Deflated Sharpe", f"{told['deflated_sharpe']:.0%}", "chance that it is above luck of the trials")
        )
    chance = (told.get("overfitting") or {}).get("probability")
    if chance is not None:
        shown.append(
            card(
                "Overfitting",
                f"{chance:.0%}",
                "of splits: the best is below the middle",
                "doubt" if chance > 0.2 else "",
            )
        )
    remarks = says([f"PROVISIONAL: {text}" for text in told.get("provisional", [])])
    axes = ", ".join(f"{name} ({len(values)})" for name, values in grid.axes.items())
    return (
        f'<header><h1>{escape(grid.name)}</h1><div class="quiet">{escape(axes)}</div>{remarks}{cards(shown)}</header>'
    )


def _data(grid: GridRecord) -> dict[str, Any]:
    names = grid.metrics()

    def column(name: str) -> list[float | None]:
        return [float(f"{value:.8g}") if np.isfinite(value) else None for value in grid.values(name).tolist()]

    return {
        "axes": {name: [str(value) for value in values] for name, values in grid.axes.items()},
        "at": [list(point.at) for point in grid.points],
        "number": [point.number for point in grid.points],
        "failed": [point.failed for point in grid.points],
        "metrics": {name: column(name) for name in names},
        "units": {name: unit(name) for name in names},
        "titles": {name: titled(name) for name in names},
        "forms": {name: tick_form(name) for name in names},
        "metric": grid.metric,
        "listed": list(dict.fromkeys((grid.metric, *_LISTED))),
        "best": grid.best(),
    }
