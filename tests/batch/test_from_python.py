"""`barstep.grid`: what the command plays, with its points as a frame."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from grids import CROSSES, moody

import barstep


def test_a_grid_from_python_is_the_one_of_the_command(desk: Path, cli) -> None:
    found = barstep.grid(CROSSES, out="here", workers=1)
    assert (found.points, found.failed, found.warnings, found.interrupted) == (12, 0, [], False)
    told = json.loads(cli("grid", "best", "here", "--top", "1", "--json").stdout)[0]
    assert found.best is not None
    assert {**found.best, "seconds": 0} == {**told, "seconds": 0}
    frame = found.table()
    assert len(frame) == 12
    assert frame["net_pnl"].max() == found.best["metrics"]["net_pnl"]
    values = {f"{name}={value}" for name, value in found.best["values"].items()}
    alone = barstep.run("configs/small.yaml", sorted(values), out="alone")
    assert alone.digest == found.best["digest"]
    shown = json.loads(cli("grid", "show", "here", "--json").stdout)
    assert json.loads(json.dumps(found.statistics()["best"]["neighbours"])) == shown["best"]["neighbours"]


def test_the_same_call_plays_nothing_again(desk: Path) -> None:
    first = barstep.grid(CROSSES, workers=1)
    assert first.folder == desk / "runs" / "grids" / first.name
    before = first.table()
    again = barstep.grid(CROSSES, workers=1)
    assert again == first
    assert again.table().equals(before)  # `seconds` too


def test_points_that_failed_are_rows_and_are_played_again_on_request(desk: Path) -> None:
    found = barstep.grid(moody(10, "raise"), out="bad", workers=1)
    assert (found.points, found.failed) == (10, 1)
    assert "no luck with 7" in found.warnings[0]
    assert found.table().filter(found.table()["error"] != "")["moody.number"].to_list() == ["7"]
    assert barstep.grid(moody(10, "raise"), out="bad", workers=1, retry_failed=True).failed == 1


def test_its_figures_are_those_of_the_report(desk: Path) -> None:
    found = barstep.grid(CROSSES, out="here", workers=1)
    heat = found.plot("heatmap", metric="trades")
    best = found.best
    assert best is not None
    across, up = list(best["values"])
    column, row = (
        list(map(str, axis)).index(str(best["values"][name]))
        for name, axis in ((across, heat.data[0].x), (up, heat.data[0].y))
    )
    assert heat.data[0].z[row][column] == best["metrics"]["trades"]
    assert "12, 0 failed" in found._repr_html_()
    for what, options in (
        ("equity", {}),
        ("heatmap", {"across": "nothing"}),
        ("plateau", {"up": up}),
        ("heatmap", {"metric": "x"}),
    ):
        with pytest.raises(barstep.ConfigError, match=r"plot: got .* expected"):
            found.plot(what, **options)


def test_mistakes_are_told_before_the_first_point(desk: Path) -> None:
    with pytest.raises(barstep.ConfigError, match=r"nothing\.yaml"):
        barstep.grid("nothing.yaml")
    with pytest.raises(barstep.ConfigError, match="vary"):
        barstep.grid({**CROSSES, "vary": {"sma_crossover.quick": [1]}}, workers=1)
    assert not (desk / "runs" / "grids").exists() or not list((desk / "runs" / "grids").iterdir())
