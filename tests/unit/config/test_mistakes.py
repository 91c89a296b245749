"""Seeded mistakes and the exact lines that a trader reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barstep.config import load_run
from barstep.domain.errors import ConfigError

TOP = "version, name, data, account, fills, broker, strategies, risk, observers, metrics, seed, report"
MOMENT = "a date such as 2013-09-01 or a date and time with its zone such as 2013-09-03T14:30:00-05:00"

# (text of the good file, what replaces it, the first line of the error)
MISTAKES = [
    ("version: 1\n", "", "run.yaml:1:1 version: got nothing, expected 1, the version of this form"),
    ("version: 1", "version: 2", "run.yaml:1:10 version: got 2, expected 1"),
    ("name: sma", "nam: sma", f"run.yaml:2:1 nam: got the unknown key nam, expected one of {TOP}; did you mean name?"),
    (
        "name: sma-crossover-es",
        "name: SMA crossover",
        "run.yaml:2:7 name: got SMA crossover, expected a name of a-z, 0-9, - and _ such as sma-crossover-es; "
        "did you mean sma-crossover?",
    ),
    (
        "name: sma-crossover-es",
        "balance: 50000",
        f"run.yaml:2:1 balance: got the unknown key balance, expected one of {TOP}; did you mean account.balance?",
    ),
    (
        "{balance: 50000, ",
        "{balnce: 50000, ",
        "run.yaml:4:13 account.balnce: got the unknown key balnce, expected one of balance, plan, on_fail, on_pass, fees; "
        "did you mean balance?",
    ),
    ("50000", "50_000", "run.yaml:4:22 account.balance: got 50_000, expected a number > 0; did you mean 50000?"),
    ("50000", '"50,000"', 'run.yaml:4:22 account.balance: got "50,000", expected a number > 0; did you mean 50000?'),
    ("50000", "0", "run.yaml:4:22 account.balance: got 0, expected a number > 0"),
    ("50000", "1e999", "run.yaml:4:22 account.balance: got 1e999, expected a number > 0"),
    ("50000", "{usd: 5}", "run.yaml:4:22 account.balance: got a mapping, expected a number > 0"),
    ("topstepx", "-1", "run.yaml:4:35 account.fees: got -1, expected a number >= 0 or text"),
    (
        "topstepx",
        "1.5 USD",
        "run.yaml:4:35 account.fees: got 1.5 USD, expected a schedule such as topstepx or none, or USD per contract and "
        "side >= 0",
    ),
    (
        "timeframe: 1m, ",
        "",
        "run.yaml:3:1 data.timeframe: got nothing, expected length of a bar: a number and s, m, h or D, such as 1m",
    ),
    (
        "timeframe: 1m",
        "timeframe: 5 min",
        "run.yaml:3:40 data.timeframe: got 5 min, expected a timeframe such as 1s, 15m, 4h or 1D; did you mean 5m?",
    ),
    (
        "instrument: ES",
        "instrument: {use: ES, tick_valu: 1}",
        "run.yaml:3:35 data.instrument.tick_valu: got the unknown key tick_valu, expected one of tick_size, tick_value, "
        "fees, session, months, product_id, description, exchange, asset_class, lot_weight_tenths, use; "
        "did you mean tick_value?",
    ),
    (
        "instrument: ES",
        "instrument: {name: X, tick_size: 0.25}",
        "run.yaml:3:13 data.instrument.tick_value: got nothing, expected USD that one tick of one contract is worth",
    ),
    (
        "instrument: ES",
        "instrument: {use: ES, fees: 0.0000001}",
        "run.yaml:3:41 data.instrument.fees: got 0.0000001, expected an amount in USD with at most 6 decimals",
    ),
    (
        "source: sample",
        "source: {kind: synthetik}",
        "run.yaml:3:59 data.source.kind: got synthetik, expected one of sample, synthetic, file, store, gateway, plugin; "
        "did you mean synthetic?",
    ),
    (
        "source: sample",
        "source: {path: a.csv, zone: America/Chicgo}",
        "run.yaml:3:72 data.source.zone: got America/Chicgo, expected an IANA time zone such as America/Chicago; "
        "did you mean America/Chicago?",
    ),
    (
        "source: sample",
        "source: {path: a.csv, stamp: opn}",
        "run.yaml:3:73 data.source.stamp: got opn, expected one of open, close; did you mean open?",
    ),
    (
        "2013-09-01",
        "2013-09-04",
        "run.yaml:3:84 data.end: got 2013-09-03, expected a day not before the start 2013-09-04",
    ),
    (
        "2013-09-01",
        "2013-02-30",
        f"run.yaml:3:67 data.start: got 2013-02-30, expected {MOMENT}; this day does not exist",
    ),
    (
        "2013-09-01",
        "2013-09-01T14:30:00",
        f"run.yaml:3:67 data.start: got 2013-09-01T14:30:00, expected {MOMENT}; "
        "add the zone: Z for UTC, or the offset such as -05:00",
    ),
    (
        "instrument: ES",
        "instrument: ES, contract: esz5",
        "run.yaml:3:39 data.contract: got esz5, expected a contract such as ESZ5; did you mean ESZ5?",
    ),
    (
        "profile: strict",
        "profile: srict",
        "run.yaml:5:22 fills.profile: got srict, expected one of strict, playground, backtrader; did you mean strict?",
    ),
    (
        "profile: strict",
        "clamp_slippage: no",
        "run.yaml:5:29 fills.clamp_slippage: got no, expected true or false; did you mean false?",
    ),
    (
        "profile: strict",
        "clamp_slippage: 1",
        "run.yaml:5:29 fills.clamp_slippage: got 1, expected true or false; did you mean true?",
    ),
    (
        "profile: strict",
        "participation: 2",
        "run.yaml:5:28 fills.participation: got 2, expected off, or a number from 0 to 1",
    ),
    (
        "profile: strict",
        "latency_bars: 1.0",
        "run.yaml:5:27 fills.latency_bars: got 1.0, expected a whole number >= 0; did you mean 1?",
    ),
    (
        "balance: 50000",
        "balance: 1e12",
        "run.yaml:4:22 account.balance: got 1e12, expected at most 1000000000 USD",
    ),
    (
        "kind: embedded",
        "kind: http",
        "run.yaml:6:1 broker.url: got nothing, expected the gateway's address such as "
        "http://127.0.0.1:8087/api/topstep-sim",
    ),
    (
        "kind: embedded",
        "kind: http, url: localhost",
        "run.yaml:6:30 broker.url: got localhost, expected the gateway's address such as "
        "http://127.0.0.1:8087/api/topstep-sim",
    ),
    (
        "source: sample",
        "source: gateway",
        "run.yaml:6:19 broker.kind: got embedded, expected http, since data.source is gateway",
    ),
    (
        "kind: embedded",
        'token: "${NO_SUCH_TOKEN}"',
        "run.yaml:6:20 broker.token: got ${NO_SUCH_TOKEN}, expected the environment variable NO_SUCH_TOKEN to be set",
    ),
    (
        "kind: embedded",
        'url: "${no-name}"',
        "run.yaml:6:18 broker.url: got ${no-name}, expected a variable such as ${BARSTEP_TOKEN}",
    ),
    (
        "  - use: sma_crossover\n    options: {fast: 10, slow: 30}",
        "  use: sma_crossover",
        "run.yaml:8:3 strategies: got a mapping, expected a list; start each entry with `- `",
    ),
    (
        "- use: trade_journal",
        "- trade_journal",
        "run.yaml:16:5 observers[0]: got trade_journal, expected a mapping; did you mean `use: trade_journal`?",
    ),
    ("options: {contracts: 5}", "options: [5]", "run.yaml:12:14 risk[0].options: got a list, expected a mapping"),
    (
        "- use: trade_journal",
        "- options: {a: 1}",
        "run.yaml:16:5 observers[0].use: got nothing, expected a plugin's name, file.py, file.py:Class or an entry point",
    ),
    (
        "options: {fast: 10, slow: 30}",
        "contract: NQ",
        "run.yaml:9:15 strategies[0].contract: got NQ, expected one of ES",
    ),
    (
        "risk:",
        "  - use: other\nrisk:",
        "run.yaml:10:5 strategies[1]: got a second strategy on ES, expected one strategy on a contract",
    ),
]


@pytest.mark.parametrize(("good", "bad", "line"), MISTAKES, ids=[line.split(" ")[1] for _, _, line in MISTAKES])
def test_first_line(faults, run_text, good, bad, line):
    assert run_text.count(good) >= 1
    assert faults(run_text.replace(good, bad, 1)) == [line]


def test_many_mistakes_in_one_pass_in_the_order_of_the_file(faults):
    text = """\
