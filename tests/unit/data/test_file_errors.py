"""What a user reads when a file cannot be trusted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barstep.data import FileStream, Layout
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import Contract

GOOD = "2013-09-03T13:00:00Z,100,101,99.75,100.25,5"


def refuse(path: Path, es: Contract, timeframe: str = "1m", chunk_rows: int = 1000, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        list(FileStream(path, es, Timeframe.parse(timeframe), chunk_rows=chunk_rows, **options).chunks())  # type: ignore[arg-type]
    return str(caught.value)


def test_the_whole_message(tmp_path: Path, es: Contract) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"t,o,h,l,c,v\n{GOOD}\n2013-09-03T13:01:00Z,100.3,101,99.75,100.25,5\n")
    assert refuse(path, es) == (
        "x.csv, row 2, 2013-09-03T13:01:00Z (o 100.3 h 101 l 99.75 c 100.25 v 5): "
        "o 100.3 lies between two ticks of ES, 100.25 and 100.5 (R1). "
        "Round prices to 1/4, or name the instrument the file is of."
    )


@pytest.mark.parametrize("chunk_rows", [1, 1000])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2013-09-03T13:00:00Z,100,101,99.75,100.25,5", "the same time twice"),
        ("2013-09-03T12:59:00Z,100,101,99.75,100.25,5", "not after the bar before"),
        ("2013-09-03T13:00:30Z,100,101,99.75,100.25,5", "starts 30s after the bar before, inside that bar of 1m"),
        ("2013-09-03T13:01:00Z,100,100,99.75,100.25,5", "high is below open or close"),
        ("2013-09-03T13:01:00Z,100,101,100.25,100.25,5", "low is above open or close"),
        ("2013-09-03T13:01:00Z,100,nan,99.75,100.25,5", "h is not a finite number"),
        ("2013-09-03T13:01:00Z,100,inf,99.75,100.25,5", "h is not a finite number"),
        ("2013-09-03T13:01:00Z,100,101,99.75,100.25,-5", "volume -5 is not a whole number"),
        ("2013-09-03T13:01:00Z,100,101,99.75,100.25,1.5", "volume 1.5 is not a whole number"),
        ("2013-09-03T13:01:00Z,100,,99.75,100.25,5", "column h is empty or not a number"),
        ("2013-09-03T13:01:00Z,100,abc,99.75,100.25,5", "column h is empty or not a number"),
        ("yesterday,100,101,99.75,100.25,5", "the time is empty or cannot be read"),
        (",100,101,99.75,100.25,5", "the time is empty"),
    ],
)
def test_bad_rows(tmp_path: Path, es: Contract, row: str, message: str, chunk_rows: int) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"t,o,h,l,c,v\n{GOOD}\n{row}\n")
    told = refuse(path, es, chunk_rows=chunk_rows)
    assert told.startswith("x.csv, row 2")
    assert message in told
    assert "R1" in told


def test_a_bad_row_has_its_number_in_the_file_also_with_bounds(tmp_path: Path, es: Contract) -> None:
    good = [f"2013-09-03T13:{k:02d}:00Z,1,1,1,1,1" for k in range(50)]
    good[40] = "2013-09-03T13:40:00Z,1,1,1,1.1,1"
    (tmp_path / "x.csv").write_text("\n".join(["t,o,h,l,c,v", *good]))
    frame = pl.read_csv(tmp_path / "x.csv", try_parse_dates=True)
    frame.write_parquet(tmp_path / "x.parquet", row_group_size=10)
    for name in ("x.csv", "x.parquet"):
        assert f"{name}, row 41" in refuse(tmp_path / name, es, start=1_378_213_200_000_000_000 + 30 * 60 * 10**9)


def test_blank_lines_are_no_rows(tmp_path: Path, es: Contract) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"t,o,h,l,c,v\n{GOOD}\n\n2013-09-03T13:01:00Z,100,101,99.75,100.25,5\n\n")
    (chunk,) = FileStream(path, es, Timeframe.parse("1m")).chunks()
    assert len(chunk) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "", "the file is empty"),
        ("x.csv", "t,o,h,l,c,v\n", "the file has no rows"),
        ("x.csv", "t,o,h,l,c\n1,2,3,4,5\n", "missing columns v; the file has t, o, h, l, c"),
        ("x.csv", "t,o,h,l,c,v,ema\n1,2,3,4,5,6,7\n", "unknown columns ema"),
        (
            "x.csv",
            "Time,Open,High,Low,Close,Volume\n1,2,3,4,5,6\n",
            "columns: {t: Time, o: Open, h: High, l: Low, c: Close, v: Volume}, stamp: open",
        ),
        ("x.csv", "t,o,h,l,c,v\n03/09/2013 13:00,1,1,1,1,1\n", "not ISO 8601. Declare how times are written"),
        ("x.csv", "t,o,h,l,c,v\n12345,1,1,1,1,1\n", "no Unix time"),
        ("x.csv", "time,open,high,low,close\n1,1,1,1,1\n", "or put the bars into the store: barstep data import x.csv"),
        ("x.csv", "PK\x03\x04\x00", "found a zip archive, expected text or Parquet"),
        ("x.csv", "t,o\x00\x01\n", "found bytes that are no text"),
        ("x.csv", f"t,o,h,l,c,v\n{GOOD},9,9\n", "cannot be read"),
        ("x.csv.gz", "t,o,h,l,c,v\n", "cannot be read"),
        ("x.parquet", "t,o,h,l,c,v\n", "cannot be read"),
        ("x.txt", "t,o,h,l,c,v\n", r"expected .csv, .csv.gz or .parquet"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, es: Contract, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    told = refuse(path, es)
    assert told.startswith(name)
    assert message in told


def test_no_file(tmp_path: Path, es: Contract) -> None:
    assert "no such file" in refuse(tmp_path / "none.csv", es)
    assert "no file matches" in refuse(tmp_path / "none*.csv", es)


def test_naive_times_of_named_columns_need_a_zone(tmp_path: Path, es: Contract) -> None:
    path = tmp_path / "x.csv"
    path.write_text("time,o,h,l,c,v\n2013-09-03 13:00,1,1,1,1,1\n")
    layout = Layout({"t": "time", "o": "o", "h": "h", "l": "l", "c": "c", "v": "v"}, stamp="open")
    assert "carry no zone. Declare the zone" in refuse(path, es, layout=layout)


def test_local_times_that_a_clock_change_repeats(tmp_path: Path, es: Contract) -> None:
    path = tmp_path / "x.csv"
    path.write_text("t,o,h,l,c,v\n2024-11-03 00:30,1,1,1,1,1\n2024-11-03 01:30,1,1,1,1,1\n")
    assert "clock change skips or repeats" in refuse(path, es, "1h", layout=Layout(zone="America/Chicago"))


@pytest.mark.parametrize(("declared", "seen"), [("1m", "5m"), ("15m", "5m"), ("1D", "5m")])
def test_another_timeframe(tmp_path: Path, es: Contract, declared: str, seen: str) -> None:
    rows = [f"2013-09-03T13:{5 * k:02d}:00Z,1,1,1,1,1" for k in range(12)]
    path = tmp_path / "x.csv"
    path.write_text("\n".join(["t,o,h,l,c,v", *rows]))
    told = refuse(path, es, declared)
    assert f"the file seems to be {seen}. Declare timeframe: {seen}" in told


def test_nulls_of_parquet(tmp_path: Path, es: Contract) -> None:
    path = tmp_path / "x.parquet"
    (tmp_path / "x.csv").write_text(f"t,o,h,l,c,v\n{GOOD}\n2013-09-03T13:01:00Z,100,101,99.75,100.25,5\n")
    frame = pl.read_csv(tmp_path / "x.csv", try_parse_dates=True)
    frame.with_columns(c=pl.Series([100.25, None])).write_parquet(path)
    assert "row 2, 2013-09-03T13:01:00Z: column c is empty" in refuse(path, es)
    frame.with_columns(t=pl.Series([None, None], dtype=pl.Datetime)).write_parquet(path)
    assert "holds no times" in refuse(path, es)
    frame.with_columns(t=pl.col("t").dt.time()).write_parquet(path)
    assert "expected times" in refuse(path, es)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"t": "time"}, "stamp": "open"}, "no name for o, h, l, c"),
        ({"columns": {k: k for k in "tohlcx"}, "stamp": "open"}, "unknown keys x"),
        ({"columns": {k: k for k in "tohlcv"}}, "stamp: named columns need it"),
        ({"zone": "Chicago"}, "IANA"),
        ({"stamp": "middle"}, "expected open or close"),
    ],
)
def test_bad_layouts(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Layout(**options)  # type: ignore[arg-type]


@given(
    bad=st.integers(0, 39), chunk_rows=st.integers(1, 50), column=st.sampled_from("ohlc"), move=st.sampled_from([-9, 9])
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_first_bad_row_is_found_however_the_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory, es: Contract, bad: int, chunk_rows: int, column: str, move: int
) -> None:
    rows = [{"o": 100.0, "h": 101.0, "l": 99.0, "c": 100.5} for _ in range(40)]
    for k in range(bad, 40, 7):  # later rows are bad too: the first is told
        rows[k][column] += -abs(move) if column == "h" else abs(move) if column == "l" else move
    lines = [f"2013-09-03T13:{k:02d}:00Z,{row['o']},{row['h']},{row['l']},{row['c']},1" for k, row in enumerate(rows)]
    path = tmp_path_factory.mktemp("t") / "x.csv"
    path.write_text("\n".join(["t,o,h,l,c,v", *lines]))
    assert refuse(path, es, chunk_rows=chunk_rows).startswith(f"x.csv, row {bad + 1}, ")
