"""barstep as a user runs it: configuration, three risk rules, exact ledger, written results, on bars that are ready."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

import barstep
from barstep.domain.bar import BarColumns, BarStream
from barstep.runs.assemble import load_plan
from barstep.runs.run import play
from barstep.runs.sources import make_stream
from benchmarks.work import CASH, FEE, SEED, Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.work import Series

STRATEGIES = Path(__file__).parents[1] / "strategies"
RISK = [
    {"use": "max_position", "options": {"contracts": 5}},
    {"use": "daily_loss_limit", "options": {"usd": 1_000_000}},
    {"use": "max_loss_limit", "options": {"usd": 5_000_000}},
]
FILLS = {  # as the peers fill: no slippage, a limit at a touch and at a better open, exits from the bar after the entry
    "market_slip_ticks": 0,
    "stop_slip_ticks": 0,
    "limit_through_ticks": 0,
    "gap_price": "open",
    "children": "next_bar",
    "at_end": "mark",
}


CHUNK = 16_384


class ReadyBars(BarStream):
    """Bars that are in memory, as the other engines get theirs."""

    def __init__(self, like: BarStream, bars: Series) -> None:
        self.feed, self.volume_known, self.sessions = like.feed, True, like.sessions
        self.source, self.warnings = like.source, []
        start, *prices = bars
        self._columns = BarColumns(start, start + self.feed.timeframe.ns, *prices)

    def chunks(self) -> Iterator[BarColumns]:
        for at in range(0, len(self._columns), CHUNK):
            yield self._columns[at : at + CHUNK]

    def count(self) -> int:
        return len(self._columns)


def config(work: str, bars: int, variant: str = "") -> dict[str, Any]:
    """The run file of a work, as a mapping."""
    name = f"{work}_{variant}" if variant in ("own", "cross") else work
    use = "sma_crossover" if name == "sma" else str(STRATEGIES / f"{name}.py")
    lane = {"lane": "array"} if variant == "array" else {}
    return {
        "version": 1,
        "name": "bench",
        "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": SEED, "bars": bars}},
        "account": {"balance": CASH, "fees": FEE},
        "fills": FILLS,
        "strategies": [{"use": use}],
        "risk": RISK,
        **lane,
    }


def run(work: str, bars: Series, variant: str = "") -> Answer:
    """One run, from the configuration to the files it leaves."""
    asked = config(work, len(bars.close), variant)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        plan = load_plan(asked, opener=lambda *given: ReadyBars(make_stream(*given), bars))
        result = play(plan, out=Path(folder) / "run", progress=lambda _: None)
        seconds = time.perf_counter() - start
        equity = pl.read_parquet(Path(folder) / "run" / "equity.parquet")["equity"][-1]
    if variant == "array" and result.lane != "array":
        raise SystemExit(f"the array lane did not run: {result.warnings}")
    return Answer(seconds, round(result.fees / FEE), equity - CASH)


def peak(work: str, bars: int) -> float:
    """The most memory of this process, in MB, when bars are made while they are played: what a run itself needs."""
    with tempfile.TemporaryDirectory() as folder:
        barstep.run(config(work, bars), out=Path(folder) / "run")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
