"""Colours and layout that all figures share. A page swaps LIGHT for DARK, colour by colour."""

from __future__ import annotations

from typing import Any

LIGHT = {
    "paper": "#fdfdfc",
    "ink": "#1d2430",
    "muted": "#667085",
    "grid": "#e7e9ee",
    "rise": "#8f9bb0",
    "fall": "#5a667d",
    "win": "#0a8f78",
    "loss": "#d2483c",
    "entry": "#2563c9",
    "short": "#7a4fc4",
    "doubt": "#c77700",
    "line": "#24539b",
    "band": "rgba(36,83,155,0.18)",
    "core": "rgba(36,83,155,0.26)",
    "under": "rgba(210,72,60,0.20)",
    "win_soft": "rgba(10,143,120,0.55)",
    "loss_soft": "rgba(210,72,60,0.55)",
    "zero": "#b4bac6",
    "middle": "#f1f2f4",
}
DARK = {
    "paper": "#161a21",
    "ink": "#e8ebf1",
    "muted": "#98a2b3",
    "grid": "#272d38",
    "rise": "#96a3ba",
    "fall": "#65728a",
    "win": "#35c7a5",
    "loss": "#ff7a6b",
    "entry": "#6ea8ff",
    "short": "#b794ff",
    "doubt": "#ffb13d",
    "line": "#84b4ff",
    "band": "rgba(132,180,255,0.20)",
    "core": "rgba(132,180,255,0.28)",
    "under": "rgba(255,122,107,0.22)",
    "win_soft": "rgba(53,199,165,0.55)",
    "loss_soft": "rgba(255,122,107,0.55)",
    "zero": "#4a5363",
    "middle": "#232934",
}
"""The same names; no colour stands twice in one of them, so that one can be told from the other by its text."""

BARE = {"l": 8, "r": 12, "t": 22, "b": 8}
"""Margins of a figure without a legend."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"

SCALE = [[0.0, LIGHT["loss"]], [0.5, LIGHT["middle"]], [1.0, LIGHT["win"]]]
"""Loss to gain, for colours that are centred on zero."""


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis: thin lines, no frame, its unit as the title."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": LIGHT["muted"]}, "standoff": 8},
        "gridcolor": LIGHT["grid"],
        "zerolinecolor": LIGHT["zero"],
        "tickfont": {"size": 12, "color": LIGHT["muted"]},
        "automargin": True,
        "ticklabelstandoff": 5,
        "ticks": "",
        **more,
    }


def layout(height: int, **more: Any) -> dict[str, Any]:
    """A layout: the page's font, no background of its own, a quiet legend above the figure."""
    return {
        "template": "none",
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": LIGHT["ink"]},
        "margin": {"l": 8, "r": 12, "t": 34, "b": 8},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 12},
            "traceorder": "normal",
        },
        "hoverlabel": {"bgcolor": LIGHT["paper"], "bordercolor": LIGHT["zero"], "font": {"color": LIGHT["ink"]}},
        "bargap": 0.12,
        **more,
    }


def escaped(text: object) -> str:
    """Text as plotly shows it literally: it reads a few tags."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
