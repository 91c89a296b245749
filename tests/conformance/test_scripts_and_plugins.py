"""The template scripts and the template plugins are one strategy: the same fills, trades and balance, whoever executes."""

from __future__ import annotations

import polars as pl
import pytest
from gateways import ROOT, TOKEN

import barstep

SAME = ["bar_end", "side", "size", "price", "position_after"]


def played(use: str, folder, **broker) -> barstep.RunResult:
    run = {
        "version": 1,
        "name": "template",
        "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
        "account": {"fees": "none"},
        "fills": {"profile": "playground"},
        "strategies": [{"use": use}],
    }
    return barstep.run({**run, "broker": broker} if broker else run, out=folder)


@pytest.mark.parametrize("kind", ["embedded", "http"])
@pytest.mark.parametrize("name", ["sma_crossover", "rsi_scalper", "channel_breakout"])
def test_a_template_script_is_its_plugin(name, kind, tmp_path, monkeypatch, gateway_url):
    monkeypatch.chdir(ROOT)
    address = {"url": gateway_url, "token": TOKEN} if kind == "http" else {}
    plugin = played(name, tmp_path / "plugin")
    script = played(f"scripts/{name}.py", tmp_path / "script", kind=kind, **address)
    rows = [pl.read_parquet(run.folder / "fills.parquet").select(SAME).rows() for run in (plugin, script)]
    assert len(rows[0]) > 4, "nothing was compared"
    assert rows[0] == rows[1]
    assert (script.trades, script.final_balance, script.digest) == (plugin.trades, plugin.final_balance, plugin.digest)
