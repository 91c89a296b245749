"""Walk-forward: what is chosen comes from the days before, what is counted from the days after."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from grids import RUN

import barstep
from barstep.batch.store import Store
from barstep.batch.walk_forward import folds
from barstep.config.data_schema import DataConfig
from barstep.config.grid_schema import WalkForwardConfig
from barstep.runs.sources import make_stream

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(30)]
GRID = {
    "version": 1,
    "name": "walk",
    "run": {
        **RUN,
        "data": {"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "days": 12}},
    },
    "vary": {"sma_crossover.fast": [3, 5], "sma_crossover.slow": [20, 40]},
    "walk_forward": {"train": "4d", "test": "3d", "embargo": "1d"},
}


def config(**keys: object) -> WalkForwardConfig:
    return WalkForwardConfig.model_validate({"train": "10d", "test": "5d", **keys})


def test_training_days_roll_or_are_anchored_and_never_touch_the_traded_ones() -> None:
    rolling = folds(DAYS, config(embargo="2d"))
    assert [(s.train[0], s.train[-1]) for s in rolling][:2] == [(DAYS[0], DAYS[9]), (DAYS[5], DAYS[14])]
    assert [s.test[0] for s in rolling] == [DAYS[12], DAYS[17], DAYS[22], DAYS[27]]
    assert [len(s.test) for s in rolling] == [5, 5, 5, 3]
    anchored = folds(DAYS, config(anchored="true"))
    assert {s.train[0] for s in anchored} == {DAYS[0]}
    assert [len(s.train) for s in anchored] == [10, 15, 20, 25]
    for step in (*rolling, *anchored):
        assert step.train[-1] < step.test[0]
    traded = [day for step in folds(DAYS, config()) for day in step.test]
    assert traded == DAYS[10:]  # each day once


def test_each_stretch_is_a_run_of_its_days_and_the_balance_goes_on(play, desk) -> None:
    folder = play(GRID).folder
    with Store(folder) as store:
        segments, rows = store.segments(), list(store.rows())
        days = {row.frame: store.days(row.frame) for row in rows}
    assert len(segments) == 3
    balance = 50_000.0
    for number, segment in enumerate(segments):
        assert segment["train"][1] < segment["test"][0]
        trained = [r for r in rows if r.part == "train" and [days[r.frame][0], days[r.frame][-1]] == segment["train"]]
        assert len(trained) == 4
        best = max(trained, key=lambda row: (row.metrics["net_pnl"], -row.number))
        assert (segment["values"], segment["trained"]) == (best.vals, best.metrics["net_pnl"])
        assert segment["start_balance"] == pytest.approx(balance)
        traded = next(r for r in rows if r.part == "test" and r.number == number)
        balance += traded.metrics["net_pnl"]
        assert segment["end_balance"] == pytest.approx(balance)
        assert traded.metrics["final_balance"] == pytest.approx(balance)
        assert len(traded.daily) == segment["days"] == len(days[traded.frame])
    alone = _alone(desk, segments[1])
    assert alone.digest == segments[1]["digest"]


def _alone(desk, segment):
    """A stretch as a run of a file that holds its bars only."""
    run = GRID["run"]
    whole = {**run, "strategies": [], "risk": [], "name": "bars"}
    stream = make_stream(DataConfig.model_validate(whole["data"]), desk)
    names = ("start_ns", "open", "high", "low", "close", "volume")
    parts = list(stream.chunks())
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    tick = float(stream.feed.contract.instrument.tick_size)
    prices = {key: columns[name] * tick for key, name in zip("ohlc", names[1:5], strict=True)}
    times = pl.Series(columns["start_ns"]).cast(pl.Datetime("ns", "UTC"))
    pl.DataFrame({"t": times, **prices, "v": columns["volume"]}).write_parquet(desk / "bars.parquet")
    data = {"instrument": "ES", "contract": stream.feed.contract.name, "timeframe": "5m", "source": "bars.parquet"}
    first, last = segment["test"]
    config = {
        **run,
        "data": {**data, "start": first, "end": last},
        "account": {"balance": str(segment["start_balance"])},
    }
    overrides = [f"{name}={value}" for name, value in segment["values"].items()]
    return barstep.run(config, overrides, out=desk / "alone")


def test_a_plan_begins_anew_in_each_stretch(play) -> None:
    run = {**GRID["run"], "account": {"plan": "topstep-combine-50k"}, "risk": []}
    with Store(play({**GRID, "run": run}).folder) as store:
        rows = list(store.rows("test"))
        segments = store.segments()
    for row in rows:
        assert row.metrics["final_balance"] - row.metrics["net_pnl"] == pytest.approx(50_000)
    total = sum(row.metrics["net_pnl"] for row in rows)
    assert segments[-1]["end_balance"] == pytest.approx(50_000 + total)


def test_dates_and_searches_that_make_no_sense_are_refused(play) -> None:
    for change, told in (
        ({"vary": {"data.start": ["2020-01-02"]}}, "expected no key of data"),
        ({"vary": {"account.balance": [1000]}}, "walk_forward carries it"),
        ({"search": {"kind": "optuna", "points": 3}}, "expected grid or random"),
        ({"run": {**GRID["run"], "fills": {"at_end": "mark"}}}, "positions are flat"),
    ):
        with pytest.raises(barstep.ConfigError, match=told):
            play({**GRID, **change})
