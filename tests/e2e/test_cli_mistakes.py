"""Seeded mistakes through the command line: each names file:line:col, the key and what to write, with exit code 2."""

from __future__ import annotations

import re

import pytest

STRATEGY = "strategies:\n  - use: sma_crossover\n    options: {fast: 10, slow: 30, size: 1}\n"
DATES = "  start: 2013-09-01\n  end: 2013-09-03\n"

# what it is: (text of the good file, what replaces it, where, the key, words of the remedy)
MISTAKES = {
    "unknown key": ("account:", "acount:", "9:1", "acount", "did you mean account?"),
    "wrong type": ("50000", "lots", "9:20", "account.balance", "expected a number > 0"),
    "no for a bool": ("false", "no", "10:42", "fills.clamp_slippage", "true or false; did you mean false?"),
    "doubled key": ("  timeframe: 1m\n", "  timeframe: 1m\n" * 2, "6:3", "", "timeframe twice (lines 5 and 6)"),
    "tab": ("  source:", "\tsource:", "6:1", "", "a tab in the indentation, expected spaces"),
    "unclosed bracket": ("topstepx}", "topstepx", "9:10", "", "expected a closing }"),
    "second colon": ("instrument: ES", "instrument: ES: 1m", "4:17", "", "second colon"),
    "unknown instrument": ("instrument: ES", "instrument: MESS", "4:15", "data.instrument", "did you mean MES or ES?"),
    "unknown plugin": ("sma_crossover", "sma_crosover", "12:10", "strategies[0].use", "did you mean sma_crossover?"),
    "plugin of another kind": ("max_position", "trade_journal", "15:10", "risk[0].use", "list it under observers:"),
    "no such plugin file": ("max_position", "gone.py", "15:10", "risk[0].use", "no file gone.py"),
    "wrong plugin option": ("fast: 10", "fats: 10", "13:15", "strategies[0].options.fats", "did you mean fast?"),
    "wrong option type": ("fast: 10", "fast: ten", "13:21", "strategies[0].options.fast", "a whole number >= 1"),
    "failed cross-check": ("fast: 10", "fast: 40", "13:14", "strategies[0].options", "fast must be smaller"),
    "negative size": ("size: 1}", "size: -1}", "13:41", "strategies[0].options.size", "a whole number >= 1"),
    "options as a list": ("{contracts: 5}", "[5]", "16:14", "risk[0].options", "expected a mapping"),
    "end before start": ("2013-09-03", "2013-08-30", "8:8", "data.end", "a day not before the start 2013-09-01"),
    "start after the data": (DATES, "  start: 2020-01-02\n", "7:10", "data.start", "Choose start and end inside"),
    "end before the data": (DATES, "  end: 2012-01-03\n", "7:8", "data.end", "Choose start and end inside"),
    "unknown fee schedule": ("topstepx", "topstep", "9:33", "account.fees", "it has none, topstepx, or give USD"),
    "unknown profile": ("strict", "strickt", "10:18", "fills.profile", "did you mean strict?"),
    "two strategies": ("risk:\n", "  - use: rsi_scalper\nrisk:\n", "14:5", "strategies[1]", "one strategy on a contract"),
    "no timeframe": ("  timeframe: 1m\n", "", "3:1", "data.timeframe", "such as 1m"),
    "no strategies": (STRATEGY, "", "1:1", "strategies", "such as `- use: sma_crossover`"),
    "bad date": ("2013-09-01", "01.09.2013", "7:10", "data.start", "a date such as 2013-09-01"),
    "no such day": ("2013-09-01", "2013-09-31", "7:10", "data.start", "this day does not exist"),
    "bad timeframe": ("1m", "1 minute", "5:14", "data.timeframe", "did you mean 1m?"),
    "timeframe without bars": ("1m", "2D", "5:14", "data.timeframe", "there are ES 1m, ES 1s"),
    "bad contract": ("1m\n", "1m\n  contract: ESA3\n", "6:13", "data.contract", "a contract such as ESZ5"),
    "contract of another": ("1m\n", "1m\n  contract: NQU3\n", "6:13", "data.contract", "such as ESU3"),
    "unknown hours": (" ES", " {use: ES, session: globx}", "4:34", "data.instrument.session", "did you mean globex_23h?"),
    "unset variable": ("50000", '"${NOT_SET}"', "9:20", "account.balance", "environment variable NOT_SET to be set"),
    "two lengths": (" sample", " {kind: synthetic, bars: 9, days: 1}", "6:11", "data.source", "give one of them"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_seeded_mistake(desk, base, cli, name):
    old, new, place, key, remedy = MISTAKES[name]
    assert old in base
    (desk / "configs" / "run.yaml").write_text(base.replace(old, new, 1), encoding="utf-8")
    result = cli("validate", "configs/run.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    where = f"configs/run.yaml:{place}"
    assert lines[0].startswith(f"error: {where} {key}: " if key else f"error: {where}: ")
    assert remedy in lines[0]
    assert cli("run", "configs/run.yaml", "--quiet").stderr == result.stderr
    assert not (desk / "runs").exists()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("foo", "got foo, expected key=value"),
        ("sma_crossover.fast=x", "strategies[0].options.fast: got x, expected a whole number >= 1"),
        ("sma_crosover.fast=3", "did you mean sma_crossover?"),
        ("sma_crossover.fats=3", "did you mean fast?"),
        ("account.fees=foo", "account.fees: ES has no fee schedule"),
        ("data.instrument=EZZ", "data.instrument: no instrument"),
    ],
)
def test_a_mistake_in_set(desk, cli, override, words):
    result = cli("validate", "configs/run.yaml", "--set", override)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: --set {override}")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_several_mistakes_in_one_pass(desk, base, cli):
    changes = ("account:", "acount:"), ("strict", "strickt"), ("fast: 10", "fast: ten"), ("contracts: 5", "contrcts: 5")
    for old, new in (*changes, ("2013-09-01", "soon"), ("sma_crossover", "sma_crossover")):
        base = base.replace(old, new, 1)
    (desk / "configs" / "run.yaml").write_text(base)
    result = cli("run", "configs/run.yaml")
    assert result.exit_code == 2
    places = [re.match(r"error: configs/run\.yaml:(\d+):\d+ ", line)[1] for line in result.stderr.splitlines()]
    assert places == ["7", "9", "10", "13", "16"]


def test_problems_as_json(desk, base, cli):
    (desk / "configs" / "run.yaml").write_text(base.replace("strict", "strickt").replace("fast: 10", "fast: ten"))
    result = cli("validate", "configs/run.yaml", "--json")
    assert result.exit_code == 2
    assert result.stdout.count("configs/run.yaml:") == 2


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("configs/runn.yaml", "configs/runn.yaml: got no such file, expected a YAML file; did you mean run.yaml?"),
        ("configs", "configs: got a folder, expected a YAML file"),
        ("empty.yaml", "empty.yaml:1:1: got an empty file"),
    ],
)
def test_a_file_that_is_no_configuration(desk, cli, file, words):
    (desk / "empty.yaml").write_text("")
    result = cli("run", file)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {words}")


def test_a_mistake_in_a_process_of_its_own(desk, base, barstep):
    (desk / "configs" / "run.yaml").write_text(base.replace("strict", "strickt"))
    done = barstep("run", "configs/run.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: configs/run.yaml:10:18 fills.profile: got strickt")
    assert "Traceback" not in done.stderr
