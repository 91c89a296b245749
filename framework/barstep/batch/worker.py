"""Plays batches of points, in a worker process or in this one."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from barstep.batch.arrays import ArrayFrame
from barstep.batch.plan import contents_of
from barstep.batch.point import FrameJob, PointResult, Task, daily_sharpe
from barstep.batch.shelf import Shelf, day_ends
from barstep.batch.sink import DailyResults, PointSink
from barstep.config import Document, Positions
from barstep.domain.errors import BarstepError
from barstep.domain.instrument import MICROS
from barstep.runs.assemble import RunPlan, build, load_plan
from barstep.runs.extensions import measured
from barstep.runs.log import run_logger, set_up
from barstep.runs.script import play_script
from barstep.runs.sources import sessions_of
from barstep.runs.spool import RunSpool

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from barstep.batch.shelf import MappedBars
    from barstep.engine.recorder import Recorder
    from barstep.engine.replay import Replay
    from barstep.stats.measures import Measures

FRAMES_KEPT = 4
"""Frames that a worker keeps ready; the one used longest ago makes room."""

_kept: OrderedDict[tuple[str, str], OpenFrame] = OrderedDict()


@dataclass(slots=True)
class OpenFrame:
    """A frame that is ready to be played: the checked run over mapped bars, and its trading days."""

    plan: RunPlan
    ends: NDArray[np.int64]
    arrays: ArrayFrame | None = None


class ChangedError(BarstepError):
    """A plugin or its like is another one here than where the grid was read: its points would be kept under a wrong name."""


def open_frame(job: FrameJob) -> OpenFrame:
    """The frame of a job, made ready once in each process.

    Raises:
        ChangedError: It is not the frame that the grid was started with.
    """
    name = (job.shelf, job.key)
    if name not in _kept:
        shelf = Shelf(Path(job.shelf), writes=False)
        plan = load_plan(Document(deepcopy(job.tree), Positions()), folder=Path(job.folder), opener=shelf.open)
        if contents_of(plan) != job.behind:
            files = ", ".join(sorted({str(each.found.file) for each in plan.named}))
            raise ChangedError(
                f"a plugin is another one than when the grid was read, one of {files}: what is finished is kept; the same "
                "command begins a generation with what is there now"
            )
        if job.days is not None:
            plan = cut_plan(plan, *map(date.fromisoformat, job.days))
        ends = day_ends(plan.streams)[1]
        wanted = plan.loaded.config.lane == "array" and len(plan.streams) == 1
        _kept[name] = OpenFrame(plan, ends, ArrayFrame(plan, ends) if wanted else None)
        while len(_kept) > FRAMES_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(name)
    return _kept[name]


class Played(NamedTuple):
    """The results of a batch, and the most memory that the process has used so far, in bytes (0 where that is not told)."""

    results: list[PointResult]
    memory: int = 0


def cut_plan(plan: RunPlan, first: date, last: date) -> RunPlan:
    """A plan over mapped bars that plays some trading days only."""
    streams = [cast("MappedBars", stream).cut(first, last) for stream in plan.streams]
    finer = [cast("MappedBars", stream).cut(first, last) if stream is not None else None for stream in plan.finer]
    return replace(plan, streams=list(streams), finer=list(finer))


def play_batch(job: FrameJob, tasks: Sequence[Task]) -> Played:
    """Play points of one frame one after the other; what one raises is its result."""
    prepare()
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123 - a device
        return Played([_timed(job, task) for task in tasks], peak_memory())


def _timed(job: FrameJob, task: Task) -> PointResult:
    begun = perf_counter()
    try:
        result = play_point(open_frame(job), task)
    except ChangedError:
        raise
    except (Exception, SystemExit) as error:  # a row of the table, whatever it is
        result = PointResult(task.key, error=f"{type(error).__name__}: {error}")
    if result.lane == "event":
        gc.collect(1)  # a replay is a ring of objects with all its bars: it must not wait for a full collection
    result.seconds = perf_counter() - begun
    return result


def play_point(frame: OpenFrame, task: Task) -> PointResult:
    """Play one point.

    Raises:
        BarstepError: As a run does.
    """
    plan = with_options(frame.plan, task)
    if frame.arrays is not None and not task.event:
        result = frame.arrays.play(plan, task)
        if result is not None:
            return result
    start, sessions = plan.account.start_balance, sessions_of(plan.streams[0])
    if not plan.of("metrics"):
        sink = PointSink(frame.ends, start, sessions)
        replay = _replay(plan, sink)
        return _result(task, replay, sink, sink.daily, {})
    with tempfile.TemporaryDirectory(prefix="barstep-point-") as name:  # metrics of one's own read a run's tables
        spool = _Both(RunSpool(Path(name), start, lambda _: None, sessions), DailyResults(frame.ends, start))
        try:
            replay = _replay(plan, spool)
            spool.tables.finish()
        except BaseException:
            spool.tables.abort()
            raise
        own = measured(plan.of("metrics"), Path(name), start / MICROS)
        return _result(task, replay, spool.tables, spool.daily, own)


def with_options(plan: RunPlan, task: Task) -> RunPlan:
    """A plan whose plugins have a point's options."""
    if not task.options:
        return plan
    changed: dict[Any, dict[str, Any]] = {}
    for path, name, value in task.options:
        changed.setdefault(path, {})[name] = value
    plugins, extensions = (
        [replace(each, options=each.options | changed.get(each.path, {})) for each in named]
        for named in (plan.plugins, plan.extensions)
    )
    return replace(plan, plugins=plugins, extensions=extensions)


