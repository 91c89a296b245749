from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.data import SessionTable, hours_names, inline_hours, session_hours
from barstep.domain.errors import ConfigError
from barstep.domain.session import NS, Session, to_datetime

CHICAGO = SessionTable(session_hours("equity_index"))


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * NS


def shown(session: Session | None) -> list[str]:
    assert session is not None
    return [
        f"{to_datetime(opens, session.zone):%a %H:%M}-{to_datetime(closes, session.zone):%a %H:%M}"
        for opens, closes in session.spans
    ]


@pytest.mark.parametrize(
    ("day", "spans"),
    [
        (date(2024, 5, 8), ["Tue 17:00-Wed 16:00"]),
        (date(2021, 6, 25), ["Thu 17:00-Fri 15:15", "Fri 15:30-Fri 16:00"]),
        (date(2021, 6, 28), ["Sun 17:00-Mon 16:00"]),
        (date(2015, 9, 18), ["Thu 17:00-Fri 15:15", "Fri 15:30-Fri 16:15"]),
        (date(2015, 9, 21), ["Sun 17:00-Mon 15:15", "Mon 15:30-Mon 16:00"]),
        (date(2012, 11, 16), ["Thu 15:30-Thu 16:30", "Thu 17:00-Fri 15:15"]),
        (date(2012, 11, 12), ["Sun 17:00-Mon 15:15"]),
        (date(2013, 9, 3), ["Sun 17:00-Mon 10:30", "Mon 17:00-Tue 15:15", "Tue 15:30-Tue 16:15"]),
        (date(2025, 7, 3), ["Wed 17:00-Thu 12:15"]),
        (date(2025, 7, 7), ["Thu 17:00-Fri 12:00", "Sun 17:00-Mon 16:00"]),
        (date(2024, 11, 29), ["Wed 17:00-Thu 12:00", "Thu 17:00-Fri 12:15"]),
        (date(2025, 12, 26), ["Thu 17:00-Fri 16:00"]),
    ],
)
def test_spans_of_a_trade_date(day: date, spans: list[str]) -> None:
    assert shown(CHICAGO.on(day)) == spans


@pytest.mark.parametrize(
    ("name", "day", "spans"),
    [
        # the holiday's own trading belongs to the next trade date, until the clock time of the product group
        ("interest_rates", date(2024, 7, 5), ["Wed 17:00-Thu 12:00", "Thu 17:00-Fri 16:00"]),
        ("fx", date(2024, 7, 5), ["Wed 17:00-Thu 16:00", "Thu 17:00-Fri 16:00"]),
        ("fx", date(2021, 7, 6), ["Sun 17:00-Mon 12:00", "Mon 17:00-Tue 16:00"]),
        ("energy", date(2024, 7, 5), ["Wed 17:00-Thu 13:30", "Thu 17:00-Fri 16:00"]),
        ("metals", date(2013, 10, 8), ["Mon 17:00-Tue 16:15"]),
        ("metals", date(2026, 11, 27), ["Wed 17:00-Thu 13:30", "Thu 17:00-Fri 13:45"]),
        ("cbot_grains", date(2024, 7, 5), ["Fri 08:30-Fri 13:20"]),  # no evening on Independence Day
        ("cbot_grains", date(2023, 2, 21), ["Mon 19:00-Tue 07:45", "Tue 08:30-Tue 13:20"]),
        ("cbot_grains", date(2024, 11, 29), ["Fri 08:30-Fri 12:05"]),
        ("cbot_grains", date(2015, 7, 3), ["Thu 19:00-Fri 07:45", "Fri 08:30-Fri 13:15"]),
        ("cme_livestock", date(2025, 1, 9), ["Thu 08:30-Thu 12:15"]),
        ("cme_crypto", date(2026, 5, 29), ["Thu 17:00-Fri 16:00"]),
        ("cme_crypto", date(2026, 6, 1), ["Fri 16:00-Mon 17:00"]),  # round the clock from here on
        ("cme_crypto", date(2026, 6, 22), ["Thu 17:00-Mon 17:00"]),  # Juneteenth is no trade date of its own
    ],
)
def test_spans_of_other_product_groups(name: str, day: date, spans: list[str]) -> None:
    assert shown(SessionTable(session_hours(name)).on(day)) == spans


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("interest_rates", date(2018, 12, 5)),
        ("fx", date(2024, 3, 29)),
        ("metals", date(2026, 4, 3)),  # Good Friday, whatever report there is
        ("cbot_grains", date(2022, 6, 20)),
        ("cme_livestock", date(2024, 7, 4)),
    ],
)
def test_dates_without_a_session_of_other_product_groups(name: str, day: date) -> None:
    assert SessionTable(session_hours(name)).on(day) is None


@pytest.mark.parametrize("day", [date(2013, 9, 2), date(2024, 12, 25), date(2024, 3, 29), date(2024, 5, 11)])
def test_dates_without_a_session(day: date) -> None:
    assert CHICAGO.on(day) is None


def test_regular_hours_and_early_closes() -> None:
    usual, early, jobs = (CHICAGO.first_from(date(*day)) for day in ((2024, 5, 8), (2024, 12, 24), (2026, 4, 3)))
    assert (usual.early_close, early.early_close, jobs.early_close) == (False, True, True)
    assert (f"{usual.regular_open:%H:%M}", f"{usual.regular_close:%H:%M}") == ("08:30", "15:00")
    assert f"{early.regular_close:%H:%M}" == "12:15"
    assert jobs.regular is None  # it ends before the regular hours begin


