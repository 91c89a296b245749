"""`barstep plans`, and a plan from YAML and `--set`: what is printed, stored and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from barstep.rules import figures, load_plan, plan_names

RUN = """\
version: 1
name: combine
data: {instrument: MES, timeframe: 5m, source: {kind: synthetic, seed: 2, days: 8, start: 2026-01-05}}
account:
  plan: topstep-combine-50k
strategies:
  - use: channel_breakout
    options: {size: 3}
"""


@pytest.fixture
def combine(desk):
    (desk / "configs" / "combine.yaml").write_text(RUN, encoding="utf-8")
    return "configs/combine.yaml"


def test_list_names_every_plan(desk, cli):
    shown = cli("plans", "list")
    listed = json.loads(cli("plans", "list", "--json").stdout)
    assert [row["name"] for row in listed] == plan_names()
    assert [line.split()[0] for line in shown.stdout.splitlines() if not line.startswith(" ")] == [
        "name",
        *plan_names(),
    ]
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())


@pytest.mark.parametrize("name", plan_names())
def test_show_gives_each_figure_with_its_source(name, desk, cli):
    told = json.loads(cli("plans", "show", name, "--json").stdout)
    assert [row["figure"] for row in told["figures"]] == list(figures(load_plan(name)))
    assert all(row["sources"] and row["as_of"] and row["confidence"] for row in told["figures"])
    assert {key for row in told["figures"] for key in row["sources"]} <= set(told["sources"])
    shown = cli("plans", "show", name).stdout
    assert load_plan(name).title in shown
    assert "figure" in shown
    assert all(f"{row['figure']} " in shown for row in told["figures"]), "names stay in one piece"


def test_show_tells_switches_and_what_is_left_out(desk, cli):
    shown = " ".join(cli("plans", "show", "topstep-combine-50k").stdout.split())
    assert "none (default) | bought" in shown
    assert "max_loss_limit.usd 2,000 T2 X1 X7 X8 2026-09-18 high" in shown
    assert "funded plan topstep-express-funded-50k" in shown
    assert "left out a CPI window" in shown
    assert "https://help.topstep.com" in shown


def test_an_unknown_plan(desk, cli):
    wrong = cli("plans", "show", "topstep-combine-5k")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("error: no plan 'topstep-combine-5k'; did you mean topstep-combine-50k")
    assert wrong.stdout == ""


def test_a_run_on_a_plan_says_how_it_went(combine, cli):
    done = cli("run", combine)
    said = " ".join(done.stderr.split())
    assert "50,000 USD, plan topstep-combine-50k as of 2026-09-24" in said
    assert "PASSED on 2026-01-08, after 4 days" in said
    told = json.loads(cli("run", combine, "--json").stdout)
    assert told["status"] == "done"
    assert told["risk"]["attempts"][0]["verdict"] == "passed"


def test_the_bar_that_failed_an_attempt_is_explained(combine, cli):
    told = json.loads(cli("run", combine, "--set", "data.source.seed=9", "--json").stdout)
    attempt = told["risk"]["attempts"][0]
    story = " ".join(cli("explain", "last", "--bar", str(attempt["bar"])).stdout.split())
    assert f"attempt 1 failed by max_loss_limit, margin {attempt['margin']:,.2f} USD" in story
    assert "the guard max_loss_limit was reached: fail" in story


def test_what_was_changed_is_said(combine, cli):
    changed = RUN.replace(
        "plan: topstep-combine-50k", "plan: {name: topstep-combine-50k, overrides: {max_loss_limit: {usd: 1500}}}"
    )
    Path(combine).write_text(changed, encoding="utf-8")
    said = " ".join(cli("run", combine).stderr.split())
    assert "Plan topstep-combine-50k as of 2026-09-24, CHANGED: max_loss_limit.usd 1,500" in said


def test_several_attempts_are_a_table(combine, cli):
    goes_on = ("--set", "account.on_fail=reset", "--set", "account.on_pass=continue")
    done = cli("run", combine, *goes_on, "--set", "data.source.seed=9")
    said = " ".join(done.stderr.split())
    assert "attempts: " in said
    assert "failed max_loss_limit" in said
    assert all(
        len(line) <= 80 for line in done.stderr.splitlines() if "max_loss_limit" in line and not line.startswith("{")
    )


def test_a_plan_by_name_on_the_command_line(desk, cli):
    done = cli("run", "configs/run.yaml", "--set", "account.plan=topstep-combine-50k")
    assert done.exit_code == 2
    assert "account.balance: got 50000, expected no balance beside a plan" in done.stderr


def test_validate_shows_the_rules_of_the_plan(combine, cli):
    told = json.loads(cli("validate", combine, "--json").stdout)
    rules = [plugin["name"] for plugin in told["plugins"]["risk"]]
    assert rules == ["plan.max_loss_limit", "plan.position_cap", "plan.trading_hours"]
    assert {plugin["origin"] for plugin in told["plugins"]["risk"]} == {"plan"}


def test_mistakes_have_their_place_in_the_file(combine, cli):
    text = RUN.replace(
        "  plan: topstep-combine-50k",
        "  plan:\n    name: topstep-combine-50k\n    switches: {dl: bought}\n    overrides: {max_loss_limit: {us: 3}}",
    )
    Path(combine).write_text(text, encoding="utf-8")
    wrong = cli("validate", combine)
    assert wrong.exit_code == 2
    first, second = wrong.stderr.strip().splitlines()
    assert "combine.yaml:7:20 account.plan.switches.dl: got the unknown switch dl" in first
    assert "combine.yaml:8:38 account.plan.overrides.max_loss_limit.us: got the unknown figure us" in second


def test_the_run_folder_names_the_plan_and_runs_again(combine, cli, desk):
    first = json.loads(cli("run", combine, "--out", "one", "--json").stdout)
    manifest = json.loads((desk / "one" / "manifest.json").read_text())
    assert manifest["plan"]["name"] == "topstep-combine-50k"
    assert len(manifest["plan"]["sha256"]) == 64
    again = json.loads(cli("run", "one/config.resolved.yaml", "--out", "two", "--json").stdout)
    assert (again["digest"], again["risk"]) == (first["digest"], first["risk"])
