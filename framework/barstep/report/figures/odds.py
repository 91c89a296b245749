"""Figures of an evaluation: why attempts ended, the chance of a pass at each size, an attempt day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.report.library import figure
from barstep.report.style import BARE, LIGHT, axis, escaped, layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLOURS = {"passed": LIGHT["win"], "open": LIGHT["zero"]}
_OTHERS = (LIGHT["loss"], LIGHT["doubt"], LIGHT["short"], LIGHT["fall"], LIGHT["line"])


def causes(sizes: Sequence[tuple[str, Mapping[str, float]]]) -> Any:
    """How attempts ended, as shares of all of them: one bar for each size.

    Args:
        sizes: What each bar is, and its shares by cause, 0 to 1; `passed` and `open` have colours of their own.
    """
    names = list(dict.fromkeys(cause for _, shares in sizes for cause in shares if shares[cause]))
    names.sort(key=lambda name: (name != "passed", name == "open"))
    others = iter(_OTHERS * (1 + len(names) // len(_OTHERS)))
    data = [
        {
            "type": "bar", "orientation": "h", "name": escaped(name.replace("_", " ")), "y": [label for label, _ in sizes],
            "x": [float(shares.get(name, 0.0)) for _, shares in sizes],
            "marker": {"color": _COLOURS.get(name) or next(others)},
            "texttemplate": "%{x:.0%}", "textposition": "inside", "insidetextanchor": "middle",
            "hovertemplate": f"{escaped(name.replace('_', ' '))}: %{{x:.1%}}<extra>%{{y}}</extra>",
        }
        for name in names
    ]  # fmt: skip
    return figure(
        data,
        layout(
            120 + 46 * len(sizes), barmode="stack", xaxis=axis("share of attempts", tickformat=".0%", range=[0, 1]),
            yaxis=axis("", type="category", autorange="reversed"),
        ),
    )  # fmt: skip


def chances(sizes: Sequence[tuple[str, float, tuple[float, float]]]) -> Any:
    """The chance of a pass at each size with its 95 % interval.

    Args:
        sizes: What each is, its chance, and the bounds of the interval, 0 to 1.
    """
    chance = [share for _, share, _ in sizes]
    data = [{
        "type": "scatter", "mode": "markers", "x": [name for name, _, _ in sizes], "y": chance, "showlegend": False,
        "cliponaxis": False,
        "marker": {"size": 11, "color": LIGHT["line"]},
        "error_y": {
            "type": "data", "symmetric": False, "color": LIGHT["line"], "thickness": 2, "width": 8,
            "array": [high - share for _, share, (_, high) in sizes],
            "arrayminus": [share - low for _, share, (low, _) in sizes],
        },
        "hovertemplate": "size %{x}: %{y:.1%}<extra></extra>",
    }]  # fmt: skip
    top = max((high for _, _, (_, high) in sizes), default=0.0)
    up = axis("chance of a pass", tickformat=".0%", range=[0, max(0.1, 1.05 * top)])
    return figure(data, layout(300, margin=BARE, xaxis=axis("size", type="category"), yaxis=up))


def attempt(days: Sequence[Mapping[str, Any]]) -> Any:
    """The balance at the end of each day of an attempt, and the floor that held at its end, USD.

    Args:
        days: Each with `date`, `net`, `balance`, `floor` (None without one) and `headroom`, the nearest that equity came inside
            the day.
    """
    before = [{"date": "start", "balance": days[0]["balance"] - days[0]["net"], "floor": None, "headroom": None}]
    days = [*(before if days else []), *days]
    dates = [day["date"] for day in days]
    data = [
        {
            "type": "scatter", "mode": "lines+markers", "name": name, "x": dates, "y": [day[key] for day in days],
            "customdata": [day["headroom"] for day in days], "line": {"color": colour, "width": 2, "shape": shape},
            "hovertemplate": f"{name} %{{y:,.2f}}{told}<extra></extra>",
        }
        for name, key, colour, shape, told in (
            ("balance", "balance", LIGHT["line"], "linear", "<br>nearest to the floor %{customdata:,.2f} USD"),
            ("floor", "floor", LIGHT["loss"], "hv", ""),
        )
    ]  # fmt: skip
    return figure(
        data,
        layout(
            320,
            xaxis=axis("trading day", type="category"),
            yaxis=axis("USD", tickformat=",.2~f"),
            hovermode="x unified",
        ),
    )
