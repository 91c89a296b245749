"""Contract: the packaged products and the contracts of the caller's replays (gateway API, 5)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from barstep import data
from barstep.broker.forms import contract_form
from barstep.broker.wire import done
from barstep.domain.instrument import MONTH_LETTERS, Contract
from barstep.domain.session import to_datetime
from barstep.gateway.seats import RefusedError

if TYPE_CHECKING:
    from datetime import date

    from barstep.gateway.seats import Call

MOST_ROWS = 20
"""Most rows the live gateway answers to a search (gateway API, 5.3)."""
_ID = re.compile(rf"CON\.F\.US\.([A-Z0-9]+)\.([{MONTH_LETTERS}])([0-9][0-9])")


def search(call: Call) -> dict[str, Any]:
    """Contract/search: a name that is equal comes first, then names that begin so, then any other match."""
    text = (call.values["searchText"] or "").strip().lower()
    found = [(rank, item) for item in _front(call) if (rank := _rank(item, text)) is not None]
    found.sort(key=lambda pair: pair[0])  # stable: within a rank the table's order
    rows = [contract_form(item, active=True, live=call.live) for _, item in found]
    return done(contracts=rows[:MOST_ROWS] if call.live else rows)


def available(call: Call) -> dict[str, Any]:
    """Contract/available: every front contract."""
    return done(contracts=[contract_form(item, active=True, live=call.live) for item in _front(call)])


def search_by_id(call: Call) -> dict[str, Any]:
    """Contract/searchById: also expired ones; code 1 when the product or the month does not exist."""
    wanted = call.values["contractId"]
    fronts = {item.id: item for item in _front(call)}
    contract = fronts.get(wanted) or find(call, wanted)
    if contract is None:
        message = f"there is no contract {wanted!r}: ids look like {next(iter(fronts))}, see Contract/search"
        raise RefusedError(1, message, "contract")
    return done(contract=contract_form(contract, active=wanted in fronts, live=call.live))


def find(call: Call, wanted: str) -> Contract | None:
    """A contract by id: of the caller's replays, or any listed month of a packaged product."""
    for seat in call.own:
        if seat.session is not None and seat.session.contract.id == wanted:
            return seat.session.contract
    match = _ID.fullmatch(wanted)
    name = _products().get(match[1]) if match else None
    if match is None or name is None:
        return None
    instrument = data.instrument(name)
    if match[2] not in instrument.months:
        return None
    return Contract.of(instrument, 2000 + int(match[3]), MONTH_LETTERS.index(match[2]) + 1)


def check(call: Call, traded: Contract, unknown: int, inactive: int, *null: str) -> None:
    """The contract that a call names must be the one its replay trades; RefusedError with one of two codes otherwise."""
    wanted = call.values["contractId"]
    if wanted == traded.id:
        return
    if find(call, wanted) is not None:
        raise RefusedError(inactive, f"this replay trades {traded.id}, not {wanted}: start one of its own", *null)
    raise RefusedError(unknown, f"there is no contract {wanted[:60]!r}: this replay trades {traded.id}", *null)


def _front(call: Call) -> list[Contract]:
    """The contract of each product: a replay's own, else the front one on the clock in view (`Call.in_view`) or today."""
    day: date = datetime.now(UTC).date()
    own: dict[str, Contract] = {}
    for session in reversed(call.in_view()):  # the first one has the last word
        own[session.contract.instrument.name] = session.contract
        day = to_datetime(session.clock_ns, session.stream.feed.zone).date()
    packaged = {
        name: own.get(name) or data.front_contract(data.instrument(name), day) for name in data.instrument_names()
    }
    return list({**packaged, **own}.values())


def _rank(contract: Contract, text: str) -> int | None:
    name, short = contract.instrument.name.lower(), contract.name.lower()
    if text in (name, short, contract.id.lower()):
        return 0
    if short.startswith(text):
        return 1
    everything = f"{name} {short} {contract.id} {contract.instrument.description}".lower()
    return 2 if text in everything else None


@cache
def _products() -> dict[str, str]:
    return {data.instrument(name).product_id or name: name for name in data.instrument_names()}
