"""The event lane beside backtesting.py and a plain loop: `python -m benchmarks` with these engines only.

python benchmarks/event_lane.py [WORK ...] [--bars 350000] [--rounds 5] [--memory]
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.argv[1:1] = ["--only", "barstep,barstep-own,barstep-cross,backtesting,loop"]
    runpy.run_module("benchmarks", run_name="__main__")
