"""The report of an evaluation, from the document that `barstep evaluate --json` prints."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import ConfigError
from barstep.report.figures.fans import SHARES, fan
from barstep.report.figures.odds import attempt, causes, chances
from barstep.report.html import card, cards, figure_box, page, says, section
from barstep.report.words import many, share, usd

if TYPE_CHECKING:
    from pathlib import Path

Document = dict[str, Any]

_NONE = "not an evaluation; expected what `barstep evaluate RUN --plan NAME --json` prints"
_NOTES = {
    "fan": "Profit of drawn attempts at the end of each day, USD after fees, payouts taken out; one that has passed stays "
    "where it ended, one that has failed at the lowest of its last day, which may be below its floor. Half of the attempts "
    "lie in the darker band, nine of ten in both.",
    "attempt": "Balance at the end of each day of the first attempt and the floor at its end, USD after fees.",
    "causes": "How attempts ended, as shares of all of them. Open ones ran out of days.",
    "chances": "The interval is what the number of source days allows to say; more drawn attempts do not make it narrower.",
}


def read_evaluation(path: Path) -> Document:
    """The document in a file.

    Raises:
        ConfigError: It is none.
    """
    try:
        found: Document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {_NONE}; it is no JSON: {error}") from error
    if not isinstance(found, dict) or not {"plan", "record", "verdict", "by_day"} <= found.keys():
        raise ConfigError(f"{path}: {_NONE}")
    return found


def evaluation_page(found: Document) -> str:
    """The page of an evaluation."""
    figures: dict[str, Any] = {"attempt": attempt(found["by_day"])}
    parts = [("attempt", "The first attempt", "Attempt")]
    for size in [each for each in found.get("odds", {}).get("sizes", []) if "fan" in each]:
        name = f"fan-{size['size']}"
        figures[name] = _fan(size["fan"], found["odds"]["target"])
        parts.append((name, f"Drawn attempts at {size['size']}x", f"Fan {size['size']}x"))
    rows = _shares(found)
    if rows:
        figures["causes"] = causes(rows)
        parts.append(("causes", "How attempts ended", "Causes"))
    sizes = [each for each in found.get("odds", {}).get("sizes", []) if each["pass_share"] is not None]
    if sizes:
        figures["chances"] = chances([(f"{s['size']}x", s["pass_share"], tuple(s["pass_interval"])) for s in sizes])
        parts.append(("chances", "The chance of a pass", "Chance"))
    body = _header(found)
    for name, title, _ in parts:
        body += section(name, title, _NOTES[name.partition("-")[0]], figure_box(name, title))
    shared = {"zone": found["record"]["zone"], "seconds": False, "decimals": 2}
    return page(
        f"{found['plan']['title']} – barstep", [(n, short) for n, _, short in parts], body, figures, shared=shared
    )


def _fan(percentiles: dict[str, list[float]], target: float | None) -> Any:
    levels = [("target", target)] if target is not None else []
    return fan([percentiles[f"p{share}"] for share in SHARES], "profit, USD", levels=levels)


def _shares(found: Document) -> list[tuple[str, dict[str, float]]]:
    rows = [(f"drawn, {each['size']}x", each["causes"]) for each in found.get("odds", {}).get("sizes", [])]
    starts = found.get("every_start")
    if starts:
        rows.insert(0, ("from every day", {cause: n / starts["starts"] for cause, n in starts["ended"].items()}))
    return rows


def _header(found: Document) -> str:
    plan, record, verdict = found["plan"], found["record"], found["verdict"]
    shown = [
        card(
            "First attempt",
            verdict["status"],
            f"{usd(verdict['profit'], sign=True)} USD in {many(verdict['days'], 'trading day')}",
        )
    ]
    failure = verdict["failure"]
    if failure is not None:
        shown.append(card("Failed by", failure["rule"].replace("_", " "), f"on {failure['day']}", "down"))
    for each in found.get("odds", {}).get("sizes", [])[:3]:
        if each["pass_share"] is not None:
            low, high = each["pass_interval"]
            shown.append(
                card(f"Chance of a pass, {each['size']}x", share(each["pass_share"]), f"{low:.0%} to {high:.0%}")
            )
    if found.get("odds"):
        drawn = found["odds"]
        shown.append(
            card("Drawn", f"{drawn['attempts']:,}", f"attempts of {drawn['days']} days from {drawn['source_days']:,}")
        )
    told = f"{' '.join(record['contracts'])}, {record['days']:,} trading days of {record['label']}"
    return (
        f'<header><h1>{escape(plan["title"])}, as of {escape(plan["as_of"])}</h1><div class="quiet">{escape(told)}</div>'
        f"{says(found.get('remarks', []))}{cards(shown)}</header>"
    )
