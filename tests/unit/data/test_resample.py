"""Resampled bars: against a plain loop, and against the real files of ../shared/data."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from barstep.data import (
    FileStream,
    ResampledStream,
    SessionTable,
    SyntheticStream,
    Windows,
    describe,
    front_contract,
    instrument,
    session_hours,
    write_bars,
)
from barstep.domain.bar import BarStream, Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.session import to_datetime

NAMES = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


def length(text: str) -> Timeframe:
    return Timeframe.parse(text)


def rows(stream: BarStream) -> list[tuple[int, ...]]:
    chunks = list(stream.chunks())
    assert [chunk.first for chunk in chunks] == np.cumsum([0, *map(len, chunks)])[:-1].tolist()
    return [row for chunk in chunks for row in zip(*(getattr(chunk, name).tolist() for name in NAMES), strict=True)]


def by_hand(stream: BarStream, timeframe: Timeframe) -> list[tuple[int, ...]]:
    """The longer bars, made in a plain loop."""
    windows = Windows(SessionTable(stream.feed.contract.instrument.session), timeframe)
    found: list[list[int]] = []
    for start, _, o, h, l, c, v in rows(stream):  # noqa: E741
        window = windows.at(start)
        if found and found[-1][0] == window.start:
            bar = found[-1]
            bar[3], bar[4], bar[5], bar[6] = max(bar[3], h), min(bar[4], l), c, bar[6] + v
        else:
            found.append([window.start, window.end, o, h, l, c, v])
    return [tuple(bar) for bar in found]


def shared_stream(folder: Path, name: str, product: str, timeframe: str) -> FileStream:
    day = date.fromisoformat((name.split("_")[2] + "-01")[:10])
    return FileStream(folder / name, front_contract(instrument(product), day), length(timeframe))


@pytest.mark.parametrize("product", ["ES", "ZC", "MBT", "LE"])
@pytest.mark.parametrize("timeframe", ["5m", "1h", "4h", "1D"])
@pytest.mark.parametrize("chunk_rows", [7, 1000, 100_000])
def test_bars_are_those_of_a_plain_loop_however_the_chunks_are_cut(
    product: str, timeframe: str, chunk_rows: int
) -> None:
    contract = front_contract(instrument(product), date(2024, 6, 28))
    start, end = date(2024, 6, 28), date(2024, 7, 9)  # Independence Day
    base = SyntheticStream(contract, length("1m"), seed=1, start=start, end=end, chunk_rows=chunk_rows)
    made = rows(ResampledStream(base, length(timeframe)))
    assert made == by_hand(base, length(timeframe))


def test_a_year_of_days_is_a_year_of_trading_days() -> None:
    contract = front_contract(instrument("ES"), date(2024, 1, 2))
    base = SyntheticStream(contract, length("5m"), seed=1, start=date(2024, 1, 2), end=date(2024, 12, 31))
    table = SessionTable(session_hours("equity_index"))
    found = rows(ResampledStream(base, length("1D")))
    sessions = table.between(found[0][0], found[-1][0])
    assert [(row[0], row[1]) for row in found] == [(session.open_ns, session.close_ns) for session in sessions]
    assert len(found) == 253 - 1  # what the cash market has, without the holidays that only halt: all of them


def test_what_a_resampled_stream_tells(es, minute, tmp_path) -> None:
    base = SyntheticStream(es, minute, seed=1, start=date(2024, 5, 8), bars=100)
    made = ResampledStream(base, length("15m"), note=True)
    assert made.feed.timeframe.text == "15m"
    assert made.source["resampled_from"] == "1m"
    assert made.warnings == [
        "the bars of the source are 1m: bars of 15m are made of them, counted from each session's open"
    ]
    assert made.count() is None
    assert made.span() == (rows(made)[0][0], rows(made)[-1][1])
    assert describe(made)["rows"] == 7


def test_a_bar_that_reaches_into_the_next_window_is_refused(es, tmp_path) -> None:
    # hours on the clock's half, while the session opens at 17:00
    times = [f"2024-05-08T{hour:02}:30:00Z" for hour in range(12)]
    (tmp_path / "odd.csv").write_text("t,o,h,l,c,v\n" + "".join(f"{t},5000,5001,4999,5000,1\n" for t in times))
    made = ResampledStream(FileStream(tmp_path / "odd.csv", es, length("1h")), length("2h"))
    with pytest.raises(DataError, match="reaches over 2024-05-08T02:00:00Z, where a bar of 2h ends"):
        list(made.chunks())


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_written_bars_are_read_back(es, minute, tmp_path, ending) -> None:
    base = SyntheticStream(es, minute, seed=3, start=date(2013, 9, 3), bars=5000)  # with the break of that time
    for text in ("5m", "1h"):
        made = ResampledStream(base, length(text))
        path = tmp_path / f"{text}.{ending}"
        assert write_bars(made, path) == len(rows(made))
        again = FileStream(path, es, length(text))
        assert [(row[0], *row[2:]) for row in rows(again)] == [(row[0], *row[2:]) for row in rows(made)]
        ends = [(one[1], two[1]) for one, two in zip(rows(again), rows(made), strict=True) if one[1] != two[1]]
        assert all(one > two for one, two in ends[:-1])


def test_another_ending_is_refused(es, minute, tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"expected a name that ends in \.csv, \.csv\.gz or \.parquet"):
        write_bars(SyntheticStream(es, minute, seed=1, start=date(2024, 5, 8), bars=1), tmp_path / "bars.txt")


def test_real_minutes_make_the_real_five_minutes_but_for_the_three_bars_told(shared_data: Path) -> None:
    minutes = shared_stream(shared_data, "NQ_1m_2022-01-16_2022-01-28.parquet", "NQ", "1m")
    fives = shared_stream(shared_data, "NQ_5m_2021-12-05_2022-01-28.parquet", "NQ", "5m")
    made = {row[0]: row for row in rows(ResampledStream(minutes, length("5m")))}
    told = {row[0]: row for row in rows(fives) if row[0] >= min(made)}
    assert made.keys() == told.keys()
    assert all(made[at][1] == told[at][1] for at in made)
    differ = [(made[at], told[at]) for at in made if made[at][2:6] != told[at][2:6]]
    assert len(differ) == 3
    assert max(abs(a - b) for one, two in differ for a, b in zip(one[2:6], two[2:6], strict=True)) == 5  # 1.25 points
    assert sum(made[at][6] != told[at][6] for at in made) == 4


DAYS = [
    ("NQ_5m_2021-12-05_2022-01-28.parquet", "NQ", "5m", 38),  # Christmas, New Year, Martin Luther King Day
    ("ES_5m_2026-02-17_2026-04-28.parquet", "ES", "5m", 52),  # daylight saving, Good Friday
    ("MYM_1m_2025-05_2025-07.parquet", "MYM", "1m", 63),  # four early closes
    ("ES_1m_2013-10-06_2013-10-11.parquet", "ES", "1m", 5),  # the break and the close of that time
    ("GC_1m_2013-10-07_2013-10-11.parquet", "GC", "1m", 5),
]


@pytest.mark.parametrize(("name", "product", "timeframe", "days"), DAYS)
def test_real_days_are_trading_days(shared_data: Path, name: str, product: str, timeframe: str, days: int) -> None:
    base = shared_stream(shared_data, name, product, timeframe)
    found = rows(ResampledStream(base, length("1D")))
    assert len(found) == days
    volume = 0
    for start, end, o, h, l, c, v in found:  # noqa: E741
        (session,) = {each.date: each for each in base.sessions.between(start, end - 1)}.values()
        assert (start, end) == (session.open_ns, session.close_ns)
        assert l <= min(o, c) <= max(o, c) <= h
        assert f"{to_datetime(end, session.zone):%Y-%m-%d}" == session.date.isoformat()
        volume += v
    assert volume == sum(int(bars.volume.sum()) for bars in base.chunks())


def test_two_real_files_agree_on_ten_minutes(shared_data: Path) -> None:
    twos = shared_stream(shared_data, "NQ_2m_2026-03-20_2026-04-28.parquet", "NQ", "2m")
    fives = shared_stream(shared_data, "NQ_5m_2026-02-17_2026-04-28.parquet", "NQ", "5m")
    one, two = ({row[0]: row[5] for row in rows(ResampledStream(base, length("10m")))} for base in (twos, fives))
    both = one.keys() & two.keys()
    assert len(both) > 3700
    assert sum(one[at] != two[at] for at in both) <= 3


def test_a_published_sample_in_gz_is_resampled(tmp_path: Path, es) -> None:
    text = "t,o,h,l,c,v\n" + "".join(f"2024-05-08T10:{m:02}:00Z,1,2,1,2,{m}\n" for m in range(12))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    made = rows(ResampledStream(FileStream(tmp_path / "a.csv.gz", es, length("1m")), length("5m")))
    assert [row[6] for row in made] == [10, 35, 21]


def test_the_bars_are_the_same_each_time_they_are_read(es, minute) -> None:
    base = SyntheticStream(es, minute, seed=1, start=date(2024, 5, 8), bars=30, chunk_rows=7)
    made = ResampledStream(base, length("15m"))
    assert rows(made) == rows(made)
