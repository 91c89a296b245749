"""The odds of an evaluation for a trader: one table with a column for each size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.cli.output import days, grid, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

Document = dict[str, Any]


def show_odds(out: Console, found: Document) -> None:
    """Print the table of sizes."""
    from rich.text import Text

    odds = found["odds"]
    out.print()
    mark = "PROVISIONAL: " if odds["provisional"] else ""
    out.print(
        Text(
            f"{mark}{odds['attempts']:,} attempts of at most {odds['days']} days, drawn from {days(odds['source_days'])} "
            f"in blocks of {odds['block']} (seed {odds['seed']})",
            style="bold yellow" if mark else "bold",
        )
    )
    table = grid(header=True)
    table.add_column("", no_wrap=True)
    for one in odds["sizes"]:
        table.add_column(f"size x{one['size']}", justify="right")
    for label, tell in _rows(odds, found["record"]["most_lots"]):
        cells = [tell(one) for one in odds["sizes"]]
        if any(cell != "-" for cell in cells):
            table.add_row(label, *cells)
    put(out, table)


def _rows(odds: Document, lots: float) -> list[tuple[str, Callable[[Document], str]]]:
    passes = odds["sizes"][0]["pass_share"] is not None
    rows: list[tuple[str, Callable[[Document], str]]] = [
        ("Mini lots at most", lambda one: f"{lots * one['size']:g}{' OVER' if one['over_cap'] else ''}")
    ]
    if passes:
        rows += [
            ("Chance to pass", lambda one: f"{one['pass_share']:.1%}"),
            ("  95 % by the source days", lambda one: "{:.0%} to {:.0%}".format(*one["pass_interval"])),
        ]
    rows += [
        ("Failed by max_loss_limit", lambda one: _share(one["causes"]["max_loss_limit"])),
        ("Failed by daily_loss_limit", lambda one: _share(one["causes"]["daily_loss_limit"])),
        ("Failed by max_days", lambda one: _share(one["causes"]["max_days"])),
        (f"{'Given up' if passes else 'Open'} after {odds['days']} days", lambda one: _share(one["causes"]["open"])),
        ("Days stopped by the daily limit", lambda one: _share(one["stopped_days"])),
        ("Days to pass, median (10-90 %)", lambda one: _spread(one["days_to_pass"])),
        ("Cost of an attempt, USD", lambda one: _usd(one["attempt_cost"])),
    ]
    if passes:
        rows.append(("Cost until one passes, USD", lambda one: _usd(one["pass_cost"])))
    if odds["funded_plan"] is not None and any(one["funded"] for one in odds["sizes"]):
        rows.append((f"After a pass, {odds['funded_days']} days funded:", lambda _: ""))
    elif passes and odds["funded_plan"] is None:
        return rows
    if any(one["funded"] and one["funded"]["reduced_days"] for one in odds["sizes"]):
        rows.append(("  days scaled down", lambda one: _of(one, lambda f: _share(f["reduced_days"]))))
    return [
        *rows,
        ("  any payout", lambda one: _of(one, lambda f: f"{f['paid_share']:.1%}")),
        ("  account lost before one", lambda one: _of(one, lambda f: f"{f['lost_before_payout']:.1%}")),
        ("  days to the first payout", lambda one: _of(one, lambda f: _spread(f["days_to_payout"]))),
        ("  payouts per account, USD", lambda one: _of(one, lambda f: _usd(f["paid"]))),
        ("Expected value of an attempt, USD", lambda one: _usd(one["value"], sign=True)),
        ("  95 % by the source days", lambda one: _range(one["value_interval"])),
        ("Attempts that end above zero", lambda one: "-" if one["gains"] is None else f"{one['gains']:.1%}"),
    ]


def _of(one: Document, tell: Callable[[Document], str]) -> str:
    return tell(one["funded"]) if one["funded"] is not None else "-"


def _share(value: float) -> str:
    return f"{value:.1%}" if value else "-"


def _spread(points: dict[str, float]) -> str:
    return f"{points['p50']:.0f} ({points['p10']:.0f}-{points['p90']:.0f})" if points else "-"


def _usd(amount: float | None, *, sign: bool = False) -> str:
    if amount is None:
        return "-"
    return f"{amount:+,.0f}" if sign else f"{amount:,.0f}"


def _range(ends: list[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:+,.0f} to {ends[1]:+,.0f}"
