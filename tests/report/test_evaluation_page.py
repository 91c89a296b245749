"""The page of an evaluation, from its document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from barstep.cli.main import app

FOUND: dict[str, Any] = {
    "plan": {"title": "A Plan <50K>", "as_of": "2026-09-24"},
    "record": {"contracts": ["ESU3"], "days": 12, "label": "last", "zone": "America/Chicago"},
    "verdict": {
        "status": "failed",
        "profit": -2010.5,
        "days": 2,
        "failure": {"rule": "max_loss_limit", "day": "2020-01-03"},
    },
    "by_day": [
        {"date": "2020-01-02", "net": -800.0, "balance": 49_200.0, "floor": 48_000.0, "headroom": 900.0},
        {"date": "2020-01-03", "net": -1_210.5, "balance": 47_989.5, "floor": 48_000.0, "headroom": -10.5},
    ],
    "every_start": {"starts": 4, "ended": {"open": 1, "passed": 0, "max_loss_limit": 3}},
    "remarks": ["held past the flat time"],
    "odds": {
        "attempts": 500,
        "days": 60,
        "source_days": 12,
        "target": 3000.0,
        "sizes": [
            {
                "size": 1,
                "causes": {"passed": 0.2, "max_loss_limit": 0.8},
                "pass_share": 0.2,
                "pass_interval": [0.1, 0.35],
                "fan": {f"p{point}": [0.0, point * 10.0, point * 12.0] for point in (5, 25, 50, 75, 95)},
            }
        ],
    },
}


def report(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_an_evaluation_becomes_a_page(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps(FOUND), encoding="utf-8")
    assert report(str(file)) == (0, f"{tmp_path / 'found.html'}\n", "")
    text = (tmp_path / "found.html").read_text(encoding="utf-8")
    shared = re.search(r'<script type="application/json" id="shared">(.*?)</script>', text, re.S)
    assert shared is not None
    figures = json.loads(shared[1])["figures"]
    assert set(figures) == {"attempt", "fan-1", "causes", "chances"}
    fan = {trace["name"]: trace["y"] for trace in figures["fan-1"]["data"]}
    assert (fan["median"], fan["9 of 10"], fan["9 of 10, upper"]) == ([0, 500, 600], [0, 50, 60], [0, 950, 1140])
    assert fan["target"] == [3000, 3000]
    passed = next(trace for trace in figures["causes"]["data"] if trace["name"] == "passed")
    assert (passed["y"], passed["x"]) == (["from every day", "drawn, 1x"], [0.0, 0.2])
    assert "A Plan &lt;50K&gt;" in text
    assert "10% to 35%" in text
    assert "Held past the flat time." in text


def test_another_document_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("{}", encoding="utf-8")
    code, out, _ = report(str(file))
    assert (code, out) == (2, "")
    assert report(str(tmp_path / "missing.json"))[0] == 2
    assert not (tmp_path / "other.html").exists()


def test_a_damaged_document_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "half.json"
    for record in ({"contracts": ["ESU3"], "days": 12, "label": "last"}, None):
        file.write_text(json.dumps({**FOUND, "record": record}), encoding="utf-8")
        code, _, error = report(str(file))
        assert (code, error.count("\n")) == (2, 1)
        assert "damaged, or of another version of barstep" in error
        assert not (tmp_path / "half.html").exists()
