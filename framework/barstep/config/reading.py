"""Text into values: the type of a field decides what its text means, and nothing is guessed."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from pathlib import Path as FilePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from barstep.config.positions import Path, Quoted, near
from barstep.domain.option import Option

NO_BOUNDS = Option()
"""No bound on a number."""

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(.*)")
_ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")

_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    str: "text",
    date: "a date such as 2013-09-01",
    time: "a time of day such as 15:10",
    datetime: "a date and time with its zone such as 2013-09-03T14:30:00-05:00",
    FilePath: "a path",
    NoneType: "nothing",
}


class RefusedError(ValueError):
    """A value that its field cannot take.

    Attributes:
        expected: What the field takes.
        hint: What to type instead, if that is clear.
        got: What was found, where that is not simply the value.
        at: Where below the field the value lies.
        several: The faults of a list's entries, in place of all the others.
    """

    def __init__(
        self,
        expected: str,
        hint: str = "",
        *,
        got: str = "",
        at: Path = (),
        several: tuple[RefusedError, ...] = (),
    ) -> None:
        super().__init__(expected)
        self.expected, self.hint, self.got, self.at = expected, hint, got, at
        self.several: tuple[RefusedError, ...] = several or (self,)


def read(hint: Any, raw: Any, bounds: Option = NO_BOUNDS) -> Any:
    """The value that text, or a value from Python, has under a type.

    Args:
        hint: bool, int, float, Decimal, str, date, time, datetime (with a zone), Path, Literal, a union, a list, or a
            dict with text as keys.
        raw: Text from YAML, or an object of the type itself.
        bounds: Limits of a number, also of each number in a list.

    Raises:
        RefusedError: The text does not fit; it says what would.
        TypeError: The type is none of the above.
    """
    if get_origin(hint) is list:
        return _list(hint, raw, bounds)
    if get_origin(hint) is dict:
        return _dict(hint, raw, bounds)
    value = _read(hint, raw, bounds)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and not _within(value, bounds):
        raise RefusedError(describe(hint, bounds))
    return value


def describe(hint: Any, bounds: Option = NO_BOUNDS) -> str:
    """What a type takes, in words: `a whole number >= 1`."""
    if get_origin(hint) is Annotated:
        return describe(get_args(hint)[0], bounds)
    if get_origin(hint) is Literal:
        names = [_text(value) for value in get_args(hint)]
        return names[0] if len(names) == 1 else f"one of {', '.join(names)}"
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(dict.fromkeys(describe(member, bounds) for member in get_args(hint)))
    if get_origin(hint) is list:
        return f"a list, each entry {describe(get_args(hint)[0], bounds)}"
    if get_origin(hint) is dict:
        return f"a mapping, each value {describe(get_args(hint)[1], bounds)}"
    return _NAMES.get(hint, "a value") + (_bounds_text(bounds) if hint in (int, float, Decimal) else "")


def _read(hint: Any, raw: Any, bounds: Option) -> Any:
    if hint is Any or hint is object:
        return raw
    if get_origin(hint) is Annotated:
        return _read(get_args(hint)[0], raw, bounds)
    if get_origin(hint) is Literal:
        return _literal(hint, raw)
    if get_origin(hint) in (Union, UnionType):
        return _union(hint, raw, bounds)
    if get_origin(hint) in (list, dict):
        return (_list if get_origin(hint) is list else _dict)(hint, raw, bounds)
    if hint not in _READERS:
        raise TypeError(f"the type {getattr(hint, '__name__', hint)} cannot be read from text")
    try:
        return _READERS[hint](raw)
    except RefusedError as refused:
        raise RefusedError(describe(hint, bounds), refused.hint) from None


def _within(value: int | float | Decimal, bounds: Option) -> bool:
    return (
        (bounds.ge is None or value >= bounds.ge)
        and (bounds.gt is None or value > bounds.gt)
        and (bounds.le is None or value <= bounds.le)
        and (bounds.lt is None or value < bounds.lt)
    )


def _bounds_text(bounds: Option) -> str:
    limits = ((">=", bounds.ge), (">", bounds.gt), ("<=", bounds.le), ("<", bounds.lt))
    text = " and ".join(f"{sign} {limit}" for sign, limit in limits if limit is not None)
    return f" {text}" if text else ""


def _text(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return bool(raw == "true")
    word = str(raw).lower()
    meant = "true" if word in ("yes", "on", "1", "true") else "false" if word in ("no", "off", "0", "false") else ""
    raise RefusedError("", f"did you mean {meant}?" if meant else "")


def _int(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and _INTEGER.fullmatch(raw):
        return int(raw)
    number = _cleaned(raw)
    whole = re.fullmatch(r"0*([0-9]+)(\.0*)?", number)
    raise RefusedError("", f"did you mean {whole[1]}?" if whole and _INTEGER.fullmatch(whole[1]) else "")


def _cleaned(raw: Any) -> str:
    """What a number would be without separators and currency, or an empty text."""
    text = str(raw).strip().lstrip("$").replace("_", "")
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return text if _NUMBER.fullmatch(text) else ""


def _decimal(raw: Any) -> Decimal:
    number = Decimal(0)
    readable = isinstance(raw, int | float | Decimal) and not isinstance(raw, bool)
    if readable:
        number = raw if isinstance(raw, Decimal) else Decimal(str(raw))
    elif isinstance(raw, str) and _NUMBER.fullmatch(raw):
        number, readable = Decimal(raw), True
    # A number such as 1e9999 is a slip, and its exact value would fill the memory.
    if readable and number.is_finite() and abs(number.adjusted()) <= 18:
        return number
    cleaned = _cleaned(raw)
    raise RefusedError("", f"did you mean {cleaned}?" if cleaned and cleaned != str(raw) else "")


def _float(raw: Any) -> float:
    numeric = isinstance(raw, int | float) and not isinstance(raw, bool)
    if numeric or (isinstance(raw, str) and _NUMBER.fullmatch(raw)):
        number = float(raw)
    else:
        cleaned = _cleaned(raw)
        raise RefusedError("", f"did you mean {cleaned}?" if cleaned else "")
    if not isfinite(number):
        raise RefusedError("")
    return number


def _str(raw: Any) -> str:
    if isinstance(raw, str):
        return str(raw)
    raise RefusedError("")


def _date(raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise RefusedError("", "this day does not exist") from None
    raise RefusedError("")


def _time(raw: Any) -> time:
    if isinstance(raw, time) and raw.tzinfo is None and not raw.microsecond:
        return raw
    if isinstance(raw, str) and (match := _TIME.fullmatch(raw)):
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    raise RefusedError("")


def _datetime(raw: Any) -> datetime:
    if isinstance(raw, datetime) and raw.tzinfo is not None:
        return raw
    match = _DATETIME.fullmatch(raw) if isinstance(raw, str) else None
    if isinstance(raw, datetime) or (match and not match[3]):
        raise RefusedError("", "add the zone: Z for UTC, or the offset such as -05:00")
    if match and _ZONE.fullmatch(match[3]):
        try:
            return datetime.fromisoformat(raw)
        except ValueError:
            raise RefusedError("", "this moment does not exist") from None
    raise RefusedError("")


def _path(raw: Any) -> FilePath:
    if isinstance(raw, str | FilePath) and str(raw):
        return FilePath(raw)
    raise RefusedError("")


_READERS: dict[Any, Any] = {
    FilePath: _path,
    bool: _bool,
    int: _int,
    float: _float,
    Decimal: _decimal,
    str: _str,
    date: _date,
    time: _time,
    datetime: _datetime,
}


def _literal(hint: Any, raw: Any) -> Any:
    for value in get_args(hint):
        if (type(raw) is type(value) and raw == value) or (isinstance(raw, str) and raw == _text(value)):
            return value
    names = [_text(value) for value in get_args(hint)]
    raise RefusedError(describe(hint), near(str(raw), names) if len(names) > 1 else "")


def _union(hint: Any, raw: Any, bounds: Option) -> Any:
    members = [member for member in get_args(hint) if member is not NoneType]
    if raw is None and NoneType in get_args(hint):
        return None
    if len(members) == 1:
        return _read(members[0], raw, bounds)
    # Text is what everything can be read as: it comes last, unless quotes say that text is meant.
    members.sort(key=lambda member: (member is str) != isinstance(raw, Quoted))
    hints = []
    for member in members:
        try:
            return _read(member, raw, bounds)
        except RefusedError as refused:
            hints.append(refused.hint)
    raise RefusedError(describe(hint, bounds), next((text for text in hints if text), ""))


def _dict(hint: Any, raw: Any, bounds: Option) -> dict[str, Any]:
    """A mapping with text as keys."""
    if not isinstance(raw, dict):
        raise RefusedError(describe(hint, bounds))
    values: dict[str, Any] = {}
    faults = []
    for name, item in raw.items():
        try:
            values[str(name)] = read(get_args(hint)[1], item, bounds)
        except RefusedError as refused:
            faults += [RefusedError(one.expected, one.hint, got=one.got, at=(name, *one.at)) for one in refused.several]
    if faults:
        raise RefusedError(describe(hint, bounds), several=tuple(faults))
    return values


def _list(hint: Any, raw: Any, bounds: Option) -> list[Any]:
    if not isinstance(raw, list | tuple):
        raise RefusedError(describe(hint, bounds), f"did you mean [{raw}]?" if isinstance(raw, str) else "")
    values, faults = [], []
    for index, item in enumerate(raw):
        try:
            values.append(read(get_args(hint)[0], item, bounds))
        except RefusedError as refused:
            faults += [
                RefusedError(one.expected, one.hint, got=one.got, at=(index, *one.at)) for one in refused.several
            ]
    if faults:
        raise RefusedError(describe(hint, bounds), several=tuple(faults))
    return values
