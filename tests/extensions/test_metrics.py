"""Metrics of one's own, through run files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import barstep
from barstep import ConfigError, Metric, PluginError
from barstep.testing import play_table

RUN = {
    "version": 1,
    "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "bars": 30}},
    "strategies": [{"use": "buyer"}],
}
BUYER = """
from barstep import Strategy, hookimpl

class Buyer(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index in (3, 9):
            ctx.set_position(1 if bar.index == 3 else -1)
"""


@pytest.fixture
def desk(barstep_workspace):
    barstep_workspace.write("strategies/buyer.py", BUYER)
    return barstep_workspace


METRIC = """
import numpy as np

from barstep import Metric, option


class Longest(Metric):
    \"\"\"Longest time between two highs of equity, in bars.\"\"\"

    least: int = option(0, ge=0)

    def measure(self, run):
        equity = run.equity["equity"]
        highs = np.flatnonzero(equity >= np.maximum.accumulate(equity))
        return max(self.least, int(np.diff(highs, append=len(equity)).max()))
"""


def test_a_metric_lands_in_the_result_under_its_name(desk):
    desk.write("plugins/longest.py", METRIC)
    several = [{"use": "longest"}, {"use": "longest", "options": {"least": 1000}}]
    result = desk.run({**RUN, "metrics": several})
    stored = json.loads((result.folder / "result.json").read_text())
    assert stored["metrics"]["longest#2"] == result.metrics["longest#2"] == 1000
    assert 1 <= stored["metrics"]["longest"] < 30
    usual = desk.run(RUN)
    assert {
        key: value for key, value in result.metrics.items() if key[:8] not in ("longest", "longest#")
    } == usual.metrics
    assert result.digest == usual.digest


def test_a_metric_sees_what_the_files_say():
    seen = {}

    class Looks(Metric):
        def measure(self, run):
            seen.update({name: list(getattr(run, name)) for name in ("trades", "fills", "orders", "equity")})
            seen["net"] = run.trades["net_pnl"].tolist()
            seen["times"] = run.trades["entry_time"].dtype, run.equity["time"].dtype
            seen["text"] = run.fills["side"].tolist()
            seen["limit"] = run.orders["limit"].tolist()
            seen["start"] = run.start_balance
            return

    played = play_table("400 402 398 400 | buy 2 |\n400 402 398 400 | sell 2 |\n400 402 398 400", Looks)
    assert played.metrics == {"looks": None}
    assert (seen["net"], seen["text"], seen["start"]) == ([-4.0], ["buy", "sell"], 10_000)
    assert [str(dtype) for dtype in seen["times"]] == ["datetime64[ns]"] * 2
    assert np.isnan(seen["limit"]).all(), "no limit is NaN"
    from barstep.runs import tables

    assert [seen[name] for name in ("trades", "fills")] == [list(tables.TRADES), list(tables.FILLS)]


ODD = """
from barstep import Metric

nan = float("nan")

class Odd(Metric):
    def measure(self, run):
        return ANSWER
"""


@pytest.mark.parametrize("answer", ["nan", "'much'", "True"])
def test_a_metric_that_gives_no_number_fails_the_run_and_keeps_it(desk, answer):
    desk.write("plugins/odd.py", ODD.replace("ANSWER", answer))
    told = r"plugin odd, function measure at .*odd.py:7, after the last bar: TypeError: measure returned .* a finite number"
    with pytest.raises(PluginError, match=told) as caught:
        desk.run({**RUN, "metrics": [{"use": "odd"}]})
    folder = next((desk.path / "runs").iterdir())
    stored = json.loads((folder / "result.json").read_text())
    assert (stored["status"], stored["fills"]) == ("failed", 3)
    assert "marked failed" in caught.value.__notes__[0]


def test_a_metric_may_not_take_the_name_of_a_measure(desk):
    desk.write("plugins/win_rate.py", METRIC)
    with pytest.raises(
        ConfigError, match=r"metrics\[0\].use: got win_rate, expected a name that no measure of a result has"
    ):
        desk.run({**RUN, "metrics": [{"use": "win_rate"}]})


def test_arrays_cannot_be_written_to():
    class Writes(Metric):
        def measure(self, run):
            run.equity["equity"][0] = 1e9
            return 0

    with pytest.raises(PluginError, match=r"function measure at .*: ValueError: assignment destination is read-only"):
        play_table("400 402 398 400", Writes)


def test_public_names_are_enough():
    assert {"DataSource", "Metric", "FeeModel", "SlippageModel", "PendingFill", "RunArrays"} <= set(barstep.__all__)
