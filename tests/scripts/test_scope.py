"""What a script finds when it begins: helpers, globals, modules, dates, options."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ELEVEN = "API_URL TOKEN INSTRUMENT START_DATE END_DATE TIMEFRAME STEP_DELAY ACCOUNT_ID CONTRACT_ID TOTAL_BARS MAX_BARS"
SEVEN = "api place_order get_positions close_all_positions get_account read_speed get_next_bar"
LOOP = """
bars = []
for i in range(MAX_BARS):
    bar = get_next_bar()
    if bar is None:
        break
    bars.append(bar)
"""


def test_the_eleven_globals_the_seven_functions_and_four_modules(play: Callable[..., object]) -> None:
    done = play("print(sorted(name for name in globals() if not name.startswith('_')), __name__, __file__)")
    names = sorted([*ELEVEN.split(), *SEVEN.split(), "time", "os", "sys", "json"])
    assert done.out.startswith(f"{names} __main__ ")
    assert done.out.splitlines()[0].endswith("/here/my.py")


def test_what_the_globals_hold(play: Callable[..., object]) -> None:
    text = "print(INSTRUMENT, TIMEFRAME, START_DATE, repr(END_DATE), STEP_DELAY, ACCOUNT_ID, CONTRACT_ID, TOTAL_BARS, MAX_BARS)"
    done = play(text)
    assert done.out.splitlines()[0] == "ES 1m 2013-09-01 '' 0.0 1001 CON.F.US.EP.U13 2264 2264"
    types = play("print(*(type(g).__name__ for g in (API_" + "URL, TOKEN, STEP_DELAY, ACCOUNT_ID, TOTAL_BARS)))")
    assert types.out.splitlines()[0] == "str str float int int"


def test_signatures_are_the_documented_ones(play: Callable[..., object]) -> None:
    text = (
        "import inspect\n"
        "for name in 'api place_order get_positions close_all_positions get_account read_speed "
        "get_next_bar'.split():\n"
        "    given = inspect.signature(globals()[name]).parameters.values()\n"
        "    print(name, *(p.name if p.default is p.empty else f'{p.name}={p.default}' for p in given))\n"
    )
    assert play(text).out.splitlines()[:7] == [
        "api path body=None",
        "place_order account_id contract_id side size order_type=2 limit_price=None stop_price=None sl_ticks=None "
        "tp_ticks=None",
        "get_positions account_id",
        "close_all_positions account_id contract_id",
        "get_account account_id=None",
        "read_speed",
        "get_next_bar",
    ]


def test_a_run_without_data_says_that_it_takes_the_sample(play: Callable[..., object]) -> None:
    assert play(LOOP).err.startswith("no --data: the packaged sample, ES 1m\n")
    assert "no --data" not in play(LOOP, "--quiet").err


def test_dates_are_utc_days_and_inclusive(play: Callable[..., object]) -> None:
    text = LOOP + "print(START_DATE, END_DATE, TOTAL_BARS, len(bars), bars[0]['t'], bars[-1]['t'], sep='|')"
    day = play(text, "--start", "2013-09-02", "--end", "2013-09-02").out.splitlines()[0].split("|")
    assert day[:2] == ["2013-09-02", "2013-09-02"]
    assert day[2] == day[3]
    assert (day[4], day[5]) == ("2013-09-02T00:00:00Z", "2013-09-02T23:59:00Z")
    alone = play(text, "--start", "2013-09-03").out.splitlines()[0].split("|")
    assert alone[4] == "2013-09-03T00:00:00Z"
    last = play(text, "--end", "2013-09-01").out.splitlines()[0].split("|")
    assert (last[4], last[5]) == ("2013-09-01T22:00:00Z", "2013-09-01T23:59:00Z")


@pytest.mark.parametrize("end", ["2013-09-02", "2013-09-02T23:59:00Z", "2013-09-02T18:59:00-05:00"])
def test_an_end_date_that_the_script_sets_itself_is_inclusive(play: Callable[..., object], end: str) -> None:
    done = play(f"END_DATE = {end!r}" + LOOP + "print(bars[-1]['t'])")
    assert done.out.splitlines()[0] == "2013-09-02T23:59:00Z"
    assert "[ERROR]" not in done.err


@pytest.mark.parametrize("first", ["", "MAX_BARS = 0\n", "MAX_BARS = int(os.environ.get('MAX_BARS', '0'))\n"])
def test_zero_bars_means_all(play: Callable[..., object], first: str) -> None:
    assert play(first + LOOP + "print(len(bars))").out.splitlines()[0] == "2264"
    assert play(first + LOOP + "print(len(bars))", "--set", "MAX_BARS=0").out.splitlines()[0] == "2264"


def test_max_bars_ends_the_replay_there(play: Callable[..., object]) -> None:
    text = LOOP.replace("bars.append(bar)", "bars.append(bar); i or place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)")
    done = play(text + "print(len(bars))", "--set", "MAX_BARS=50")
    assert done.out.splitlines()[0] == "50"
    assert (done.result["bars"], done.result["trades"]) == (50, 1)
    assert done.table("trades")[0]["exit_bar"] == 49
    assert done.table("fills")[-1]["position_after"] == 0


def test_after_the_last_bar_there_is_none_without_an_error_and_orders_still_fill(play: Callable[..., object]) -> None:
    text = LOOP + "print(get_next_bar(), place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)['orderStatus'], get_next_bar())"
    done = play(text)
    assert done.out.splitlines()[0] == "None 2 None"
    assert "[ERROR]" not in done.err


def test_options_are_environment_variables(play: Callable[..., object]) -> None:
    text = "print(os.environ['FAST_PERIOD'], os.environ['TOTAL_BARS'], os.environ['INSTRUMENT'], os.environ['A_B'])"
    done = play(text, "--set", "FAST_PERIOD=7", "--set", "A_B=x = y")
    assert done.out.splitlines()[0] == "7 2264 ES x = y"
    assert "FAST_PERIOD" not in os.environ


def test_a_variable_of_the_shell_is_pointed_out(play: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAST_PERIOD", "9")
    text = "n = os.environ.get('FAST_PERIOD', '10'); get_next_bar()"
    assert "FAST_PERIOD came from the environment of the shell" in play(text).result["warnings"][0]
    assert play(text, "--set", "FAST_PERIOD=9").result["warnings"] == []


def test_other_bars(play: Callable[..., object], here: Path) -> None:
    made = play(LOOP + "print(len(bars))", "--data", "{kind: synthetic, seed: 7, bars: 300}", "--instrument", "MNQ")
    assert made.out.splitlines()[0] == "300"
    rows = "".join(f"2024-01-03 15:0{i}:00,100,101,99,100.5,5\n" for i in range(6))
    (here / "own.csv").write_text("t,o,h,l,c,v\n" + rows, encoding="utf-8")
    source = "{path: own.csv, zone: America/Chicago, stamp: open}"
    own = play(LOOP + "print(len(bars), bars[0])", "--data", source, "--instrument", "ES")
    told = "6 {'t': '2024-01-03T21:00:00Z', 'o': 100.0, 'h': 101.0, 'l': 99.0, 'c': 100.5, 'v': 5}"
    assert own.out.splitlines()[0] == told


@pytest.mark.parametrize(
    "talk",
    [
        '"""My notes: POST Replay/start"""\n',
        "def again():\n    return api('Replay/start', {})\n",
        "x = 'Replay/start'\n",
    ],
)
def test_a_script_that_only_talks_about_starting_gets_its_bars(play: Callable[..., object], talk: str) -> None:
    text = (
        talk
        + "print(get_account()['balance'])\nbar = get_next_bar()\nprint(bar['t'], len(get_positions(ACCOUNT_ID)))\n"
    )
    done = play(text, "--balance", "70000")
    assert done.out.splitlines()[:2] == ["70000.0", "2013-09-01T22:00:00Z 0"]
    assert (done.code, done.err.count("[ERROR]"), done.result["bars"]) == (0, 0, 1)


def test_get_next_bar_tells_why_there_is_none_at_all(play: Callable[..., object]) -> None:
    done = play("ACCOUNT_ID = 7\nprint(get_next_bar())\n")
    assert "[ERROR] Replay/step: there is no account 7 of yours; you have 1001" in done.err


@pytest.mark.parametrize(
    "first",
    ["if True:\n    MAX_BARS = 0\n", "def f():\n    global MAX_BARS\n    MAX_BARS = 0\nf()\n", "MAX_BARS: int = 0\n"],
)
def test_no_limit_means_all_bars_wherever_it_is_said(play: Callable[..., object], first: str) -> None:
    assert play(first + LOOP + "print(len(bars))").out.splitlines()[0] == "2264"
