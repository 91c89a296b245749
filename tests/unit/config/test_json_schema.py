from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from barstep.config import load_mapping
from barstep.config.json_schema import FILE, GRID_FILE, grid_schema, run_schema, schema_text
from barstep.domain.errors import ConfigError

DATA: dict[str, Any] = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
SHORT: dict[str, Any] = {"version": 1, "data": DATA, "strategies": [{"use": "s"}]}

GOOD = [
    SHORT,
    {**SHORT, "name": "a-b", "seed": 5, "account": {"balance": 50000.5, "fees": "none"}},
    {**SHORT, "account": {"fees": 1.25}, "fills": {"profile": "playground", "participation": "off"}},
    {**SHORT, "fills": {"participation": 0.5, "clamp_slippage": True, "latency_bars": 1, "intrabar": "ohlc"}},
    {**SHORT, "data": {**DATA, "start": "2013-09-01", "end": "2013-09-03T14:30:00-05:00", "history": 50}},
    {**SHORT, "data": {**DATA, "source": {"kind": "synthetic", "seed": 7}, "contract": "ESZ5"}},
    {**SHORT, "data": {**DATA, "source": {"path": "a.csv", "columns": {"t": "time"}, "stamp": "close"}}},
    {**SHORT, "data": {**DATA, "instrument": {"use": "ES", "tick_value": 12.5}}},
    {**SHORT, "data": [{**DATA, "instrument": {"name": "X", "tick_size": 0.25, "tick_value": 5}}]},
    {**SHORT, "broker": {"kind": "embedded", "token": "abc"}},
    {
        **SHORT,
        "strategies": [{"use": "s", "options": {"a": 1, "b": True, "at": "15:10", "c": [1, 2]}, "contract": "ES"}],
    },
    {**SHORT, "risk": [{"use": "max_position", "options": {}}], "observers": []},
]
BAD = [
    {key: value for key, value in SHORT.items() if key != "version"},
    {**SHORT, "version": 2},
    {**SHORT, "sed": 1},
    {**SHORT, "seed": -1},
    {**SHORT, "account": {"balance": 0}},
    {**SHORT, "account": {"fees": -1}},
    {**SHORT, "fills": {"participation": 2}},
    {**SHORT, "fills": {"profile": "other"}},
    {**SHORT, "fills": {"clamp_slippage": "no"}},
    {**SHORT, "data": {**DATA, "timeframe": "1 minute"}},
    {**SHORT, "data": {**DATA, "start": "yesterday"}},
    {**SHORT, "data": {**DATA, "instrument": {"name": "X"}}},
    {**SHORT, "strategies": ["s"]},
    {**SHORT, "risk": [{"options": {}}]},
]


def test_the_committed_file_is_fresh():
    assert FILE.read_text(encoding="utf-8") == schema_text(run_schema())
    assert GRID_FILE.read_text(encoding="utf-8") == schema_text(grid_schema())


def test_check_from_the_command_line():
    command = [sys.executable, "-W", "error", "-m", "barstep.config.json_schema", "--check"]
    assert subprocess.run(command, check=False).returncode == 0


def test_it_is_a_schema():
    Draft202012Validator.check_schema(run_schema())
    Draft202012Validator.check_schema(grid_schema())


@pytest.mark.parametrize("run", GOOD)
def test_what_the_loader_takes_the_schema_takes(run):
    load_mapping(run)
    assert [error.message for error in Draft202012Validator(run_schema()).iter_errors(run)] == []


@pytest.mark.parametrize("run", BAD)
def test_what_the_schema_refuses_the_loader_refuses(run):
    assert list(Draft202012Validator(run_schema()).iter_errors(run))
    with pytest.raises(ConfigError):
        load_mapping(run)


def test_the_environment_may_stand_for_any_value():
    run = {**SHORT, "seed": "${SEED}", "account": {"balance": "${BALANCE}"}, "fills": {"profile": "${PROFILE}"}}
    assert list(Draft202012Validator(run_schema()).iter_errors(run)) == []


def test_every_key_is_described():
    schema = run_schema()
    models = [schema, *schema["$defs"].values()]
    assert [
        name for model in models for name, field in model["properties"].items() if not field.get("description")
    ] == []