class _Both:
    """A run's tables and its daily results, fed together."""

    def __init__(self, tables: RunSpool, daily: DailyResults) -> None:
        self.tables, self.daily = tables, daily

    def take(self, recorder: Recorder, equity: dict[str, NDArray[np.int64]]) -> None:
        """Hand on what the recorder has collected."""
        self.tables.take(recorder, equity)
        self.daily.add(equity)


def _replay(plan: RunPlan, sink: Any) -> Replay:
    replay = build(plan, sink, run_logger(run="grid"))
    if plan.script is None:
        replay.run()
        return replay
    _, error = play_script(plan, replay, None, None)
    if error is not None:
        raise error
    return replay


def _result(task: Task, replay: Replay, sink: PointSink | RunSpool, daily: DailyResults, own: Measures) -> PointResult:
    exchange = replay.exchange
    start, adjusted = exchange.start_balance, sum(amount for _, amount in exchange.adjustments)
    days = daily.results(start)
    metrics: Measures = {
        "net_pnl": (exchange.balance - start - adjusted) / MICROS,
        "final_balance": exchange.balance / MICROS,
        "fees": sink.fees / MICROS,
        "fills": sink.fills,
        "trades": sink.trades,
        "bars": sink.meter.bars,
        "ambiguous_bars": sink.ambiguous_bars,
        "denied_orders": sink.denied,
        "rejected_orders": sink.rejected,
        **sink.measures(),
        "daily_sharpe": daily_sharpe(days),
        **own,
    }
    if replay.attempts is not None:
        verdicts = [attempt.verdict for attempt in replay.attempts.made]
        metrics |= {"attempts_passed": verdicts.count("passed"), "attempts_failed": verdicts.count("failed")}
    digest = sink.digest.finish(exchange.balance)
    return PointResult(task.key, digest, "event", 0.0, metrics, exchange.failed, days)


def peak_memory() -> int:
    """The most memory that this process has used so far, in bytes; 0 where the system does not tell."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)


PARENT = "BARSTEP_GRID_PARENT"
"""Environment variable with the parent's process id: workers inherit it."""


@cache
def prepare() -> None:
    """What a process needs once. A worker takes no Ctrl-C of its own, for the parent lets points finish, and ends with it."""
    set_up("error")
    gc.set_threshold(200_000, 20, 100)
    parent = os.environ.get(PARENT, "")
    if parent in ("", str(os.getpid())):
        return
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if str(os.getppid()) == parent:
        threading.Thread(target=_end_with, args=(int(parent),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: killed, it could not say so."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
