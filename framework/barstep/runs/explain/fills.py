"""Fills and ambiguous bars of a stored run in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.runs.explain.words import PHASES

if TYPE_CHECKING:
    from datetime import datetime

    from barstep.runs.explain.records import Records, Row

_KINDS = {"R6": "market", "R7": "limit", "R8": "stop", "R9": "stop-limit", "R10": "trailing stop", "R11": "join"}


class Fact(NamedTuple):
    """One thing that happened: when (None where it has no clock), in words, by which rules."""

    when: datetime | None
    text: str
    rules: tuple[str, ...] = ()


def fill_facts(records: Records, fill: Row) -> list[Fact]:
    """What a fill was, and how sure its bar is of it."""
    return [Fact(fill["time"], _fill(records, fill), (fill["rule"],)), *_certainty(records, fill)]


def _fill(records: Records, fill: Row) -> str:
    contract = records.contracts[records.place(fill["contract"])]
    did = "bought" if fill["side"] == "buy" else "sold"
    text = f"{did} {fill['size']} {contract.name} at {fill['price']:.10g} {PHASES[fill['phase']]}"
    if fill["leg"]:
        text += f", on leg {fill['leg']} of the path"
    level = contract.instrument.price(fill["level_ticks"])
    slip = fill["slip_ticks"] * (1 if fill["side"] == "buy" else -1)
    text += f": {_level(fill)} {level:.10g}"
    if slip:
        text += f", {abs(slip)} tick{'s' * (abs(slip) > 1)} {'worse' if slip > 0 else 'better'}"
    if fill["reason"]:
        text += f"; {fill['reason']}"
    if fill["closed"]:
        text += f"; closed {fill['closed']} for {fill['realised_pnl']:+,.2f} USD before fees"
    if fill["opened"]:
        text += f"; opened {fill['opened']}"
    return f"{text}; {held(fill['position_after'])}"


def held(position: int) -> str:
    """A signed position in words."""
    return f"position {position:+d}" if position else "flat"


def _level(fill: Row) -> str:
    if fill["rule"] in ("R18", "R25"):
        return "the close"
    if fill["rule"] == "R19":
        return "the guard acted at"
    if fill["rule"] == "R6":
        return "the price there"
    return f"its {_KINDS.get(fill['rule'], 'stop')} at"


def _certainty(records: Records, fill: Row) -> list[Fact]:
    end = records.local(fill["bar_end"])
    if fill["certainty"] == "magnified":
        return [_magnified(records, fill)]
    if fill["certainty"] == "approximate":
        return [Fact(None, "approximate: bars hold no quotes", ("R11",))]
    if fill["certainty"] == "certain":
        if fill["phase"] == "path":
            return [Fact(None, f"certain: every path through the bar ending {end} that counts gives it", ("R14",))]
        return []
    return ambiguity(records, fill["contract"], fill["bar_end"])


def _magnified(records: Records, fill: Row) -> Fact:
    """Which finer bar decided, with its prices where its source is still there."""
    moment = fill["time"]
    side = "begins" if fill["phase"] == "open" else "ends"
    text = f"decided by {fill['resolution']} bars: by the one that {side} {records.local(moment)}"
    ns = int(moment.timestamp()) * 1_000_000_000
    found = records.bars(records.place(fill["contract"]), finer=True).at(ns if fill["phase"] == "open" else ns - 1)
    if found is not None:
        text += f", {prices(found)}"
    return Fact(None, text, ("R21",))


def ambiguity(records: Records, contract: str, bar_end: datetime) -> list[Fact]:
    """All outcomes of an ambiguous bar, the one that was kept first."""
    facts: list[Fact] = []
    rows = records.rows("ambiguous", contract=contract, bar_end=bar_end)
    for row in sorted(rows, key=lambda row: (row["at"], not row["chosen"])):
        path, _, guard = row["path"].partition(" ")
        way = "open, high, low, close" if path == "A" else "open, low, high, close"
        kept = "kept" if row["chosen"] else "not kept"
        state = "".join(f", {word} by {row[word]}" for word in ("failed", "locked") if row[word])
        fills = row["fills"] or "no fill"
        text = f"path {row['path']} ({way}), {kept}: {fills}; equity at the close {row['equity']:,.2f} USD{state}"
        if row["at"] != row["bar_end"]:
            text = f"the {row['resolution']} bar ending {records.local(row['at'])}, {text}"
        facts.append(Fact(None, text, ("R17", "R17b") if guard else ("R17",)))
    return facts


def prices(bar: Any) -> str:
    """A bar's prices and volume."""
    return f"O {bar.open:.10g} H {bar.high:.10g} L {bar.low:.10g} C {bar.close:.10g} V {bar.volume:,}"
