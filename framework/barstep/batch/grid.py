"""A grid from its file to its store."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from barstep.batch.database import disk_faults
from barstep.batch.ledger import TrialLedger
from barstep.batch.loading import load_grid_plan
from barstep.batch.lock import one_writer
from barstep.batch.plan import versions
from barstep.batch.player import Item, Player, try_points
from barstep.batch.runner import Batch, Runner
from barstep.batch.search import make_search
from barstep.batch.shelf import Shelf, temporary_shelf
from barstep.batch.store import Store
from barstep.batch.verify import verify
from barstep.batch.walk_forward import runs_of, walk_forward
from barstep.batch.worker import peak_memory
from barstep.config.dump import is_secret
from barstep.hooks.loader import find_workspace
from barstep.runs.array_lane import why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from barstep.batch.plan import Choice, Frame, GridPlan
    from barstep.batch.player import Progress
    from barstep.batch.search import Search


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a grid will take, by one point tried.

    Attributes:
        name: The grid's.
        points: Points in all; in a walk-forward the runs of all training stretches.
        left: Points still to be played.
        seconds: How long that takes, None when nothing is left.
        memory: Bytes, those of all workers together; 0 where the system does not tell.
        bars: Bars of the largest frame.
        workers: How many play.
    """

    name: str
    points: int
    left: int
    seconds: float | None
    memory: int
    bars: int
    workers: int


@dataclass(slots=True)
class Outcome:
    """What came of a grid.

    Attributes:
        folder: Where its store is.
        estimate: What it was expected to take.
        warnings: What a reader should know.
        progress: How far it got; None after a dry run.
        interrupted: Whether Ctrl-C ended it.
    """

    folder: Path
    estimate: Estimate
    warnings: list[str] = field(default_factory=list)
    progress: Progress | None = None
    interrupted: bool = False


