"""A grid file as checked points: what is varied in plugins' options, and what makes frames of its own."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep._version import __version__
from barstep.batch.point import FIGURES, FrameJob, Task
from barstep.batch.shelf import MappedBars, day_ends
from barstep.batch.walk_forward import runs_of
from barstep.config import Positions, validate_options
from barstep.config.environment import resolve
from barstep.config.grid_loader import load_grid
from barstep.config.overrides import put_value
from barstep.config.positions import near, path_text
from barstep.config.reading import RefusedError
from barstep.config.where import comparable
from barstep.domain.errors import ConfigError
from barstep.hooks.loader import find_workspace
from barstep.hooks.plugin import configure, option_fields
from barstep.runs.assemble import load_plan
from barstep.runs.extensions import own_measures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from barstep.batch.shelf import Shelf
    from barstep.config.grid_loader import Axis, GridDraft, LoadedGrid
    from barstep.config.positions import Path as KeyPath
    from barstep.runs.assemble import PluginPlan, RunPlan

MOST_POINTS = 1_000_000
"""Points that `search: grid` plays at most."""
MOST_FRAMES = 10_000
"""Frames that a grid may have: each has its bars and account made ready before the first run."""
MOST_LOOKS = 20_000_000
"""Combinations of values that are looked at for conditions."""
_CHECKED = 100_000  # points whose options are tried on their plugins before the first run

Choice = tuple[int, ...]
"""A point: the number of the value on each axis."""


@dataclass(frozen=True, slots=True)
class OptionAxis:
    """An axis over one option of a plugin: its place among the axes, the entry's path, the option and its read values."""

    place: int
    path: KeyPath
    option: str
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """What many points have in common.

    Attributes:
        vals: The varied values of the frame as JSON, with its dates and balance in a walk-forward.
        hash: Of these and of the bars, plugin sources and plan behind them.
        days: Its trading days.
        job: What a worker makes it from.
    """

    vals: str
    hash: str
    days: list[date]
    job: FrameJob


