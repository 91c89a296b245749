"""Which zone and which side of a bar its times have: declared, proved, or asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from imported import bars, write

import barstep
from barstep.domain.errors import DataError


def test_a_clock_that_nothing_tells_is_refused(tmp_path: Path, store: Path) -> None:
    rows = [f"2024050{day} 13{minute:02d}00;100;101;99.75;100.25;5" for day in (7, 8) for minute in range(20)]
    path = write(tmp_path / "ES 06-24.Last.txt", *rows, header="")
    with pytest.raises(DataError, match="NinjaTrader usually: --zone UTC --stamp close"):
        barstep.import_bars(path, store=store)
    got = barstep.import_bars(path, zone="UTC", stamp="close", store=store)
    assert (got.series, got.known_by) == ("ESM24", "declared")
    assert bars(store)["t"][0] == datetime(2024, 5, 7, 12, 59, tzinfo=UTC)


def test_days(tmp_path: Path, store: Path) -> None:
    days = [f"2024050{day};100;101;99.75;100.25;5" for day in (6, 7, 8, 9)]
    got = barstep.import_bars(write(tmp_path / "ES.txt", *days, header=""), timeframe="1D", store=store)
    assert got.warnings == []
    assert bars(store)["t"][0] == datetime(2024, 5, 5, 22, tzinfo=UTC), "a trading day begins the evening before"


def test_days_without_a_trading_day(tmp_path: Path, store: Path) -> None:
    days = [f"202601{day};100;101;99.75;100.25;5" for day in (16, 19, 20, 21)]  # the 19th is Martin Luther King day
    path = write(tmp_path / "ES.txt", *days, header="")
    with pytest.raises(DataError, match=r"no trading days \(1\): 2026-01-19. .* --repair drop"):
        barstep.import_bars(path, store=store)
    got = barstep.import_bars(path, repair="drop", store=store)
    assert (got.repaired, bars(store)["t"].dt.day().to_list()) == ({"drop": 1}, [15, 18, 20])


def test_an_hour_that_comes_twice(tmp_path: Path, store: Path) -> None:
    moments = [datetime(2026, 11, 1, 4, tzinfo=UTC) + timedelta(minutes=5 * k) for k in range(60)]
    local = [
        f"{moment.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M},100,100,100,100,1" for moment in moments
    ]
    path = write(tmp_path / "MBT.csv", *local, header="time,open,high,low,close,Volume")
    with pytest.raises(
        DataError, match=r"earlier than .* The clocks of America/New_York repeat an hour near 2026-11-01T05:"
    ):
        barstep.import_bars(path, zone="America/New_York", stamp="open", store=store)


@pytest.mark.parametrize(
    "header", ["t,o,h,l,c,v", "time,open,high,low,close,Volume", "Time,Open,High,Low,Close,Volume"]
)
def test_names_of_columns_are_no_promise_of_a_clock(tmp_path: Path, store: Path, week: Path, header: str) -> None:
    rows = [line.replace("Z,", ",") for line in week.read_text("utf-8").splitlines()[1:]]
    whole = write(tmp_path / "ES_naive.csv", *rows, header=header)
    assert barstep.import_bars(whole, store=store).known_by == "proved"
    short = write(tmp_path / "ES_short.csv", *rows[:50], header=header)
    for source in (short, pl.read_csv(short, try_parse_dates=True)):
        with pytest.raises(DataError, match="must be known, and the breaks of trading do not prove them"):
            barstep.import_bars(source, instrument="ES", store=store)
    if header != "t,o,h,l,c,v":
        with pytest.raises(
            DataError, match=r"the stamp side of the times must be known.* Declare them: --stamp open \(or"
        ):
            barstep.import_bars(short, zone="UTC", store=store)
    assert barstep.import_bars(short, zone="UTC", stamp="open", store=store).known_by == "declared"
