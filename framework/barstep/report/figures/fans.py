"""Many curves as one figure: how they spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.library import figure
from barstep.report.style import LIGHT, axis, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARES = (5, 25, 50, 75, 95)
"""Percentiles of a fan."""


def fan(
    spread: Sequence[Any] | Any, title: str, *, best: Any = None, levels: Sequence[tuple[str, float]] = (),
    across: str = "trading days",
) -> Any:  # fmt: skip
    """The median of many curves, their middle half, nine of ten, and one of them by itself.

    Args:
        spread: The percentiles SHARES of the curves at each step from 0 on, five rows.
        title: Of the upward axis, with its unit.
        best: The curve that is drawn by itself, or None.
        levels: Heights that matter, each with its name.
        across: Title of the other axis.
    """
    low, quarter, middle, three, high = spread
    x = np.arange(len(middle))
    data = [
        *band("9 of 10", x, low, high, LIGHT["band"]),
        *band("half", x, quarter, three, LIGHT["core"]),
        {**curve("median", x, middle, LIGHT["line"]), "line": {"color": LIGHT["line"], "width": 2}},
    ]
    if best is not None:
        data.append(curve("best", x, best, LIGHT["doubt"]))
    colours = {"target": LIGHT["win"], "first floor": LIGHT["loss"]}
    for name, height in levels:
        drawn = curve(name, [0, len(middle) - 1], [height, height], colours.get(name, LIGHT["muted"]))
        data.append({**drawn, "line": {**drawn["line"], "dash": "dot"}})
    steps = axis(across, **({"dtick": 1} if len(middle) <= 12 else {}))
    return figure(data, layout(340, xaxis=steps, yaxis=axis(title, tickformat=",.2~f"), hovermode="x unified"))


def curve(name: str, x: Any, y: Any, colour: str) -> dict[str, Any]:
    """A line."""
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": {"color": colour, "width": 1.6},
        "hovertemplate": f"{name} %{{y:,.2f}}<extra></extra>",
    }  # fmt: skip


def band(name: str, x: Any, low: Any, high: Any, colour: str) -> list[dict[str, Any]]:
    """The room between two lines."""
    clear = {
        "mode": "lines",
        "line": {"width": 0, "color": "rgba(0,0,0,0)"},
        "hoverinfo": "skip",
        "type": "scatter",
        "x": x,
    }
    return [
        {**clear, "y": high, "showlegend": False, "name": f"{name}, upper"},
        {**clear, "y": low, "fill": "tonexty", "fillcolor": colour, "name": name},
    ]