@dataclass
class GridPlan:
    """A grid that is ready to be played.

    Attributes:
        loaded: The checked file.
        workspace: Where its results go.
        base: The run with the first value of every axis.
        shelf: Where the bars lie.
        options: The axes over plugin options; all others make frames.
    """

    loaded: LoadedGrid
    workspace: Path
    base: RunPlan
    shelf: Shelf
    options: list[OptionAxis] = field(default_factory=list)

    @property
    def axes(self) -> list[Axis]:
        """All axes in the order of the file."""
        return self.loaded.draft.axes

    @property
    def frame_axes(self) -> list[int]:
        """Places of the axes that make frames."""
        taken = {axis.place for axis in self.options}
        return [place for place in range(len(self.axes)) if place not in taken]

    @property
    def size(self) -> int:
        """Points without conditions."""
        return prod(len(axis.values) for axis in self.axes)

    def number(self, choice: Choice) -> int:
        """The number of a point: the last axis moves fastest."""
        found = 0
        for axis, place in zip(self.axes, choice, strict=True):
            found = found * len(axis.values) + place
        return found

    def choice(self, number: int) -> Choice:
        """The point of a number."""
        places = []
        for axis in reversed(self.axes):
            number, place = divmod(number, len(axis.values))
            places.append(place)
        return tuple(reversed(places))

    def values(self, choice: Choice) -> dict[str, Any]:
        """The values of a point as written, by axis."""
        return {axis.name: axis.values[place] for axis, place in zip(self.axes, choice, strict=True)}

    def allows(self, choice: Choice) -> bool:
        """Whether a point fulfils the grid's conditions.

        Raises:
            ConfigError: One of them cannot be computed for it.
        """
        if not self.loaded.conditions:
            return True
        point = {
            axis.name: known[place] for axis, known, place in zip(self.axes, self._comparable, choice, strict=True)
        }
        for condition in self.loaded.conditions:
            try:
                if not condition(point):
                    return False
            except RefusedError as refused:
                raise ConfigError(f"where: got {condition.text}, expected {refused.expected}") from None
        return True

    @cached_property
    def _comparable(self) -> list[list[Any]]:
        return [[comparable(value) for value in axis.values] for axis in self.axes]

    def points(self) -> Iterator[Choice]:
        """All points that fulfil the conditions, those of one frame together."""
        sizes = [range(len(axis.values)) for axis in self.axes]
        frames, options = self.frame_axes, [axis.place for axis in self.options]
        order = np.argsort([*frames, *options]).tolist()
        for outer in product(*(sizes[place] for place in frames)):
            for inner in product(*(sizes[place] for place in sorted(options))):
                both = (*outer, *inner)
                choice = tuple(both[place] for place in order)
                if self.allows(choice):
                    yield choice

    def points_of_frames(self) -> Iterator[Choice]:
        """One point of each frame, whether conditions allow it or not."""
        frames = set(self.frame_axes)
        ranges = [range(len(axis.values) if place in frames else 1) for place, axis in enumerate(self.axes)]
        return product(*ranges)

    def frame_values(self, choice: Choice) -> dict[str, int]:
        """The numbers of a point's values on the axes that make frames, by name."""
        return {self.axes[place].name: choice[place] for place in self.frame_axes}

    def frame(
        self, values: Mapping[str, int], days: Sequence[date] = (), more: Mapping[KeyPath, str] = MappingProxyType({})
    ) -> Frame:
        """Make a frame ready: its bars on the shelf, its plugins found.

        Args:
            values: Of the axes that make frames.
            days: The first and the last of these trading days cut the bars; none for all of them.
            more: Further keys of the run, by path.

        Raises:
            ConfigError, DataError: It cannot be played.
        """
        draft = self.loaded.draft
        document = draft.document(values)
        told = {axis.name: axis.values[values[axis.name]] for axis in self.axes if axis.name in values}
        for path, text in more.items():
            put_value(document, path, text, "walk_forward")
            told[path_text(path)] = text
        tree, _ = resolve(document.tree, Positions())
        plan = load_plan(document, folder=draft.folder, opener=self.shelf.open)
        cut = (days[0].isoformat(), days[-1].isoformat()) if days else None
        if cut is not None:
            told["days"] = cut
        vals = json.dumps(told, separators=(",", ":"), default=str)
        known = list(days) or day_ends(plan.streams)[0]
        digest = _sha([told, _contents(plan)])
        job = FrameJob(digest, tree, str(draft.folder), str(self.shelf.folder), cut)
        return Frame(vals, digest, known, job)

    def task(self, frame: Frame, choice: Choice) -> Task:
        """The task of a point."""
        texts = [
            [self.axes[axis.place].name, self.axes[axis.place].values[choice[axis.place]]] for axis in self.options
        ]
        options = tuple((axis.path, axis.option, axis.values[choice[axis.place]]) for axis in self.options)
        return Task(_sha([self.fingerprint, frame.hash, texts])[:32], frame.hash, options)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the run without what is varied, and of the versions that play it."""
        document = self.loaded.draft.document({})
        for axis in self.axes:
            put_value(document, axis.path, None, "")
        tree, _ = resolve(document.tree, Positions())
        return _sha([tree, versions()])

    @property
    def strategy(self) -> str:
        """Names of the strategies, for counting trials."""
        names = [entry.use for entry in self.base.loaded.config.strategies]
        return " ".join(Path(name.partition(":")[0]).stem if ".py" in name else name for name in names) or "none"

    @property
    def data(self) -> str:
        """Instruments and timeframe, for counting trials."""
        return " ".join(f"{s.feed.contract.instrument.name} {s.feed.timeframe.text}" for s in self.base.streams)

    def metrics(self) -> list[str]:
        """Names of all figures that a point will have."""
        own = [each.name for each in self.base.of("metrics")]
        attempts = ["attempts_passed", "attempts_failed"] if self.base.account.plan is not None else []
        return [*FIGURES, *sorted(own_measures()), "daily_sharpe", *own, *attempts]


def load_grid_plan(
    source: str | Path | Mapping[str, Any], overrides: Sequence[str], shelf: Shelf, folder: Path | None = None
) -> GridPlan:
    """Read and check a grid: the file, its run, and every value of every axis.

    Raises:
        ConfigError: With every fault in one pass.
        DataError: When bars cannot be read.
        PluginError: When a plugin's file raises while it is imported.
    """
    plans: list[RunPlan] = []
    options: list[OptionAxis] = []

    def check(draft: GridDraft) -> list[str]:
        try:
            base = load_plan(draft.document({}), folder=draft.folder, opener=shelf.open)
        except ConfigError as error:
            return error.problems
        plans.append(base)
        lines = []
        for place, axis in enumerate(draft.axes):
            lines += _check_axis(draft, place, axis, base, shelf, options)
        return lines

    loaded = load_grid(source, overrides, check, folder)
    start = Path(source).resolve().parent if isinstance(source, str | Path) else folder or Path.cwd()
    plan = GridPlan(loaded, find_workspace(start), plans[0], shelf, options)
    _check_whole(plan)
    return plan


def versions() -> dict[str, str]:
    """What plays a grid, as far as results could depend on it."""
    return {"barstep": __version__, "numpy": np.__version__, "python": platform.python_version()}


def _check_axis(
    draft: GridDraft, place: int, axis: Axis, base: RunPlan, shelf: Shelf, options: list[OptionAxis]
) -> list[str]:
    """Try every value of an axis; appends to `options` where it is over a plugin's option."""
    plugin = next((each for each in base.named if (*each.path, "options") == axis.path[:-1]), None)
    if plugin is None or plugin.section == "source":
        lines = []
        for at in range(1, len(axis.values)):
            try:
                load_plan(draft.document({axis.name: at}), folder=draft.folder, opener=shelf.open)
            except ConfigError as error:
                lines += error.problems
        return lines
    found, lines = OptionAxis(place, plugin.path, str(axis.path[-1]), []), []
    fields = [each for each in option_fields(plugin.found.cls) if each.name == found.option]
    for value, where in zip(axis.values, axis.places, strict=True):
        positions = Positions()
        positions.replace(axis.path, where)
        read, faults = validate_options(fields, {found.option: value}, axis.path[:-1], positions, plugin.name)
        found.values.append(read.get(found.option))
        lines += faults
    options.append(found)
    return lines


