"""Replay/start in a longer timeframe than the gateway's bars: they are made of them, as in a run."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import barstep
from barstep.broker.wire import GatewayError
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener

MINUTES = {"instrument": "ES", "timeframe": "1m", "source": "bars.csv"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with minutes of two trading days in bars.csv."""
    run = {"version": 1, "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"}, "strategies": []}
    from barstep.data import write_bars
    from barstep.runs.assemble import load_plan

    write_bars(load_plan(run).streams[0], tmp_path / "bars.csv")
    return tmp_path


def start(folder: Path, data: object, timeframe: str, **more: object) -> tuple[Gateway, dict]:
    gateway = Gateway(make_opener({"data": data}, folder))
    body = {
        "instrumentSymbol": "ES",
        "startDate": "2013-09-01",
        "endDate": "2013-09-03",
        "timeframe": timeframe,
        **more,
    }
    return gateway, gateway.handle("Replay/start", body)


def played(gateway: Gateway, told: dict) -> list[dict]:
    return gateway.handle("Replay/step", {"accountId": told["accountId"], "count": told["totalBars"] + 1})["bars"]


@pytest.mark.parametrize(("timeframe", "bars"), [("1m", 2264), ("5m", 461), ("15m", 154), ("4h", 11), ("1D", 1)])
def test_longer_bars_are_made_of_the_gateways(folder: Path, timeframe: str, bars: int) -> None:
    gateway, told = start(folder, MINUTES, timeframe)
    rows = played(gateway, told)
    assert (told["totalBars"], len(rows)) == (bars, bars)
    assert rows[0]["t"] == "2013-09-01T22:00:00Z"
    assert sum(row["v"] for row in rows) == sum(row["v"] for row in played(*start(folder, MINUTES, "1m")))


def test_they_are_those_of_a_run(folder: Path) -> None:
    run = {"version": 1, "data": {**MINUTES, "source": str(folder / "bars.csv"), "timeframe": "15m"}}
    (folder / "noting.py").write_text(
        "from barstep import Strategy, hookimpl\n\n\nclass Noting(Strategy):\n    @hookimpl\n"
        "    def on_bar(self, bar, ctx):\n"
        "        ctx.note(f'[{bar.open}, {bar.high}, {bar.low}, {bar.close}, {bar.volume}]')\n"
    )
    barstep.run({**run, "strategies": [{"use": str(folder / "noting.py")}]}, out=folder / "run")
    noted = [json.loads(text) for text in pl.read_parquet(folder / "run" / "notes.parquet")["text"]]
    gateway, told = start(folder, MINUTES, "15m")
    assert [[row[key] for key in "ohlcv"] for row in played(gateway, told)] == noted


def test_the_longest_bars_that_will_do_are_taken(folder: Path) -> None:
    (folder / "wrong.csv").write_text("t,o,h,l,c,v\n2013-09-02T10:00:00Z,1,1,1,1,1\n")
    sections = [MINUTES, {"instrument": "ES", "timeframe": "7m", "source": "wrong.csv"}]
    assert start(folder, sections, "15m")[1]["totalBars"] == 154
    with pytest.raises(GatewayError, match="no bars of ES 90s here: this gateway has ES 1m, ES 7m"):
        start(folder, sections, "90s")


def test_a_section_that_resamples_itself_serves_its_own_bars_too(folder: Path) -> None:
    section = {**MINUTES, "timeframe": "15m", "resample": "1m", "also": ["1h"]}
    for timeframe, bars in (("1m", 2264), ("15m", 154), ("1h", 39)):
        assert start(folder, section, timeframe)[1]["totalBars"] == bars


def test_history_and_status_fit_the_longer_bars(folder: Path) -> None:
    gateway, told = start(folder, MINUTES, "5m")
    gateway.handle("Replay/step", {"accountId": told["accountId"], "count": 12})
    body = {"contractId": told["contractId"], "unit": 2, "unitNumber": 15, "barsBack": 10}
    assert len(gateway.handle("History/retrieveBars", body)["bars"]) == 4
    status = gateway.handle("Replay/status", {"accountId": told["accountId"]})
    assert (status["time"], status["endTime"]) == ("2013-09-01T23:00:00Z", "2013-09-03T18:55:00Z")


def test_bars_without_end_are_refused_whatever_they_are_made_into(folder: Path) -> None:
    section = {"instrument": "ES", "timeframe": "1m", "resample": "1s", "source": "bars.csv"}
    asked = {"barstep": {"source": {"kind": "synthetic"}}, "endDate": "2020-01-01"}
    with pytest.raises(GatewayError, match="synthetic bars: expected at most 10,000,000"):
        start(folder, section, "1m", **asked)
