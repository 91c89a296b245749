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
from barstep.batch.order import near, turn
from barstep.batch.point import FIGURES, FrameJob, Task
from barstep.batch.shelf import MappedBars, day_ends
from barstep.config import Positions
from barstep.config.environment import resolve
from barstep.config.overrides import put_value
from barstep.config.positions import path_text
from barstep.config.reading import RefusedError
from barstep.config.where import comparable
from barstep.domain.errors import ConfigError
from barstep.runs.assemble import load_plan
from barstep.runs.extensions import own_measures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from barstep.batch.shelf import Shelf
    from barstep.config.grid_loader import Axis, LoadedGrid
    from barstep.config.positions import Path as KeyPath
    from barstep.runs.assemble import RunPlan

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
        subject: Strategies, and instruments with their timeframe: what trials are counted on.
    """

    vals: str
    hash: str
    days: list[date]
    job: FrameJob
    subject: tuple[str, str]


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
    def option_axes(self) -> list[int]:
        """Places of the other axes."""
        return sorted(axis.place for axis in self.options)

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
        for place, condition in enumerate(self.loaded.conditions):
            try:
                if not condition(point):
                    return False
            except RefusedError as refused:
                positions = self.loaded.positions
                at: KeyPath = ("where", place) if ("where", place) in positions.marks else ("where",)
                raise ConfigError(positions.line(at, refused.got or condition.text, refused.expected)) from None
        return True

    @cached_property
    def _comparable(self) -> list[list[Any]]:
        return [[comparable(value) for value in axis.values] for axis in self.axes]

    def points(self) -> Iterator[Choice]:
        """All points that fulfil the conditions, those of one frame together, and in a frame neighbours together."""
        frames, options = self.frame_axes, self.option_axes
        order = np.argsort([*frames, *options]).tolist()
        for outer in product(*self._box(frames)):
            for inner in near(self._box(options)):
                both = (*outer, *inner)
                choice = tuple(both[place] for place in order)
                if self.allows(choice):
                    yield choice

    def ordered(self, choices: Iterable[Choice]) -> list[Choice]:
        """Some points, in the order in which `points` has them."""
        frames, options = self.frame_axes, self.option_axes
        box = self._box(options)
        return sorted(
            choices,
            key=lambda choice: ([choice[place] for place in frames], turn([choice[place] for place in options], box)),
        )

    def _box(self, places: Iterable[int]) -> tuple[range, ...]:
        """The numbers of the values on some axes."""
        return tuple(range(len(self.axes[place].values)) for place in places)

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
        vals = json.dumps(told, separators=(",", ":"), default=str, sort_keys=True)
        known = list(days) or day_ends(plan.streams)[0]
        behind = contents_of(plan)
        digest = _sha([told, behind])
        job = FrameJob(_sha([tree, digest]), tree, str(draft.folder), str(self.shelf.folder), behind, cut)
        return Frame(vals, digest, known, job, _subject(plan))

    def task(self, frame: Frame, choice: Choice, *, event: bool = False) -> Task:
        """The task of a point; with `event` one for the event lane, that is another point than what the run's lane plays."""
        texts = {self.axes[axis.place].name: self.axes[axis.place].values[choice[axis.place]] for axis in self.options}
        options = tuple((axis.path, axis.option, axis.values[choice[axis.place]]) for axis in self.options)
        known = [self.fingerprint, frame.hash, texts, *(["event"] if event else [])]
        return Task(_sha(known)[:32], options, event)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the run without what is varied, and of the versions that play it."""
        document = self.loaded.draft.document({})
        for axis in self.axes:
            put_value(document, axis.path, None, "")
        tree, _ = resolve(document.tree, Positions())
        return _sha([tree, versions()])

    def metrics(self) -> list[str]:
        """Names of all figures that a point will have."""
        own = [each.name for each in self.base.of("metrics")]
        attempts = ["attempts_passed", "attempts_failed"] if self.base.account.plan is not None else []
        return [*FIGURES, *sorted(own_measures()), "daily_sharpe", *own, *attempts]


def versions() -> dict[str, str]:
    """What plays a grid, as far as results could depend on it."""
    return {"barstep": __version__, "numpy": np.__version__, "python": platform.python_version()}


def contents_of(plan: RunPlan) -> str:
    """Hash of what is behind a run beside its configuration: bars, plugins and the files they read, script, plan file."""
    bars = [stream.sha256 for stream in (*plan.streams, *plan.finer) if isinstance(stream, MappedBars)]
    found = [each.found for each in plan.named]
    files = [(each.cls.__qualname__, each.package, _file_sha(each.file)) for each in found]
    names = [each.name for each in plan.named]
    files += [(name, "", _file_sha(file)) for each in plan.named for name, file in each.files.items()]
    return _sha([bars, names, files, plan.script.sha256 if plan.script else "", plan.account.sha256()])


def _subject(plan: RunPlan) -> tuple[str, str]:
    """The strategies of a run, by name, and its instruments with their timeframe."""
    uses = [entry.use for entry in plan.loaded.config.strategies]
    names = [Path(use.partition(":")[0]).stem if ".py" in use else use for use in uses]
    data = [f"{stream.feed.contract.instrument.name} {stream.feed.timeframe.text}" for stream in plan.streams]
    return " ".join(names) or "none", " ".join(data)


def _file_sha(file: Path | None) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""


def _sha(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()
