"""Windows of longer bars: counted from the session's open, cut where trading stops."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.data import SessionTable, Windows, check_longer, hours_names, session_hours
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError
from barstep.domain.session import NS, to_datetime

CHICAGO = ZoneInfo("America/Chicago")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=CHICAGO).timestamp()) * NS


def window(name: str, timeframe: str, text: str) -> str:
    found = Windows(SessionTable(session_hours(name)), Timeframe.parse(timeframe)).at(ns(text))
    start, end = (to_datetime(moment, CHICAGO) for moment in found[:2])
    return f"{start:%a %H:%M}-{end:%a %H:%M}"


@pytest.mark.parametrize(
    ("name", "timeframe", "at", "expected"),
    [
        ("equity_index", "15m", "2024-05-08T10:07", "Wed 10:00-Wed 10:15"),
        ("equity_index", "4h", "2024-05-07T17:00", "Tue 17:00-Tue 21:00"),
        ("equity_index", "4h", "2024-05-08T15:59", "Wed 13:00-Wed 16:00"),  # cut by the close
        ("equity_index", "7m", "2024-05-08T15:59", "Wed 15:59-Wed 16:00"),
        ("equity_index", "1h", "2013-09-03T15:10", "Tue 15:00-Tue 15:15"),  # cut by the break of that time
        ("equity_index", "1h", "2013-09-03T15:30", "Tue 15:30-Tue 16:00"),  # and counted on after it
        ("equity_index", "1h", "2013-09-03T16:10", "Tue 16:00-Tue 16:15"),
        ("equity_index", "1h", "2013-09-03T15:20", "Tue 15:15-Tue 15:30"),  # outside the hours: apart
        ("equity_index", "1D", "2024-05-08T15:00", "Tue 17:00-Wed 16:00"),
        ("equity_index", "24h", "2024-05-08T15:00", "Tue 17:00-Wed 16:00"),
        ("equity_index", "1D", "2024-05-27T11:00", "Sun 17:00-Tue 16:00"),  # the halted holiday belongs to Tuesday
        ("equity_index", "1D", "2024-05-28T11:00", "Sun 17:00-Tue 16:00"),
        ("equity_index", "1D", "2024-11-29T12:00", "Wed 17:00-Fri 12:15"),
        ("equity_index", "1D", "2024-05-08T16:30", "Wed 16:00-Wed 17:00"),
        ("equity_index", "5h", "2024-05-27T17:30", "Mon 17:00-Mon 22:00"),  # counted anew after the halt
        ("equity_index", "4h", "2026-03-08T17:30", "Sun 17:00-Sun 21:00"),  # daylight saving began that morning
        ("cbot_grains", "1h", "2024-05-08T07:15", "Wed 07:00-Wed 07:45"),
        ("cbot_grains", "1h", "2024-05-08T08:45", "Wed 08:30-Wed 09:00"),
        ("cbot_grains", "1D", "2024-05-08T08:45", "Tue 19:00-Wed 13:20"),
        ("cme_crypto", "1D", "2026-06-06T12:00", "Fri 17:00-Mon 17:00"),
    ],
)
def test_the_window_of_a_bar(name: str, timeframe: str, at: str, expected: str) -> None:
    assert window(name, timeframe, at) == expected


@given(
    name=st.sampled_from(sorted(hours_names())),
    timeframe=st.sampled_from(["3m", "15m", "1h", "4h", "5h", "1D"]),
    start=st.integers(1_262_304_000, 1_830_000_000),
    steps=st.lists(st.integers(1, 100_000), min_size=1, max_size=40),
)
@settings(max_examples=80, deadline=None)
def test_one_by_one_and_all_at_once_agree(name: str, timeframe: str, start: int, steps: list[int]) -> None:
    windows = Windows(SessionTable(session_hours(name)), Timeframe.parse(timeframe))
    times = (np.cumsum([start, *steps]) * NS).astype(np.int64)
    starts, ends, cut = windows.of(times)
    assert [windows.at(time) for time in times.tolist()] == list(
        zip(starts.tolist(), ends.tolist(), cut.tolist(), strict=True)
    )
    assert ((starts <= times) & (times < ends)).all()
    assert (np.diff(starts) >= 0).all()
    assert ((np.diff(starts) == 0) | (starts[1:] >= ends[:-1])).all(), "windows do not overlap"
    if timeframe != "1D":
        assert (ends - starts <= Timeframe.parse(timeframe).ns).all()


@given(
    name=st.sampled_from(sorted(hours_names())),
    timeframe=st.sampled_from(["15m", "4h", "1D"]),
    at=st.integers(1_262_304_000, 1_830_000_000),
)
@settings(max_examples=80, deadline=None)
def test_a_window_lies_in_one_stretch_of_one_session_or_outside_all(name: str, timeframe: str, at: int) -> None:
    table = SessionTable(session_hours(name))
    found = Windows(table, Timeframe.parse(timeframe)).at(at * NS)
    (session,) = {each.date: each for each in table.between(found.start, found.end - 1)}.values()
    spans = session.spans if timeframe != "1D" else ((session.open_ns, session.close_ns),)
    inside = [opens <= found.start and found.end <= closes for opens, closes in spans]
    apart = [found.end <= opens or closes <= found.start for opens, closes in spans]
    assert any(inside) or all(apart)


@pytest.mark.parametrize(("longer", "base"), [("1m", "1m"), ("1m", "5m"), ("5m", "2m"), ("2D", "1D"), ("1D", "7m")])
def test_what_cannot_be_made_is_refused(longer: str, base: str) -> None:
    with pytest.raises(ConfigError, match=f"{longer} bars cannot be made of {base} bars: expected a multiple"):
        check_longer(Timeframe.parse(longer), Timeframe.parse(base))
