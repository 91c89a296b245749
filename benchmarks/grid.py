"""What grids cost beside bare processes: speed-up, overhead of a point, memory.

    python benchmarks/grid.py [--bars 350000] [--points 1000] [--rounds 3] [--lane array] [--memory]

The points are an SMA crossover's, on seeded bars in a Parquet file. In each round the same points are played by a grid with one
worker and with two, and by one and by two bare processes that split them and store nothing; so a slow spell of the machine
meets all four. Memory is the proportional set size (PSS) of the whole process tree, looked at ten times a second.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO), str(REPO / "framework")]

from benchmarks.memory import peak_pss  # noqa: E402


def workspace(folder: Path, bars: int, points: int, lane: str) -> Path:
    """A folder with bars, a run and a grid; the grid file."""
    import yaml

    from barstep.config.data_schema import DataConfig
    from barstep.data import write_bars
    from barstep.runs.sources import make_stream

    for name in ("plugins", "strategies", "configs"):
        (folder / name).mkdir(parents=True)
    data: dict[str, Any] = {
        "instrument": "ES",
        "timeframe": "1m",
        "source": {"kind": "synthetic", "seed": 7, "bars": bars},
    }
    stream = make_stream(DataConfig.model_validate(data), folder)
    write_bars(stream, folder / "configs" / "bars.parquet")
    data |= {"contract": stream.feed.contract.name, "source": "bars.parquet"}
    slow = max(1, points // 25)
    run = {"version": 1, "lane": lane, "data": data, "strategies": [{"use": "sma_crossover"}]}
    vary = {
        "sma_crossover.fast": {"from": 4, "to": 3 + points // slow, "step": 1},
        "sma_crossover.slow": {"from": 30, "to": 30 + 5 * (slow - 1), "step": 5},
    }
    (folder / "configs" / "run.yaml").write_text(yaml.safe_dump(run))
    (folder / "configs" / "grid.yaml").write_text(
        yaml.safe_dump({"version": 1, "run": "run.yaml", "vary": vary, "verify": 0})
    )
    return folder / "configs" / "grid.yaml"


def grid(file: Path, workers: int, number: int) -> float:
    """Seconds from the end of the trial to the last point stored."""
    from barstep.batch.grid import run_grid

    begun, ended = [], []
    run_grid(
        file,
        workers=workers,
        out=file.parent / f"out-{number}-{workers}",
        told=lambda _: begun.append(time.perf_counter()),
        watch=lambda _: ended.append(time.perf_counter()),
    )
    return ended[-1] - begun[0]


def bare(file: Path, processes: int) -> float:
    """Seconds that bare processes take for the points, each for its share, the slowest counted."""
    command = [sys.executable, __file__, "--child", str(file), "--of", str(processes)]
    started = [
        subprocess.Popen([*command, "--share", str(share)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for share in range(processes)
    ]
    for child in started:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in started:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return max(json.loads(child.communicate()[0]) for child in started)


def play_share(file: Path, share: int, of: int) -> None:
    """One bare process: every point of its share with everything ready, no store, no joblib."""
    from barstep.batch.loading import load_grid_plan
    from barstep.batch.shelf import Shelf
    from barstep.batch.worker import play_batch

    with tempfile.TemporaryDirectory() as place:
        plan = load_grid_plan(file, (), Shelf(Path(place), writes=True))
        frame = plan.frame({})
        points = list(plan.points())
        tasks = [
            plan.task(frame, choice) for choice in points[len(points) * share // of : len(points) * (share + 1) // of]
        ]
        play_batch(frame.job, tasks[:2])
        print("ready", flush=True)
        sys.stdin.readline()
        begun = time.perf_counter()
        play_batch(frame.job, tasks)
        print(json.dumps(time.perf_counter() - begun), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="memory alone")
    parser.add_argument("--bars", type=int, default=350_000)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lane", choices=("array", "event"), default="array")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--share", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--of", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        play_share(given.child, given.share, given.of)
        return
    with tempfile.TemporaryDirectory() as place:
        file = workspace(Path(place) / "big", given.bars, given.points, given.lane)
        if not given.memory:
            compare(file, given.rounds, f"{given.points:,} points, {given.bars:,} bars, {given.lane} lane")
            tiny = workspace(Path(place) / "tiny", 200, 1000, given.lane)
            overhead(tiny, given.rounds)
        memory(file, Path(place), given)


def compare(file: Path, rounds: int, what: str) -> None:
    """Times and speed-ups."""
    print(what, flush=True)
    found: dict[str, list[float]] = {"grid 1": [], "grid 2": [], "bare 1": [], "bare 2": []}
    for number in range(rounds):
        found["bare 1"].append(bare(file, 1))
        found["grid 1"].append(grid(file, 1, number))
        found["bare 2"].append(bare(file, 2))
        found["grid 2"].append(grid(file, 2, number))
    for name, times in found.items():
        print(f"  {name}: {statistics.median(times):.2f} s ({min(times):.2f}-{max(times):.2f})", flush=True)
    ratios = {
        "speed-up of two workers over one": ("grid 1", "grid 2"),
        "speed-up of two bare processes": ("bare 1", "bare 2"),
        "two workers beside two bare processes": ("bare 2", "grid 2"),
    }
    for name, (one, other) in ratios.items():
        each = [first / second for first, second in zip(found[one], found[other], strict=True)]
        print(f"  {name}: {statistics.median(each):.2f} ({min(each):.2f}-{max(each):.2f})", flush=True)


def overhead(file: Path, rounds: int) -> None:
    """What a point costs beside itself."""
    each = [(grid(file, 1, number) - bare(file, 1)) / 1000 * 1e6 for number in range(rounds)]
    print(f"overhead of a point (1,000 points of 200 bars, one worker): {statistics.median(each):.0f} us", flush=True)


def memory(file: Path, place: Path, given: argparse.Namespace) -> None:
    """Memory of one run, and of grids of a tenth of the points, of all, of twice and of four times as many."""
    call = [sys.executable, "-m", "barstep"]
    one = peak_pss([*call, "run", "run.yaml", "--out", str(place / "one")], file.parent)
    print(f"PSS of one run: {one:.0f} MB", flush=True)
    for points in (given.points // 10, given.points, given.points * 2, given.points * 4):
        part = workspace(place / f"part-{points}", given.bars, points, given.lane)
        most = peak_pss([*call, "grid", "run", "grid.yaml", "-j", "2", "-q"], part.parent)
        print(
            f"PSS of a grid of {points:,} points, parent and two workers: {most:.0f} MB ({most - one:+.0f})", flush=True
        )


if __name__ == "__main__":
    main()
