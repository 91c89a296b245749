"""Wrong inputs: one clear message each, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WRONG = [
    ("--instrument EURUSD", 2, "--instrument: no instrument 'EURUSD': it is no future; of that currency there is 6E"),
    ("--instrument FOO", 2, "--instrument: no instrument 'FOO'; known: NQ, MNQ, ES"),
    ("--instrument es", 2, "--instrument: no instrument 'es'; did you mean ES?"),
    ("--instrument NQ", 2, "no sample bars of NQ 1m; there are ES 1m, ES 1s. Give your own file with --data"),
    ("--timeframe 7x", 2, "--timeframe: got 7x, expected a timeframe such as 1s"),
    ("--start 2020-01-01", 2, "--start: ES_1m_2013-09-01_2013-09-03.csv.gz: no bars from 2020-01-01T00:00:00Z"),
    ("--start tomorrow", 2, "--start: got tomorrow, expected a date such as 2013-09-02"),
    ("--start 2013-02-30", 2, "this day does not exist"),
    ("--start 2013-09-03 --end 2013-09-02", 2, "--end: got 2013-09-02, expected a day not before --start 2013-09-03"),
    ("--fills strikt", 2, "--fills: got strikt, expected one of strict, playground, backtrader; did you mean strict?"),
    ("--balance lots", 2, "--balance: got lots, expected a number > 0"),
    ("--risk nosuch", 2, "risk[0].use: got 'nosuch'"),
    ("--risk max_position,contract=2", 2, "expected one of contracts; did you mean contracts?"),
    (
        "--risk max_position,2",
        2,
        "--risk max_position,2: expected a rule and its options such as max_position,contracts=2",
    ),
    ("--set FAST", 2, "--set FAST: expected NAME=VALUE such as FAST_PERIOD=10"),
    ("--set MAX_BARS=-1", 2, "--set MAX_BARS: got -1, expected a whole number of bars, 0 for all"),
    ("--set MAX_BARS=1.5", 2, "--set MAX_BARS: got 1.5"),
    ("--set STEP_DELAY=nan", 2, "--set STEP_DELAY: got nan, expected seconds per bar, 0 or more"),
    ("--set START_DATE=2013-09-02", 2, "--set START_DATE: got START_DATE, expected --start; the run itself sets it"),
    ("--set ACCOUNT_ID=7", 2, "--set ACCOUNT_ID: got ACCOUNT_ID, expected nothing: leave it out"),
    ("--data none.csv", 2, "--instrument: give the instrument of none.csv, such as ES"),
    ("--data none.csv --instrument ES", 3, "--data: no such file: "),
]


@pytest.mark.parametrize(("arguments", "code", "told"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_input_is_told(play: Callable[..., object], arguments: str, code: int, told: str) -> None:
    done = play("print('ran')", *arguments.split())
    assert done.code == code
    assert told in done.err
    assert done.err.count("error:") == 1
    assert "ran" not in done.out
    assert not done.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "FILE.py: give the script to run, such as strategies/scripts/sma_crossover.py"),
        (("none.py",), "FILE: there is no file none.py"),
        (("notes.txt",), "FILE: notes.txt is no Python file: its name must end in .py"),
        (("plugin.py",), "plugin.py is a plugin: list it under strategies: of a run file and use `barstep run`"),
    ],
)
def test_what_is_no_script(cli: Callable[..., object], here: Path, arguments: tuple[str, ...], told: str) -> None:
    (here / "notes.txt").write_text("", encoding="utf-8")
    hook = "    @barstep.hookimpl\n    def on_bar(self, bar, ctx): pass\n"
    text = "import barstep\n\nclass Mine(barstep.Strategy):\n    size: int = 1\n" + hook
    (here / "plugin.py").write_text(text, encoding="utf-8")
    done = cli("script", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "strategies: [{use: my.py}, {use: sma_crossover}]",
            "got my.py, expected a plugin: a script is the only strategy",
        ),
        ("strategies: [{use: my.py, options: {A: [1, 2]}}]", "got a list, expected text or a number"),
        ("strategies: [{use: my.py, options: {END_DATE: 2013-09-02}}]", "got END_DATE, expected data.end"),
        ("strategies: [{use: bad.py}]", "bad.py:1: this is not Python: "),
        (
            "strategies: []\nrisk: [{use: my.py}]",
            "got my.py, expected a plugin with a class (it is a playground script",
        ),
    ],
)
def test_a_run_file_is_told_with_its_line(cli: Callable[..., object], here: Path, lines: str, told: str) -> None:
    (here / "my.py").write_text("get_next_bar()\n", encoding="utf-8")
    (here / "bad.py").write_text("x = (\n", encoding="utf-8")
    head = "version: 1\ndata: {instrument: ES, timeframe: 1m, source: sample}\n"
    (here / "run.yaml").write_text(head + lines + "\n", encoding="utf-8")
    done = cli("run", "run.yaml")
    assert done.code == 2
    assert told in done.err
    assert "run.yaml:" in done.err


def test_a_file_that_only_names_a_strategy_of_its_own_is_a_script(play: Callable[..., object]) -> None:
    text = "from barstep.indicators import SMA\nclass Strategy: pass\nclass Mine(Strategy): pass\n"
    assert play(text + "print(Mine.__name__, SMA(3))\n").out.startswith("Mine ")


def test_a_file_that_only_defines_an_heir_is_a_plugin(cli: Callable[..., object], here: Path) -> None:
    (here / "heir.py").write_text(
        '"""Mine."""\nfrom elsewhere import Base\n\n\nclass Mine(Base):\n    size = 2\n', "utf-8"
    )
    assert "No module named 'elsewhere'" in cli("script", "heir.py").err  # imported, as plugins are


def test_an_error_under_json_is_one_document(play: Callable[..., object]) -> None:
    done = play("1 / 0", "--json")
    assert done.code == 1
    assert '"kind": "ScriptError"' in done.out
    assert "line 1, before the first bar: ZeroDivisionError: division by zero" in done.out
