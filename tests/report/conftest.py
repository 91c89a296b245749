"""Stored runs that reports are made of, each played once."""

from __future__ import annotations

import json
import shutil
import sys
import zlib
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import barstep
from barstep.report.grid_record import GridPoint, GridRecord

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

SAMPLE = {"instrument": "ES", "timeframe": "1m", "source": "sample"}

TRAILER = """
from barstep import Bar, Context, Strategy, hookimpl


class Trailer(Strategy):
    every: int = 37

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if bar.index % self.every == 0 and not ctx.position.size:
            side = ctx.buy if (bar.index // self.every) % 2 else ctx.sell
            side(1, trailing_stop_ticks=8, take_profit_ticks=20, tag="</script><b>trap")
        elif bar.index % self.every == 5 and ctx.position.size:
            ctx.protect(trail_ticks=6)
"""


MOVER = """
from barstep import Bar, Context, Strategy, hookimpl


class Mover(Strategy):
    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if bar.index == 10:
            self.order = ctx.buy(1, stop=bar.close + 50)
        if bar.index in (20, 30):
            ctx.modify(self.order, stop=self.order.stop + 1)
        if bar.index == 40:
            ctx.cancel(self.order)
            ctx.buy(1)
        if bar.index == 41:
            self.order = ctx.protect(trail_ticks=60)[0]
        if bar.index == 60:
            ctx.modify(self.order, trail_ticks=50)
"""


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one strategy that trails stops, beside the repository's."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("plugins", "strategies"):
        shutil.copytree(REPO / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "strategies" / "trailer.py").write_text(TRAILER, encoding="utf-8")
    (folder / "strategies" / "mover.py").write_text(MOVER, encoding="utf-8")
    return folder


def unpacked(column: dict[str, Any]) -> list[float]:
    """The format as `barstep.report.packing.packed` documents it, read step by step."""
    raw, n, value, values = zlib.decompress(b64decode(column["data"])), column["n"], 0, []
    for row in range(n):
        folded = sum(raw[plane * n + row] << (8 * plane) for plane in range(column["planes"]))
        value += folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
        values.append(value * column["scale"])
    return values


@pytest.fixture(scope="session", name="unpacked")
def _unpacked() -> Callable[[dict[str, Any]], list[float]]:
    return unpacked


@pytest.fixture(scope="session", name="play")
def _play(desk: Path) -> Callable[..., Path]:
    return partial(play, desk)


@pytest.fixture(scope="session")
def grid() -> GridRecord:
    """Two axes, six points, one step of a walk-forward."""
    points = [
        GridPoint(
            a * 3 + b,
            (a, b),
            {"net_pnl": 100.0 * a - 50.0 * b, "trades": 7, "sqn": None},
            np.full(4, 25.0 * a - 12.5 * b),
        )
        for a in range(2)
        for b in range(3)
    ]
    step = {
        "train": ["2020-01-02", "2020-01-31"], "test": ["2020-02-03", "2020-02-28"],
        "values": {"fast": 10, "slow": 40}, "trained": 5.0, "net_pnl": 80.0,
        "daily": [100.0, -20.0], "train_daily": np.array([3.0, -1.0]),
    }  # fmt: skip
    return GridRecord("my-grid", {"fast": [5, 10], "slow": [20, 40, 60]}, "net_pnl", 1, points, [step], {"trials": 12})


def play(desk: Path, name: str, **sections: Any) -> Path:
    """Play a run in the workspace; returns its folder."""
    config = {"version": 1, "name": name, "data": SAMPLE, "strategies": [{"use": "sma_crossover"}], **sections}
    file = desk / "configs" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(config, indent=1), encoding="utf-8")  # JSON is YAML
    folder = barstep.run(file, out=desk / "out" / name).folder
    assert folder is not None
    return folder


@pytest.fixture(scope="session")
def trailed(desk: Path) -> Path:
    """Trailing stops under a plan whose floor ends the attempt."""
    return play(
        desk, "trailed", strategies=[{"use": "trailer"}],
        account={"plan": "topstep-combine-50k", "on_fail": "reset"},
    )  # fmt: skip


@pytest.fixture(scope="session")
def weeks(desk: Path) -> Path:
    """Three weeks of generated bars under a floor that end-of-day balances raise."""
    return play(
        desk, "weeks", data={"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "days": 15}},
        risk=[{"use": "max_loss_limit", "options": {"usd": 20000, "trail": "end_of_day", "lock": None}}],
        strategies=[{"use": "sma_crossover", "options": {"fast": 20, "slow": 60}}],
    )  # fmt: skip
