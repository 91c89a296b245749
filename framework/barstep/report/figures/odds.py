"""Figures of an evaluation: why attempts ended, at each size, and how their results spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.report.library import figure
from barstep.report.style import LIGHT, axis, escaped, layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLOURS = {"passed": LIGHT["win"], "open": LIGHT["zero"]}
_OTHERS = (LIGHT["loss"], LIGHT["doubt"], LIGHT["short"], LIGHT["fall"], LIGHT["line"])


def causes(sizes: Sequence[tuple[str, Mapping[str, float]]]) -> Any:
    """How attempts ended, as shares of all of them: one bar for each size.

    Args:
        sizes: What each bar is, and its shares by cause, 0 to 1; `passed` and `open` have colours of their own.
    """
    names = list(dict.fromkeys(cause for _, shares in sizes for cause in shares))
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
            yaxis=axis("size", type="category", autorange="reversed"),
        ),
    )  # fmt: skip
