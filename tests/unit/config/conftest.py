from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from barstep.config import load_run
from barstep.domain.errors import ConfigError

RUN = """\
version: 1
name: sma-crossover-es
data:      {instrument: ES, timeframe: 1m, source: sample, start: 2013-09-01, end: 2013-09-03}
account:   {balance: 50000, fees: topstepx}
fills:     {profile: strict}
broker:    {kind: embedded}
strategies:
  - use: sma_crossover
    options: {fast: 10, slow: 30}
risk:
  - use: max_position
    options: {contracts: 5}
  - use: trading_hours
    options: {flat_by: 15:10}
observers:
  - use: trade_journal
"""


@pytest.fixture
def run_text() -> str:
    return RUN


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes run.yaml in an empty folder, which becomes the current one."""
    monkeypatch.chdir(tmp_path)

    def write_text(text: str) -> str:
        Path("run.yaml").write_text(text, encoding="utf-8")
        return "run.yaml"

    return write_text


@pytest.fixture
def faults(write: Callable[[str], str]) -> Callable[..., list[str]]:
    """The lines that loading a text raises."""

    def lines(text: str, *overrides: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_run(write(text), overrides)
        return caught.value.problems

    return lines
