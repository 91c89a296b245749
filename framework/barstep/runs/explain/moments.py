"""What happened in one bar: its prices, orders, fills, guards and the account, in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError
from barstep.runs.explain.fills import Fact, ambiguity, fill_facts, held, prices
from barstep.runs.explain.orders import headline

if TYPE_CHECKING:
    from barstep.runs.explain.records import Records, Row

_NEAR = 2


_WATCHED = {"equity": "equity", "day": "the day's result", "position": "the open result of a contract"}


def find_end(records: Records, text: str) -> datetime:
    """The end of the bar that a text names: a time inside it, in the exchange's zone unless it says another, or its number.

    Raises:
        ConfigError: There is none; the nearest are named.
    """
    ends: list[datetime] = list(dict.fromkeys(records.column("equity", "time")))
    if not ends:
        raise ConfigError(f"--bar {text}: this run has no bars")
    if text.isdecimal():
        number = int(text)
        if len(records.contracts) > 1:
            raise ConfigError(f"--bar {text}: this run has several contracts; give a time")
        if number >= len(ends):
            raise ConfigError(f"--bar {text}: bars are numbered from 0 to {len(ends) - 1}")
        return ends[number]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"--bar {text}: expected a time such as {records.local(ends[0])[:16].replace(' ', 'T')}, or a bar's number"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=records.zone)
    moment = moment.astimezone(UTC)
    lengths = {Timeframe.parse(word).seconds for word in str(records.result["timeframe"]).split()}
    for end in ends:
        if any(end - timedelta(seconds=length) <= moment < end for length in lengths):
            return end
    near = sorted(sorted(ends, key=lambda end: abs(end - moment))[: 2 * _NEAR])
    raise ConfigError(
        f"--bar {text}: no bar covers {records.local(moment)}; near it end {', '.join(map(records.local, near))}"
    )


def bar_facts(records: Records, end: datetime) -> list[Fact]:
    """All that happened in the bars that end at a moment, and what was asked for when they were complete."""
    facts = [fact for place in range(len(records.contracts)) for fact in _prices(records, place, end)]
    for row in records.rows("mismatches", bar_end=end):
        facts.append(Fact(None, f"MAGNIFIER_MISMATCH: its own prices decided, since {row['reason']}", ("R21",)))
    fills = records.rows("fills", bar_end=end)
    told: set[str] = set()
    for fill in fills:
        first, *more = fill_facts(records, fill)
        facts.append(Fact(first.when, f"order {fill['order_id']} {first.text}", first.rules))
        if fill["certainty"] != "ambiguous" or fill["contract"] not in told:
            facts += more
        if fill["certainty"] == "ambiguous":
            told.add(fill["contract"])
    for contract in dict.fromkeys(row["contract"] for row in records.rows("ambiguous", bar_end=end)):
        if contract not in told:
            facts += ambiguity(records, contract, end)
    facts += [*_guards(records, end), *_orders(records, end)]
    facts += [Fact(row["time"], f"{row['plugin']} noted: {row['text']}") for row in records.rows("notes", time=end)]
    return facts + _account(records, end)


def _prices(records: Records, place: int, end: datetime) -> list[Fact]:
    bar = records.bars(place).at(int(end.timestamp()) * 1_000_000_000 - 1)
    if bar is None:
        return []
    name, number = records.contracts[place].name, f"bar {bar.number}"
    facts = [
        Fact(None, f"{name}, {number}, from {records.at(bar.start_ns)} to {records.at(bar.end_ns)}: {prices(bar)}")
    ]
    for adjusted in records.result["risk"].get("adjustments", []):
        if datetime.fromisoformat(adjusted["time"]).timestamp() * 1_000_000_000 == bar.start_ns and not place:
            told = f"before its open a new attempt began: the balance was adjusted by {adjusted['usd']:+,.2f} USD"
            facts.append(Fact(None, told))
    if not bar.volume:
        facts.append(Fact(None, "no volume: where volume is known nothing fills in it", ("R5",)))
    return facts


def _guards(records: Records, end: datetime) -> list[Fact]:
    facts = []
    closed = any(fill["rule"] == "R19" for fill in records.rows("fills", bar_end=end))
    for breach in records.result["risk"].get("breaches", []):
        if datetime.fromisoformat(breach["time"]) == end:
            facts.append(Fact(end, f"the guard {breach['guard']} was reached: {breach['action']}", ("R19",)))
            if "level" in breach:
                what, where = _WATCHED[breach["basis"]], "below" if breach["side"] == "floor" else "above"
                flat = "" if closed else "; nothing was held any more"
                facts.append(Fact(end, f"it watches {what}: {breach['level']:,.2f} USD or {where}{flat}", ("R19",)))
    for attempt in records.result["risk"].get("attempts", []):
        if attempt["time"] is not None and datetime.fromisoformat(attempt["time"]) == end:
            after = f"attempt {attempt['number']} {attempt['verdict']} by {attempt['rule']}"
            facts.append(Fact(end, f"{after}, margin {attempt['margin']:,.2f} USD, day {attempt['days']}"))
    return facts


def _orders(records: Records, end: datetime) -> list[Fact]:
    """Orders that ended without a fill in the bar, and those asked for when it was complete."""
    facts = []
    for order in records.rows("orders", ended_at=end):
        if order["status"] in ("cancelled", "expired"):
            why = f": {order['reason']}" if order["reason"] else ""
            facts.append(Fact(end, f"{headline(records, order)}{why}"))
    for order in sorted(records.rows("orders", asked_at=end), key=lambda row: abs(row["id"])):
        if not order["parent"] and order["plugin"]:
            why = f": {order['reason']}" if order["reason"] and order["id"] < 0 else ""
            facts.append(Fact(end, f"{order['plugin']} asked for {headline(records, order)}{why}"))
    return facts


def _account(records: Records, end: datetime) -> list[Fact]:
    rows: list[Row] = records.rows("equity", time=end)
    if not rows:
        return []
    last = rows[-1]
    return [
        Fact(
            end,
            f"balance {last['balance']:,.2f}, equity {last['equity']:,.2f} USD at the close, "
            f"between {last['low']:,.2f} and {last['high']:,.2f} inside the bar; {held(last['position'])}",
        )
    ]
