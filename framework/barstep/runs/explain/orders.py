"""Why an order came to what it did: asked, judged, sent, filled or not, in sentences."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from barstep.runs.explain.fills import Fact, fill_facts, prices
from barstep.runs.explain.words import rule_of

if TYPE_CHECKING:
    from barstep.runs.explain.records import Records, Row

_WAITING = ("limit", "stop", "stop_limit", "join")
_DONE = {"cancelled": "cancelled", "expired": "expired", "denied": "denied", "rejected": "rejected by the venue"}


def order_facts(records: Records, order: Row) -> list[Fact]:
    """The life of an order, from being asked for to its end."""
    fills = records.rows("fills", order_id=order["id"])
    facts = [_asked(order, fills), *_verdicts(order), *_sent(records, order, fills), *_changes(order)]
    for fill in fills:
        facts += [*fill_facts(records, fill), *_bar(records, fill)]
    facts += _ended(records, order)
    if order["id"] > 0 and order["status"] != "filled" and order["kind"] in _WAITING:
        facts += nearest(records, order)
    facts += _children(records, order)
    return facts


def headline(records: Records, order: Row) -> str:
    """The order in one line."""
    name = records.contracts[records.place(order["contract"])].name
    filled = f", {order['filled']} of {order['size']} filled" if order["filled"] not in (0, order["size"]) else ""
    return f"order {order['id']}: {_what(order, name)}: {order['status']}{filled}"


def _what(order: Row, name: str) -> str:
    terms = [f"{word} {order[word]:.10g}" for word in ("stop", "limit") if order[word] is not None]
    terms += [f"{order['trail_ticks']} ticks behind"] if order["trail_ticks"] else []
    terms += ["reduce-only"] if order["reduce_only"] else []
    kind = [str(order["kind"])] if order["kind"] in ("market", "join") else []
    return " ".join([order["side"], str(order["size"]), name, *kind, *terms])


def _asked(order: Row, fills: list[Row]) -> Fact:
    if fills and fills[0]["rule"] in ("R18", "R19", "R25"):
        return Fact(order["asked_at"], f"nobody asked for it: it closes the position ({fills[0]['reason']})")
    if order["parent"]:
        return Fact(order["asked_at"], f"brought along by the fill of order {order['parent']}", ("R12",))
    tag = f", tag {order['tag']!r}" if order["tag"] else ""
    who = order["plugin"] or "a client"
    return Fact(order["asked_at"], f"asked for by {who}{tag}: {order['side']} {order['asked']}")


def _verdicts(order: Row) -> list[Fact]:
    facts = []
    for verdict in json.loads(order["verdicts"] or "[]"):
        let = "lets nothing open" if not verdict["size"] else f"lets {verdict['size']} of {order['opens']} open"
        if verdict["size"] >= order["opens"]:
            let = f"lets all {order['opens']} open"
        facts.append(Fact(None, f"{verdict['rule']} {let}: {verdict['reason']}"))
    if facts and 0 < order["size"] < order["asked"] and order["status"] != "denied":
        facts.append(Fact(None, f"sent with {order['size']} of {order['asked']}; the strictest rule counts"))
    return facts


def _sent(records: Records, order: Row, fills: list[Row]) -> list[Fact]:
    if order["id"] < 0 or (fills and fills[0]["rule"] in ("R18", "R19", "R25")):
        return []
    fills_options = records.options.fills
    if order["parent"]:
        late = fills_options.children == "next_bar"
        return [Fact(None, "works from the next bar on" if late else "works from the instant of that fill", ("R12",))]
    if fills and fills[0]["phase"] == "hooks":
        return []
    bars = fills_options.latency_bars
    later = f", {bars} bar{'s' * (bars > 1)} later for latency_bars" if bars else ""
    facts = [Fact(None, f"can fill from the next open on{later}", ("R4",))]
    if order["kind"] == "join" and (limit := _joined(records, order)) is not None:
        facts.append(Fact(None, f"a limit at the last close, {limit:.10g}", ("R11",)))
    return facts


def _bar(records: Records, fill: Row) -> list[Fact]:
    """The bar of a fill."""
    bar = records.bars(records.place(fill["contract"])).at(_ns(fill["bar_start"]))
    if bar is None:
        return []
    return [Fact(None, f"bar {bar.number}, from {records.at(bar.start_ns)} to {records.at(bar.end_ns)}: {prices(bar)}")]


def _ended(records: Records, order: Row) -> list[Fact]:
    status = order["status"]
    if status == "filled":
        return []
    if status == "working":
        return [Fact(None, "still works where the run ended")]
    guards = {breach["guard"] for breach in records.result["risk"].get("breaches", [])}
    rule = rule_of(status, order["reason"], guards)
    why = f": {order['reason']}" if order["reason"] else ""
    return [Fact(order["ended_at"], f"{_DONE[status]}{why}", (rule,) if rule else ())]


def _children(records: Records, order: Row) -> list[Fact]:
    facts = []
    for child in records.rows("orders", parent=order["id"]):
        name = records.contracts[records.place(child["contract"])].name
        facts.append(
            Fact(None, f"brought along order {child['id']}: {_what(child, name)}: {child['status']}", ("R12",))
        )
    return facts


def nearest(records: Records, order: Row) -> list[Fact]:
    """How near the price came to an order that waited and did not fill, and in which bar; only since its last price."""
    place = records.place(order["contract"])
    instrument = records.contracts[place].instrument
    repriced = [each["at_ns"] for each in _changed(order) if each["what"] != "size"]
    start, end = max([_ns(order["asked_at"]), *repriced]), _ns(order["ended_at"]) or 1 << 62
    buys, limit = order["side"] == "buy", order["kind"] in ("limit", "join")
    up = buys != limit
    level = _joined(records, order) if order["kind"] == "join" else order["limit"] if limit else order["stop"]
    best = records.bars(place).extreme(start, end, high=up)
    if level is None or best is None:
        return []
    reached = best.high if up else best.low
    through = records.options.fills.limit_through_ticks if limit else 0
    event = level + (through if up else -through) * float(instrument.tick_size)
    rule = "R7" if limit else "R9" if order["kind"] == "stop_limit" else "R8"
    where = f"{'high' if up else 'low'} of the bar from {records.at(best.start_ns)}, {prices(best)}"
    text = f"{'after that change' if repriced else 'while it worked'} the price came to {reached:.10g} ({where})"
    if (reached - event) * (1 if up else -1) < 0:
        text += f"; it needs {event:.10g}"
        text += f", {through} tick{'s' * (through > 1)} beyond its limit" if through else ""
    return [Fact(None, text, (rule,))]


def _joined(records: Records, order: Row) -> float | None:
    """The limit of a join order (R11): the close of the bar that it was asked for at; None where bars cannot be read."""
    bar = records.bars(records.place(order["contract"])).at(_ns(order["asked_at"]) - 1)
    return None if bar is None else bar.close


def _changed(order: Row) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(order.get("changes") or "[]")
    return found


def _changes(order: Row) -> list[Fact]:
    """What was changed while the order worked, one fact for each moment."""
    facts = []
    for at, group in groupby(_changed(order), key=lambda each: each["at_ns"]):
        told = ", ".join(f"{each['what']} to {each['after']:.10g} (it was {each['before']:.10g})" for each in group)
        facts.append(Fact(datetime.fromtimestamp(at // 1_000_000_000, UTC), f"changed: {told}", ("R23",)))
    return facts


def _ns(moment: datetime | None) -> Any:
    return 0 if moment is None else int(moment.timestamp()) * 1_000_000_000
