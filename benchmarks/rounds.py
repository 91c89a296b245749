"""Runs of the engines: each in a process of its own, the engines taking turns."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import AS_INSTALLED
from benchmarks.agree import check
from benchmarks.peers import PEERS
from benchmarks.work import Answer, series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.work import Series

REPO = Path(__file__).resolve().parents[1]
WARM_UP = 12_000
"""Bars of a first run in the same process, which is not counted: what is compiled or imported late happens there, also what
is only for more than a few bars.
"""

Runs = dict[str, list[Answer]]


def play(key: str, work: str, bars: int) -> Answer:
    """One run in this process, after a short one."""
    run = warm(key, work)
    answer = run(series(bars))
    return answer._replace(net=float(answer.net), mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def warm(key: str, work: str) -> Callable[[Series], Answer]:
    """What plays a work in this process, after a short run."""
    run, variant = engine(key).run, PEERS[key].variant
    run(work, series(WARM_UP), variant)
    return lambda bars: run(work, bars, variant)


def engine(key: str) -> Any:
    """The module of an engine, in a process that plays it; SystemExit when it is not the build that was asked for."""
    if PEERS[key].as_installed and find_spec("barstep.domain.order").origin.endswith(".py"):
        raise SystemExit("this is the source of barstep, not the compiled one that is installed: unset PYTHONPATH")
    return PEERS[key].load()


def child(key: str, work: str, bars: int) -> Answer:
    """One run in a process of its own; SystemExit with what it said when it fails."""
    return Answer(*alone(key, "-m", "benchmarks", work, "--child", key, "--bars", str(bars)))


def peak(key: str, work: str, bars: int) -> float:
    """A build's peak memory in MB, of a process of its own; bars are made while they are played."""
    return float(alone(key, "-m", "benchmarks", work, "--peak", "--child", key, "--bars", str(bars)))


def alone(key: str, *words: str) -> Any:
    """What Python prints last, as JSON, in a process that plays this engine; SystemExit with what it said when it fails."""
    peer = PEERS[key]
    around = {**os.environ, AS_INSTALLED: "1"} if peer.as_installed else dict(os.environ)
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=REPO, env=around)
    if done.returncode:
        raise SystemExit(f"{peer.name}, {' '.join(words)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(work: str, keys: Sequence[str], bars: int, rounds: int, say: Callable[[str], None]) -> tuple[str, Runs]:
    """What the check found, and the answers of each engine, one a round; DisagreementError when they did other work."""
    found: Runs = {key: [] for key in keys if work in PEERS[key].works}
    told, every = "", series(bars)
    for number in range(rounds):
        for key, answers in found.items():
            say(f"{work}, round {number + 1} of {rounds}: {PEERS[key].name}")
            answers.append(child(key, work, bars))
        told = check(work, every, {key: answers[-1] for key, answers in found.items()})
    return told, found


def faster(runs: Runs, one: str, other: str) -> float:
    """How many times as fast `one` is as `other`: the median over the rounds, each against the same round."""
    return statistics.median(b.seconds / a.seconds for a, b in zip(runs[one], runs[other], strict=True))


def seconds(runs: Runs, key: str) -> float:
    """The median time."""
    return statistics.median(answer.seconds for answer in runs[key])
