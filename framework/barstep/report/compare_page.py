"""The page of a comparison: what differs, equity together, and the first event in which two runs part."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from barstep.report.figures.compared import equities
from barstep.report.html import card, cards, figure_box, page, plain_table, says, section
from barstep.report.units import unit
from barstep.report.words import figure, tone, usd
from barstep.runs.compare import letters
from barstep.runs.compare.divergence import KINDS

if TYPE_CHECKING:
    from barstep.runs.compare import Comparison
    from barstep.runs.compare.divergence import Divergence
    from barstep.runs.explain import Story
    from barstep.runs.explain.fills import Fact

_HEX, _SHORT = 64, 12

_NOTES = {
    "before": "Configuration, bars, plugins and versions; checksums by their first 12 digits.",
    "equity": "Change from the start balance at the ends of bars, USD after fees, open positions included. The dashed line is "
    "where the first two runs part.",
    "figures": "Those that differ stand first.",
    "parted": "The first event that differs: everything before it is the same, so this is where to look.",
}


def compare_page(found: Comparison) -> str:
    """The page of a comparison."""
    names = letters(len(found.folders))
    figures: dict[str, Any] = {"equity": equities(found)}
    head = cards([
        card(f"{letter}  {name}", usd(_net(found, place), sign=True), f"USD after fees; {folder}", tone(_net(found, place)))
        for place, (letter, name, folder) in enumerate(zip(names, found.names, found.folders, strict=True))
    ])  # fmt: skip
    body = f"<header><h1>{escape(' and '.join(dict.fromkeys(found.names)))}</h1>{says(found.remarks)}{head}</header>"
    body += section("before", "What differs before the first bar", _NOTES["before"], _differences(found, names))
    body += section("equity", "Equity together", _NOTES["equity"], figure_box("equity", "Equity of all runs"))
    parted = [
        (letter, divergence)
        for letter, divergence in zip(names[1:], found.divergences, strict=True)
        if divergence is not None or not found.remarks
    ]
    for letter, divergence in parted:
        title = f"Where A and {letter} part"
        body += section(f"parted-{letter}", title, _NOTES["parted"], _parted(divergence, ("A", letter)))
    body += section("figures", "Figures", _NOTES["figures"], _figures(found, names))
    nav = [
        ("before", "Before"),
        ("equity", "Equity"),
        *((f"parted-{c}", f"A and {c}") for c, _ in parted),
        ("figures", "Figures"),
    ]
    shared = {"zone": found.runs[0].zone.key, "seconds": False, "decimals": 2}
    return page("Runs compared – barstep", nav, body, figures, shared=shared)


def _net(found: Comparison, place: int) -> float:
    return float(found.figures["net_pnl"][place])


def _differences(found: Comparison, names: list[str]) -> str:
    if not found.differences:
        return "<p>Nothing: configuration, bars, plugins and versions are the same.</p>"
    rows = [[each.what, each.key, *map(_short, each.values)] for each in found.differences]
    return plain_table(["", "", *names], rows)


def _figures(found: Comparison, names: list[str]) -> str:
    rows = sorted(found.figures.items(), key=lambda row: len(set(map(str, row[1]))) == 1)
    return plain_table(
        ["", *names],
        [[key, *(_told(key, value) for value in values)] for key, values in rows],
        range(1, 1 + len(names)),
    )


def _parted(found: Divergence | None, names: tuple[str, str]) -> str:
    if found is None:
        return "<p>Nowhere: every order, every fill and the equity of every bar are the same.</p>"
    told = [story for story in found.stories if story is not None]
    when = told[0].run.local(found.time) if told else found.time.isoformat()
    line = f"Bar ending {when}: {KINDS[found.kind]}; {found.same:,} fills before it are the same."
    sides = "".join(
        _side(name, story, there=row is not None)
        for name, row, story in zip(names, found.rows, found.stories, strict=True)
    )
    return f'<p>{escape(line)}</p><div class="both">{sides}</div>'


def _side(name: str, story: Story | None, *, there: bool) -> str:
    lacks = "" if there else " (no such event here)"
    title = story.title if story is not None else "no bar ends there"
    facts = "" if story is None else "".join(_fact(story, fact) for fact in story.facts)
    return f'<div><h3>{name}: {escape(title + lacks)}</h3><ul class="story">{facts}</ul></div>'


def _fact(story: Story, fact: Fact) -> str:
    rules = "".join(f' <abbr title="{escape(story.rules.get(r, ""))}" tabindex="0">{r}</abbr>' for r in fact.rules)
    return f"<li><time>{escape(story.run.local(fact.when))}</time><span>{escape(fact.text)}{rules}</span></li>"


def _short(text: str | None) -> str:
    if text is None:
        return "–"
    return text[:_SHORT] if len(text) == _HEX else text


def _told(name: str, value: Any) -> str:
    return _short(value) if value is None or isinstance(value, str) else figure(value, unit(name))
