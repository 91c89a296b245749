"""A few days of bars, read once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")
sys.path.insert(0, str(Path(__file__).parent))

from small import stream

from barstep.engine.array.bars import ArrayBars


@pytest.fixture(scope="session")
def bars() -> ArrayBars:
    source = stream(3_000)
    return ArrayBars.read(source, source.sessions.locate)[0]
