"""Comparisons, reproductions and sensitivities as tables for a trader, 80 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.cli.explain import story_rows
from barstep.cli.measured import number
from barstep.cli.output import columns
from barstep.report.units import unit
from barstep.runs.compare import letters
from barstep.runs.compare.divergence import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from barstep.runs.compare import Comparison
    from barstep.runs.compare.differences import Difference
    from barstep.runs.compare.divergence import Divergence
    from barstep.runs.reproduce import Reproduction
    from barstep.runs.sensitivity import Sensitivity

_DAYS = 12
_HASH = 12
_HEX = 64


def show_comparison(out: Console, found: Comparison) -> None:
    """Print runs side by side."""
    names = letters(len(found.folders))
    out.print()
    for letter, name, folder in zip(names, found.names, found.folders, strict=True):
        out.print(f"{letter}  {name}  {folder}", soft_wrap=True)
    _title(out, "What differs before the first bar")
    _differences(out, found.differences, names)
    _title(out, "What differs in the figures")
    differing = {key: values for key, values in found.figures.items() if len(set(map(str, values))) > 1}
    rows = [(key, *(_figure(value, unit(key)) for value in values)) for key, values in differing.items()]
    if rows:
        columns(out, ("", *names), rows, right=names)
    else:
        out.print("nothing: every figure is the same")
    _title(out, "Equity at the end of the trading day")
    days = list(found.equity.items())
    picked = (
        [days[place * (len(days) - 1) // max(_DAYS - 1, 1)] for place in range(_DAYS)] if len(days) > _DAYS else days
    )
    columns(out, ("", *names), [(f"{day:%Y-%m-%d}", *map(_figure, values)) for day, values in picked], right=names)
    if len(days) > _DAYS:
        out.print(f"{_DAYS} of {len(days)} days; --json has all")
    for letter, divergence in zip(names[1:], found.divergences, strict=True):
        if found.remarks and divergence is None:
            continue
        _title(out, f"Where A and {letter} part")
        _divergence(out, divergence, ("A", letter))
    for remark in found.remarks:
        out.print()
        out.print(remark, soft_wrap=True)


def show_reproduction(out: Console, found: Reproduction) -> None:
    """Print whether a run was reproduced."""
    then, now = found.digests
    out.print()
    if found.proved:
        out.print(f"REPRODUCED: digest {now}", style="bold", soft_wrap=True)
    elif then == now:
        out.print(f"NOT THE SAME BARS, though the fills are the same: digest {now}", style="bold", soft_wrap=True)
    else:
        out.print("NOT REPRODUCED", style="bold")
        columns(out, ("", ""), [("digest then", then), ("digest now", now)])
    if found.changed:
        _title(out, "What has changed since the run")
        _differences(out, found.changed, ("then", "now"))
    elif then != now:
        out.print(
            "bars, configuration, plugins and versions are the same: something in the run is random, or reads the world"
        )
    if found.divergence is not None:
        _title(out, "The first event that differs")
        _divergence(out, found.divergence, ("then", "now"))
    elif not found.proved:
        out.print("no event differs: every order, every fill and the equity of every bar are the same", soft_wrap=True)


def show_sensitivity(out: Console, found: Sensitivity) -> None:
    """Print a run under each assumption."""
    out.print()
    out.print(found.name, style="bold")
    base = found.outcomes[0]
    rows = []
    for each in found.outcomes:
        change = "" if each is base else f"{each.net_pnl - base.net_pnl:+,.2f}"
        note = f"failed by {each.failed}" if each.failed else ""
        what = f"{each.what} {each.value}".strip()
        mark = "=" if each.configured and each is not base else ""
        money = (f"{each.net_pnl:+,.2f}", change, f"{-each.max_drawdown:,.2f}" if each.max_drawdown else "0.00")
        rows.append((what, mark, *money, f"{each.trades:,}", each.digest[:8], note))
    wide = 8 if any(row[-1] for row in rows) else 7  # the notes take room only where there are some
    head = ("", "", "net P&L", "change", "drawdown", "trades", "digest", "")[:wide]
    columns(out, head, [row[:wide] for row in rows], right=("net P&L", "change", "drawdown", "trades"))
    out.print("= as configured; drawdown from the highest equity, inside bars")
    for remark in found.remarks:
        out.print(remark, soft_wrap=True)


def _title(out: Console, text: str) -> None:
    out.print()
    out.print(text, style="bold")


def _differences(out: Console, found: Sequence[Difference], names: Sequence[str]) -> None:
    if not found:
        out.print("nothing: configuration, bars, plugins and versions are the same")
        return
    rows = [(each.what, each.key, *("-" if v is None else _short(v) for v in each.values)) for each in found]
    columns(out, ("", "", *names), rows)


def _divergence(out: Console, found: Divergence | None, names: Sequence[str]) -> None:
    if found is None:
        out.print("nowhere: every order, every fill and the equity of every bar are the same")
        return
    told = [story for story in found.stories if story is not None]
    when = told[0].run.local(found.time) if told else found.time.isoformat()
    out.print(f"bar ending {when}: {KINDS[found.kind]}; {found.same:,} fills before it are the same", soft_wrap=True)
    for name, row, story in zip(names, found.rows, found.stories, strict=True):
        out.print()
        lacks = " (no such event here)" if row is None else ""
        out.print(f"{name}: {story.title if story else 'no bar ends there'}{lacks}", style="bold", soft_wrap=True)
        if story is not None:
            columns(out, ("", ""), story_rows(story))


def _figure(value: Any, unit: str = "") -> str:
    return _short(value) if isinstance(value, str) else number(value, unit)


def _short(text: str) -> str:
    """A checksum by its beginning."""
    return text[:_HASH] if len(text) == _HEX else text
