"""The real files, written as their sources write them, come into the store with the right clock and unchanged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import barstep
from barstep.data import Store
from barstep.domain.errors import DataError

LONG = [
    ("NQ_5m_2021-12-05_2022-01-28", "NQ", 5),
    ("ES_5m_2021-12-05_2022-01-28", "ES", 5),
    ("NQ_1m_2022-01-16_2022-01-28", "NQ", 1),
    ("MYM_1m_2025-05_2025-07", "MYM", 1),
    ("NQ_5m_2026-02-17_2026-04-28", "NQ", 5),
    ("ES_2m_2026-03-20_2026-04-28", "ES", 2),
    ("ES_1m_2013-10-06_2013-10-11", "ES", 1),
    ("GC_1m_2013-10-07_2013-10-11", "GC", 1),
]
"""Name, instrument and minutes of the files that hold at least five trading days."""
CLOCKS = [("America/Chicago", "open"), ("America/New_York", "close"), ("UTC", "close"), ("Europe/Berlin", "open")]


def stamps(bars: pl.DataFrame, form: str, zone: str = "UTC", shift: int = 0) -> pl.Series:
    return (bars["t"] + timedelta(minutes=shift)).dt.convert_time_zone(zone).dt.strftime(form)


def the_bars(folder: Path) -> pl.DataFrame:
    store = Store(folder)
    (manifest,) = store.series()
    return pl.read_parquet(store.bars(manifest)).with_columns(pl.col("t").dt.cast_time_unit("ms"))


@pytest.mark.parametrize(("zone", "stamp"), CLOCKS)
@pytest.mark.parametrize(("name", "instrument", "minutes"), LONG, ids=[name for name, _, _ in LONG])
def test_the_breaks_of_trading_prove_zone_and_stamp(shared, tmp_path, name, instrument, minutes, zone, stamp) -> None:
    bars = pl.read_parquet(shared(f"{name}.parquet"))
    times = stamps(bars, "%Y%m%d %H%M%S", zone, minutes if stamp == "close" else 0)
    path = tmp_path / "export.txt"
    bars.with_columns(times.alias("t")).write_csv(path, include_header=False, separator=";")
    got = barstep.import_bars(path, instrument=instrument, store=tmp_path / "store")
    assert (got.form, got.zone, got.stamp, got.known_by) == ("NinjaTrader", zone, stamp, "proved")
    assert got.timeframe == f"{minutes}m"
    assert the_bars(tmp_path / "store").equals(bars)


def test_databento_rows_of_several_contracts(shared, tmp_path) -> None:
    parts = {name: pl.read_parquet(shared(file)) for name, file in (
        ("MYMM5", "MYMM5_1m_2025-04-30_2025-06-20.parquet"), ("MYMU5", "MYMU5_1m_2025-04-30_2025-07-29.parquet"),
    )}  # fmt: skip
    frame = pl.concat(
        bars.select(
            stamps(bars, "%Y-%m-%dT%H:%M:%S.000000000Z").alias("ts_event"), rtype=33, publisher_id=1, instrument_id=k,
            **{word: (pl.col(word[0]) * 10**9).cast(pl.Int64) for word in ("open", "high", "low", "close")},
            volume="v", symbol=pl.lit(name),
        )
        for k, (name, bars) in enumerate(parts.items())
    ).sort("ts_event")  # fmt: skip
    path = tmp_path / "glbx-mdp3-20250430-20250729.ohlcv-1m.csv"
    frame.write_csv(path)
    with pytest.raises(DataError, match=r"column symbol holds MYMM5, MYMU5\. Choose one: --pick MYMM5"):
        barstep.import_bars(path, store=tmp_path / "store")
    for name, bars in parts.items():
        folder = tmp_path / name
        got = barstep.import_bars(path, pick=name, store=folder)
        assert (got.form, got.series, got.timeframe, got.known_by) == ("Databento", f"{name[:-1]}25", "1m", "form")
        assert the_bars(folder).equals(bars)


@pytest.mark.parametrize("unix", [True, False])
def test_tradingview(shared, tmp_path, unix) -> None:
    bars = pl.read_parquet(shared("NQ_5m_2021-12-05_2022-01-28.parquet"))
    times = bars["t"].dt.epoch("s") if unix else stamps(bars, "%Y-%m-%dT%H:%M:%S%:z", "America/Chicago")
    words = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "Volume"}
    path = tmp_path / "CME_MINI_DL_NQ1!, 5.csv"
    bars.with_columns(times.alias("t")).rename({"t": "time", **words}).with_columns(EMA=pl.lit(1.5)).write_csv(path)
    got = barstep.import_bars(path, store=tmp_path / "store")
    assert (got.form, got.instrument, got.series, got.zone, got.stamp) == ("TradingView", "NQ", "NQ", "UTC", "open")
    assert the_bars(tmp_path / "store").equals(bars)


def test_a_clock_that_lies_is_refused(shared, tmp_path) -> None:
    bars = pl.read_parquet(shared("NQ_5m_2021-12-05_2022-01-28.parquet"))
    path = tmp_path / "NQ.csv"
    bars.with_columns(stamps(bars, "%Y-%m-%dT%H:%M:%S", "America/New_York").alias("t")).write_csv(path)
    for given in ({}, {"zone": "America/Chicago"}, {"zone": "America/New_York", "stamp": "close"}):
        with pytest.raises(DataError, match="Type --zone America/New_York --stamp open"):
            barstep.import_bars(path, store=tmp_path / "store", **given)
    assert barstep.import_bars(path, zone="America/New_York", store=tmp_path / "store").known_by == "declared"


def test_one_day_proves_nothing(shared, tmp_path) -> None:
    bars = pl.read_parquet(shared("NQ_1m_2022-01-16_2022-01-28.parquet"))[600:1200]
    path = tmp_path / "NQ.txt"
    bars.with_columns(stamps(bars, "%Y%m%d %H%M%S").alias("t")).write_csv(path, include_header=False, separator=";")
    with pytest.raises(DataError, match=r"the zone and the stamp side .* must be known.*Declare them: --zone"):
        barstep.import_bars(path, store=tmp_path / "store")


def test_ticks_become_the_bars_of_the_same_name(shared, tmp_path) -> None:
    ticks = pl.read_parquet(shared("ES_ticks_2013-09-01_2013-09-03.parquet"))
    path = tmp_path / "ES 09-13.Last.txt"
    ticks.select(ticks["t"].dt.strftime("%Y%m%d %H%M%S"), "p", "v").write_csv(path, include_header=False, separator=";")
    got = barstep.import_bars(path, zone="UTC", timeframe="1s", store=tmp_path / "store")
    assert (got.form, got.series) == ("NinjaTrader ticks", "ESU13")
    assert the_bars(tmp_path / "store").equals(pl.read_parquet(shared("ES_1s_2013-09-01_2013-09-03.parquet")))


def test_a_run_on_stored_bars_is_the_run_on_the_file(shared, tmp_path, monkeypatch) -> None:
    source = shared("NQ_1m_2022-01-16_2022-01-28.parquet")
    monkeypatch.chdir(tmp_path)
    barstep.import_bars(source, instrument="NQ")

    def digest(given):
        run = {"version": 1, "data": {"instrument": "NQ", "timeframe": "1m", "source": given}}
        return barstep.run(
            {**run, "strategies": [{"use": "sma_crossover"}]}, out=tmp_path / f"run-{len(str(given))}"
        ).digest

    assert digest("store") == digest(str(source))
