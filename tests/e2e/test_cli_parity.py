"""`barstep check parity` and a run with `lane: array`, as a user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

WRONG = """
from barstep import Bar, Context, Strategy, hookimpl
from barstep.arrays import ArrayBars, crossover
from barstep.indicators import SMA


class Wrong(Strategy):
    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.quick, self.steady = ctx.indicator(SMA(10)), ctx.indicator(SMA(30))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if self.steady.ready and self.quick.value != self.steady.value:
            ctx.set_position(1 if self.quick.value > self.steady.value else -1)

    def positions(self, bars: ArrayBars):
        return crossover(bars.indicator(SMA(10)), bars.indicator(SMA(SLOW)))
"""
RUN = """
version: 1
data: {instrument: ES, timeframe: 1m, source: sample}
strategies:
  - use: ./wrong.py
"""


def barstep(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "barstep", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "run.yaml").write_text(RUN)
    (tmp_path / "wrong.py").write_text(WRONG.replace("SLOW", "31"))
    return tmp_path


def test_parity_shows_the_first_fill_that_differs_with_both_stories(desk: Path) -> None:
    done = barstep("check", "parity", "run.yaml", cwd=desk)
    assert done.returncode == 1, done.stderr
    assert "different: event" in done.stdout
    assert "fills row 0\n  bar_index: event 30, array 31" in done.stdout
    assert "event lane, bar ending 2013-09-01 17:31 CDT" in done.stdout
    assert "order 1 sold 1 ESU3" in done.stdout
    assert "array lane, bar ending 2013-09-01 17:31 CDT" in done.stdout
    assert not (desk / "runs").exists()


def test_parity_in_json(desk: Path) -> None:
    done = barstep("check", "parity", "run.yaml", "--json", cwd=desk)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["equal"] is False
    assert document["differences"][0]["what"] == "fills row 0"
    (desk / "wrong.py").write_text(WRONG.replace("SLOW", "30"))
    done = barstep("check", "parity", "run.yaml", "--json", cwd=desk)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "equal": True,
        "digests": dict.fromkeys(("event", "array"), json.loads(done.stdout)["digests"]["event"]),
        "differences": [],
    }


def test_parity_of_a_run_that_has_no_array_form_is_a_configuration_error(desk: Path) -> None:
    (desk / "run.yaml").write_text(RUN.replace("./wrong.py", "opening_range_breakout"))
    done = barstep("check", "parity", "run.yaml", cwd=desk)
    assert done.returncode == 2
    assert "the array lane cannot play this run: opening_range_breakout has no positions(bars)" in done.stderr


def test_a_strategy_with_positions_alone_runs_in_both_lanes(desk: Path) -> None:
    text = WRONG.replace("SLOW", "30")
    start, end = text.index("    @hookimpl"), text.index("    def positions")
    (desk / "wrong.py").write_text(text[:start] + text[end:])
    done = barstep("check", "parity", "run.yaml", cwd=desk)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.startswith("equal: 2,264 bars, ")


def test_positions_that_look_ahead_end_the_run(desk: Path) -> None:
    shifted = WRONG.replace("bars.indicator(SMA(10))", "np.roll(bars.indicator(SMA(10)), -1)").replace("SLOW", "30")
    (desk / "wrong.py").write_text("import numpy as np\n" + shifted)
    done = barstep("run", "run.yaml", "--set", "lane=array", "--out", "out", cwd=desk)
    assert done.returncode == 1
    assert "plugin wrong, function positions at" in done.stderr
    assert "wrong.py:" in done.stderr
    assert "it looks ahead" in done.stderr
    assert not (desk / "out").exists()