def _check_whole(plan: GridPlan) -> None:
    """What only a whole grid can be asked: its size, its conditions, its figures, its dates."""
    config, positions = plan.loaded.config, plan.loaded.positions
    lines = []
    frames = prod(len(plan.axes[place].values) for place in plan.frame_axes)
    combinations = " x ".join(f"{len(axis.values):,}" for axis in plan.axes)
    if config.search.kind == "grid" and plan.size > (MOST_LOOKS if plan.loaded.conditions else MOST_POINTS):
        got = f"{combinations} = {plan.size:,} points"
        lines.append(positions.line(("vary",), got, f"at most {MOST_POINTS:,}; use fewer values, or search: "
                                    "{kind: random, points: 1000}", key=True))  # fmt: skip
    if frames > MOST_FRAMES:
        got = f"{frames:,} combinations of keys that are no plugin's options"
        lines.append(positions.line(("vary",), got, f"at most {MOST_FRAMES:,}", key=True))
    for key, rank in (
        ("rank_by", config.rank_by),
        ("walk_forward.rank_by", config.walk_forward and config.walk_forward.rank_by),
    ):
        if rank and rank.metric not in plan.metrics():
            hint = near(rank.metric, plan.metrics())
            expected = "a figure of the result such as net_pnl, profit_factor or daily_sharpe"
            lines.append(positions.line(tuple(key.split(".")), rank.metric, expected, hint))
    if plan.base.loaded.config.broker.kind != "embedded":
        kind = plan.base.loaded.config.broker.kind
        lines.append(f"broker.kind: got {kind}, expected embedded: a grid's workers have the exchange in them")
    if plan.base.script is not None and plan.base.script.own_header:
        expected = "expected one that uses the given helpers: a grid serves no gateway"
        lines.append(f"{plan.base.script.file}: got a script with a header of its own, {expected}")
    if config.walk_forward is not None:
        lines += _check_walk(plan)
    if lines:
        raise ConfigError(lines)
    if config.search.kind == "grid":
        _check_points(plan)


