"""Runs that end early in the array lane: what was played until then is kept, as in the event lane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytest.importorskip("numba")

import barstep
from barstep.domain.errors import PluginError

OBSERVER = """
import os, signal
from typing import ClassVar
from barstep import Observer, hookimpl


class Fuse(Observer):
    events_only: ClassVar[bool] = True
    at: int = 0
    raises: bool = False

    @hookimpl
    def on_start(self, ctx):
        self.seen = 0

    @hookimpl
    def on_fill(self, fill, ctx):
        self.seen += 1
        if self.seen == self.at:
            if self.raises:
                raise KeyError("burnt")
            os.kill(os.getpid(), signal.SIGINT)

    @hookimpl
    def on_stop(self, ctx):
        ctx.note(f"{self.seen} fills seen")
"""
TABLES = ("fills", "trades", "orders", "equity", "notes", "ambiguous")


def config(folder: Path, lane: str, **options: Any) -> dict[str, Any]:
    (folder / "fuse.py").write_text(OBSERVER)
    return {
        "version": 1,
        "lane": lane,
        "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
        "strategies": [{"use": "sma_crossover"}],
        "risk": [{"use": "daily_loss_limit", "options": {"usd": 1000}}],
        "observers": [{"use": str(folder / "fuse.py"), "options": options}],
    }


@pytest.mark.parametrize("at", [1, 7, 20])
def test_a_run_that_is_interrupted_keeps_the_bars_until_then_as_the_event_lane_does(tmp_path: Path, at: int) -> None:
    results = {lane: barstep.run(config(tmp_path, lane, at=at), out=tmp_path / lane) for lane in ("event", "array")}
    event, array = (result.as_dict() for result in results.values())
    assert (event.pop("lane"), array.pop("lane")) == ("event", "array")
    assert array == event
    assert array["status"] == "interrupted"
    assert 0 < array["bars"] < 2264
    assert array["fills"] == at
    for name in TABLES:
        one, two = (pl.read_parquet(tmp_path / lane / f"{name}.parquet") for lane in ("event", "array"))
        assert one.equals(two), name


def test_an_observer_that_raises_leaves_a_folder_marked_failed(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"plugin fuse, hook on_fill at .*fuse.py:21.*burnt") as raised:
        barstep.run(config(tmp_path, "array", at=7, raises=True), out=tmp_path / "run")
    assert "marked failed" in raised.value.__notes__[0]
    result = barstep.load(tmp_path / "run")
    assert result.status == "failed"
    assert result.lane == "array"
    fills, equity, notes = (pl.read_parquet(tmp_path / "run" / f"{n}.parquet") for n in ("fills", "equity", "notes"))
    assert fills.height == 7
    assert equity.height == fills["bar_index"][-1] + 1
    assert result.final_balance == equity["balance"][-1]
    assert notes["text"].to_list() == ["7 fills seen"]


def test_an_observer_that_raises_at_the_end_of_the_data_leaves_tables_that_agree(tmp_path: Path) -> None:
    wanted = config(tmp_path, "array") | {"risk": []}
    fills = barstep.run(wanted, out=tmp_path / "whole").fills
    with pytest.raises(PluginError, match="burnt"):
        barstep.run(config(tmp_path, "array", at=fills, raises=True) | {"risk": []}, out=tmp_path / "last")
    for name in ("fills", "trades", "orders", "equity"):
        whole, last = (pl.read_parquet(tmp_path / run / f"{name}.parquet") for run in ("whole", "last"))
        assert whole.equals(last), name
    assert barstep.load(tmp_path / "last").status == "failed"
