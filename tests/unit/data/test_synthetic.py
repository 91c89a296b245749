from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.data import FileStream, SyntheticStream, describe, front_contract, instrument, write_csv
from barstep.domain.bar import BarColumns, Timeframe
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import Contract

FIELDS = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


def whole(stream: SyntheticStream) -> BarColumns:
    chunks = list(stream.chunks())
    columns = {name: np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in FIELDS}
    return BarColumns(**columns)  # type: ignore[arg-type]


def same(a: BarColumns, b: BarColumns) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


@given(
    name=st.sampled_from(["ES", "ZC", "HE", "MBT", "CL"]),
    timeframe=st.sampled_from(["1m", "7m", "15m", "1h", "4h", "5h", "1D"]),
    seed=st.integers(0, 2**40),
    start=st.dates(date(2011, 1, 1), date(2027, 6, 1)),
    bars=st.integers(1, 4000),
)
@settings(max_examples=40, deadline=None)
def test_bars_are_valid_and_inside_the_hours(name: str, timeframe: str, seed: int, start: date, bars: int) -> None:
    contract = front_contract(instrument(name), start)
    stream = SyntheticStream(
        contract, Timeframe.parse(timeframe), seed=seed, start=start, bars=bars, start_price=3000.0
    )
    made = whole(stream)
    assert len(made) == bars
    assert (made.start_ns[1:] >= made.end_ns[:-1]).all()
    assert (made.low <= np.minimum(made.open, made.close)).all()
    assert (made.high >= np.maximum(made.open, made.close)).all()
    assert (made.low > 0).all()
    assert (made.volume > 0).all()
    assert stream.sessions.locate(made.start_ns)[2].all()


def test_bars_do_not_depend_on_chunks(es: Contract, minute: Timeframe) -> None:
    big, small = (
        SyntheticStream(es, minute, seed=7, start=date(2013, 9, 2), bars=9000, chunk_rows=rows) for rows in (10**6, 77)
    )
    assert same(whole(big), whole(small))
    assert all(len(chunk) <= 77 for chunk in small.chunks())


def test_seed_and_count(es: Contract, minute: Timeframe) -> None:
    a, b, c = (SyntheticStream(es, minute, seed=seed, start=date(2013, 9, 2), bars=2000) for seed in (1, 1, 2))
    assert same(whole(a), whole(b))
    assert not same(whole(a), whole(c))
    longer = whole(SyntheticStream(es, minute, seed=1, start=date(2013, 9, 2), bars=3000))
    assert same(longer[:2000], whole(a))
    assert longer.open[0] == 20_000


def test_end_date(es: Contract, minute: Timeframe) -> None:
    stream = SyntheticStream(es, minute, seed=1, start=date(2024, 5, 6), end=date(2024, 5, 10))
    assert stream.count() == 5 * 1380 == len(whole(stream))


def test_a_year_looks_like_a_market(es: Contract, minute: Timeframe) -> None:
    made = whole(SyntheticStream(es, minute, seed=5, start=date(2023, 1, 3), end=date(2023, 12, 29)))
    days = made.close[1379::1380] / 4
    moves = np.diff(np.log(days))
    assert 0.007 < moves.std() < 0.018
    ranges = (made.high - made.low)[:1380]
    assert ranges[930:1320].mean() > 1.3 * ranges[:900].mean()  # regular hours move more
    assert 2000 < days.min() < days.max() < 12_000


def test_written_bars_are_read_back(tmp_path: Path, minute: Timeframe) -> None:
    for name in ("ES", "6J", "ZF"):
        contract = front_contract(instrument(name), date(2024, 5, 6))
        price = 0.0067 if name == "6J" else 110.0
        made = SyntheticStream(contract, minute, seed=2, start=date(2024, 5, 6), bars=2000, start_price=price)
        path = tmp_path / f"{name}.csv.gz"
        assert write_csv(made, path) == 2000
        first = path.read_bytes()
        write_csv(made, path)
        assert path.read_bytes() == first
        (chunk,) = FileStream(path, contract, minute).chunks()
        assert same(chunk, whole(made))
    assert sorted(item.name for item in tmp_path.iterdir()) == ["6J.csv.gz", "ES.csv.gz", "ZF.csv.gz"]


def test_describe(es: Contract) -> None:
    stream = SyntheticStream(es, Timeframe.parse("5m"), seed=2, start=date(2024, 5, 6), end=date(2024, 5, 28))
    found = describe(stream)
    assert found["rows"] == stream.count()
    assert (found["first"], found["last"]) == ("2024-05-05T22:00:00Z", "2024-05-28T21:00:00Z")
    assert (found["timeframe_seen"], found["sessions"], found["outside_session"]) == ("5m", 16, 0)
    assert found["gaps"] == {"count": 0, "biggest": None, "biggest_at": None}


def test_describe_tells_gaps(tmp_path: Path, es: Contract, minute: Timeframe) -> None:
    path = tmp_path / "x.csv"
    times = ["13:00", "13:01", "13:10", "13:11", "20:59", "22:00"]
    rows = [f"2024-05-08T{time}:00Z,1,2,0.5,1,{k}" for k, time in enumerate(times)]
    path.write_text("\n".join(["t,o,h,l,c,v", *rows]))
    found = describe(FileStream(path, es, minute))
    assert found["gaps"] == {"count": 2, "biggest": "467m", "biggest_at": "2024-05-08T13:12:00Z"}
    assert (found["zero_volume"], found["low"], found["high"], found["sessions"]) == (1, 0.5, 2.0, 2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bars": 10, "end": date(2024, 5, 7)},
        {"bars": 0},
        {"end": date(2024, 5, 1)},
        {"bars": 5, "seed": -1},
        {"bars": 5, "start_price": 1.0},
    ],
)
def test_impossible_combinations(es: Contract, minute: Timeframe, options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="synthetic bars"):
        SyntheticStream(es, minute, **({"seed": 1, "start": date(2024, 5, 6)} | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("timeframe", ["2D", "25h", "999D"])
def test_a_timeframe_longer_than_a_day_is_refused(es, timeframe) -> None:
    with pytest.raises(ConfigError, match=f"got a timeframe of {timeframe}, expected 1D at most"):
        SyntheticStream(es, Timeframe.parse(timeframe), seed=1, start=date(2020, 1, 2), bars=10)


def test_days_are_made(es) -> None:
    stream = SyntheticStream(es, Timeframe.parse("1D"), seed=1, start=date(2020, 1, 2), bars=400)
    assert sum(len(chunk) for chunk in stream.chunks()) == 400
