"""Figures of several runs together."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from barstep.report.figures.fans import curve
from barstep.report.groups import even_groups
from barstep.report.library import figure
from barstep.report.style import LIGHT, axis, escaped, layout
from barstep.runs.compare import letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.runs.compare import Comparison
    from barstep.runs.sensitivity import Outcome

POINTS = 2000
"""Points drawn of a run; more are put together, the last of them kept."""

_COLOURS = (LIGHT["line"], LIGHT["doubt"], LIGHT["win"], LIGHT["short"], LIGHT["loss"], LIGHT["fall"])


def equities(found: Comparison) -> Any:
    """Change of equity from the start of each run, USD after fees, over times of the first run's zone."""
    zone = found.runs[0].zone.key
    data = []
    for letter, run, colour in zip(letters(len(found.runs)), found.runs, cycle(_COLOURS), strict=False):
        table = run.table("equity")
        table = table[even_groups(len(table), POINTS).last.tolist()]
        x = table["time"].dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d %H:%M:%S").to_list()
        y = (table["equity"] - float(run.result["start_balance"])).round(2).to_list()
        data.append(curve(f"{letter} {escaped(run.result['name'])}", x, y, colour))
    shapes = []
    first = found.divergences[0]
    if first is not None:
        at = first.time.astimezone(found.runs[0].zone).strftime("%Y-%m-%d %H:%M:%S")
        shapes.append({
            "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at,
            "line": {"color": LIGHT["muted"], "width": 1.4, "dash": "dash"},
        })  # fmt: skip
    across = axis(f"times in {zone}", type="date")
    up = axis("change of equity, USD", tickformat=",.2~f")
    return figure(data, layout(380, xaxis=across, yaxis=up, hovermode="x unified", shapes=shapes))


def sensitivities(outcomes: Sequence[Outcome]) -> Any:
    """The net result under each assumption beside the one as configured, USD after fees."""
    base, rest = outcomes[0], outcomes[1:]
    names = [f"{each.what} {each.value}" for each in rest]
    data = [{
        "type": "bar", "orientation": "h", "y": names, "x": [each.net_pnl - base.net_pnl for each in rest],
        "base": [base.net_pnl] * len(rest), "showlegend": False,
        "marker": {"color": [LIGHT["win_soft"] if e.net_pnl > base.net_pnl else LIGHT["loss_soft"] for e in rest]},
        "hoverinfo": "skip",
    }, {
        "type": "scatter", "mode": "markers", "y": names, "x": [each.net_pnl for each in rest], "showlegend": False,
        "marker": {
            "size": 9, "color": [LIGHT["line"] if e.configured else LIGHT["ink"] for e in rest],
            "symbol": ["circle" if each.configured else "diamond" for each in rest],
        },
        "customdata": [
            [each.net_pnl - base.net_pnl, each.max_drawdown, each.trades, "as configured" if each.configured else ""]
            for each in rest
        ],
        "hovertemplate": "%{y}: %{x:+,.2f} USD, %{customdata[0]:+,.2f} from as configured<br>"
        "drawdown %{customdata[1]:,.2f}, %{customdata[2]:,} trades %{customdata[3]}<extra></extra>",
    }]  # fmt: skip
    shapes = [
        {
            "type": "line",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "x0": at,
            "x1": at,
            "line": {"color": colour, "width": 1.2, **dash},
        }
        for at, colour, dash in ((base.net_pnl, LIGHT["line"], {"dash": "dash"}), (0.0, LIGHT["zero"], {}))
    ]
    across = axis("net result, USD after fees", tickformat=",.2~f", zeroline=False)
    up = axis("", type="category", autorange="reversed", showgrid=False)
    return figure(
        data,
        layout(90 + 27 * len(rest), xaxis=across, yaxis=up, shapes=shapes, margin={"l": 8, "r": 12, "t": 10, "b": 8}),
    )