version: 2
data:
  instrument: ES
  timefram: 1m
  source: sample
  history: ten
account: {balance: -5, balance: 6}
fills: {intrabar: ohcl, off_grid: "${NO_SUCH}"}
strategies:
  - use: [a]
seed: 1.5
"""
    assert faults(text) == [
        "run.yaml:1:10 version: got 2, expected 1",
        "run.yaml:2:1 data.timeframe: got nothing, expected length of a bar: a number and s, m, h or D, such as 1m",
        "run.yaml:4:3 data.timefram: got the unknown key timefram, expected one of instrument, contract, timeframe, "
        "resample, also, source, start, end, volume, history, finer; did you mean timeframe?",
        "run.yaml:6:12 data.history: got ten, expected a whole number >= 1",
        "run.yaml:7:20 account.balance: got -5, expected a number > 0",
        "run.yaml:7:24: got the key balance twice (lines 7 and 7), expected it once",
        "run.yaml:8:19 fills.intrabar: got ohcl, expected one of pessimistic, nearest_extreme, ohlc, olhc, candle_colour, "
        "adverse, optimistic; did you mean olhc?",
        "run.yaml:8:35 fills.off_grid: got ${NO_SUCH}, expected the environment variable NO_SUCH to be set",
        "run.yaml:10:10 strategies[0].use: got a list, expected text",
        "run.yaml:11:7 seed: got 1.5, expected a whole number >= 0",
    ]


def test_several_contracts_need_names(faults, run_text):
    streams = "data:\n  - {instrument: ES, timeframe: 1m, source: sample}\n" * 2
    head, tail = run_text.split("data: ")[0], run_text.split("2013-09-03}\n")[1]
    streams = streams.replace("data:\n", "", 1)
    assert faults(head + "data:\n" + streams.replace("data:\n", "") + tail) == [
        "run.yaml:5:5 data[1]: got ES a second time, expected each contract once"
    ]
    two = "data:\n" + streams.split("data:")[0] + streams.split("data:\n")[1].replace("ES", "NQ")
    assert faults(head + two + tail) == ["run.yaml:10:5 strategies[0].contract: got nothing, expected one of ES, NQ"]
    named = tail.replace("- use: sma_crossover", "- use: sma_crossover\n    contract: [ES, GC]", 1)
    assert faults(head + two + named) == ["run.yaml:11:20 strategies[0].contract[1]: got GC, expected one of ES, NQ"]


def test_an_error_never_shows_what_the_environment_holds(faults, run_text, monkeypatch):
    monkeypatch.setenv("HIDDEN", "12,345")
    assert faults(run_text.replace("50000", '"${HIDDEN}"')) == [
        "run.yaml:4:22 account.balance: got ${HIDDEN}, expected a number > 0"
    ]


EDITS = st.tuples(
    st.integers(0, 400),
    st.integers(0, 5),
    st.sampled_from(["", " ", "\n", ":", "- ", "[", "}", "x", "${A}", "&a ", "*a", "~", '"']),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_any_slip_gives_lines_with_a_place_and_no_traceback(write, run_text, edits):
    text = run_text
    for start, length, new in edits:
        text = text[:start] + new + text[start + length :]
    try:
        load_run(write(text))
    except ConfigError as error:
        assert all(line.startswith("run.yaml:") and ", expected " in line for line in error.problems)  # noqa: PT017
    assert Path("run.yaml").read_text(encoding="utf-8") == text
