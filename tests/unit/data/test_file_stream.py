from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.data import FileStream, Layout, SyntheticStream, front_contract, instrument, sample_path, write_csv
from barstep.data.checks import EmptyRangeError
from barstep.domain.bar import BarColumns, BarStream, Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import Contract
from barstep.domain.session import NS

FIELDS = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


def joined(stream: BarStream) -> dict[str, list[int]]:
    chunks = list(stream.chunks())
    assert all(getattr(chunk, name).dtype == np.int64 for chunk in chunks for name in FIELDS)
    firsts = np.cumsum([0] + [len(chunk) for chunk in chunks[:-1]])
    assert [chunk.first for chunk in chunks] == firsts.tolist()
    return {name: np.concatenate([getattr(chunk, name) for chunk in chunks]).tolist() for name in FIELDS}


def write(path: Path, *rows: str, header: str = "t,o,h,l,c,v") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def only(stream: BarStream) -> BarColumns:
    (chunk,) = stream.chunks()
    return chunk


def test_the_sample(es: Contract, minute: Timeframe) -> None:
    stream = FileStream(sample_path("ES", "1m"), es, minute)
    bars = only(stream)
    assert (len(bars), stream.count(), stream.volume_known, stream.warnings) == (2264, 2264, True, [])
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (6561, 6564, 6556, 6559, 3940)
    assert datetime.fromtimestamp(bars.start_ns[0] / NS, UTC) == datetime(2013, 9, 1, 22, tzinfo=UTC)
    assert (bars.end_ns - bars.start_ns == 60 * NS).all()
    assert stream.span() == (bars.start_ns[0], bars.end_ns[-1])
    assert stream.source["path"] == "ES_1m_2013-09-01_2013-09-03.csv.gz"
    assert (stream.source["rows"], stream.source["zone"], stream.source["stamp"]) == (2264, "UTC", "open")
    assert len(str(stream.source["sha256"])) == 64


def test_no_sample_names_those_that_exist() -> None:
    with pytest.raises(DataError, match="there are ES 1m, ES 1s"):
        sample_path("NQ", "1m")


@pytest.mark.parametrize("chunk_rows", [1, 700, 100_000])
def test_all_forms_of_a_file_give_the_same_bars(
    tmp_path: Path, es: Contract, minute: Timeframe, chunk_rows: int
) -> None:
    made = SyntheticStream(es, minute, seed=3, start=date(2013, 9, 2), bars=1500)
    write_csv(made, tmp_path / "a.csv")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    frame = pl.read_csv(tmp_path / "a.csv", try_parse_dates=True)
    frame.write_parquet(tmp_path / "a.parquet")
    frame.with_columns(pl.col("t").dt.cast_time_unit("ms")).write_parquet(tmp_path / "b.parquet", row_group_size=400)
    frame.with_columns(pl.col("t").dt.epoch("s")).write_csv(tmp_path / "epoch.csv")
    expected = joined(made)
    for name in ("a.csv", "a.csv.gz", "a.parquet", "b.parquet", "epoch.csv"):
        stream = FileStream(tmp_path / name, es, minute, chunk_rows=chunk_rows)
        assert joined(stream) == expected, name
        assert joined(stream) == expected, "a second reading"


@pytest.mark.parametrize(
    ("time", "layout"),
    [
        ("2013-09-03T13:00:00Z", Layout()),
        ("2013-09-03 13:00", Layout()),
        ("2013-09-03T08:00:00-05:00", Layout()),
        ("2013-09-03 13:00:00.000000+0000", Layout()),
        ("1378213200", Layout()),
        ("1378213200000", Layout()),
        ("2013-09-03T08:00:00", Layout(zone="America/Chicago")),
        ("20130903 090000", Layout(zone="America/New_York", time_format="%Y%m%d %H%M%S")),
        ("2013-09-03T13:01:00Z", Layout(stamp="close")),
    ],
)
def test_ways_to_write_a_time(tmp_path: Path, es: Contract, minute: Timeframe, time: str, layout: Layout) -> None:
    path = write(tmp_path / "x.csv", f"{time},100,101,99.75,100.25,5")
    bars = only(FileStream(path, es, minute, layout=layout))
    assert datetime.fromtimestamp(bars.start_ns[0] / NS, UTC) == datetime(2013, 9, 3, 13, tzinfo=UTC)