def _check_walk(plan: GridPlan) -> list[str]:
    positions, lines = plan.loaded.positions, []
    for axis in plan.axes:
        if axis.path[0] == "data":
            lines.append(
                positions.line(("vary", axis.name), axis.name, "no key of data: walk_forward sets the dates", key=True)
            )
        if axis.path == ("account", "balance"):
            expected = "no account.balance: walk_forward carries it from one stretch to the next"
            lines.append(positions.line(("vary", axis.name), axis.name, expected, key=True))
    try:
        runs_of(plan, 1)
    except ConfigError as error:
        lines += [f"{positions.where(('walk_forward',), key=True)} {problem}" for problem in error.problems]
    at_end = plan.base.loaded.config.fills.at_end
    if at_end != "close":
        lines.append(
            f"fills.at_end: got {at_end}, expected close: positions are flat where a stretch of walk_forward ends"
        )
    if plan.loaded.config.search.kind == "optuna":
        lines.append(
            positions.line(
                ("search",), "optuna", "grid or random: walk_forward compares the same points in each stretch"
            )
        )
    return lines


def _check_points(plan: GridPlan) -> None:
    """Count the points, and try the options of each on its plugins."""
    named: dict[KeyPath, PluginPlan] = {each.path: each for each in plan.base.named if each.path}
    by_plugin: dict[KeyPath, list[OptionAxis]] = {}
    for axis in plan.options:
        by_plugin.setdefault(axis.path, []).append(axis)
    refused: dict[str, list[str]] = {}
    tried: set[tuple[Any, ...]] = set()
    count = 0
    for choice in plan.points():
        count += 1
        if count > MOST_POINTS:
            raise ConfigError(
                f"vary and where: got more than {MOST_POINTS:,} points, expected at most that; use fewer values, or search: "
                "{kind: random, points: 1000}"
            )
        for path, axes in by_plugin.items():
            key = (path, *(choice[axis.place] for axis in axes))
            if key in tried or len(tried) > _CHECKED:
                continue
            tried.add(key)
            plugin = named[path]
            options = plugin.options | {axis.option: axis.values[choice[axis.place]] for axis in axes}
            try:
                configure(plugin.found.cls, options, plugin.base)
            except ValueError as error:
                refused.setdefault(plugin.name, []).append(str(error))
    if not count:
        raise ConfigError(
            plan.loaded.positions.line(
                ("where",), f"no point of {plan.size:,} left", "conditions that some point fulfils"
            )
        )
    if refused:
        at = plan.loaded.positions.where(("vary",), key=True)
        raise ConfigError(
            [
                f"{at} vary: {name} refuses {len(told):,} combinations of these options, such as: {told[0]}; "
                "leave them out with where, such as where: fast < slow"
                for name, told in refused.items()
            ]
        )


def _contents(plan: RunPlan) -> list[Any]:
    """Hashes of the bars, plugin sources, script and plan file behind a run."""
    bars = [stream for stream in (*plan.streams, *plan.finer) if isinstance(stream, MappedBars)]
    files = [(p.name, p.found.cls.__qualname__, _file_sha(p.found.file)) for p in plan.named]
    return [[each.sha256 for each in bars], files, plan.script.sha256 if plan.script else "", plan.account.sha256()]


def _file_sha(file: Path | None) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""


def _sha(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()
