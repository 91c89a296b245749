"""Builders, the pytest plugin, and that the package costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

import pytest

from barstep.testing import (
    make_bar,
    make_contract,
    make_fill,
    make_instrument,
    make_order,
    make_pending_fill,
    make_run_arrays,
)


def test_bars():
    bar = make_bar(5000, 5001, 4999.5, 5000.25, contract=make_contract("ES"), timeframe="5m")
    assert (bar.contract.name, bar.timeframe, bar.end_ns - bar.start_ns) == ("ESH4", "5m", 300 * 10**9)
    assert bar.start.isoformat() == "2024-01-02T06:00:00-06:00"
    with pytest.raises(ValueError, match="low and high to enclose"):
        make_bar(400, 399, 398, 399)
    with pytest.raises(ValueError, match="with a zone"):
        make_bar(400, 400, 400, 400, start=datetime(2024, 1, 2))


def test_orders_and_fills():
    order = make_order("sell", 3, "limit", limit=410.0, tag="x")
    assert (order.asked, order.opens, order.limit, order.tag) == (3, 3, 410.0, "x")
    fill = make_fill("sell", 2, 401, fees=1.25)
    assert (fill.price, fill.fees, fill.opened, fill.closed, fill.position_after) == (401.0, 1.25, 2, 0, -2)
    assert make_fill("sell", 2, 401, opened=0, position_after=1).closed == 2
    with pytest.raises(ValueError, match="not on the tick grid"):
        make_fill(price=400.5)


def test_instruments():
    assert make_instrument("ES").point_value == 50
    assert make_instrument("FDAX", "0.5", "12.5", {"own": "1.20"}).fees == {"none": 0, "own": 1_200_000}


def test_pending_fills_draw_by_seed_and_order():
    one, same, other = (make_pending_fill(order_id=n, seed=7) for n in (1, 1, 2))
    assert one.random.random() == same.random.random() == one.random.random() != other.random.random()


def test_run_arrays():
    run = make_run_arrays(trades={"net_pnl": [5.0, -3.0]})
    assert (run.trades["net_pnl"].sum(), list(run.trades), len(run.fills)) == (2.0, ["net_pnl"], 0)
    with pytest.raises(ValueError, match="read-only"):
        run.trades["net_pnl"][0] = 1
    with pytest.raises(KeyError, match="trades has no column 'pnl'; it has net_pnl"):
        run.trades["pnl"]
    with pytest.raises(TypeError, match="no table 'trade'"):
        make_run_arrays(trade={})


def test_the_pytest_plugin_loads_nothing_heavy():
    code = (
        "import barstep.testing.pytest_plugin, barstep.testing, sys;"
        "print(sorted({'numpy', 'polars', 'pydantic', 'pluggy._x', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    code = "import barstep.testing as t, sys; [getattr(t, n) for n in t.__all__]; print('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


RULE = """
from barstep import RiskDecision, RiskRule, hookimpl

class Never(RiskRule):
    @hookimpl
    def on_risk(self, order, ctx):
        return RiskDecision.deny("never")
"""


def test_a_workspace_of_ones_own(barstep_workspace):
    barstep_workspace.write("plugins/never.py", RULE)
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    mapping = {"version": 1, "data": data, "strategies": [{"use": "sma_crossover"}], "risk": [{"use": "never"}]}
    first, second = barstep_workspace.run(mapping), barstep_workspace.run(mapping, "data.start=2013-09-03T18:00:00Z")
    assert first.fills == 0 < second.denied_orders < first.denied_orders
    assert first.folder != second.folder
