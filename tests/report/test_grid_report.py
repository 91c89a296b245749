"""`barstep report GRID`: from the store of a grid to its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from barstep.cli.main import app

GRID = """\
version: 1
name: small-grid
run:
  version: 1
  name: small
  data: {instrument: ES, timeframe: 5m, source: {kind: synthetic, seed: 7, days: 8}}
  strategies: [{use: sma_crossover}]
vary:
  sma_crossover.fast: [5, 20]
  sma_crossover.slow: [40, 60, 80]
rank_by: net_pnl
"""


def cli(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_a_stored_grid_becomes_a_page(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    file = desk / "configs" / "small_grid.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(GRID, encoding="utf-8")
    assert cli("grid", "run", str(file), "--quiet", "--workers", "1")[0] == 0
    for named in ("small-grid", str(file), "runs/grids/small-grid"):
        code, out, _ = cli("report", named)
        assert (code, Path(out.strip())) == (0, desk / "runs" / "grids" / "small-grid" / "report.html")
    text = Path(out.strip()).read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found is not None
    data = json.loads(found[1])
    shown = json.loads(cli("grid", "best", str(file), "--json")[1])
    best = (shown["best"] if isinstance(shown, dict) else shown)[0]
    assert data["number"][data["best"]] == best["number"]
    assert data["metrics"]["net_pnl"][data["best"]] == pytest.approx(best["metrics"]["net_pnl"])
    assert data["axes"] == {"sma_crossover.fast": ["5", "20"], "sma_crossover.slow": ["40", "60", "80"]}
    assert cli("report", "nothing-of-the-sort")[0] == 2


def test_a_walk_forward_is_told_day_by_day(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    file = desk / "configs" / "small_walk.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        GRID.replace("small-grid", "small-walk") + "walk_forward: {train: 3d, test: 2d}\n", encoding="utf-8"
    )
    assert cli("grid", "run", str(file), "--quiet", "--workers", "1")[0] == 0
    code, out, _ = cli("report", "small-walk")
    assert code == 0
    text = Path(out.strip()).read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="shared">(.*?)</script>', text, re.S)
    assert found is not None
    figures = json.loads(found[1])["figures"]
    account = json.loads(cli("grid", "show", "small-walk", "--json")[1])["walk_forward"]
    *bars, line = figures["walk"]["data"]
    assert len(line["x"]) == account["days"] + 1
    assert [bar["y"][0] for bar in bars] == [step["net_pnl"] for step in account["segments"]]
    seen = figures["unseen"]["data"][0]["y"]
    assert [value * 3 for value in seen] == pytest.approx([step["trained"] for step in account["segments"]])
    assert "How sure it is" in text
    assert "chance that it is above 0" in text
