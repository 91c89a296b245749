"""The answer of `Trade/search` as a file: fills, in either dialect of the gateway API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import DataError
from barstep.evaluate.ledger import Ledger, LedgerFill, Reader, check_order

if TYPE_CHECKING:
    from pathlib import Path

_SIGNS = {0: 1, 1: -1}
"""The gateway's sides: 0 buys, 1 sells (gateway API, enums)."""


def read_json(path: Path, reader: Reader) -> Ledger:
    """Read an answer of `Trade/search`, or the list in it.

    The live dialect puts the newest first: a list that never goes forward in time is turned round. `fees` counts where a
    row has it; `commissions` has no stated relation to it and is not added.

    Raises:
        DataError: At the first fault, with the row.
    """
    rows = _rows(path)
    ledger = Ledger(path.name)
    kept = [(f"{path.name}: trades[{place}]", row) for place, row in enumerate(rows) if not _voided(path, place, row)]
    if len(kept) < len(rows):
        ledger.remarks.append(f"{len(rows) - len(kept)} voided fills were left out")
    if any(row.get("commissions") for _, row in kept):
        ledger.remarks.append("rows have commissions beside fees: only fees count")
    read = [_fill(where, row, reader) for where, row in kept]
    times = [fill.at_ns for fill in read]
    if times != sorted(times) and times == sorted(times, reverse=True):
        read.reverse()
        kept.reverse()
    for place, fill in enumerate(read[1:], 1):
        check_order(kept[place][0], "its time", read[place - 1].at_ns, fill.at_ns)
    if not read:
        raise DataError(f"{path.name}: there is no fill in it")
    ledger.fills = read
    return ledger


def _rows(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(f"{path.name}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if isinstance(found, dict):
        if found.get("success") is False:
            raise DataError(f"{path.name}: the gateway refused this search: {found.get('errorMessage')}; ask it again")
        found = found.get("trades")
    if not isinstance(found, list):
        raise DataError(f"{path.name}: expected the answer of Trade/search, an object with the list trades")
    return found


def _voided(path: Path, place: int, row: Any) -> bool:
    if not isinstance(row, dict):
        raise DataError(f"{path.name}: trades[{place}] is {type(row).__name__}, expected an object")
    return bool(row.get("voided"))


def _fill(where: str, row: dict[str, Any], reader: Reader) -> LedgerFill:
    stamp = row.get("creationTimestamp") or row.get("timestamp")
    missing = [name for name in ("contractId", "side", "size", "price") if row.get(name) is None]
    if stamp is None or missing:
        raise DataError(f"{where}: no {', '.join(missing) or 'creationTimestamp or timestamp'}")
    if row.get("id") is not None:
        reader.once(where, row["id"])
    at_ns = reader.moment(where, "creationTimestamp" if row.get("creationTimestamp") else "timestamp", stamp)
    contract = reader.contract(where, row["contractId"], at_ns)
    if row["side"] not in _SIGNS or isinstance(row["side"], bool):
        raise DataError(f"{where}: side is {row['side']!r}, expected 0 (buy) or 1 (sell)")
    size = reader.size(where, row["size"]) * _SIGNS[row["side"]]
    fee = row.get("fees")
    return LedgerFill(
        at_ns, contract, size, reader.price(where, contract, row["price"]),
        None if fee is None else reader.money(where, "fees", fee),
    )  # fmt: skip
