"""Our holiday table against the equity calendar of pandas_market_calendars, difference by difference."""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta

import pytest

from barstep.data import SessionTable, session_hours
from barstep.domain.session import to_datetime

FIRST, LAST = date(2010, 1, 1), date(2027, 12, 31)

# date -> (what the library says, what our table says, why ours is right)
EXPLAINED = {
    date(2012, 10, 29): ("usual", "08:15", "Hurricane Sandy, exchange notice of that day"),
    date(2012, 10, 30): ("usual", "08:15", "Hurricane Sandy, exchange notice of that day"),
    date(2018, 12, 5): ("usual", "08:30", "national day of mourning: closed with the cash market"),
    date(2025, 1, 9): ("usual", "08:30", "national day of mourning: closed with the cash market"),
    date(2024, 3, 29): ("08:15", "closed", "Good Friday without a jobs report"),
    date(2025, 4, 18): ("08:15", "closed", "Good Friday without a jobs report"),
    date(2027, 3, 26): ("08:15", "closed", "Good Friday without a jobs report"),
}


def our_closes() -> dict[date, str]:
    """How each weekday ends by our table: `closed`, `usual` or the clock time at which trading stops early."""
    table = SessionTable(session_hours("equity_index"))
    ends: dict[date, datetime] = {}
    day = FIRST
    while day <= LAST + timedelta(days=5):
        session = table.on(day)
        for _, close in session.spans if session else ():
            moment = to_datetime(close, table.zone)
            ends[moment.date()] = max(moment, ends.get(moment.date(), moment))
        day += timedelta(days=1)
    usual = {"15:15", "16:00", "16:15", "16:30"}
    weekdays = [FIRST + timedelta(days=k) for k in range((LAST - FIRST).days + 1)]
    found = {}
    for day in (day for day in weekdays if day.weekday() < 5):
        clock = f"{ends[day]:%H:%M}" if day in ends else "closed"
        found[day] = "usual" if clock in usual else clock
    return found


def library_closes() -> dict[date, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours
        calendars = pytest.importorskip("pandas_market_calendars")
        schedule = calendars.get_calendar("CME Globex Equity").schedule(FIRST.isoformat(), LAST.isoformat())
        closes = schedule["market_close"].dt.tz_convert("America/Chicago")
    found = {day.date(): f"{moment:%H:%M}" for day, moment in closes.items()}
    return {day: "usual" if clock == "16:00" else clock for day, clock in found.items()}


def test_differences_from_the_library_are_the_explained_ones() -> None:
    ours, theirs = our_closes(), library_closes()
    found = {
        day: (theirs.get(day, "closed"), close) for day, close in ours.items() if theirs.get(day, "closed") != close
    }
    assert found == {day: (there, here) for day, (there, here, _) in EXPLAINED.items()}


def test_a_session_is_open_on_every_ordinary_weekday() -> None:
    kinds = list(our_closes().values())
    assert kinds.count("usual") > 0.95 * len(kinds)
    assert 18 * 10 < len(kinds) - kinds.count("usual") < 18 * 13
