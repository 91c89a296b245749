from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import barstep.config.dump as dumping
from barstep.config import Positions, dump_resolved, load_mapping, load_run, validate_options
from barstep.domain.option import Option, OptionField

SHORT = {
    "version": 1,
    "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
    "strategies": [{"use": "s"}],
}


def again(text: str):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "other.yaml"
        path.write_text(text, encoding="utf-8")
        return load_run(path)


def test_every_value_is_written_in_a_fixed_order():
    strategies = [{"use": "sma", "options": {"fast": 10, "name": "5", "at": "15:10"}}]
    text = dump_resolved(load_mapping({**SHORT, "strategies": strategies, "account": {"balance": "1e5", "fees": 1}}))
    assert (
        text
        == """\
version: 1
name: run
data:
  instrument: ES
  timeframe: 1m
  source: sample
  history: 1000
account:
  balance: 100000
  on_fail: stop
  on_pass: stop
  fees: 1
fills:
  profile: strict
  market_fill: next_open
  market_slip_ticks: 1
  stop_slip_ticks: 1
  forced_slip_ticks: 2
  limit_through_ticks: 1
  gap_price: limit
  wrong_side_stop: refuse
  off_grid: refuse
  intrabar: pessimistic
  children: path
  trail_update: path
  clamp_slippage: false
  latency_bars: 0
  participation: off
  at_end: close
broker:
  kind: embedded
strategies:
- use: sma
  options:
    fast: 10
    name: 5
    at: 15:10
seed: 0
lane: event
"""
    )


def test_the_run_of_the_design_comes_back(write, run_text):
    loaded = load_run(write(run_text))
    text = dump_resolved(loaded)
    assert again(text).config == loaded.config
    assert dump_resolved(again(text)) == text


def test_long_forms_and_several_contracts_come_back():
    streams = [
        {
            "instrument": {"use": "ES", "tick_value": "12.5"},
            "contract": "ESZ5",
            "timeframe": "5m",
            "source": {"path": "a*.csv", "columns": {"t": "time"}, "zone": "UTC", "stamp": "open"},
            "start": "2025-01-02",
            "end": "2025-02-03T15:00:00-06:00",
        },
        {
            "instrument": {
                "name": "X",
                "tick_size": "0.00001",
                "tick_value": 1,
                "months": "HM",
                "description": "a: #b",
            },
            "timeframe": "5m",
            "source": {"kind": "synthetic", "days": 2, "start": "2025-01-02"},
        },
    ]
    strategies = [{"use": "a", "contract": "ESZ5"}, {"use": "b.py:B", "contract": "X"}]
    loaded = load_mapping({"version": 1, "data": streams, "strategies": strategies, "fills": {"participation": 0.1}})
    assert again(dump_resolved(loaded)).config == loaded.config


def test_secrets_are_written_as_their_names(write, run_text, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.setenv("FAST", "77")
    text = run_text.replace("kind: embedded", 'token: "${TOKEN}"').replace(
        "fast: 10", 'fast: "${FAST}", all: ["${TOKEN}"]'
    )
    loaded = load_run(write(text))
    validated = {("strategies", 0): {"fast": 77, "all": ["s3cret"], "slow": 30}}
    for dumped in (dump_resolved(loaded), dump_resolved(loaded, validated)):
        assert "s3cret" not in dumped
        assert "77" not in dumped
        assert again(dumped).config == loaded.config


def test_a_token_that_was_typed_in_is_not_written():
    dumped = dump_resolved(load_mapping({**SHORT, "broker": {"token": "s3cret"}}))
    assert "token: ${BARSTEP_TOKEN}" in dumped
    assert "s3cret" not in dumped


FIELDS = [
    OptionField("size", int, Option()),
    OptionField("ratio", float, Option()),
    OptionField("usd", Decimal, Option()),
    OptionField("flag", bool, Option()),
    OptionField("text", str, Option()),
    OptionField("either", int | str, Option()),
    OptionField("flat_by", time, Option()),
    OptionField("day", date | None, Option()),
    OptionField("levels", list[float], Option()),
]
PRINTABLE = st.text(st.characters(codec="utf-8"), max_size=12).filter(
    lambda text: text.isprintable() and "${" not in text
)
OPTIONS = st.fixed_dictionaries(
    {
        "size": st.integers(-(10**9), 10**9),
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "usd": st.decimals(-(10**6), 10**6, places=3),
        "flag": st.booleans(),
        "text": PRINTABLE,
        "either": st.integers(0, 99) | PRINTABLE,
        "flat_by": st.times().map(lambda clock: clock.replace(microsecond=0)),
        "day": st.none() | st.dates(),
        "levels": st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    }
)


@given(
    options=OPTIONS,
    balance=st.decimals("0.01", 10**7, places=2),
    seed=st.integers(0, 10**9),
    start=st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    text=PRINTABLE.filter(bool),
)
def test_reading_again_gives_the_same(options, balance, seed, start, text):
    source = {"path": text, "format": text}
    data = {**SHORT["data"], "start": start, "source": source}
    run = {**SHORT, "data": data, "account": {"balance": balance}, "seed": seed}
    loaded = load_mapping(run)
    dumped = dump_resolved(loaded, {("strategies", 0): options})
    reread = again(dumped)
    values, lines = validate_options(FIELDS, reread.config.strategies[0].options, (), Positions(), "s")
    assert lines == []
    assert values == options
    assert reread.config.model_dump(exclude={"strategies"}) == loaded.config.model_dump(exclude={"strategies"})


AWKWARD = st.text(
    st.sampled_from("ab 01.:-,#&*!?|>'\"%@`~=[]{}\\\n\t\r\x00\x85\u2028\ufeff\xe4\U0001f600\ud800"), max_size=6
)
LONG = st.sampled_from(["a b " * 40, "k" * 129])
TEXTS = AWKWARD | LONG | st.sampled_from(["null", "12:00", "2025-01-02", "off", "1e5", "<<", "...", "--- a"])
TREES = st.recursive(
    TEXTS | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(options=st.dictionaries(TEXTS, TREES, max_size=3))
@example({"longer than a line may be": "a b " * 3000})
def test_libyaml_changes_no_byte(options):
    strategies = [{"use": "s", "options": options}]
    loaded = load_mapping({**SHORT, "strategies": strategies})
    validated = {("strategies", 0): options}
    written = [dump_resolved(loaded), dump_resolved(loaded, validated)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dumping, "_Quick", dumping._Dumper)
        assert written == [dump_resolved(loaded), dump_resolved(loaded, validated)]
