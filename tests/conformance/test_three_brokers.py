"""One suite, three brokers: direct, helper functions in process, helper functions over HTTP. The same run, whoever executes.

Not only the digest is compared: every table that a run leaves behind is equal, row by row.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from gateways import ROOT, TOKEN

import barstep
from barstep.config.grid_loader import is_grid

SEVERAL = {"spread"}  # contracts: a gateway replays one at a time
CONFIGS = sorted(
    path
    for path in (ROOT / "configs").glob("*.yaml")
    if "scripts/" not in path.read_text() and path.stem not in SEVERAL and not is_grid(path)
)
TABLES = ("fills", "trades", "orders", "equity", "ambiguous", "mismatches", "notes")


def overrides(kind: str, url: str) -> list[str]:
    address = [f"broker.url={url}", f"broker.token={TOKEN}"] if kind == "http" else []
    return [f"broker.kind={kind}", *address]


def assert_same(one: barstep.RunResult, two: barstep.RunResult) -> None:
    assert one.fills, "nothing was compared"
    for table in TABLES:
        first, second = (pl.read_parquet(result.folder / f"{table}.parquet") for result in (one, two))
        assert first.equals(second), f"{table} differ: {first} {second}"
    assert one.digest == two.digest
    assert (one.metrics, one.risk, one.warnings) == (two.metrics, two.risk, two.warnings)


@pytest.mark.parametrize("kind", ["helpers", "http"])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_configured_run_is_the_same(config, kind, tmp_path, gateway_url):
    direct = barstep.run(config, out=tmp_path / "direct")
    other = barstep.run(config, overrides(kind, gateway_url), out=tmp_path / kind)
    assert_same(direct, other)


PROFILES = {
    "strict": {"profile": "strict"},
    "playground": {"profile": "playground"},
    "backtrader": {"profile": "backtrader"},
    "late": {"profile": "strict", "latency_bars": 2, "trail_update": "bar_close", "at_end": "mark"},
    "thin": {"profile": "strict", "participation": 0.001},
    "finer": {"profile": "strict", "resolution": "1s"},
}


@pytest.mark.parametrize("kind", ["helpers", "http"])
def test_finer_bars_decide_alike(kind, tmp_path, gateway_url):
    config, finer = ROOT / "configs" / "opening_range_breakout.yaml", ["fills.resolution=1s"]
    direct = barstep.run(config, finer, out=tmp_path / "direct")
    other = barstep.run(config, finer + overrides(kind, gateway_url), out=tmp_path / kind)
    assert_same(direct, other)
    assert direct.resolutions == other.resolutions == {"1s": 2}


@pytest.mark.parametrize("kind", ["helpers", "http"])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", range(3))
def test_everything_a_context_offers(seed, profile, kind, tmp_path, gateway_url):
    plugins = Path(__file__).parent / "restless.py"
    run = {
        "version": 1,
        "name": "restless",
        "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
        "fills": PROFILES[profile],
        "strategies": [{"use": f"{plugins}:Restless"}],
        "risk": [{"use": f"{plugins}:Strict"}, {"use": "trading_hours", "options": {"flat_by": "15:05"}}],
        "seed": seed,
    }
    direct = barstep.run(run, out=tmp_path / "direct")
    other = barstep.run(run, overrides(kind, gateway_url), out=tmp_path / kind)
    assert_same(direct, other)


@pytest.mark.parametrize("kind", ["helpers", "http"])
def test_a_warning_of_the_replay_is_told_whoever_plays(kind, tmp_path, gateway_url):
    run = {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
        "strategies": [{"use": str(ROOT / "strategies" / "sma_crossover.py")}],
        "risk": [{"use": str(ROOT / "plugins" / "trading_hours.py"), "options": {"flat_by": "10:10:30"}}],
    }
    direct = barstep.run(run, out=tmp_path / "direct")
    other = barstep.run(run, overrides(kind, gateway_url), out=tmp_path / kind)
    assert any("straddle the flat time 10:10" in warning for warning in direct.warnings)
    assert_same(direct, other)
