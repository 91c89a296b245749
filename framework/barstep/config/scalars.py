"""Text into single values: numbers, dates, times and words in the one form that each type has."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from pathlib import Path as FilePath
from typing import Any

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(.*)")
_ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")


class UnreadableError(ValueError):
    """Text that is no value of a type; `hint` says what to type instead, if that is clear."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return bool(raw == "true")
    word = str(raw).lower()
    meant = "true" if word in ("yes", "on", "1", "true") else "false" if word in ("no", "off", "0", "false") else ""
    raise UnreadableError(f"did you mean {meant}?" if meant else "")


def _int(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and _INTEGER.fullmatch(raw):
        return int(raw)
    number = _cleaned(raw)
    whole = re.fullmatch(r"0*([0-9]+)(\.0*)?", number)
    raise UnreadableError(f"did you mean {whole[1]}?" if whole and _INTEGER.fullmatch(whole[1]) else "")


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
    raise UnreadableError(f"did you mean {cleaned}?" if cleaned and cleaned != str(raw) else "")


def _float(raw: Any) -> float:
    numeric = isinstance(raw, int | float) and not isinstance(raw, bool)
    if numeric or (isinstance(raw, str) and _NUMBER.fullmatch(raw)):
        number = float(raw)
    else:
        cleaned = _cleaned(raw)
        raise UnreadableError(f"did you mean {cleaned}?" if cleaned else "")
    if not isfinite(number):
        raise UnreadableError
    return number


def _str(raw: Any) -> str:
    if isinstance(raw, str):
        return str(raw)
    raise UnreadableError


def _date(raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise UnreadableError("this day does not exist") from None
    raise UnreadableError


def _time(raw: Any) -> time:
    if isinstance(raw, time) and raw.tzinfo is None and not raw.microsecond:
        return raw
    if isinstance(raw, str) and (match := _TIME.fullmatch(raw)):
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    raise UnreadableError


def _datetime(raw: Any) -> datetime:
    if isinstance(raw, datetime) and raw.tzinfo is not None:
        return raw
    match = _DATETIME.fullmatch(raw) if isinstance(raw, str) else None
    if isinstance(raw, datetime) or (match and not match[3]):
        raise UnreadableError("add the zone: Z for UTC, or the offset such as -05:00")
    if match and _ZONE.fullmatch(match[3]):
        try:
            return datetime.fromisoformat(raw)
        except ValueError:
            raise UnreadableError("this moment does not exist") from None
    raise UnreadableError


def _path(raw: Any) -> FilePath:
    if isinstance(raw, str | FilePath) and str(raw):
        return FilePath(raw)
    raise UnreadableError


READERS: dict[Any, Any] = {
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
"""How each type reads text, or a value of its own."""
