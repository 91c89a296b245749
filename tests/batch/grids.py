"""Grids over a small run of seeded bars, and strategies that misbehave when they are told to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from barstep.batch.store import Store

RUN: dict[str, Any] = {
    "version": 1,
    "name": "small",
    "data": {"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "bars": 900}},
    "strategies": [{"use": "sma_crossover", "options": {"fast": 5, "slow": 20}}],
    "risk": [{"use": "max_position", "options": {"contracts": 2}}],
}

MOODY = '''
"""Trades like a coin, and fails in the way it is told to at the points it is told to."""

import os
import signal
import time

from barstep import Bar, Context, Strategy, hookimpl, option


class Moody(Strategy):
    number: int = option(0, ge=0)
    every: int = option(40, ge=1, help="points from one bad one to the next")
    how: str = option("none", help="raise, die, once or wait")

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        if bar.index == 50 and self.number % self.every == 7:
            self.fail()
        if bar.index % 20 == 0:
            ctx.set_position(1 if (bar.index // 20 + self.number) % 3 else -1)

    def fail(self):
        if self.how == "raise":
            raise ValueError(f"no luck with {self.number}")
        if self.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "once" and not os.path.exists("died"):
            open("died", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "wait":
            time.sleep(0.05)
'''


def moody(points: int, how: str = "none", every: int = 40) -> dict[str, Any]:
    """A grid of points over the moody strategy."""
    run = {**RUN, "strategies": [{"use": "moody", "options": {"how": how, "every": every}}]}
    return {
        "version": 1,
        "name": "moody",
        "run": run,
        "vary": {"moody.number": {"from": 0, "to": points - 1, "step": 1}},
    }


CROSSES = {
    "version": 1,
    "name": "crosses",
    "run": "configs/small.yaml",
    "vary": {"sma_crossover.fast": [3, 5, 8], "sma_crossover.slow": {"from": 10, "to": 40, "step": 10}},
}
"""A grid of 12 points over the small run."""


def write(folder: Path, grid: dict[str, Any]) -> str:
    """Write a grid file into `configs`; returns its path from the workspace."""
    path = folder / "configs" / f"{grid['name']}.yaml"
    run = grid["run"].removeprefix("configs/") if isinstance(grid["run"], str) else grid["run"]
    path.write_text(yaml.safe_dump({**grid, "run": run}, sort_keys=False), encoding="utf-8")
    return f"configs/{path.name}"


def table(folder: Path) -> list[tuple[Any, ...]]:
    """All that is stored of a grid's points but how long they took."""
    with Store(folder) as store:
        return [
            (
                r.key,
                r.part,
                r.number,
                json.dumps(r.vals),
                r.digest,
                r.failed,
                r.error,
                json.dumps(r.metrics),
                r.daily.tolist(),
            )
            for r in store.rows()
        ]
