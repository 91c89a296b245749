"""How sure a run's figures are, as markup: every measure with its interval, drawdowns on three bases, both readings."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from barstep.domain.session import to_datetime
from barstep.report.html import section
from barstep.report.words import figure, many, share, usd, when
from barstep.runs.statistics import GROUPS

if TYPE_CHECKING:
    from barstep.runs.statistics import Statistics
    from barstep.stats.measures import Measure

_BASES = {
    "static": "the start balance", "end_of_day": "the highest end of a day before", "intraday": "the highest equity before",
}  # fmt: skip


def measures(found: Statistics, own: dict[str, Any]) -> str:
    """Every measure with its unit, its interval and its formula.

    Args:
        found: The run's statistics.
        own: Further figures of `result.json`: those of metrics of the user's own.
    """
    tables = []
    for group in GROUPS:
        sampled = any(each.interval for each in group.measures.values())
        rows = "".join(_measure(found, each, sampled=sampled) for each in group.measures.values())
        head = "<tr><th>measure</th><th class=num>value</th><th>unit, basis</th>"
        head += f"{'<th>95% interval</th>' if sampled else ''}<th class=wrap>formula</th></tr>"
        tables.append(
            f'<h3>Of {group.title}</h3><div class="scroll"><table class="plain measures"><thead>{head}</thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )
    if own:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td class=num>{escape(str(value))}</td></tr>" for name, value in own.items()
        )
        tables.append(f'<h3>Of your own metrics</h3><table class="plain"><tbody>{rows}</tbody></table>')
    note = (
        "Sources stand in docs/measures.md. An interval holds the middle 95% of "
        "1,000 draws of the same trades or days; it knows nothing of other markets, nor of how many settings were tried."
    )
    return section("measures", "Measures", note, *tables)


def drawdowns(found: Statistics) -> str:
    """The largest fall on each basis, with its dates."""
    rows = []
    for basis, fall in found.drawdowns.items():
        told = [usd(fall.usd), "–", "–", "–", "–", "–"]
        if fall.usd:
            moments = (fall.since_ns, fall.lowest_ns, fall.recovered_ns)
            at = ["never" if ns is None else when(to_datetime(ns, found.zone).isoformat()) for ns in moments]
            again = "–" if fall.days_to_recover is None else f"{fall.days_to_recover:,.1f}"
            told = [usd(fall.usd), at[0], at[1], at[2], f"{fall.days_down:,.1f}", again]
        cells = "".join(
            f"<td{' class=num' if place in (0, 4, 5) else ''}>{text}</td>" for place, text in enumerate(told)
        )
        rows.append(f"<tr><td>{_BASES[basis]}</td>{cells}</tr>")
    head = (
        "<tr><th>measured from</th><th class=num>USD</th><th>stood there</th><th>lowest</th><th>again there</th>"
        "<th class=num>days down</th><th class=num>days back up</th></tr>"
    )
    table = (
        f'<div class="scroll"><table class="plain"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
    )
    note = "To the lowest equity inside a bar, USD after fees, open positions included; calendar days."
    return section("drawdowns", "Largest drawdowns", note, table)


def spread(found: Statistics, name: str) -> str:
    """The interval of a headline in few words, PROVISIONAL where the sample is too small; empty without one."""
    bounds = found.intervals.get(name)
    if bounds is None:
        return ""
    low, high = (share(bound) if name == "win_rate" else figure(bound, "") for bound in bounds)
    return f"95%: {low} to {high}" + (", PROVISIONAL" if name in found.provisional else "")


def readings(found: Statistics) -> str:
    """What the net result would be by the worst and by the best outcomes of ambiguous bars; empty without such bars."""
    low, high, bars = found.readings
    if not bars:
        return ""
    return f"net {usd(low, sign=True)} to {usd(high, sign=True)} by the worst and best outcomes of {many(bars, 'bar')}"


def _measure(found: Statistics, each: Measure[Any], *, sampled: bool) -> str:
    value, bounds = found.measures[each.name], found.intervals.get(each.name)
    interval = "" if bounds is None else " to ".join(figure(bound, each.unit) for bound in bounds)
    if each.name in found.provisional and value is not None:
        interval += ' <span class="doubt">PROVISIONAL</span>'
    cell = f"<td>{interval}</td>" if sampled else ""
    return (
        f"<tr><td>{each.name}</td><td class=num>{figure(value, each.unit)}</td><td class=quiet>{each.unit}, {each.basis}</td>"
        f'{cell}<td class="wrap quiet">{escape(each.formula.replace("`", ""))}</td></tr>'
    )
