from __future__ import annotations

from decimal import Decimal

import pytest

from barstep.config import load_mapping, load_run


def test_paths_by_key_by_section_and_plugin_and_by_plugin(write, run_text):
    loaded = load_run(
        write(run_text),
        [
            "account.balance=1000",
            "strategies[0].options.fast=5",
            "risk.max_position.contracts=3",
            "sma_crossover.slow=50",
            "trading_hours.options.flat_by=15:00",
            "data.source={path: bars.csv, stamp: close}",
        ],
    )
    config = loaded.config
    assert config.account.balance == Decimal(1000)
    assert config.strategies[0].options == {"fast": "5", "slow": "50"}
    assert [rule.options for rule in config.risk] == [{"contracts": "3"}, {"flat_by": "15:00"}]
    assert config.data[0].source.path == "bars.csv"
    assert loaded.positions.where(("strategies", 0, "options", "slow")) == "--set sma_crossover.slow=50"
    assert loaded.positions.where(("data", "source", "stamp")).startswith("--set data.source=")
    assert loaded.positions.where(("strategies", 0, "use")) == "run.yaml:8:10"


def test_later_overrides_win_and_missing_sections_are_made(write, run_text):
    text = run_text.replace("account:   {balance: 50000, fees: topstepx}\n", "")
    config = load_run(write(text), ["account.balance=1", "account.balance=2", "trade_journal.path=x"]).config
    assert config.account.balance == 2
    assert config.observers[0].options == {"path": "x"}


def test_null_and_quotes(write, run_text):
    assert load_run(write(run_text), ["data.start=", "data.end=null"]).config.data[0].start is None
    assert load_run(write(run_text), ['trade_journal.path="~"']).config.observers[0].options == {"path": "~"}


@pytest.mark.parametrize(
    ("use", "name"), [("rules/my_rule.py", "my_rule"), ("my_rule.py:Mine", "my_rule"), ("my_rule", "my_rule")]
)
def test_a_plugin_from_a_file_goes_by_the_files_name(use, name, write, run_text):
    config = load_run(write(run_text.replace("use: max_position", f"use: {use}")), [f"{name}.contracts=1"]).config
    assert config.risk[0].options == {"contracts": "1"}


def test_the_environment_is_read_in_overrides(write, run_text, monkeypatch):
    monkeypatch.setenv("BALANCE", "7")
    assert load_run(write(run_text), ["account.balance=${BALANCE}"]).config.account.balance == 7


NAMES = "sma_crossover, max_position, trading_hours, trade_journal"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("seed=x", "--set seed=x seed: got x, expected a whole number >= 0"),
        (
            "account.balnce=3",
            "--set account.balnce=3 account.balnce: got the unknown key balnce, "
            "expected one of balance, plan, on_fail, on_pass, fees; "
            "did you mean balance?",
        ),
        ("foo", "--set foo: got foo, expected key=value"),
        ("", "--set : got nothing, expected key=value"),
        ("a..b=1", "--set a..b=1: got a..b, expected a path such as account.balance or sma_crossover.fast"),
        (
            "sma_crosover.fast=1",
            f"--set sma_crosover.fast=1: got sma_crosover, expected one of {NAMES}, version, name, data, account, fills, "
            "broker, strategies, risk, observers, metrics, seed, report; did you mean sma_crossover?",
        ),
        (
            "risk.max_pos.contracts=1",
            "--set risk.max_pos.contracts=1: got max_pos, expected one of max_position, trading_hours; "
            "did you mean max_position?",
        ),
        (
            "sma_crossover=1",
            "--set sma_crossover=1: got sma_crossover alone, expected one of its options, such as sma_crossover.size",
        ),
        (
            "strategies[1].use=x",
            "--set strategies[1].use=x: got strategies[1], but strategies is a list of 1, expected a key in it",
        ),
        (
            "data.instrument.fees=1",
            "--set data.instrument.fees=1: got data.instrument.fees, but data.instrument is a single value, "
            "expected a key in it",
        ),
        ("sma_crossover.fast=[1", "--set sma_crossover.fast=[1: got [ without its ], expected a closing ]"),
        (
            "sma_crossover.fast={a: 1, a: 2}",
            "--set sma_crossover.fast={a: 1, a: 2}: got the key a twice (lines 1 and 1), expected it once",
        ),
        ("broker.token=[s3cret]", "--set broker.token=*** broker.token: got a list, expected text"),
    ],
)
def test_wrong_overrides(faults, run_text, override, line):
    assert faults(run_text, override) == [line]


def test_a_plugin_used_twice_needs_its_place(faults, run_text):
    text = run_text.replace("use: trading_hours", "use: max_position")
    assert faults(text, "max_position.contracts=1") == [
        "--set max_position.contracts=1: got max_position, which is used more than once, expected risk[0] or risk[1]"
    ]


def test_overrides_of_a_mapping():
    run = {"version": 1, "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"}, "strategies": []}
    assert load_mapping(run, ["seed=5"]).config.seed == 5
