"""Our holiday tables against the calendars of pandas_market_calendars, difference by difference."""

from __future__ import annotations

import json
import warnings
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from barstep import data
from barstep.data import SessionTable, session_hours
from barstep.data.hours import calendar_names, holiday_calendar
from barstep.domain.session import to_datetime

LIBRARY = {
    "equity_index": "CME Globex Equity",
    "interest_rates": "CME Globex Fixed Income",
    "fx": "CMEGlobex_FX",
    "energy": "CMEGlobex_CL",
    "metals": "CMEGlobex_GC",
    "cbot_grains": "CMEGlobex_Grains",
    "cme_livestock": "CMEGlobex_Livestock",
    "cme_crypto": "CME Globex Crypto",
}
USUAL = {
    "equity_index": {"15:15", "16:00", "16:15", "16:30"},
    "energy": {"16:00", "16:15"},
    "metals": {"16:00", "16:15"},
    "cbot_grains": {"13:20"},
    "cme_livestock": {"13:05"},
}
ROUND_THE_CLOCK = date(2026, 5, 28)  # the library does not know the hours of cryptocurrencies since then

GOOD_FRIDAYS = "2024-03-29 2025-04-18 2027-03-26"
JUNETEENTH = "2022-06-20 2023-06-19 2024-06-19 2025-06-19 2026-06-19 2027-06-18"
BLACK_FRIDAYS = (
    "2016-11-25 2017-11-24 2018-11-23 2019-11-29 2020-11-27 2021-11-26 2022-11-25 2023-11-24 2024-11-29 2025-11-28 "
    "2026-11-27 2027-11-26"
)
NYMEX = [
    (
        "12:00",
        "12:15",
        "halt of that time: LEAN's table, and the exchange's schedule of July 2013",
        "2012-01-16 2012-02-20 2012-05-28 2012-07-04 2012-09-03 2012-11-22 2013-01-21 2013-02-18 2013-05-27 2013-07-04 "
        "2013-09-02 2013-11-28 2014-01-20 2014-02-17",
    ),
    (
        "usual",
        "12:45",
        "Christmas Eve: LEAN's table of 2012 to 2019, and the library itself for 2026",
        "2012-12-24 2013-12-24 2014-12-24 2015-12-24 2018-12-24 2019-12-24 2020-12-24 2024-12-24 2025-12-24",
    ),
]
CLOSED_FOR_JUNETEENTH = ("usual", "closed", "grain and livestock markets closed, reports of 2022", JUNETEENTH)
# what the library says, what our table says, why ours is right, on which dates
EXPLAINED = {
    "equity_index": [
        ("usual", "08:15", "Hurricane Sandy, exchange notice of that day", "2012-10-29 2012-10-30"),
        ("usual", "08:30", "days of mourning: notices of the exchange", "2018-12-05 2025-01-09"),
        ("08:15", "closed", "Good Friday without a jobs report", GOOD_FRIDAYS),
    ],
    "interest_rates": [
        ("usual", "closed", "day of mourning: notice of the exchange", "2018-12-05"),
        ("usual", "12:15", "day of mourning: notice of the exchange", "2025-01-09"),
        ("10:15", "closed", "Good Friday without a jobs report", GOOD_FRIDAYS),
    ],
    "fx": [
        ("closed", "10:15", "Good Friday with a jobs report: LEAN's table", "2015-04-03"),
        ("10:15", "closed", "Good Friday without a jobs report", GOOD_FRIDAYS),
    ],
    "energy": NYMEX,
    "metals": NYMEX,
    "cbot_grains": [
        ("usual", "12:05", "noon on the day after Thanksgiving: market reports", BLACK_FRIDAYS),
        (
            "usual",
            "12:05",
            "before Christmas, as livestock: market report of 2017, LEAN's table",
            "2016-12-23 2017-12-22 2018-12-24 2019-12-24 2020-12-24 2024-12-24 2025-12-24 2026-12-24",
        ),
        (
            "usual",
            "12:05",
            "before Independence Day: market report of 2019, LEAN's table",
            "2017-07-03 2018-07-03 2019-07-03 2020-07-02",
        ),
        ("usual", "12:15", "day of mourning: notice of the exchange", "2025-01-09"),
        CLOSED_FOR_JUNETEENTH,
    ],
    "cme_livestock": [
        (
            "12:05",
            "12:15",
            "close of that time: LEAN's table",
            "2016-11-25 2017-11-24 2018-11-23 2018-12-24 2019-11-29 2019-12-24",
        ),
        (
            "usual",
            "12:15",
            "before Christmas and Independence Day: LEAN's table; day of mourning: notice",
            "2016-12-23 2017-07-03 2017-12-22 2018-07-03 2019-07-03 2020-07-02 2025-01-09",
        ),
        CLOSED_FOR_JUNETEENTH,
    ],
    "cme_crypto": [
        ("10:15", "closed", "Good Friday without a jobs report", "2024-03-29 2025-04-18"),
        ("12:15", "usual", "only equities close early: exchange schedule of 2024", "2023-07-03 2024-07-03 2025-07-03"),
    ],
}


