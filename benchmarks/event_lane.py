"""The event lane beside backtesting.py and a plain loop: `python -m benchmarks` with these engines only.

python benchmarks/event_lane.py [WORK ...] [--bars 350000] [--rounds 5] [--memory]
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

OURS = ",".join(f"barstep{build}{means}" for means in ("", "-own", "-cross") for build in ("", "-compiled"))

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.argv[1:1] = ["--only", f"{OURS},backtesting,loop"]
    runpy.run_module("benchmarks", run_name="__main__")
