"""What a check finds in bars, and how clocks are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from barstep.data import SessionTable, SyntheticStream, front_contract, instrument
from barstep.data.audit import Audit, Rows
from barstep.data.clock import ZONES, bad_days, misread, prove, repeated_hours, to_local, to_utc
from barstep.data.findings import Finding
from barstep.domain.bar import Timeframe
from barstep.domain.session import NS

NQ = instrument("NQ")
TABLE = SessionTable(NQ.session)
MINUTE = 60 * NS


def rows(timeframe: str, first: date, last: date, seed: int = 4) -> Rows:
    stream = SyntheticStream(front_contract(NQ, first), Timeframe.parse(timeframe), seed=seed, start=first, end=last)
    chunks = list(stream.chunks())
    start = np.concatenate([chunk.start_ns for chunk in chunks])
    prices = {
        name[0]: np.concatenate([getattr(chunk, name) for chunk in chunks]) * 0.25
        for name in ("open", "high", "low", "close")
    }
    volume = np.concatenate([chunk.volume for chunk in chunks]).astype(np.float64) + 1
    return Rows(np.arange(len(start)), start, prices, volume, np.ones(len(start), np.bool_))


def found(given: Rows, timeframe: str, chunk: int = 100_000) -> dict[str, Finding]:
    audit = Audit(NQ, Timeframe.parse(timeframe), TABLE, lambda row: f"row {row}")
    for low in range(0, len(given), chunk):
        audit.add(given.where(np.arange(len(given)) // chunk == low // chunk))
    return {each.kind: each for each in audit.findings()}


def without(given: Rows, *places: int) -> Rows:
    return given.where(~np.isin(np.arange(len(given)), places))


@pytest.mark.parametrize("chunk", [100_000, 97, 1])
def test_clean_bars_over_holidays_and_clock_changes(chunk: int) -> None:
    assert found(rows("15m", date(2023, 10, 30), date(2023, 11, 28)), "15m", chunk) == {}


@pytest.mark.parametrize("chunk", [100_000, 61])
def test_a_hole_and_a_missing_day(chunk: int) -> None:
    given = rows("1m", date(2024, 5, 6), date(2024, 5, 10))
    day = 1380
    holes = found(without(given, 700, 701, *range(2 * day, 3 * day)), "1m", chunk)
    assert set(holes) == {"gaps", "sessions"}
    assert (holes["gaps"].count, holes["sessions"].count, holes["sessions"].places) == (2, 1, ["2024-05-08"])
    assert "1,382 bars; the longest 23h" in holes["gaps"].what


def test_spikes() -> None:
    given = rows("1m", date(2024, 5, 6), date(2024, 5, 7))
    given.prices["h"][300] += 900
    assert found(given, "1m")["spikes"].places == ["row 300 (2024-05-06T03:00:00Z)"]
    calm = rows("1m", date(2024, 5, 6), date(2024, 5, 7))
    for key in "ohlc":
        calm.prices[key][1380:] += 900  # another day may open anywhere
    assert "spikes" not in found(calm, "1m")


def test_open_and_close_exchanged() -> None:
    given = rows("1m", date(2024, 5, 6), date(2024, 5, 7))
    given.prices["o"], given.prices["c"] = given.prices["c"], given.prices["o"]
    assert set(found(given, "1m")) == {"swapped"}


def test_off_time_and_overlaps() -> None:
    given = rows("1m", date(2024, 5, 6), date(2024, 5, 7))
    given.start[500] += 30 * NS
    seen = found(given, "1m")
    assert {"off_time", "overlaps"} <= set(seen)
    assert seen["overlaps"].severity == "fault"


def test_a_zone_with_other_clock_changes() -> None:
    given = rows("15m", date(2024, 2, 26), date(2024, 3, 22))
    winter = to_local(given.start, "America/Chicago")
    given.start = winter + 6 * 3600 * NS  # read as if Chicago had no summer time
    seen = found(given, "15m")
    assert "clock_changes" in seen
    assert "outside" not in seen
    assert "other daylight-saving rules" in seen["clock_changes"].text


def test_years_beyond_the_holiday_table() -> None:
    given = rows("1h", date(2061, 5, 2), date(2061, 5, 6))
    assert "holiday table" in found(given, "1h")["calendar"].text


@pytest.mark.parametrize("zone", [*ZONES, "Australia/Lord_Howe"])
def test_times_of_a_zone_are_those_of_polars(zone: str) -> None:
    hours = pl.datetime_range(
        datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC), "30m", time_unit="ns", eager=True
    )
    local = hours.dt.convert_time_zone(zone).dt.replace_time_zone(None).to_physical().to_numpy()
    utc = hours.to_physical().to_numpy()
    assert (to_local(utc, zone) == local).all()
    odd = repeated_hours(local, zone)
    assert (to_utc(local, zone)[~odd] == utc[~odd]).all()
    assert odd.sum() <= 2 * 2 * 2


@pytest.mark.parametrize(
    "zone", ["UTC", "America/Chicago", "America/New_York", "Europe/London", "Etc/GMT+5", "Asia/Tokyo"]
)
@pytest.mark.parametrize("stamp", ["open", "close"])
def test_every_clock_is_proved_over_a_change(zone: str, stamp: str) -> None:
    given = rows("5m", date(2024, 3, 1), date(2024, 4, 5))
    local = to_local(given.start + (5 * MINUTE if stamp == "close" else 0), zone)
    verdict = prove(local, 5 * MINUTE, TABLE)
    assert verdict.proved is not None
    assert (verdict.proved.zone, verdict.proved.stamp, verdict.proved.bad_days) == (zone, stamp, 0)
    assert bad_days(local, 5 * MINUTE, TABLE, zone, "close" if stamp == "open" else "open") > 20


def test_bars_of_the_day_alone_prove_nothing() -> None:
    given = rows("5m", date(2024, 5, 6), date(2024, 5, 17))
    clock = (to_local(given.start, "America/Chicago") // (60 * MINUTE)) % 24
    day = given.where((clock >= 9) & (clock < 14))
    verdict = prove(to_local(day.start, "America/Chicago"), 5 * MINUTE, TABLE)
    assert verdict.proved is None
    assert len(verdict.rivals) > 2


def test_one_known_side_leaves_the_other_to_prove() -> None:
    given = rows("5m", date(2024, 5, 6), date(2024, 5, 17))
    local = to_local(given.start, "America/New_York")
    verdict = prove(local, 5 * MINUTE, TABLE, fixed_stamp="open")
    assert verdict.proved is not None
    assert verdict.proved.zone == "America/New_York"
    assert prove(local, 5 * MINUTE, TABLE, fixed_zone="America/Chicago").proved is None


def test_words_about_a_clock_that_is_misread() -> None:
    given = rows("5m", date(2024, 5, 6), date(2024, 5, 17))
    five = Timeframe.parse("5m")
    assert misread(given.start, five, TABLE, "UTC", "open") == ""
    assert "as UTC with open stamps" in misread(given.start - 5 * MINUTE, five, TABLE, "UTC", "close")
    shifted = given.start - int(timedelta(hours=5).total_seconds()) * NS
    assert "America/Chicago" in misread(shifted, five, TABLE, "UTC", "open")
