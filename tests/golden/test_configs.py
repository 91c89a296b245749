"""Every bundled run: its outcome as one line of text, changed only on purpose.

`pytest tests/golden --write-golden` writes the file anew; read the difference before committing it.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

import barstep
from barstep.batch.grid import run_grid
from barstep.batch.store import Store
from barstep.config.grid_loader import is_grid

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("configs.txt")
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
GRIDS = [path for path in CONFIGS if is_grid(path)]
RUNS = [path for path in CONFIGS if path not in GRIDS]


def line(result: barstep.RunResult) -> str:
    counts = f"{result.bars} bars, {result.fills} fills, {result.trades} trades, {result.ambiguous_bars} ambiguous"
    refused = f"{result.denied_orders} denied, {result.rejected_orders} rejected"
    return f"{result.name}: {result.net_pnl:+.2f} USD, {result.fees:.2f} fees, {counts}, {refused}, {result.digest}"


def grid_line(folder: Path) -> str:
    with Store(folder) as store:
        (done, failed), rank = store.count(), store.about["rank_by"]
        part = "train" if store.about["walk_forward"] else "grid"
        best = store.best(rank["metric"], rank["sign"], 1, part)[0]
        together = hashlib.sha256("".join(row.digest for row in store.rows()).encode()).hexdigest()
    values = ", ".join(f"{name} {value}" for name, value in best.vals.items())
    return (
        f"{folder.name}: {done} points, {failed} failed, best {values}, {best.metrics['net_pnl']:+.2f} USD, {together}"
    )


@pytest.mark.parametrize("config", RUNS, ids=lambda path: path.stem)
def test_the_run_is_the_recorded_one(config: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    compare(config, line(barstep.run(config, out=tmp_path / "run")), request)


@pytest.mark.parametrize("config", GRIDS, ids=lambda path: path.stem)
def test_the_grid_is_the_recorded_one(config: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    for name in ("plugins", "strategies"):
        (tmp_path / name).symlink_to(ROOT / name)
    compare(config, grid_line(run_grid(tmp_path / "configs" / config.name, workers=1).folder), request)


def compare(config: Path, got: str, request: pytest.FixtureRequest) -> None:
    recorded = dict(entry.split(" ", 1) for entry in GOLDEN.read_text(encoding="utf-8").splitlines())
    if request.config.getoption("--write-golden"):
        recorded[config.stem] = got
        GOLDEN.write_text("".join(f"{name} {text}\n" for name, text in sorted(recorded.items())), encoding="utf-8")
    assert recorded.get(config.stem) == got


def test_nothing_is_recorded_that_is_not_there() -> None:
    names = [entry.split(" ", 1)[0] for entry in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert names == [path.stem for path in CONFIGS]
