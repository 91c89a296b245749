"""Figures of a grid: over any two axes, around the best point, equity of all points, walk-forward, overfitting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.figures.fans import SHARES, band, curve, fan
from barstep.report.library import figure
from barstep.report.style import BARE, LIGHT, SCALE, axis, escaped, layout
from barstep.report.units import tick_form, titled
from barstep.report.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.report.grid_record import GridRecord

    Floats = NDArray[np.float64]


def heatmap(grid: GridRecord, across: str | None = None, up: str | None = None, metric: str | None = None) -> Any:
    """The median of a figure at each pair of values of two axes, over all values of the other axes.

    Args:
        grid: The grid.
        across, up: Names of axes; by default the first two (with one axis alone, a single row).
        metric: Name of the figure; by default what the grid ranks by.
    """
    names = list(grid.axes)
    across = across or names[0]
    up = up or next((name for name in names if name != across), across)
    metric = metric or grid.metric
    places = grid.places()
    columns, rows = places[:, names.index(across)], places[:, names.index(up)] * (up != across)
    ups = [str(value) for value in grid.axes[up]] if up != across else [""]
    texts = [str(value) for value in grid.axes[across]]
    cells, told = _cells(grid.values(metric), rows, columns, (len(ups), len(texts)))
    known = [value for line in cells for value in line if value is not None]
    signed = bool(known) and min(known) < 0 < max(known)
    reach = max((abs(value) for value in known), default=1.0) or 1.0
    data: list[dict[str, Any]] = [{
        "type": "heatmap", "z": cells, "x": texts, "y": ups,
        "customdata": told, "colorscale": SCALE if signed else _ONE_SIDED,
        **({"zmin": -reach, "zmax": reach} if signed else {}), "xgap": 2, "ygap": 2, "hoverongaps": False,
        "hovertemplate": f"{escaped(across)} %{{x}}<br>{escaped(up)} %{{y}}<br>"
        "median %{z:,.4~g}<br>%{customdata}<extra></extra>",
        "colorbar": {
            "thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11, "color": LIGHT["muted"]},
            "title": {"text": escaped(titled(metric)), "side": "right", "font": {"size": 12, "color": LIGHT["muted"]}},
            "tickformat": tick_form(metric),
        },
    }]  # fmt: skip
    best = grid.best()
    if best is not None:
        data.append({
            "type": "scatter", "mode": "markers", "x": [texts[columns[best]]], "y": [ups[rows[best]]], "name": "best point",
            "showlegend": False, "hovertemplate": f"best point by {escaped(grid.metric)}<extra></extra>",
            "marker": {"symbol": "circle-open", "size": 16, "color": LIGHT["ink"], "line": {"width": 2}},
        })  # fmt: skip
    vertical = axis(escaped(up) if up != across else "", type="category", showgrid=False)
    horizontal = axis(escaped(across), type="category", showgrid=False)
    return figure(data, layout(130 + 34 * min(14, len(ups)), margin=BARE, xaxis=horizontal, yaxis=vertical))


def _cells(
    values: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]
) -> tuple[list[list[float | None]], list[list[str]]]:
    """The median of the values in each cell, None in an empty one, and how many there are from where to where."""
    cells: list[list[float | None]] = []
    told: list[list[str]] = []
    for row in range(shape[0]):
        inside = [values[(rows == row) & (columns == column)] for column in range(shape[1])]
        known = [found[np.isfinite(found)] for found in inside]
        cells.append([float(np.median(found)) if len(found) else None for found in known])
        told.append([
            f"{many(len(found), 'point')}, " + (f"{found.min():,.4g} to {found.max():,.4g}" if len(found) else "none")
            for found in known
        ])  # fmt: skip
    return cells, told


_ONE_SIDED = [[0.0, LIGHT["middle"]], [1.0, LIGHT["line"]]]


def plateau(grid: GridRecord) -> Any:
    """The ranking figure by the distance from the best point: steps along the axes, all together.

    A best point on a plateau has neighbours nearly as good; one that stands alone is more likely luck.
    """
    best, values, places = grid.best(), grid.values(), grid.places()
    steps = np.abs(places - places[best]).sum(axis=1) if best is not None else np.zeros(len(values), np.int64)
    known = np.isfinite(values)
    distances = sorted(set(steps[known].tolist()))
    groups = [values[known & (steps == step)] for step in distances]
    data = [
        *band("all points", distances, [g.min() for g in groups], [g.max() for g in groups], LIGHT["band"]),
        {
            "type": "scatter", "mode": "lines+markers", "x": distances, "y": [float(np.median(g)) for g in groups],
            "name": "median", "customdata": [len(g) for g in groups], "line": {"color": LIGHT["line"], "width": 2},
            "hovertemplate": "%{x} steps away: median %{y:,.4~g} of %{customdata} points<extra></extra>",
        },
    ]  # fmt: skip
    across = axis("steps from the best point", dtick=1 if len(distances) < 20 else None, rangemode="tozero")
    return figure(
        data, layout(300, xaxis=across, yaxis=axis(escaped(titled(grid.metric)), tickformat=tick_form(grid.metric)))
    )


def equity_fan(grid: GridRecord) -> Any:
    """Net result day by day of all points that have the best one's number of trading days, USD after fees."""
    best = grid.best()
    wanted = len(grid.points[best].daily) if best is not None else 0
    rows = [row for row, point in enumerate(grid.points) if len(point.daily) == wanted]
    curves = np.array([np.concatenate(([0.0], np.cumsum(grid.points[row].daily))) for row in rows]).reshape(
        len(rows), -1
    )
    chosen = curves[rows.index(best)] if best in rows else None
    return fan(np.percentile(curves, SHARES, axis=0), "net result, USD", best=chosen)


