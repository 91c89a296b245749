"""The picture: bars a second as plain bars, one panel a work; readable on light and on dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.table import of_rounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TITLES = {
    "sma": "SMA crossover, event lane",
    "orders": "Orders on each bar, event lane",
    "noop": "A strategy that does nothing, event lane",
    "array": "SMA crossover, array lane",
}
PANELS = {  # a work, and the engines of one kind that did it
    "sma": ("sma", ("barstep", "barstep-compiled", "backtesting", "backtrader")),
    "orders": ("orders", ("barstep", "barstep-compiled", "backtesting", "backtrader")),
    "noop": ("noop", ("barstep", "barstep-compiled", "backtesting", "backtrader")),
    "array": ("sma", ("barstep-array", "vectorbt")),
}
WIDTH, MARGIN, LEFT, RIGHT, ROW, GAP, TOP = 760, 28, 148, 196, 30, 26, 70

STYLE = """\
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 14px; fill: #1f2328 }
.card { fill: #ffffff; stroke: #d1d9e0 }
.title { font-size: 18px; font-weight: 600 }
.panel { font-weight: 600 }
.soft { fill: #59636e; font-size: 12.5px }
.ours { fill: #1a7f37 }
.peer { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.card { fill: #0d1117; stroke: #3d444d }
.soft { fill: #9198a1 }
.ours { fill: #3fb950 }
.peer { fill: #656c76 }
}"""


class Row(NamedTuple):
    """One bar: its label, its rate, and what is written behind it."""

    label: str
    rate: float
    told: str
    ours: bool


def rows(engines: Mapping[str, Any], keys: Sequence[str]) -> list[Row]:
    """The engines of a panel that were measured, our own first; each peer with how many times as fast ours is."""
    ours, *others = keys
    if ours not in engines:
        return []
    found = [Row(engines[ours]["name"].split(",")[0], engines[ours]["bars_per_second"], "", True)]
    for key in others:
        if key in engines and key.startswith("barstep"):
            found.append(Row(engines[key]["name"], engines[key]["bars_per_second"], "", True))
        elif key in engines:
            times = engines[ours]["times_as_fast"][key]
            told = f"barstep {times:.0f}× as fast" if times >= 10 else f"barstep {times:.1f}× as fast"
            found.append(Row(engines[key]["name"], engines[key]["bars_per_second"], told, False))
    return found if not found[-1].ours else []


def draw(told: Mapping[str, Any]) -> str:
    """The SVG document of a document of figures; panels without a peer are left out."""
    panels = [
        (TITLES[name], found)
        for name, (work, keys) in PANELS.items()
        if work in told["works"] and (found := rows(told["works"][work]["engines"], keys))
    ]
    parts, y = [], TOP
    for title, found in panels:
        parts.append(f'<text class="panel" x="{MARGIN}" y="{y + 14}">{escape(title)}</text>')
        y += 26
        longest = max(row.rate for row in found)
        for row in found:
            parts += _bar(row, y, (WIDTH - 2 * MARGIN - LEFT - RIGHT) * row.rate / longest)
            y += ROW
        y += GAP
    foot = f"{told['bars']:,} one-minute bars, {of_rounds(told['rounds'])}, Python {told['python']}, {told['date']}"
    parts.append(f'<text class="soft" x="{MARGIN}" y="{y + 4}">{escape(foot)}</text>')
    height = y + 26
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img">\n<title>Bars a second, barstep and other engines side by side</title>\n<style>\n{STYLE}\n</style>\n'
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>\n'
        f'<text class="title" x="{MARGIN}" y="40">Bars a second: longer is faster</text>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def _bar(row: Row, y: float, length: float) -> list[str]:
    start = MARGIN + LEFT
    length = max(length, 2)
    kind = "ours" if row.ours else "peer"
    behind = f'<tspan class="soft" dx="8">{escape(row.told)}</tspan>' if row.told else ""
    return [
        f'<text x="{start - 10}" y="{y + 16}" text-anchor="end">{escape(row.label)}</text>',
        f'<rect class="{kind}" x="{start}" y="{y + 1}" width="{length:.1f}" height="20" rx="2"/>',
        f'<text x="{start + length + 8:.1f}" y="{y + 16}">{row.rate:,.0f}{behind}</text>',
    ]
