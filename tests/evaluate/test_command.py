"""`barstep evaluate` as a user calls it: a run, the same from another process, the table of floors, mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import barstep
from barstep.cli.main import app

RUN = {
    "version": 1,
    "name": "drawn",
    "data": {
        "instrument": "MES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "start": "2023-01-03", "days": 70},
    },
    "account": {"balance": 50000, "fees": "topstepx"},
    "strategies": [{"use": "rsi_scalper", "options": {"period": 14, "oversold": 30, "overbought": 70}}],
    "risk": [{"use": "trading_hours", "options": {"flat_by": "15:10"}}],
}  # fmt: skip
PLAN = ("--plan", "topstep-combine-50k")
ODDS = ("--attempts", "500", "--days", "40", "--seed", "7", "--sizes", "1,3")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run over 70 days; its own rules end nothing."""
    return barstep.run(RUN, out=tmp_path_factory.mktemp("runs") / "run").folder


@pytest.fixture
def cli(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: CliRunner().invoke(app, ["evaluate", *map(str, words)])


def test_a_failed_account_is_a_result(cli, run):
    done = cli(run, *PLAN, "--what-if", *ODDS)
    assert done.exit_code == 0, done.output
    for words in (
        "Topstep Trading Combine 50K on ", "FAILED on day ", "by max_loss_limit", "Smallest headroom of every day",
        "attempts in a row", "Begun on each of the 70 days", "without max_loss_limit", "500 attempts of at most 40 days",
        "size x1", "size x3", "Chance to pass", "95 % by the source days", "Cost until one passes",
        "Expected value of an attempt",
    ):  # fmt: skip
        assert words in done.output, words
    assert max(map(len, done.output.splitlines()[2:])) <= 80


@pytest.mark.parametrize(("on_fail", "told"), [("stop", True), ("reset", False)])
def test_days_are_missing_only_where_a_failed_account_ends_the_run(cli, tmp_path, on_fail, told):
    rule = {"use": "max_loss_limit", "options": {"usd": 300}}
    made = {**RUN, "account": {**RUN["account"], "on_fail": on_fail}, "risk": [*RUN["risk"], rule]}
    folder = barstep.run(made, out=tmp_path / "run").folder
    done = cli(folder, *PLAN)
    assert done.exit_code == 0, done.output
    assert ("the days after it are missing" in " ".join(done.output.split())) is told


def test_the_document_holds_what_the_page_shows(cli, run):
    done = cli(run, *PLAN, "--what-if", *ODDS, "--json")
    found = json.loads(done.stdout)
    verdict, failure = found["verdict"], found["verdict"]["failure"]
    assert verdict["status"] == "failed"
    assert failure["rule"] == "max_loss_limit"
    assert failure["margin"] == pytest.approx(failure["equity"] - failure["level"])
    assert failure["day"] == verdict["last_day"]
    assert verdict["smallest_headroom"]["usd"] == failure["margin"]
    rooms = [day["headroom"] for day in found["by_day"]]
    assert (min(rooms), len(rooms)) == (verdict["smallest_headroom"]["usd"], verdict["days"])
    assert found["by_day"][-2]["balance"] == pytest.approx(50_000 + sum(day["net"] for day in found["by_day"][:-1]))
    assert found["record"]["days"] == 70
    assert found["record"]["certainty"] == "exact"
    assert sum(found["every_start"]["ended"].values()) == 70
    assert [one["size"] for one in found["odds"]["sizes"]] == [1, 3]
    assert not found["odds"]["provisional"]
    for one in found["odds"]["sizes"]:
        assert sum(one["causes"].values()) == pytest.approx(1)
        assert one["pass_interval"][0] <= one["pass_share"] <= one["pass_interval"][1]
    without = next(each for each in found["what_if"] if each["change"] == "without max_loss_limit")
    assert without["status"] in ("open", "passed")


def test_another_process_says_the_same_to_the_byte(cli, run):
    words = [str(run), *PLAN, *ODDS, "--json"]
    outs = [
        subprocess.run(
            [sys.executable, "-m", "barstep", "evaluate", *words], capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outs[0] == outs[1]
    assert json.loads(outs[0]) == json.loads(cli(*words).stdout)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_table_of_floors_has_every_bar(cli, run, tmp_path, ending):
    done = cli(run, *PLAN, "--json", "--floors", f"floors.{ending}")
    assert done.exit_code == 0, done.output
    path = tmp_path / f"floors.{ending}"
    table = pl.read_parquet(path) if ending == "parquet" else pl.read_csv(path)
    found = json.loads(done.stdout)
    first = table.filter(pl.col("attempt") == 1)
    assert first["headroom"].min() == pytest.approx(found["verdict"]["smallest_headroom"]["usd"], abs=0.006)
    assert (first["floor"].diff().drop_nulls() >= 0).all()
    assert table["attempt"].n_unique() == len(found["attempts"])
    assert table["day"].n_unique() == 70
    assert list(tmp_path.iterdir()) == [path]


def test_figures_and_readings_are_changed_in_sight(cli, run):
    done = cli(run, *PLAN, "--set", "consistency.share=0.4", "--set", "dll=bought", "--json")
    changed = json.loads(done.stdout)["plan"]["changed"]
    assert changed["consistency.share"] == 0.4
    assert changed["daily_loss_limit.usd"] == 1000
    wide = json.loads(cli(run, *PLAN, "--set", "max_loss_limit=none", "--json").stdout)
    assert wide["verdict"]["smallest_headroom"] is None
    assert wide["verdict"]["floor"] is None


def test_a_plan_that_pays_out_and_one_without_prices(cli, run):
    funded = json.loads(cli(run, "--plan", "topstep-express-funded-50k", "--json").stdout)
    assert funded["verdict"]["total_needed"] is None
    odds = json.loads(cli(run, "--plan", "myfundedfutures-pro-50k", *ODDS, "--json").stdout)
    assert "plan myfundedfutures-pro-50k names no funded account: payouts are not counted" in odds["remarks"]
    assert [one["value"] for one in odds["odds"]["sizes"]] == [None, None]


def test_few_days_are_provisional(cli, tmp_path):
    (tmp_path / "fills.csv").write_text(
        "time,contract,side,size,price\n2026-03-20T14:30:00Z,ESM6,buy,1,6500\n2026-03-20T14:40:00Z,ESM6,sell,1,6510\n"
    )
    done = cli("fills.csv", *PLAN, *ODDS)
    assert done.exit_code == 0, done.output
    assert "PROVISIONAL: 500 attempts" in done.output
    assert "STILL OPEN AT BEST after 1 day" in done.output
    assert "no bars: equity is known at the fills only" in done.output
    assert "the odds are too good" in done.output


MISTAKES = {
    "unknown plan": (("--plan", "topstep-combin-50k"), 2, "no plan 'topstep-combin-50k'; did you mean topstep-combine-50k"),
    "unknown figure": ((*PLAN, "--set", "consistancy.share=1"), 2, "did you mean consistency?"),
    "unknown switch": ((*PLAN, "--set", "dl=bought"), 2, "--set dl=bought: no figure or switch 'dl'; did you mean dll?"),
    "unknown value": ((*PLAN, "--set", "dll=sold"), 2, "--set dll: got sold, expected one of none, bought"),
    "no value": ((*PLAN, "--set", "dll"), 2, "--set dll: expected KEY=VALUE"),
    "figure of a payout": (
        (*PLAN[:1], "topstep-express-funded-50k", "--set", "payout.paths.standard.cup=1"), 2,
        "--set payout.paths.standard.cup: got the unknown figure, expected one of days, day_min, share, cap; did you mean cap?",
    ),
    "no figure": ((*PLAN, "--set", "max_loss_limit.usd=-5"), 2, "--set max_loss_limit.usd: got -5, expected"),
    "contradiction": (
        (*PLAN, "--set", "max_loss_limit.trail=static", "--set", "daily_loss_limit.usd=5000"), 2,
        "--set daily_loss_limit.usd: got 5000, expected at most max_loss_limit.usd 2000: the account fails first",
    ),
    "sizes": ((*PLAN, *ODDS[:2], "--sizes", "1,one"), 2, "--sizes 1,one: expected multiples of the recorded size"),
    "size none": ((*PLAN, *ODDS[:2], "--sizes", "0"), 2, "--sizes 0: expected multiples"),
    "seed alone": ((*PLAN, "--seed", "3"), 2, "--seed is for drawn attempts: give --attempts too"),
    "payout": ((*PLAN, *ODDS, "--payout", "weekly"), 2, "topstep-express-funded-50k has standard, consistency"),
    "floors kind": ((*PLAN, "--floors", "f.xlsx"), 2, "expected a name that ends in .parquet or .csv"),
    "floors folder": ((*PLAN, "--floors", "gone/f.csv"), 2, "there is no folder gone"),
    "bars of a run": ((*PLAN, "--bars", "sample"), 2, "--bars is for a file of fills or trades; a run has its own"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_message(cli, run, tmp_path, name):
    words, code, message = MISTAKES[name]
    done = cli(run, *words)
    assert done.exit_code == code, done.output
    told = " ".join(done.stderr.split())
    assert message in told
    assert told.count("error:") == 1
    assert "Traceback" not in done.output
    assert list(Path(tmp_path).iterdir()) == []


def test_a_floors_file_is_not_left_half_written(cli, tmp_path, run):
    (tmp_path / "f.csv").write_text("mine")
    assert cli(run, *PLAN, "--floors", "f.csv").exit_code == 2
    assert (tmp_path / "f.csv").read_text() == "mine"
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("result.json", "config.resolved.yaml", "manifest.json", "fills.parquet"):
        (broken / name).write_bytes((run / name).read_bytes())
    (broken / "equity.parquet").write_bytes(b"no parquet")
    done = cli(broken, *PLAN, "--floors", "g.parquet")
    assert done.exit_code == 3, done.output
    assert "not a result table" in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "f.csv"]