def luck(grid: GridRecord) -> Any:
    """The daily Sharpe ratio of all points, with the best one's and the one that the best of so many would have by luck."""
    ratios = grid.values("daily_sharpe")
    ratios = ratios[np.isfinite(ratios)]
    counts, edges = np.histogram(ratios, bins=min(40, max(8, round(len(ratios) ** 0.5) * 2)))
    data = [{
        "type": "bar", "x": (edges[:-1] + edges[1:]) / 2, "y": counts, "width": np.diff(edges) * 0.94, "showlegend": False,
        "marker": {"color": LIGHT["rise"]}, "hovertemplate": "%{y} points at %{x:.3f}<extra></extra>",
    }]  # fmt: skip
    for name, at, colour in (
        ("the best point", grid.told["sharpe"], LIGHT["doubt"]),
        ("the best by luck alone", grid.told["expected_best_sharpe"], LIGHT["loss"]),
    ):
        data.append({**curve(f"{name}, {at:.3f}", [at, at], [0, int(counts.max())], colour), "hoverinfo": "skip"})
        data[-1]["line"] = {"color": colour, "width": 2, "dash": "dash"}
    ends = [*edges, grid.told["sharpe"], grid.told["expected_best_sharpe"]]
    room = 0.03 * (max(ends) - min(ends))
    across = axis("daily Sharpe ratio", range=[min(ends) - room, max(ends) + room])
    return figure(data, layout(300, xaxis=across, yaxis=axis("points"), bargap=0.06))


def walk_forward(grid: GridRecord) -> Any:
    """Net result day by day over all test stretches, USD after fees; a bar for the whole of each stretch, with its values."""
    steps = [step for step in grid.segments if step.get("daily")]
    data, at = [], 0
    for step in steps:
        days, chosen = len(step["daily"]), ", ".join(f"{escaped(k)} = {escaped(v)}" for k, v in step["values"].items())
        data.append({
            "type": "bar", "x": [at + (days + 1) / 2], "width": [days * 0.94], "y": [float(step["net_pnl"])],
            "showlegend": False, "marker": {"color": LIGHT["win_soft"] if step["net_pnl"] >= 0 else LIGHT["loss_soft"]},
            "hovertemplate": f"{step['test'][0]} to {step['test'][1]}<br>%{{y:+,.2f}} USD<br>{chosen}<extra></extra>",
        })  # fmt: skip
        at += days
    so_far = np.cumsum([0.0, *(result for step in steps for result in step["daily"])])
    data.append({
        **curve("all together", list(range(len(so_far))), so_far, LIGHT["line"]),
        "line": {"color": LIGHT["line"], "width": 2}, "hovertemplate": "day %{x}: %{y:+,.2f} USD so far<extra></extra>",
    })  # fmt: skip
    up = axis("net result, USD", tickformat=",.2~f")
    return figure(data, layout(330, xaxis=axis("test days", showgrid=False, rangemode="tozero"), yaxis=up))


