"""How fast the array lane is, beside vectorbt on the same bars, rule and fees.

    python benchmarks/array_lane.py [--bars 350000] [--rounds 5] [--points 1000] [--vectorbt-python PATH]

Works: `run`, one SMA crossover from bars that are ready to digest, equity and statistics; `grid`, fast and slow means with net
and drawdown of each point, on two threads; `grid in numpy`, the same with positions in plain numpy; `runner`, the same grid
through `barstep grid run`'s runner with two workers, to digest, headlines and daily results of each point in the store.

The engines live in processes of their own and take turns, after a run that is not counted, so that a slow spell of the machine
meets all. They must agree on contracts and net result before a time is printed. Beside the time is the CPU time of a process
and its workers, which other programs on the machine disturb less, and its memory: the most PSS while it played. vectorbt pins
its own libraries: `--vectorbt-python` names the interpreter of an environment that has it.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO), str(REPO / "framework")]

from benchmarks.lane_engines import Answer, Barstep, Runner, Vectorbt, save_bars  # noqa: E402
from benchmarks.memory import watched  # noqa: E402

WORKS = {"run": "barstep", "grid": "barstep", "grid in numpy": "barstep", "runner": "runner"}
"""Each work, and who of ours does it."""
ENGINES = {"barstep": Barstep, "runner": Runner, "vectorbt": Vectorbt}


class Engine:
    """An engine in a process of its own, which plays a work when it is told to."""

    def __init__(self, python: str, name: str, bars: int, file: Path) -> None:
        command = [python, __file__, "--child", name, "--bars", str(bars), "--file", str(file)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.play("ready")

    def play(self, work: str, points: int = 0) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with watched(self.process.pid) as peak:
            self.process.stdin.write(f"{work},{points}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise SystemExit("an engine has ended; its error stands above")
        answer: Answer = json.loads(line)
        return {**answer, "mb": peak.most}


def child(name: str, bars: int, file: Path) -> None:
    """Answer each line on stdin with a line on stdout."""
    engine: Any = ENGINES[name](bars, file)
    for line in sys.stdin:
        work, points = line.split(",")
        before, answer = cpu(), {}
        if work == "run":
            answer = engine.run()
        elif work == "grid in numpy" and name == "barstep":
            answer = engine.grid(int(points), plain=True)
        elif work != "ready":
            answer = engine.grid(int(points))
        print(json.dumps({**answer, "cpu": cpu() - before}), flush=True)


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def agree(ours: Answer, theirs: Answer) -> str:
    """A line that says what is equal; SystemExit where something is not."""
    if ours["contracts"] != theirs["contracts"]:
        raise SystemExit(
            f"the engines did not trade the same: {ours['contracts'][:5]} and {theirs['contracts'][:5]} contracts"
        )
    worst = max(abs(a - b) for a, b in zip(ours["net"], theirs["net"], strict=True))
    if worst > 0.01:
        raise SystemExit(f"the engines differ by {worst:.2f} USD")
    return f"{sum(ours['contracts']):,} contracts and {len(ours['net']):,} net results agree to the cent"


def compare(work: str, ours: Engine, theirs: Engine, points: int, rounds: int, bars: int) -> None:
    """Play a work in turns, and print what came of it."""
    ours.play(work, min(points, 4)), theirs.play(work, min(points, 4))
    took = [(ours.play(work, points), theirs.play(work, points)) for _ in range(rounds)]
    print(f"\n{work}: {bars:,} bars" + (f", {points:,} points" if points else "") + f", {rounds} rounds")
    print(f"  {agree(*took[-1])}")
    for name, answers in zip(("barstep", "vectorbt"), zip(*took, strict=True), strict=True):
        seconds, used = ([each[key] for each in answers] for key in ("seconds", "cpu"))
        whole = (
            f", whole command {statistics.median(a['whole'] for a in answers):.2f} s" if "whole" in answers[0] else ""
        )
        print(
            f"  {name:9}{statistics.median(seconds):10.4f} s, best {min(seconds):.4f}, CPU {statistics.median(used):.2f} s, "
            f"peak {max(a['mb'] for a in answers):,.0f} MB{whole}"
        )
    ratio = statistics.median(b["seconds"] / a["seconds"] for a, b in took)
    memory = max(b["mb"] for _, b in took) / max(a["mb"] for a, _ in took)
    print(f"  {ratio:.1f} times vectorbt (median of the rounds), its memory is {memory:.1f} times ours", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=list(WORKS), metavar="WORK", help=f"any of {', '.join(WORKS)}")
    parser.add_argument("--bars", type=int, default=350_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=1000, help="a multiple of 25")
    parser.add_argument("--grid-rounds", type=int, default=1)
    parser.add_argument("--vectorbt-python", default=sys.executable, metavar="PATH")
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.bars, given.file)
        return
    if any(work not in WORKS for work in given.works) or given.points % 25 or given.points > 1000:
        parser.error(f"expected works among {', '.join(WORKS)}, and up to 1,000 points, a multiple of 25")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bars.npz"
        save_bars(given.bars, file)
        theirs = Engine(given.vectorbt_python, "vectorbt", given.bars, file)
        ours = {name: Engine(sys.executable, name, given.bars, file) for name in {WORKS[work] for work in given.works}}
        for work in given.works:
            points, rounds = (0, given.rounds) if work == "run" else (given.points, given.grid_rounds)
            compare(work, ours[WORKS[work]], theirs, points, rounds, given.bars)


if __name__ == "__main__":
    main()
