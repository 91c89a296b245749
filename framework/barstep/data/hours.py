"""Named trading hours and holiday tables, read from the packaged JSON files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from barstep.domain.errors import ConfigError
from barstep.domain.session import SessionHours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DAY = 1440
"""Minutes in a day."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day that differs from the usual hours.

    Attributes:
        kind: `closed` (no session), `halt` (trading stops at `minute`, the stretch belongs to the next trade date),
            `early` (a trade date of its own that ends at `minute`) or `hours` (one that also begins at `opens` only).
        minute: Minutes from local midnight; None when closed.
        name: What the day is.
        opens: Minutes from local midnight before which nothing trades; None where the evening before does.
    """

    kind: str
    minute: int | None
    name: str
    opens: int | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """A holiday table; days outside it count as ordinary.

    Attributes:
        first, last: The dates from and to which the table holds, both inclusive.
        days: Holiday by date.
    """

    first: date
    last: date
    days: Mapping[date, Holiday]


NO_HOLIDAYS = Calendar(date.min, date.max, {})
"""The calendar of hours that name none."""


def near_names(name: str, known: Iterable[str]) -> str:
    """The end of an error message about an unknown name: close names first, else all of them."""
    lower = {item.lower(): item for item in known}
    close = get_close_matches(name.lower(), lower, 3, 0.6)
    if name.lower() in lower:
        close = close[:1]
    if close:
        return f"did you mean {' or '.join(lower[item] for item in close)}?"
    return f"known: {', '.join(lower.values())}"


def parse_clock(text: str) -> int:
    """Minutes from midnight of `15:10`; `24:00` is allowed, anything else is a ConfigError."""
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)", text.strip())
    minutes = int(match[1]) * 60 + int(match[2]) if match else DAY + 1
    if minutes > DAY:
        raise ConfigError(f"{text!r} is not a clock time: write hours and minutes, such as 08:30 or 17:00")
    return minutes


def parse_span(text: str) -> tuple[int, int]:
    """One stretch of trading, `17:00-16:00`, as minutes from midnight of the trade date.

    An open that is not before its close lies on the evening before; `15:30-16:30 before` lies wholly on that day.
    """
    clocks, _, mark = text.strip().partition(" ")
    opens, dash, closes = clocks.partition("-")
    if not dash or mark not in ("", "before"):
        raise ConfigError(f"{text!r} is not a stretch of trading: write open and close, such as 17:00-16:00")
    start, end = parse_clock(opens), parse_clock(closes)
    if mark:
        return start - DAY, end - DAY
    return (start, end) if start < end else (start - DAY, end)


def inline_hours(
    zone: str,
    spans: Iterable[str],
    *,
    name: str = "inline",
    weekdays: Iterable[int] = (0, 1, 2, 3, 4),
    regular: str | None = None,
    calendar: str | None = None,
    weekend_trades: bool = False,
    earlier: Iterable[tuple[str, Iterable[str]]] = (),
) -> SessionHours:
    """Trading hours from clock texts.

    Args:
        zone: IANA name of the exchange's zone.
        spans: Stretches of one trading day in time order, such as `["17:00-15:15", "15:30-16:00"]`.
        name: Name the hours carry.
        weekdays: Trade dates that exist, Monday is 0.
        regular: Regular hours, such as `08:30-15:00`.
        calendar: Name of a packaged holiday table.
        weekend_trades: The time between two trade dates trades too and belongs to the later one.
        earlier: Older patterns as (last trade date, spans), oldest first; on them weekends do not trade.

    Raises:
        ConfigError: For a bad clock time, stretches that overlap, an unknown zone or holiday table.
    """
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"{zone!r} is no time zone: write an IANA name such as America/Chicago") from error
    if calendar is not None and calendar not in calendar_names():
        raise ConfigError(f"no holiday table {calendar!r}; {near_names(calendar, calendar_names())}")
    return SessionHours(
        name,
        zone,
        _ordered(spans),
        tuple(sorted(weekdays)),
        parse_span(regular) if regular else None,
        calendar,
        tuple((date.fromisoformat(last), _ordered(old)) for last, old in earlier),
        weekend_trades,
    )


def _ordered(texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
    texts = list(texts)
    spans = tuple(parse_span(text) for text in texts)
    edges = [minute for span in spans for minute in span]
    if not edges or any(a > b for a, b in pairwise(edges)):
        raise ConfigError(f"trading hours {texts} are empty or overlap: list the stretches in time order")
    if edges[-1] - edges[0] > DAY:
        raise ConfigError(f"trading hours {texts} are longer than a day")
    return spans


def hours_names() -> list[str]:
    """Names of the packaged trading hours."""
    return list(_hours_table())


@cache
def session_hours(name: str) -> SessionHours:
    """Packaged trading hours by name; ConfigError with near names for an unknown one."""
    table = _hours_table()
    if name not in table:
        raise ConfigError(f"no trading hours {name!r}; {near_names(name, table)}")
    return inline_hours(name=name, **table[name])


def calendar_names() -> list[str]:
    """Names of the packaged holiday tables."""
    return sorted(p.stem.removeprefix("holidays_") for p in Path(__file__).parent.glob("holidays_*.json"))


@cache
def holiday_calendar(name: str | None) -> Calendar:
    """A packaged holiday table by name; None is the table without holidays."""
    if name is None:
        return NO_HOLIDAYS
    if name not in calendar_names():
        raise ConfigError(f"no holiday table {name!r}; {near_names(name, calendar_names())}")
    raw = read_packaged(f"holidays_{name}.json")
    days = {date.fromisoformat(day): _holiday(*entry) for day, entry in raw["days"].items()}
    return Calendar(date.fromisoformat(raw["first"]), date.fromisoformat(raw["last"]), days)


def _holiday(kind: str, clock: str | None, what: str) -> Holiday:
    if kind == "hours":
        opens, closes = parse_span(clock or "")
        return Holiday(kind, closes, what, opens)
    return Holiday(kind, parse_clock(clock) if clock else None, what)


@cache
def _hours_table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = read_packaged("session_hours.json")["hours"]
    return table


def read_packaged(name: str) -> dict[str, Any]:
    """One of the JSON tables that lie beside this module."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text("utf-8"))
    return content