def check_grid(source: str | Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Check a grid file without playing a point: its name, axes and number of points; raises as `run_grid`."""
    with TemporaryDirectory(prefix="barstep-bars-") as place:
        plan = load_grid_plan(source, overrides, Shelf(Path(place), writes=True))
        search = make_search(plan, plan.loaded.config.rank_by.sign)
        axes = {axis.name: len(axis.values) for axis in plan.axes}
        return {
            "name": plan.loaded.config.name,
            "axes": axes,
            "points": search.total,
            "runs": runs_of(plan, search.total),
        }


def run_grid(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    backend: str = "loky",
    address: str | None = None,
    dry_run: bool = False,
    retry_failed: bool = False,
    told: Callable[[Estimate], None] = lambda _: None,
    watch: Callable[[Progress], None] = lambda _: None,
    folder: Path | None = None,
) -> Outcome:
    """Play the points of a grid that are not finished yet.

    Args:
        source: A grid file, or the same as a mapping.
        overrides: `key=value` texts as for `--set`, for the grid's run.
        out: The grid's folder; by default `runs/grids/<name>` in the workspace.
        workers: Processes; by default one for each core.
        backend, address: `loky`, or `dask` with the address of a scheduler or a cluster of its own on this machine.
        dry_run: Check, count, try one point, and leave nothing.
        retry_failed: Play the points again that ended with an error.
        told: Called with the estimate before the first point.
        watch: Called as points come in.
        folder: Where a mapping's relative paths and its workspace start; by default the current folder.

    Raises:
        ConfigError, DataError, PluginError: Before the first point.
        BrokerError: The cluster cannot be reached.
    """
    start = Path(source).resolve().parent if isinstance(source, str | Path) else folder or Path.cwd()
    workspace = find_workspace(start)
    runner = Runner(workers or os.cpu_count() or 1, backend, address)
    near = Path(out) if out is not None else workspace / "runs" / "grids"
    with ExitStack() as stack:
        stack.enter_context(disk_faults(near))
        shelf = stack.enter_context(temporary_shelf(near))
        plan = load_grid_plan(source, overrides, shelf, folder)
        rank = plan.loaded.config.rank_by
        search = make_search(plan, rank.sign)
        frames = _frames(plan, search)
        stack.enter_context(runner.ready())
        if dry_run:
            return Outcome(near, _dry(plan, search, frames, runner))
        place = Path(out) if out is not None else near / plan.loaded.config.name
        stack.enter_context(one_writer(place))
        store = stack.enter_context(Store(place, writes=True))
        ledger = TrialLedger(workspace / "runs")
        stack.callback(ledger.close)
        outcome = Outcome(
            place, _estimate(plan, search, 0, None, runner), _begin(plan, search, frames, store, overrides)
        )
        if retry_failed:
            store.forget_failed()
        player = Player(store, ledger, runner, rank.metric, rank.sign, watch)
        with player.interruptible():
            _play(plan, search, frames, player, outcome, told)
        outcome.progress, outcome.interrupted = player.progress, player.interrupted
        _warn(store, outcome)
        return outcome


def _begin(
    plan: GridPlan, search: Search, frames: dict[tuple[int, ...], Frame], store: Store, overrides: Sequence[str]
) -> list[str]:
    """Find the generation that the points belong to; what the user is to know about it, and about the lane."""
    known = {frame.vals: (frame.hash, [day.isoformat() for day in frame.days]) for frame in frames.values()}
    warnings = list(dict.fromkeys(warning for stream in plan.base.streams for warning in stream.warnings))
    about = _about(plan, search, overrides)
    about["subjects"] = list(dict.fromkeys(frame.subject for frame in frames.values()))
    if store.begin(plan.fingerprint, about, known):
        warnings.append(
            f"the run, its bars, plugins or versions have changed: generation {store.generation} begins, "
            "earlier points are kept apart"
        )
    hindrance = why_not(plan.base) if plan.base.loaded.config.lane == "array" else ""
    if hindrance:
        warnings.append(f"lane: array was asked for, the event lane plays: {hindrance}")
    return warnings


def _play(
    plan: GridPlan,
    search: Search,
    frames: dict[tuple[int, ...], Frame],
    player: Player,
    outcome: Outcome,
    told: Callable[[Estimate], None],
) -> None:
    """Try a point, tell what to expect, play all rounds of the search, then what follows from them."""
    config = plan.loaded.config

    def expected(left: int, seconds: float | None) -> Estimate:
        return _estimate(plan, search, left, seconds, player.runner, player.memory)

    if config.walk_forward is not None:
        left, seconds = walk_forward(plan, search, player, lambda left, seconds: told(expected(left, seconds)))
        outcome.estimate = expected(left, seconds)
        return
    player.progress.total = search.total
    tried = False
    for choices in search.rounds():
        if not tried:
            tried = True
            left, seconds = try_points(player, partial(_items, plan, frames, choices))
            if search.learns:
                left = search.total - player.progress.done
            outcome.estimate = expected(left, seconds)
            if not player.interrupted:
                told(outcome.estimate)
        player.play(_items(plan, frames, choices), search.total)
        if player.interrupted:
            return
        if search.learns:
            metric = config.rank_by.metric
            search.tell({item.number: _figure(player.store, item, metric) for item in _items(plan, frames, choices)})
    places = plan.frame_axes
    verify(plan, player, "grid", lambda row: frames[tuple(plan.choice(row.number)[place] for place in places)])


def _items(plan: GridPlan, frames: dict[tuple[int, ...], Frame], choices: Iterable[Choice]) -> Iterator[Item]:
    """The points of a round, made when asked for."""
    for choice in choices:
        frame = frames[tuple(choice[place] for place in plan.frame_axes)]
        yield Item("grid", plan.number(choice), plan.values(choice), frame, plan.task(frame, choice))


def _frames(plan: GridPlan, search: Search) -> dict[tuple[int, ...], Frame]:
    """Every frame that a point may be of, made ready; a walk-forward cuts its own from these."""
    names = [plan.axes[place].name for place in plan.frame_axes]
    keys = dict.fromkeys(tuple(choice[place] for place in plan.frame_axes) for choice in search.possible())
    return {key: plan.frame(dict(zip(names, key, strict=True))) for key in keys}


def _figure(store: Store, item: Item, metric: str) -> float | None:
    found = store.point(item.task.key)
    return found.metrics.get(metric) if found is not None and not found.error else None


def _dry(plan: GridPlan, search: Search, frames: dict[tuple[int, ...], Frame], runner: Runner) -> Estimate:
    """Play a point or two and keep nothing."""
    frame = next(iter(frames.values()))
    choices = [next(iter(search.possible()))] * 2
    tasks = [plan.task(frame, choice) for choice in choices]
    played = next(iter(runner.play([Batch(frame.job, tasks)])))
    return _estimate(plan, search, runs_of(plan, search.total), played.results[-1].seconds, runner, played.memory)


def _estimate(
    plan: GridPlan, search: Search, left: int, seconds: float | None, runner: Runner, memory: int = 0
) -> Estimate:
    workers = runner.workers
    together = memory if workers == 1 and runner.backend == "loky" else peak_memory() + workers * memory
    bars = max(stream.count() or 0 for stream in plan.base.streams)
    needed = None if seconds is None else seconds * left / workers
    return Estimate(
        plan.loaded.config.name, runs_of(plan, search.total), left, needed, together if memory else 0, bars, workers
    )


def _about(plan: GridPlan, search: Search, overrides: Sequence[str]) -> dict[str, Any]:
    """What `show` needs to know of a grid."""
    config = plan.loaded.config
    return {
        "name": config.name,
        "run": plan.base.loaded.config.name,
        "axes": {axis.name: axis.values for axis in plan.axes},
        "where": list(config.where),
        "search": config.search.model_dump(),
        "rank_by": {"metric": config.rank_by.metric, "sign": config.rank_by.sign},
        "walk_forward": config.walk_forward.model_dump() if config.walk_forward else None,
        "points": search.total,
        "runs": runs_of(plan, search.total),
        "set": [text for text in overrides if not is_secret(text.partition("=")[0])],
        "file": str(plan.loaded.draft.folder / Path(config.run).name) if isinstance(config.run, str) else "",
        "workspace": str(plan.workspace),
        "start_balance": plan.base.account.start_balance,
        "fill_profile": plan.base.loaded.config.fills.profile,
        "versions": versions(),
    }


def _warn(store: Store, outcome: Outcome) -> None:
    _, bad = store.count()
    if bad:
        first = next(iter(store.errors()))
        values = ", ".join(f"{name} = {value}" for name, value in first.vals.items())
        outcome.warnings.append(
            f"{bad:,} {'point' if bad == 1 else 'points'} ended with an error, the first for {values}: {first.error}. "
            "`barstep grid retry-failed` plays them again"
        )
