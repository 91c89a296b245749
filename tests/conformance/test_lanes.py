"""The bundled runs in the array lane: the recorded digests, and which lane played them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import barstep
from barstep.config.grid_loader import is_grid

pytest.importorskip("numba")

ROOT = Path(__file__).parents[2]
GOLDEN = (ROOT / "tests" / "golden" / "configs.txt").read_text(encoding="utf-8").splitlines()
LINES = {
    name: rest
    for name, rest in (line.split(" ", 1) for line in GOLDEN)
    if not is_grid(ROOT / "configs" / f"{name}.yaml")
}
ARRAY = {"channel_breakout", "rsi_scalper", "sma_crossover"}


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_bundled_run_has_its_digest_in_the_array_lane_too(name: str, tmp_path: Path) -> None:
    result = barstep.run(ROOT / "configs" / f"{name}.yaml", ["lane=array"], out=tmp_path / "run")
    assert result.digest == LINES[name].rpartition(" ")[2]
    counts = re.search(r"(\d+) fills, (\d+) trades, (\d+) ambiguous, (\d+) denied", LINES[name])
    assert counts is not None
    found = (result.fills, result.trades, result.ambiguous_bars, result.denied_orders)
    assert found == tuple(int(count) for count in counts.groups())
    assert result.lane == ("array" if name in ARRAY else "event")
    told = [text for text in result.warnings if text.startswith("lane: ")]
    assert bool(told) == (name not in ARRAY)