def bounds(name: str) -> tuple[date, date]:
    table = holiday_calendar(session_hours(name).calendar)
    return table.first, min(table.last, ROUND_THE_CLOCK) if name == "cme_crypto" else table.last


def as_usual(name: str, clock: str) -> str:
    return "usual" if clock in USUAL.get(name, {"16:00"}) else clock


def our_closes(name: str) -> dict[date, str]:
    """How each weekday ends by our table: `closed`, `usual` or the clock time at which trading stops early."""
    table = SessionTable(session_hours(name))
    first, last = bounds(name)
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    ends: dict[date, datetime] = {}
    for day in [*days, *(last + timedelta(days=k) for k in range(1, 6))]:
        session = table.on(day)
        for _, close in session.spans if session else ():
            moment = to_datetime(close, table.zone)
            ends[moment.date()] = max(moment, ends.get(moment.date(), moment))
    weekdays = [day for day in days if day.weekday() < 5]
    return {day: as_usual(name, f"{ends[day]:%H:%M}") if day in ends else "closed" for day in weekdays}


def library_closes(name: str) -> dict[date, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours
        calendars = pytest.importorskip("pandas_market_calendars")
        first, last = bounds(name)
        schedule = calendars.get_calendar(LIBRARY[name]).schedule(first.isoformat(), last.isoformat())
        closes = schedule["market_close"].dt.tz_convert("America/Chicago")
    return {day.date(): as_usual(name, f"{moment:%H:%M}") for day, moment in closes.items()}


@pytest.mark.parametrize("name", LIBRARY)
def test_differences_from_the_library_are_the_explained_ones(name: str) -> None:
    ours, theirs = our_closes(name), library_closes(name)
    found = {
        day: (theirs.get(day, "closed"), close) for day, close in ours.items() if theirs.get(day, "closed") != close
    }
    explained = {
        date.fromisoformat(day): (there, here) for there, here, _, days in EXPLAINED[name] for day in days.split()
    }
    assert found == explained


@pytest.mark.parametrize("name", LIBRARY)
def test_most_weekdays_are_ordinary(name: str) -> None:
    kinds = list(our_closes(name).values())
    years = len(kinds) / 261
    assert kinds.count("usual") > 0.94 * len(kinds)
    assert 3 * years < len(kinds) - kinds.count("usual") < 14.5 * years


def test_each_product_group_has_its_hours_and_its_table() -> None:
    groups = {(item.asset_class, item.session.name) for item in map(data.instrument, data.instrument_names())}
    without = {("equity index", "globex_23h")}  # NKD: no source tells its holidays
    assert {name for _, name in groups - without} == set(LIBRARY)
    assert {session_hours(name).calendar for name in LIBRARY} == set(calendar_names())


@pytest.mark.parametrize("name", [*(f"holidays_{name}.json" for name in calendar_names()), "session_hours.json"])
def test_a_table_names_its_sources_and_is_in_order(name: str) -> None:
    raw = json.loads((Path(data.__file__).parent / name).read_text("utf-8"))
    assert raw["sources"]
    days = list(raw.get("days", ()))
    assert days == sorted(days)
    assert all(raw["first"] <= day <= raw["last"] for day in days)
    assert all(date.fromisoformat(day).weekday() < 5 for day in days)


def test_no_date_is_explained_twice() -> None:
    for rows in EXPLAINED.values():
        days = list(chain.from_iterable(row[3].split() for row in rows))
        assert len(days) == len(set(days))