def test_a_bar_belongs_to_the_session_before_a_break() -> None:
    times = ["2024-05-08T15:59", "2024-05-08T16:30", "2024-05-08T17:00", "2024-05-11T12:00"]
    sessions, owner, inside = CHICAGO.locate(np.array([ns(text + "-05:00") for text in times]))
    assert [sessions[k].date.day for k in owner] == [8, 8, 9, 10]
    assert inside.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("clock", "past"),
    [
        ("2015-09-21T15:09", False),
        ("2015-09-21T15:10", True),
        ("2015-09-21T15:31", True),  # a halt of some minutes does not end it
        ("2015-09-21T16:00", True),
        ("2015-09-20T17:05", False),
    ],
)
def test_a_flat_time_holds_until_the_next_session(clock: str, past: bool) -> None:
    session = CHICAGO.on(date(2015, 9, 21))
    assert session is not None
    session.clock_ns = ns(clock + "-05:00")
    assert session.is_past(clock_time(15, 10)) is past


def test_each_table_has_sessions_of_its_own() -> None:
    one, other = (SessionTable(session_hours("equity_index")).on(date(2015, 9, 21)) for _ in range(2))
    assert one is not None
    assert other is not None
    one.clock_ns = ns("2015-09-21T15:10-05:00")
    assert other.clock_ns == 0
    assert (one.spans, one.regular, one.early_close) == (other.spans, other.regular, other.early_close)


def test_a_bar_in_a_holiday_halt_belongs_to_the_next_trade_date() -> None:
    sessions, owner, inside = CHICAGO.locate(np.array([ns("2024-05-27T11:59-05:00"), ns("2024-05-27T13:00-05:00")]))
    assert [sessions[k].date for k in owner] == [date(2024, 5, 28)] * 2
    assert inside.tolist() == [True, False]


def test_locate_nothing() -> None:
    sessions, owner, inside = CHICAGO.locate(np.empty(0, np.int64))
    assert (sessions, len(owner), len(inside)) == ([], 0, 0)


@pytest.mark.parametrize("name", sorted(hours_names()))
def test_sessions_follow_each_other_over_a_year_of_clock_changes(name: str) -> None:
    table = SessionTable(session_hours(name))
    sessions = table.between(ns("2024-01-02T18:00+00:00"), ns("2024-12-30T18:00+00:00"))
    assert len(sessions) == (364 if name == "always" else len(sessions))
    for before, after in pairwise(sessions):
        assert before.date < after.date
        assert before.close_ns <= after.open_ns
    for session in sessions:
        edges = [edge for span in session.spans for edge in span]
        assert edges == sorted(set(edges))


def test_daylight_saving_keeps_the_clock_times() -> None:
    for day in (date(2024, 3, 8), date(2024, 3, 11), date(2024, 11, 1), date(2024, 11, 4)):
        session = CHICAGO.on(day)
        assert session is not None
        assert (f"{session.open:%H:%M}", f"{session.close:%H:%M}") == ("17:00", "16:00")


def test_crypto_weekend_belongs_to_monday() -> None:
    assert shown(SessionTable(session_hours("cme_crypto")).on(date(2026, 6, 8))) == ["Fri 17:00-Mon 17:00"]


@given(
    name=st.sampled_from(sorted(hours_names())),
    start=st.integers(1_262_304_000, 1_830_000_000),
    steps=st.lists(st.integers(1, 200_000), min_size=1, max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_every_moment_belongs_to_exactly_one_session(name: str, start: int, steps: list[int]) -> None:
    table = SessionTable(session_hours(name))
    times = (np.cumsum([start, *steps]) * NS).astype(np.int64)
    sessions, owner, inside = table.locate(times)
    assert sorted(set(owner.tolist()))[0] == 0
    for time, at, is_inside in zip(times.tolist(), owner.tolist(), inside.tolist(), strict=True):
        session = sessions[at]
        after = table.first_from(session.date + timedelta(days=1))
        assert session.open_ns <= time < after.open_ns
        assert is_inside == any(opens <= time < closes for opens, closes in session.spans)


def test_bounds_of_trade_dates() -> None:
    start, end = CHICAGO.bounds(date(2013, 9, 2), date(2013, 9, 3))
    assert (start, end) == (ns("2013-09-01T17:00-05:00"), ns("2013-09-03T17:00-05:00"))
    assert CHICAGO.bounds(None, None) == (None, None)


def test_a_range_outside_the_holiday_table_is_told() -> None:
    early = CHICAGO.beyond_calendar(ns("2009-06-01T00:00+00:00"), ns("2011-06-01T00:00+00:00"))
    assert early is not None
    assert "holds from 2010-01-01 to 2027-12-31" in early
    assert CHICAGO.beyond_calendar(ns("2010-06-01T00:00+00:00"), ns("2027-06-01T00:00+00:00")) is None


def test_inline_hours() -> None:
    table = SessionTable(inline_hours("Europe/Berlin", ["08:00-22:00"], regular="09:00-17:30"))
    session = table.on(date(2024, 7, 1))
    assert session is not None
    assert session.open == datetime(2024, 7, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "spans", "message"),
    [
        ("Chicago", ["17:00-16:00"], "America/Chicago"),
        ("UTC", ["17-16"], "such as 08:30"),
        ("UTC", ["17:00"], "open and close"),
        ("UTC", ["08:00-12:00", "11:00-16:00"], "time order"),
        ("UTC", ["17:00-16:00", "16:30-17:30"], "longer than a day"),
        ("UTC", [], "empty"),
    ],
)
def test_bad_inline_hours(zone: str, spans: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        inline_hours(zone, spans)


def test_unknown_names_list_near_ones() -> None:
    with pytest.raises(ConfigError, match="did you mean equity_index"):
        session_hours("equity")
    with pytest.raises(ConfigError, match="equity_index"):
        inline_hours("UTC", ["08:00-12:00"], calendar="nyse")
