"""The statistics of a run as tables for a trader, 80 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.cli.output import columns, moment

if TYPE_CHECKING:
    from rich.console import Console

    from barstep.runs.statistics import Statistics
    from barstep.stats.equity import Drawdown
    from barstep.stats.measures import Measure

_BASES = {
    "static": "below the start balance",
    "end_of_day": "below ends of days",
    "intraday": "below any equity before",
}


def show_statistics(out: Console, result: dict[str, Any], found: Statistics) -> None:
    """Print every measure, then drawdowns, breakdowns and what hung on ambiguous bars."""
    from barstep.runs.statistics import GROUPS

    out.print()
    out.print(
        f"{result['name']}: {_many(found.trades, 'closed trade')}, {_many(found.days, 'trading day')}", style="bold"
    )
    for group in GROUPS:
        out.print()
        out.print(f"Of {group.title}", style="bold")
        rows = []
        for name, measure in group.measures.items():
            mark = "PROVISIONAL" if name in found.provisional and found.measures[name] is not None else ""
            rows.append(
                (name, number(found.measures[name], measure.unit), measure.unit, _interval(found, measure), mark)
            )
        wide = 5 if any(measure.interval for measure in group.measures.values()) else 3
        head = ("measure", "value", "unit", "95% interval", "")[:wide]
        columns(out, head, [row[:wide] for row in rows], right=("value",))
    out.print()
    out.print("Largest drawdowns, USD", style="bold")
    columns(
        out,
        ("", "USD", "stood there", "lowest", "again"),
        [(_BASES[name], number(fall.usd), *_moments(found, fall)) for name, fall in found.drawdowns.items()],
        right=("USD",),
    )
    for by, parts in found.breakdowns.items():
        if len(parts) < 2 and by in ("tag", "exit_reason"):
            continue
        out.print()
        out.print(f"By {by.replace('_', ' ')}", style="bold")
        head = ("", "trades", "net P&L", "win rate", "expectancy", "profit factor")
        told = [
            (
                part.value or "-", f"{part.trades:,}{'*' * part.provisional}", number(part.net_pnl),
                number(part.win_rate, "share"), number(part.expectancy),
                number(part.profit_factor),
            )
            for part in parts
        ]  # fmt: skip
        columns(out, head, told, right=head[1:])
    out.print("* fewer than 30 trades: PROVISIONAL")
    _readings(out, found)


def _readings(out: Console, found: Statistics) -> None:
    low, high, bars = found.readings
    out.print()
    if bars:
        out.print(
            f"{bars:,} ambiguous bars: net P&L {low:+,.2f} by their worst outcomes, {high:+,.2f} USD by their best, "
            "all else as it was"
        )
    else:
        out.print("No ambiguous bars: no path inside a bar changes the result")


def _moments(found: Statistics, fall: Drawdown) -> list[str]:
    from barstep.domain.session import to_datetime

    at = (fall.since_ns, fall.lowest_ns, fall.recovered_ns)
    return ["-" if ns is None else moment(to_datetime(ns, found.zone))[:16] for ns in at] if fall.usd else ["-"] * 3


def _interval(found: Statistics, measure: Measure[Any]) -> str:
    bounds = found.intervals.get(measure.name)
    return "" if bounds is None else " to ".join(number(bound, measure.unit) for bound in bounds)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def number(value: float | int | None, unit: str = "") -> str:
    """A figure: counts whole, shares as percentages, all else with two digits."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
