"""Equity with the floor of the plan above, drawdown below, over one count of bars."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.floor import floors
from barstep.report.groups import even_groups
from barstep.report.library import figure
from barstep.report.style import LIGHT, axis, layout
from barstep.report.ticks import labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.report.record import RunRecord

    Floats = NDArray[np.float64]

POINTS = 2000
"""Points drawn at once; more are put together with their lowest and highest."""


def drawdown(run: RunRecord) -> Floats:
    """How far the lowest equity inside each bar lies below the highest before it, USD, 0 or less, shape (n,).

    The highest starts at the start balance; a bar's own high does not count against its own low (R17), but against its
    close. What new attempts add to the balance does not count.
    """
    close, low, high = run.earned()
    peaks = np.maximum.accumulate(np.concatenate(([float(run.result["start_balance"])], high)))
    return np.minimum(np.minimum(low - peaks[:-1], close - peaks[1:]), 0.0)


def equity(run: RunRecord) -> Any:
    """Equity at each bar's close with its extremes inside the bars, the floor of the maximum loss limit, the drawdown.

    Returns:
        A plotly figure: USD after fees, open positions included. Across it counts bars; labels are in the exchange's zone.
    """
    table = run.equity
    groups = even_groups(len(table["time"]), POINTS)
    across = groups.last
    lowest, highest = groups.lowest(table["low"]), groups.highest(table["high"])
    floor, _ = floors(run)
    data: list[dict[str, Any]] = [
        _line("highest", across, highest, "rgba(0,0,0,0)", showlegend=False, hoverinfo="skip"),
        _line(
            "range in bars", across, lowest, "rgba(0,0,0,0)", fill="tonexty", fillcolor=LIGHT["band"],
            hoverinfo="skip",
        ),
        _line("equity", across, table["equity"][across], LIGHT["line"], width=1.8),
    ]  # fmt: skip
    if floor is not None:
        data.append(_line("floor", across, groups.highest(floor), LIGHT["loss"], width=1.6, shape="hv"))
    data.append(
        _line(
            "drawdown", across, groups.lowest(drawdown(run)), LIGHT["loss"], width=1.2, fill="tozeroy",
            fillcolor=LIGHT["under"], yaxis="y2", showlegend=False,
        )
    )  # fmt: skip
    rows, texts = labels(table["time"] - 1, run.zone)  # as the price chart: by when the bars began
    start = float(run.result["start_balance"])
    flat = not len(lowest) or highest.max() == lowest.min()  # then cents above and below would fill the axis
    lines = [{
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": start, "y1": start,
        "line": {"color": LIGHT["zero"], "width": 1, "dash": "dot"},
    }, *_attempts(run)]  # fmt: skip
    money = {"tickformat": ",.2~f", "side": "right", "fixedrange": True}
    return figure(
        data,
        layout(
            460,
            xaxis=axis(
                f"bars, times in {run.zone}", tickvals=rows, ticktext=texts, showgrid=False, zeroline=False, anchor="y2",
                ticklabeloverflow="allow",  # plotly puts the title nowhere when it hides the only label
            ),
            yaxis=axis("equity, USD", domain=[0.36, 1], **money, **({"range": [0.99 * start, 1.01 * start]} if flat else {})),
            yaxis2=axis("drawdown, USD", domain=[0, 0.28], **money, **({"range": [-0.01 * start, 0]} if flat else {})),
            hovermode="x unified", shapes=lines, dragmode="zoom",
        ),
    )  # fmt: skip


def _attempts(run: RunRecord) -> list[dict[str, Any]]:
    """A vertical line where each further attempt begins."""
    made = run.result["risk"].get("attempts", [])[1:]
    dates = run.days.dates
    begins = [
        run.days.first[dates.index(day)] for day in (date.fromisoformat(a["start"]) for a in made) if day in dates
    ]
    return [
        {
            "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": int(row), "x1": int(row),
            "line": {"color": LIGHT["doubt"], "width": 1, "dash": "dash"},
        }
        for row in begins
    ]  # fmt: skip


def _line(
    name: str, x: Any, y: Any, colour: str, *, width: float = 0.0, shape: str = "linear", **more: Any
) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y,
        "line": {"color": colour, "width": width, "shape": shape}, "hovertemplate": f"{name} %{{y:,.2f}}<extra></extra>",
        **more,
    }  # fmt: skip
