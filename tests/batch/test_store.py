"""What is finished is kept and skipped; what has changed is never mixed with it; and everything can be read again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
from grids import CROSSES, RUN, moody, table, write

from barstep.batch.store import Store


def test_a_second_run_plays_nothing_and_more_values_play_only_these(desk: Path, play) -> None:
    first = play(CROSSES)
    before = table(first.folder)
    again = play(CROSSES)
    assert (again.estimate.left, again.progress.done, again.progress.skipped) == (0, 12, 12)
    assert table(first.folder) == before
    more = {**CROSSES, "vary": {**CROSSES["vary"], "sma_crossover.fast": [3, 5, 8, 9]}}
    wider = play(more)
    assert (wider.estimate.left, wider.progress.skipped) == (4, 12)
    assert wider.warnings == []
    assert len(table(first.folder)) == 16


def test_a_change_of_anything_else_begins_a_generation(desk: Path, play) -> None:
    strategy, run = desk / "strategies" / "sma_crossover.py", desk / "configs" / "small.yaml"
    changes = [
        lambda: strategy.write_text(f"{strategy.read_text()}\n# another thought\n"),
        lambda: run.write_text(json.dumps({**RUN, "account": {"fees": 1}})),
    ]
    play(CROSSES)
    for number, change in enumerate(changes, 2):
        change()
        outcome = play(CROSSES)
        assert outcome.estimate.left == 12
        assert outcome.warnings == [
            f"the run, its bars, plugins or versions have changed: generation {number} begins, earlier points are kept apart"
        ]
    assert play(CROSSES, overrides=["sma_crossover.size=2"]).warnings != []
    hidden = play(CROSSES, overrides=["sma_crossover.size=2", "broker.token=hunter2"]).folder / "grid.sqlite"
    assert b"hunter2" not in hidden.read_bytes()
    with Store(desk / "runs" / "grids" / "crosses") as store:
        assert [points for *_, points in store.generations()] == [12, 12, 12, 12, 12]
    (desk / "configs" / "small.yaml").write_text(json.dumps(RUN))
    again = play(CROSSES)  # but for the comment in the strategy, as in the beginning
    assert (again.estimate.left, again.warnings) == (0, [])
    with Store(again.folder) as store:
        assert len(store.generations()) == 5


def test_other_bars_in_the_same_file_begin_a_generation(desk: Path, play) -> None:
    rows = ["t,o,h,l,c,v"]
    for bar in range(300):
        price = 5000 + (bar * 7 % 40) * 0.25
        rows.append(
            f"2024-03-05T{8 + bar // 60:02}:{bar % 60:02}:00Z,{price},{price + 1},{price - 1},{price + 0.5},1700"
        )
    (desk / "bars.csv").write_text("\n".join(rows) + "\n")
    run = {**RUN, "data": {"instrument": "ES", "timeframe": "1m", "source": "bars.csv"}}
    assert play({**CROSSES, "run": run}).warnings == []
    assert play({**CROSSES, "run": run}).estimate.left == 0
    (desk / "bars.csv").write_text("\n".join([*rows[:-1], rows[-1].replace("1700", "1701")]) + "\n")
    outcome = play({**CROSSES, "run": run})
    assert (outcome.estimate.left, len(outcome.warnings)) == (12, 1)


def test_failed_points_are_played_again_only_when_asked_for(desk: Path, cli) -> None:
    grid = write(desk, moody(20, "raise"))
    assert cli("grid", "run", grid, "-j", "1", "-q").exit_code == 0
    assert "1 point ended with an error" in cli("grid", "run", grid, "-j", "1", "-q").stderr
    (desk / "runs" / "grids" / "moody" / "note").write_text("kept")
    result = cli("grid", "retry-failed", grid, "-j", "1", "-q", "--strict")
    assert result.exit_code == 1
    assert len(table(desk / "runs" / "grids" / "moody")) == 20


def test_status_show_best_and_export_tell_the_same(desk: Path, cli) -> None:
    grid = write(desk, CROSSES)
    assert "no grids yet" in cli("grid", "status").stdout
    told = json.loads(cli("grid", "run", grid, "-j", "1", "--json").stdout)
    assert (told["finished"], told["failed"], told["interrupted"]) == (12, 0, False)
    for text in ("crosses", grid, "last", "runs/grids/crosses"):
        assert json.loads(cli("grid", "status", text, "--json").stdout)["finished"] == 12
    assert cli("grid", "status").stdout.splitlines()[1].split() == ["crosses", "small", "12", "12", "0", "1"]
    best = json.loads(cli("grid", "best", "crosses", "--json", "-n", "3").stdout)
    assert [point["number"] for point in best[:1]] == [told["best"]["number"]]
    assert cli("grid", "export", "crosses", "points.csv").stdout == "points.csv: 12 points\n"
    assert cli("grid", "export", "crosses", "points.parquet").exit_code == 0
    rows = list(csv.DictReader((desk / "points.csv").read_text().splitlines()))
    ranked = sorted(rows, key=lambda row: -float(row["net_pnl"]))
    assert [row["digest"] for row in ranked[:3]] == [point["digest"] for point in best]
    frame = pl.read_parquet(desk / "points.parquet")
    assert frame["digest"].to_list() == [row["digest"] for row in rows]
    assert frame["net_pnl"].to_list() == [float(row["net_pnl"]) for row in rows]
    drawdown = json.loads(cli("grid", "best", "crosses", "--json", "--by", "max_drawdown", "--lowest").stdout)
    assert drawdown[0]["metrics"]["max_drawdown"] == min(float(row["max_drawdown"]) for row in rows)
    shown = cli("grid", "show", "crosses").stdout
    assert "PROVISIONAL" in shown
    command = cli("grid", "best", "crosses").stdout.splitlines()[-1].split("barstep run ")[1].split()
    alone = json.loads(cli("run", command[0], *command[1:], "--json").stdout)
    assert alone["digest"] == best[0]["digest"]


def test_what_is_not_there_is_told(desk: Path, cli) -> None:
    cli("grid", "run", write(desk, CROSSES), "-j", "1", "-q")
    for arguments, told in (
        (
            ("show", "croses"),
            "no grid 'croses': give a grid's folder, its name, its file, or last; did you mean crosses?",
        ),
        (("best", "crosses", "--by", "net_pln"), "did you mean net_pnl?"),
        (("export", "crosses", "points.xls"), "expected a file that ends in .csv or .parquet"),
        (("export", "crosses", "no/points.csv"), "the folder no does not exist"),
        (("run", "configs/crosses.yaml", "--backend", "ray"), "--backend ray: expected loky or dask"),
        (
            ("run", "configs/crosses.yaml", "--set", "sma_crossover.fast=3"),
            "expected no axis that --set sma_crossover.fast=3 sets",
        ),
    ):
        result = cli("grid", *arguments)
        assert (result.exit_code, told in result.stderr) == (2, True), result.stderr


def test_a_file_that_is_no_store_is_refused(desk: Path, cli) -> None:
    (desk / "other").mkdir()
    (desk / "other" / "grid.sqlite").write_text("not a database, but long enough to look at" * 30)
    result = cli("grid", "run", write(desk, CROSSES), "-j", "1", "--out", "other")
    assert result.exit_code == 3
    assert "other/grid.sqlite: not the store of a grid" in result.stderr
