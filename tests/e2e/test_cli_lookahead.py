"""`barstep check lookahead` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HONEST = """
import numpy as np
from barstep import Strategy


class Side(Strategy):
    def positions(self, bars):
        wanted = np.where(bars.close > bars.open, 1, -1)
        return wanted
"""
ONCE = """
import numpy as np
from barstep import Strategy


class Side(Strategy):
    def positions(self, bars):
        wanted = np.where(bars.close > bars.open, 1, -1)
        if len(bars) > 720:
            wanted[700] = 1 if bars.close[720] > bars.close[700] else -1
        return wanted
"""
RUN = """
version: 1
data: {instrument: ES, timeframe: 1m, source: sample}
strategies:
  - use: USE
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "side.py").write_text(HONEST)
    (tmp_path / "run.yaml").write_text(RUN.replace("USE", "./side.py"))
    return tmp_path


def check(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "barstep", "check", "lookahead", "run.yaml", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_positions_that_know_nothing_later_pass(desk: Path) -> None:
    done = check(desk, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"strategy": "side", "bars": 2264, "places": 100}


def test_one_bar_that_knows_a_later_one_is_found_when_many_places_are_tried(desk: Path) -> None:
    (desk / "side.py").write_text(ONCE)
    run = [sys.executable, "-m", "barstep", "run", "run.yaml", "--out", "out", "--quiet"]
    assert subprocess.run(run, cwd=desk, capture_output=True, check=False).returncode == 0, "a few looks miss it"
    done = check(desk, "--places", "2000")
    assert done.returncode == 1, done.stdout
    assert "it says positions 1 when all 2,264 bars are known and -1 when the first 702 are" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_strategy_of_hooks_alone_has_nothing_to_try(desk: Path) -> None:
    (desk / "run.yaml").write_text(RUN.replace("USE", "opening_range_breakout"))
    done = check(desk)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nothing to try: opening_range_breakout has no positions(bars)")


def test_two_strategies_are_refused(desk: Path) -> None:
    (desk / "run.yaml").write_text(RUN.replace("USE", "./side.py\n  - use: opening_range_breakout"))
    assert check(desk).returncode == 2