def test_named_columns(tmp_path: Path, es: Contract, minute: Timeframe) -> None:
    path = write(
        tmp_path / "x.csv",
        "2013-09-03 08:00;100;101;99.75;100.25;x",
        "2013-09-03 08:01;100;101;99.75;100.25;y",
        header="Date time;Open;High;Low;Last;Note",
    )
    columns = {"t": "Date time", "o": "Open", "h": "High", "l": "Low", "c": "Last"}
    layout = Layout(columns, zone="America/Chicago", stamp="open")
    with pytest.raises(DataError, match="missing columns v"):
        FileStream(path, es, minute, layout=layout)
    stream = FileStream(path, es, minute, layout=layout, volume="unknown")
    assert only(stream).volume.tolist() == [0, 0]
    assert not stream.volume_known


def test_clock_changes_of_a_declared_zone(tmp_path: Path, es: Contract) -> None:
    rows = [f"2024-{day} 16:00:00,1,1,1,1,1" for day in ("03-08", "03-11", "11-01", "11-04")]
    stream = FileStream(
        write(tmp_path / "x.csv", *rows), es, Timeframe.parse("1h"), layout=Layout(zone="America/Chicago")
    )
    hours = [datetime.fromtimestamp(at / NS, UTC).hour for at in only(stream).start_ns.tolist()]
    assert hours == [22, 21, 21, 22]


