"""A year of one-second bars inside one-minute bars: memory stays bounded, whatever the number of bars."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

MINUTE, PART = 60, 2_000_040
NS = 10**9
START = 1_577_923_200 * NS
STRATEGY = """
from barstep import Strategy, hookimpl

class Busy(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if not ctx.position.size and bar.index % 3 == 0:
            ctx.buy(1, stop_loss_ticks=6, take_profit_ticks=6)
"""
DRIVER = """
import json, sys, time, barstep
start = time.process_time()
result = barstep.run(json.loads(sys.argv[1]), out=sys.argv[2])
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
told = [result.bars, result.resolutions.get("1s", 0), result.mismatches, peak // 1024, time.process_time() - start]
print(json.dumps(told))
"""


def write_bars(folder: Path, parts: int) -> None:
    """Files of whole minutes: seconds of a random walk, and the minutes that they make up."""
    random, price = np.random.default_rng(7), 20_000
    for part in range(parts):
        steps = random.integers(-1, 2, (PART, 3)).cumsum(axis=None).reshape(PART, 3) + price
        price = int(steps[-1, -1])
        times = START + (np.arange(PART, dtype=np.int64) + part * PART) * NS
        seconds = pl.DataFrame(
            {
                "t": pl.Series(times).cast(pl.Datetime("ns", "UTC")), "o": steps[:, 0], "h": steps.max(axis=1),
                "l": steps.min(axis=1), "c": steps[:, 2], "v": random.integers(1, 9, PART),
            }
        )  # fmt: skip
        seconds.write_parquet(folder / f"s_{part:02}.parquet")
        minutes = seconds.group_by(pl.col("t").dt.truncate("1m"), maintain_order=True).agg(
            pl.col("o").first(), pl.col("h").max(), pl.col("l").min(), pl.col("c").last(), pl.col("v").sum()
        )
        minutes.write_parquet(folder / f"m_{part:02}.parquet")


def play(folder: Path, parts: int, finer: bool = True) -> list[float]:
    (folder / "busy.py").write_text(STRATEGY)
    seconds = {"finer": {"timeframe": "1s", "source": str(folder / "s_*.parquet")}} if finer else {}
    instrument = {"name": "TICK", "tick_size": "1", "tick_value": "1"}
    data = {"instrument": instrument, "timeframe": "1m", "source": str(folder / "m_*.parquet"), **seconds}
    run = {"version": 1, "data": data, "account": {"fees": "none"}, "strategies": [{"use": str(folder / "busy.py")}]}
    out = folder / f"run_{parts}_{finer}"
    command = [sys.executable, "-c", DRIVER, json.dumps(run), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: list[float] = json.loads(done.stdout)
    return told


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_year_of_seconds_in_bounded_memory(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    large.mkdir()
    write_bars(small, 1)
    write_bars(large, 10)
    bars, decided, mismatches, peak, _ = play(small, 1)
    assert play(small, 1, finer=False)[1] == 0
    more_bars, more_decided, more_mismatches, more_peak, seconds = play(large, 10)
    print(
        f"2 million seconds: {peak} MB; 20 million: {more_peak} MB, {seconds:.0f} s of CPU, {more_decided} fills decided"
    )
    assert (more_bars, more_mismatches) == (333_340, 0)
    assert mismatches == 0
    assert more_decided > 8 * decided > 8_000
    assert bars * 10 == more_bars
    assert more_peak - peak < 150, "megabytes that eighteen million more seconds cost"
