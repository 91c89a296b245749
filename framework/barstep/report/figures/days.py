"""The result of each trading day as a calendar: weeks across, weekdays down, a block for each year."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from barstep.report.library import figure
from barstep.report.style import BARE, LIGHT, SCALE, axis, layout

if TYPE_CHECKING:
    from datetime import date

    from barstep.report.record import RunRecord

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAMED = 9
"""Weeks up to which the amounts are written into the squares."""


def calendar(run: RunRecord) -> Any:
    """Change of equity over each trading day.

    Returns:
        A plotly figure: USD after fees, open positions included; a day is the trading day of the exchange, by its date.
    """
    days = list(zip(run.days.dates, run.daily().tolist(), strict=True))
    weekdays = 5 if all(day.weekday() < 5 for day, _ in days) else 7
    blocks: dict[int, list[tuple[date, float]]] = defaultdict(list)
    for day, amount in days:
        blocks[day.isocalendar().year].append((day, amount))
    widest = max((last[-1][0].isocalendar().week - last[0][0].isocalendar().week + 1) for last in blocks.values())
    reach = max((abs(amount) for _, amount in days), default=0.0) or 1.0
    data, more = [], {}
    share = 1 / len(blocks)
    for place, (year, inside) in enumerate(sorted(blocks.items())):
        tail = "" if not place else str(place + 1)
        first = 1 if len(blocks) > 1 else inside[0][0].isocalendar().week
        weeks = 53 if len(blocks) > 1 else max(widest, 6)
        data.append({
            **_block(inside, first, weeks, weekdays, named=widest <= _NAMED), "zmin": -1.3 * reach, "zmax": 1.3 * reach,
            "xaxis": f"x{tail}", "yaxis": f"y{tail}", "showscale": not place and widest > _NAMED,
        })  # fmt: skip
        top = 1 - place * share
        starts = _months(inside, first)
        more[f"xaxis{tail}"] = axis(
            "", anchor=f"y{tail}", tickvals=list(starts), ticktext=list(starts.values()), showgrid=False, zeroline=False,
            range=[-0.5, weeks - 0.5], fixedrange=True, side="top",
        )  # fmt: skip
        more[f"yaxis{tail}"] = axis(
            str(year), anchor=f"x{tail}", tickvals=list(range(weekdays)), ticktext=_WEEKDAYS[:weekdays], showgrid=False,
            zeroline=False, range=[weekdays - 0.5, -0.5], domain=[top - share * 0.84, top], fixedrange=True,
        )  # fmt: skip
    return figure(data, layout(50 + 165 * len(blocks), margin=BARE, **more))


def _block(inside: list[tuple[date, float]], first: int, weeks: int, weekdays: int, *, named: bool) -> dict[str, Any]:
    amounts: list[list[float | None]] = [[None] * weeks for _ in range(weekdays)]
    dates = [[""] * weeks for _ in range(weekdays)]
    for day, amount in inside:
        row, column = day.weekday(), day.isocalendar().week - first
        amounts[row][column], dates[row][column] = amount, f"{day:%a} {day.day} {day:%b %Y}"
    return {
        "type": "heatmap", "z": amounts, "customdata": dates, "colorscale": SCALE, "xgap": 3, "ygap": 3,
        "hoverongaps": False, "hovertemplate": "%{customdata}<br>%{z:+,.2f} USD<extra></extra>",
        "text": [["" if a is None else f"{a:+,.0f}" if round(a) else "0" for a in row] for row in amounts],
        "texttemplate": "%{text}" if named else "", "textfont": {"size": 12, "color": LIGHT["ink"]},
        "colorbar": {
            "thickness": 8, "len": 1, "outlinewidth": 0, "title": {"text": "USD"},
            "tickfont": {"size": 11, "color": LIGHT["muted"]},
        },
    }  # fmt: skip


def _months(inside: list[tuple[date, float]], first: int) -> dict[int, str]:
    """Where each month's first trading day stands."""
    found: dict[tuple[int, int], int] = {}
    for day, _ in inside:
        found.setdefault((day.year, day.month), day.isocalendar().week - first)
    named = {month: min(d for d, _ in inside if (d.year, d.month) == month) for month in found}
    return {week: f"{named[month]:%b}" for month, week in found.items()}