def test_days_of_23_hours_do_not_overlap(tmp_path: Path) -> None:
    contract = front_contract(instrument("ES"), date(2024, 3, 8))
    rows = [f"2024-03-{day:02d} 00:00:00,1,1,1,1,1" for day in (9, 10, 11, 12)]
    layout = Layout(zone="America/Chicago")
    bars = only(FileStream(write(tmp_path / "x.csv", *rows), contract, Timeframe.parse("1D"), layout=layout))
    assert ((bars.end_ns - bars.start_ns) // (3600 * NS)).tolist() == [24, 23, 24, 24]


def test_bounds_by_trade_date_and_by_time(es: Contract, minute: Timeframe) -> None:
    path = sample_path("ES", "1m")
    both = FileStream(path, es, minute, start=date(2013, 9, 1), end=date(2013, 9, 3))
    assert len(only(both)) == 2264  # Labor Day's stretch belongs to 3 September
    noon = datetime(2013, 9, 3, 12, tzinfo=UTC)
    late = only(FileStream(path, es, minute, start=noon))
    assert late.start_ns[0] == int(noon.timestamp()) * NS
    early = only(FileStream(path, es, minute, end=int(noon.timestamp()) * NS))
    assert len(early) + len(late) == 2264
    assert late.first == 0


def test_bounds_of_parquet_are_counted(tmp_path: Path, es: Contract, minute: Timeframe) -> None:
    made = SyntheticStream(es, minute, seed=3, start=date(2013, 9, 9), end=date(2013, 9, 13))
    write_csv(made, tmp_path / "a.csv")
    pl.read_csv(tmp_path / "a.csv", try_parse_dates=True).write_parquet(tmp_path / "a.parquet", row_group_size=500)
    for name, count in (("a.csv", None), ("a.parquet", 2 * 1380)):
        stream = FileStream(tmp_path / name, es, minute, start=date(2013, 9, 10), end=date(2013, 9, 11))
        assert stream.count() == count
        bars = only(stream)
        assert len(bars) == 2 * 1380
        assert stream.span() == (bars.start_ns[0], bars.end_ns[-1])


def test_bounds_that_select_nothing_tell_what_there_is(es: Contract, minute: Timeframe) -> None:
    stream = FileStream(sample_path("ES", "1m"), es, minute, start=date(2014, 1, 6), end=date(2014, 1, 7))
    with pytest.raises(EmptyRangeError, match="from 2013-09-01T22:00:00Z to 2013-09-03T18:51:00Z"):
        list(stream.chunks())


def test_bounds_that_make_no_sense(es: Contract, minute: Timeframe) -> None:
    with pytest.raises(ConfigError, match="not before end"):
        FileStream(sample_path("ES", "1m"), es, minute, start=date(2013, 9, 5), end=date(2013, 9, 4))
    with pytest.raises(ConfigError, match="zone"):
        FileStream(sample_path("ES", "1m"), es, minute, start=datetime(2013, 9, 1))


def test_several_files_are_one_stream(tmp_path: Path, es: Contract, minute: Timeframe) -> None:
    made = SyntheticStream(es, minute, seed=3, start=date(2013, 9, 9), bars=3000)
    write_csv(made, tmp_path / "all.csv")
    header, *rows = (tmp_path / "all.csv").read_text().splitlines()
    for k in range(3):
        write(tmp_path / f"part{k}.csv", *rows[k * 1000 : k * 1000 + 1000], header=header)
    stream = FileStream(tmp_path / "part*.csv", es, minute)
    assert joined(stream) == joined(made)
    assert stream.count() == 3000
    assert stream.source["rows"] == 3000
    assert [item["path"] for item in stream.source["files"]] == ["part0.csv", "part1.csv", "part2.csv"]  # type: ignore[attr-defined]
    (tmp_path / "part3.csv").write_text((tmp_path / "part0.csv").read_text())
    with pytest.raises(DataError, match=r"part3.csv, row 1, .*not after the bar before"):
        list(FileStream(tmp_path / "part*.csv", es, minute).chunks())


def test_bars_outside_the_hours_are_told(tmp_path: Path, es: Contract, minute: Timeframe) -> None:
    path = write(tmp_path / "x.csv", "2024-05-08T20:59:00Z,1,1,1,1,1", "2024-05-08T21:30:00Z,1,1,1,1,1")
    stream = FileStream(path, es, minute)
    for _ in range(2):
        list(stream.chunks())
        assert stream.warnings == [
            "1 of 2 bars start outside the trading hours 'equity_index'; no order fills in them (R5)"
        ]


def test_volume_that_is_zero_throughout(tmp_path: Path, es: Contract, minute: Timeframe) -> None:
    path = write(tmp_path / "x.csv", "2024-05-08T13:00:00Z,1,1,1,1,0")
    assert not FileStream(path, es, minute).volume_known
    assert FileStream(path, es, minute, volume="known").volume_known
    late = [
        f"2024-05-{day:02d}T{hour:02d}:{m:02d}:00Z,1,1,1,1,0" for day in (8, 9) for hour in range(20) for m in range(60)
    ]
    path = write(tmp_path / "y.csv", *late, "2024-05-10T13:00:00Z,1,1,1,1,7")
    assert FileStream(path, es, minute).volume_known  # also where the first volume comes late


@given(
    ticks=st.lists(st.integers(-40_000, 90_000), min_size=1, max_size=20),
    name=st.sampled_from(["ES", "6J", "ZF", "QM", "RTY", "MBT", "HG"]),
)
@settings(max_examples=40, deadline=None)
def test_prices_become_ticks_exactly(tmp_path_factory: pytest.TempPathFactory, ticks: list[int], name: str) -> None:
    item = instrument(name)
    path = tmp_path_factory.mktemp("t") / "x.csv"
    rows = []
    for k, tick in enumerate(ticks):
        price = repr(item.price(tick))
        rows.append(f"2024-05-08T13:{k:02d}:00Z,{price},{price},{price},{price},1")
    bars = only(FileStream(write(path, *rows), front_contract(item, date(2024, 5, 8)), Timeframe.parse("1m")))
    assert bars.close.tolist() == ticks
