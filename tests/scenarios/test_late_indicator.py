"""An indicator that is declared in the middle of a session counts from the next bar on, whoever else listens."""

from __future__ import annotations

from pathlib import Path

import pytest

import barstep
from barstep.data import read_table

LATE = """
from barstep import Strategy, hookimpl
from barstep.indicators import SMA


class Late(Strategy):
    mean = None

    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index == 50:
            self.mean = ctx.indicator(SMA(3))
        elif self.mean is not None and bar.index < 60:
            closes = [each.close for each in ctx.bars(3)]
            wanted = sum(closes) / 3 if bar.index > 52 else None
            ctx.note(f"{bar.index} {self.mean.ready} {wanted is None or abs(self.mean.value - wanted) < 1e-9}")
"""
WATCHER = """
from barstep import Observer, hookimpl


class Watcher(Observer):
    @hookimpl
    def on_bar(self, bar, ctx):
        pass
"""


@pytest.mark.parametrize("watched", [False, True])
def test_a_late_indicator_is_updated_from_the_next_bar_on(tmp_path: Path, watched: bool) -> None:
    (tmp_path / "late.py").write_text(LATE, encoding="utf-8")
    (tmp_path / "watcher.py").write_text(WATCHER, encoding="utf-8")
    run = {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "bars": 100}},
        "strategies": [{"use": str(tmp_path / "late.py")}],
        "observers": [{"use": str(tmp_path / "watcher.py")}] if watched else [],
    }
    barstep.run(run, out=tmp_path / "run")
    told = read_table(tmp_path / "run" / "notes.parquet")["text"].to_list()
    assert told == [f"{index} {index > 52} True" for index in range(51, 60)]
