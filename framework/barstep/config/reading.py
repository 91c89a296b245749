"""Text into values: the type of a field decides what its text means, and nothing is guessed."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path as FilePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from barstep.config.positions import Path, Quoted, near
from barstep.config.scalars import READERS, UnreadableError
from barstep.domain.option import Option

NO_BOUNDS = Option()
"""No bound on a number."""


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
    if hint not in READERS:
        raise TypeError(f"the type {getattr(hint, '__name__', hint)} cannot be read from text")
    try:
        return READERS[hint](raw)
    except UnreadableError as unreadable:
        raise RefusedError(describe(hint, bounds), unreadable.hint) from None


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
