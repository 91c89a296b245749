"""Benchmarks against other engines: `python -m benchmarks`. The checkout's own barstep is what runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "framework"))
