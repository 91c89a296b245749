"""The benchmark script runs and its engines agree; how long they take is not asserted."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "event_lane.py"


@pytest.mark.parametrize("work", ["noop", "sma", "orders"])
def test_the_engines_agree_and_a_table_is_printed(work):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), work, "--bars", "4000", "--rounds", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "fills agree" in done.stdout
    rows = [line.split()[0] for line in done.stdout.splitlines()[3:]]
    assert rows == ["barstep", *(["backtesting.py"] if find_spec("backtesting") else []), "plain"]
