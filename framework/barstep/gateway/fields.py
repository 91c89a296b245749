"""Fields of requests, declared once: validation, the OpenAPI document and the pages are made from tables of them.

The tables are in `endpoints.py`. A wrong type or a missing field is a malformed request, GatewayError(400). What is well
formed but makes no sense (a size of 0, an unknown unit) is left to the endpoint and its error codes (gateway API, 11). Names
a table does not know are ignored, for real clients send them, except inside objects of our own (`closed`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any, Literal

from barstep.broker.wire import GatewayError

Kind = Literal["int", "number", "text", "flag", "time", "date", "order id", "object", "list", "any"]
"""`time` is ISO 8601 (UTC without a zone), `date` is YYYY-MM-DD, `order id` is an int or a text such as `ord_12`."""

Dialect = Literal["sim", "live"]
"""`sim` is the playground's (/api/topstep-sim), `live` the live gateway's (/api); gateway API, 1."""

ORDER_ID = re.compile(r"(?:ord_)?(-?[0-9]{1,18})")
NS = 1_000_000_000
MAX_NS = (1 << 63) - 1
FIRST_YEAR, LAST_YEAR = 1900, 2199
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = {
    "int": "a whole number",
    "number": "a finite number",
    "text": "text",
    "flag": "true or false",
    "time": "a time such as 2025-01-15T14:30:00Z",
    "date": f"a date such as 2025-01-15, of the years {FIRST_YEAR} to {LAST_YEAR}",
    "order id": "an order's id: a whole number, or text such as ord_12",
    "object": "an object",
    "list": "an array",
    "any": "a value",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request or an answer.

    Attributes:
        name, kind, meaning: As on the wire, its type, and what it says.
        required: Whether a request of the `sim` dialect must have it; an answer's field that is not required may be null.
        live: The same for the `live` dialect where that differs.
        low, high: Bounds; beyond them a request is malformed.
        only: The one dialect that has it, else empty.
        fields: Of an object, or of the objects of a list.
        closed: An object that refuses names it does not know.
    """

    name: str
    kind: Kind
    meaning: str = ""
    required: bool = False
    live: bool | None = None
    low: int | None = None
    high: int | None = None
    only: Literal["", "sim", "live"] = ""
    fields: tuple[Field, ...] = ()
    closed: bool = False

    def needed(self, dialect: Dialect) -> bool:
        """Whether a request of a dialect must have it."""
        return self.required if dialect == "sim" or self.live is None else self.live


def read(
    fields: tuple[Field, ...], body: Mapping[str, Any] | None, dialect: Dialect, where: str = ""
) -> dict[str, Any]:
    """Check a request and bring its values into form.

    Args:
        fields: The endpoint's table.
        body: What came; None counts as an empty object.
        dialect: Whose rules decide what is required.
        where: The object's own name with a dot, for messages.

    Returns:
        A value for each field of the table, None where it was left out: times in UTC nanoseconds, dates as `date`,
        numbers as floats, order ids as whole numbers (0 for one that can be nobody's).

    Raises:
        GatewayError: 400, naming the field, what was found and what was expected.
    """
    given = {} if body is None else body
    if not isinstance(given, Mapping):
        raise GatewayError(400, f"the request body: found {_found(given)}, expected an object")
    values: dict[str, Any] = {}
    for field in fields:
        raw = given.get(field.name)
        if raw is None:
            if field.needed(dialect):
                found = "null" if field.name in given else "nothing"
                raise GatewayError(400, f"{where}{field.name}: found {found}, expected {expected(field)}")
            values[field.name] = None
        else:
            values[field.name] = _value(field, raw, dialect, where)
    return values


def expected(field: Field) -> str:
    """The words for what a field takes, with its bounds."""
    words = _EXPECTED[field.kind]
    if field.low is not None and field.high is not None:
        return f"{words} from {field.low:,} to {field.high:,}"
    return words if field.low is None else f"{words}, {field.low:,} or more"


def to_ns(text: str) -> int:
    """UTC nanoseconds of an ISO 8601 time; one without a zone is UTC. A ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    ns = (since.days * 86_400 + since.seconds) * NS + since.microseconds * 1000
    return max(-MAX_NS, min(MAX_NS, ns))


def _value(field: Field, raw: Any, dialect: Dialect, where: str) -> Any:
    try:
        value = _READERS[field.kind](raw)
    except (TypeError, ValueError, OverflowError):
        told = f"{where}{field.name}: found {_found(raw)}, expected {expected(field)}"
        raise GatewayError(400, told) from None
    if field.low is not None and (value < field.low or (field.high is not None and value > field.high)):
        raise GatewayError(400, f"{where}{field.name}: found {_found(raw)}, expected {expected(field)}")
    if field.fields and field.kind == "object":
        if field.closed:
            _refuse_unknown(field, raw, where)
        return read(field.fields, raw, dialect, f"{where}{field.name}.")
    return value


def _refuse_unknown(field: Field, raw: Mapping[str, Any], where: str) -> None:
    known = [inner.name for inner in field.fields]
    for name in raw:
        if name not in known:
            raise GatewayError(400, f"{where}{field.name}: found the key {name!r}, expected one of {', '.join(known)}")


def _found(raw: Any) -> str:
    if isinstance(raw, str):
        return repr(raw if len(raw) < 60 else f"{raw[:57]}...")
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, list | tuple):
        return "an array"
    if isinstance(raw, int) and abs(raw) > 10**30:
        return "a number with more than 30 digits"
    return repr(raw) if isinstance(raw, int | float) else type(raw).__name__


def _int(raw: Any) -> int:
    if type(raw) is not int:
        raise TypeError
    return raw


def _number(raw: Any) -> float:
    if type(raw) not in (int, float) or not isfinite(raw):
        raise TypeError
    return float(raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError
    return raw


def _flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise TypeError
    return raw


def _date(raw: Any) -> date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", _text(raw), re.ASCII):
        raise ValueError
    day = date.fromisoformat(raw)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError
    return day


def _order_id(raw: Any) -> int:
    if type(raw) is int:
        return raw
    match = ORDER_ID.fullmatch(_text(raw))
    return int(match[1]) if match else 0


def _object(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise TypeError
    return raw


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise TypeError
    return raw


_READERS: dict[str, Any] = {
    "int": _int,
    "number": _number,
    "text": _text,
    "flag": _flag,
    "time": lambda raw: to_ns(_text(raw)),
    "date": _date,
    "order id": _order_id,
    "object": _object,
    "list": _list,
    "any": lambda raw: raw,
}