def unseen(grid: GridRecord) -> Any:
    """What each choice earned a day on the days that made it and on the days that followed, USD after fees."""
    steps = [step for step in grid.segments if step.get("daily") and step.get("train_daily") is not None]
    names = [str(step["test"][0]) for step in steps]
    seen = [float(np.mean(step["train_daily"])) for step in steps]
    later = [float(np.mean(step["daily"])) for step in steps]
    data = [
        {
            "type": "bar", "name": name, "x": names, "y": values, "marker": {"color": colour},
            "hovertemplate": f"{name} %{{y:+,.2f}} USD a day<extra>%{{x}}</extra>",
        }
        for name, values, colour in (("training days", seen, LIGHT["rise"]), ("test days", later, LIGHT["line"]))
    ]  # fmt: skip
    up = axis("USD a day", tickformat=",.2~f")
    return figure(data, layout(300, barmode="group", xaxis=axis("test days from", type="category"), yaxis=up))


def stability(grid: GridRecord) -> Any:
    """The value that each training stretch chose on each axis, as its place on the axis: a straight line is stable."""
    steps = [step for step in grid.segments if "values" in step]
    names = [str(step["test"][0]) for step in steps]
    colours = (LIGHT["line"], LIGHT["doubt"], LIGHT["win"], LIGHT["short"], LIGHT["loss"])
    data = []
    for place, (name, values) in enumerate(grid.axes.items()):
        texts = [str(value) for value in values]
        chosen = [str(step["values"].get(name)) for step in steps]
        at = [texts.index(value) / max(1, len(texts) - 1) if value in texts else None for value in chosen]
        data.append({
            **curve(escaped(name), names, at, colours[place % len(colours)]), "mode": "lines+markers", "customdata": chosen,
            "line": {"color": colours[place % len(colours)], "width": 2, "shape": "hv"},
            "hovertemplate": f"{escaped(name)} %{{customdata}}<extra></extra>",
        })  # fmt: skip
    up = axis("place on the axis", range=[-0.05, 1.05], tickvals=[0, 1], ticktext=["first", "last"])
    return figure(data, layout(300, xaxis=axis("test days from", type="category"), yaxis=up))


def overfitting(logits: Sequence[float]) -> Any:
    """Where the best point of one half of the days ranks in the other half, over all splits (CSCV): left of 0, below half.

    Args:
        logits: ln(r / (1 - r)) of the relative rank r of each split, as `backtest_overfitting` gives them.
    """
    found = np.asarray(logits, np.float64)
    counts, edges = np.histogram(found, bins=np.arange(np.floor(found.min() * 2), np.ceil(found.max() * 2) + 1) / 2)
    middle = (edges[:-1] + edges[1:]) / 2
    share = float((found <= 0).mean())
    data = [{
        "type": "bar", "x": middle, "y": counts / len(found), "width": 0.46, "showlegend": False,
        "marker": {"color": [LIGHT["loss"] if at <= 0 else LIGHT["win"] for at in middle]},
        "hovertemplate": "%{y:.1%} of the splits<extra></extra>",
    }]  # fmt: skip
    note = {
        "x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False,
        "text": f"below the middle in {share:.0%} of {len(found):,} splits",
        "font": {"size": 12, "color": LIGHT["muted"]},
    }  # fmt: skip
    return figure(
        data,
        layout(
            300, margin=BARE, xaxis=axis("logit of the rank out of sample"),
            yaxis=axis("share of splits", tickformat=".0%"), annotations=[note],
        ),
    )  # fmt: skip
