"""Benchmarks against other engines: `python -m benchmarks`. The checkout's own barstep is what runs, unless one is told."""

import os
import sys
from pathlib import Path

AS_INSTALLED = "BENCHMARKS_AS_INSTALLED"
"""Set in the environment of a process that is to play barstep as it is installed."""

if AS_INSTALLED not in os.environ:
    sys.path.insert(0, str(Path(__file__).parents[1] / "framework"))
