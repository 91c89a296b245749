"""Finer bars from a configuration: files, the packaged sample, mistakes, and what is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import barstep
from barstep.data import sample_path
from barstep.domain.errors import ConfigError, DataError

ORB = Path(__file__).parents[2] / "configs" / "opening_range_breakout.yaml"
SAMPLE = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
FINER = {"timeframe": "1s", "source": "sample"}


TIGHT = """
from barstep import Strategy, hookimpl

class Tight(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if not ctx.position.size:
            ctx.buy(1, stop_loss_ticks=2, take_profit_ticks=2)
"""


def mapping(**data):
    return {"version": 1, "data": {**SAMPLE, **data}, "strategies": [{"use": "opening_range_breakout"}]}


def table(result, name):
    return pl.read_parquet(result.folder / f"{name}.parquet")


def faults(run):
    with pytest.raises(ConfigError) as caught:
        barstep.run(run)
    return caught.value.problems


def test_an_ambiguous_bracket_of_the_sample_is_decided_by_seconds(tmp_path):
    coarse = barstep.run(ORB, out=tmp_path / "coarse")
    finer = barstep.run(ORB, ["fills.resolution=1s"], out=tmp_path / "finer")
    assert (coarse.ambiguous_bars, coarse.resolutions) == (1, {"1m": 2})
    assert (finer.ambiguous_bars, finer.resolutions, finer.mismatches) == (0, {"1s": 2}, 0)
    assert table(coarse, "fills")["certainty"].to_list() == ["ambiguous"] * 2
    assert table(finer, "fills")["certainty"].to_list() == ["magnified"] * 2
    assert [str(time)[11:19] for time in table(finer, "fills")["time"]] == ["14:00:59", "14:05:17"]
    assert [str(time)[11:16] for time in table(finer, "fills")["bar_start"]] == ["14:00", "14:05"]


def test_the_seconds_say_so_themselves():
    """What decided the bar above, from the file alone: the entry's level comes before the stop's, which is not reached."""
    entry, stop = 1645.5, 1647.25
    seconds = pl.read_csv(sample_path("ES", "1s"), try_parse_dates=True)
    minute = seconds.filter(
        pl.col("t").is_between(*(pl.datetime(2013, 9, 3, 14, m, time_zone="UTC") for m in (0, 1)), closed="left")
    )
    assert minute["h"].max() >= stop
    entered = int(np.argmax(minute["l"].to_numpy() <= entry))
    assert minute["l"][entered] <= entry
    assert minute["h"][entered:].max() < stop


def test_said_in_the_data_section_and_left_aside_in_the_fills(tmp_path):
    said = barstep.run(mapping(finer=FINER), out=tmp_path / "said")
    assert said.resolutions == {"1s": 2}
    aside = barstep.run({**mapping(finer=FINER), "fills": {"resolution": "none"}}, out=tmp_path / "aside")
    assert aside.resolutions == {"1m": 2}
    manifest = json.loads((said.folder / "manifest.json").read_text())
    assert manifest["data"][0]["finer"]["path"].startswith("ES_1s_")
    assert len(manifest["data"][0]["finer"]["sha256"]) == 64
    again = barstep.run(said.folder / "config.resolved.yaml", out=tmp_path / "again")
    assert again.digest == said.digest


def test_bars_that_the_finer_file_does_not_have_are_flagged(tmp_path):
    run = {**mapping(start="2013-09-03"), "fills": {"resolution": "1s"}, "strategies": [{"use": "sma_crossover"}]}
    result = barstep.run(run, out=tmp_path / "run")
    assert result.mismatches == 0, "market orders leave nothing to decide after the open"
    (tmp_path / "tight.py").write_text(TIGHT)
    run["strategies"] = [{"use": str(tmp_path / "tight.py")}]
    result = barstep.run(run, out=tmp_path / "two")
    flagged = table(result, "mismatches")
    assert result.mismatches == flagged.height > 0
    assert set(flagged["reason"]) == {"there are no 1s bars with trades in it"}
    assert any("MAGNIFIER_MISMATCH" in warning for warning in result.warnings)


@pytest.mark.parametrize("shape", ["csv", "parquet"])
def test_a_file_of_finer_bars_in_several_chunks(tmp_path, shape):
    """The same run on finer bars that come in whole, and in pieces that end inside a bar."""
    from barstep.data import FileStream, SessionTable, front_contract, instrument
    from barstep.domain.bar import Timeframe
    from barstep.engine.finer import FinerBars

    item = instrument("ES")
    path = tmp_path / f"es_1s.{shape}"
    seconds = pl.read_csv(sample_path("ES", "1s"), try_parse_dates=True)
    seconds.write_csv(path) if shape == "csv" else seconds.write_parquet(path)
    contract, second, minute = front_contract(item, seconds["t"][0].date()), Timeframe.parse("1s"), 60 * 10**9

    def windows(rows):
        bars = FinerBars(FileStream(path, contract, second, chunk_rows=rows), SessionTable(item.session))
        start = int(seconds["t"].dt.epoch("ns")[0])
        return [bars.window(start + n * minute, start + (n + 1) * minute) for n in (0, 1, 7, 8, 90, 179, 180)]

    whole = windows(100_000)
    assert [len(window.starts) for window in whole][-1] == 0
    assert all(len(window.starts) > 5 for window in whole[:-1])
    for rows in (7, 61, 1000):
        assert windows(rows) == whole


def test_a_resolution_that_the_samples_make_up(tmp_path):
    result = barstep.run({**mapping(), "fills": {"resolution": "2s"}}, out=tmp_path / "run")  # of the 1s sample
    assert result.status == "done"


def test_mistakes_name_the_key_and_what_belongs_there(tmp_path):
    assert faults({**mapping(source="x.csv"), "fills": {"resolution": "1s"}})[0] == (
        "fills.resolution: got 1s, expected the timeframe of data.finer: ES has no data.finer"
    )
    assert faults({**mapping(finer=FINER), "fills": {"resolution": "5s"}}) == [
        "fills.resolution: got 5s, expected the timeframe of data.finer: data.finer of ES has 1s"
    ]
    assert faults({**mapping(), "fills": {"resolution": "7s"}}) == [
        "fills.resolution: got 7s, expected a timeframe that divides 1m, such as 1s"
    ]
    assert faults(mapping(finer={"timeframe": "1m", "source": "sample"})) == [
        "data.finer.timeframe: got 1m, expected a timeframe that divides 1m, such as 1s"
    ]
    assert faults(mapping(finer={"timeframe": "1s", "source": {"kind": "synthetic"}})) == [
        "data.finer.source: got synthetic, expected sample, or a file or pattern with the same bars in finer form"
    ]
    [line] = faults(mapping(finer=FINER, end="2013-09-03T10:00:00Z"))
    assert line.strip().startswith("data.finer.source: ES_1s_")
    assert "its bars start from 2013-09-03T13:00:00Z" in line
    with pytest.raises(DataError, match=r"data.finer.source: no such file"):
        barstep.run(mapping(finer={"timeframe": "1s", "source": str(tmp_path / "none.csv")}))


def test_a_gateway_brings_the_finer_bars_of_its_own_timeframe():
    from datetime import date

    from barstep.gateway.session import StartRequest
    from barstep.runs.gateway import run_mapping

    own = {"instrument": "ES", "timeframe": "1m", "source": "m.csv", "finer": {"timeframe": "1s", "source": "s.csv"}}
    asked = StartRequest("ES", "1m", date(2013, 9, 3), None, {})
    section = run_mapping({"data": own}, asked)["data"]
    assert section["finer"] == own["finer"]
    sample = {"instrument": "ES", "timeframe": "1m", "source": "sample", "finer": FINER}
    other = StartRequest("ES", "1s", date(2013, 9, 3), None, {})
    assert "finer" not in run_mapping({"data": sample}, other)["data"]
