"""Where numba is not installed: one line that says what to install, and the event lane."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import importlib.util, json, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else find(name, *rest)
import numpy as np
import barstep
from barstep.arrays import KEEP, crossover
assert crossover(np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist() == [KEEP, 1]
config = {"version": 1, "lane": "array", "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
          "strategies": [{"use": "sma_crossover"}]}
result = barstep.run(config, out=sys.argv[1])
assert "numba" not in sys.modules
print(json.dumps([result.lane, result.warnings, result.fills]))
"""


def test_the_event_lane_runs_and_the_extra_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lane, warnings, fills = json.loads(done.stdout.splitlines()[-1])
    assert lane == "event"
    assert fills > 0
    assert any("pip install 'barstep[fast]'" in text for text in warnings)


def test_the_event_lane_never_loads_numba(tmp_path: Path) -> None:
    code = (
        CODE.split("importlib.util.find_spec = lambda", maxsplit=1)[0]
        + "import barstep\n"
        + CODE[CODE.index("config = ") :]
    )
    code = code.replace('"lane": "array"', '"lane": "event"')
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
