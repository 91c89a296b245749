"""A grid file, or a mapping from Python, as a checked grid over a run; all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from barstep.config.environment import resolve
from barstep.config.grid_schema import GridConfig, RangeConfig
from barstep.config.loader import _copied
from barstep.config.overrides import apply_overrides, put_value, target_path
from barstep.config.positions import Path, Positions, in_order, path_text
from barstep.config.problems import refused_lines, schema_lines
from barstep.config.reading import RefusedError
from barstep.config.schema import slug
from barstep.config.where import Condition
from barstep.config.yaml_source import Document, read_file
from barstep.domain.errors import ConfigError

_FIXED = ("version", "name", "broker", "seed")
"""Keys of a run that no axis may vary: they change nothing that is traded, except the seed of plugins."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One key that a grid varies.

    Attributes:
        name: As written: `sma_crossover.fast`.
        path: Where it lies in the run.
        values: As written: text, or objects from Python.
        places: Where each value was written.
    """

    name: str
    path: Path
    values: list[Any]
    places: list[str]


@dataclass(frozen=True, slots=True)
class GridDraft:
    """What of a grid can be looked at, whatever else is wrong with it.

    Attributes:
        run: The run as written, overrides applied.
        folder: Where the run's relative paths start.
        axes: Those that are well formed.
    """

    run: Document
    folder: FilePath
    axes: list[Axis]

    def document(self, values: Mapping[str, int]) -> Document:
        """The run with some axes at some of their values, by name and number; the other axes are at their first."""
        tree, seen = deepcopy(self.run.tree), self.run.positions
        positions = Positions(seen.file, dict(seen.marks), dict(seen.overrides))
        made = Document(tree, positions, list(self.run.problems))
        for axis in self.axes:
            at = values.get(axis.name, 0)
            put_value(made, axis.path, deepcopy(axis.values[at]), axis.places[at])
        return made


@dataclass(frozen=True, slots=True)
class LoadedGrid:
    """A checked grid.

    Attributes:
        config: The grid.
        positions: Places in its file.
        draft: Its run and its axes.
        conditions: What every point must fulfil.
    """

    config: GridConfig
    positions: Positions
    draft: GridDraft
    conditions: list[Condition] = field(default_factory=list)


GridChecks = Callable[[GridDraft], list[str]]
"""Looks at what of a grid is well formed, and returns a line for each fault."""


def is_grid(path: FilePath) -> bool:
    """Whether a YAML file is a grid: it has `vary`, which no run has. False for what cannot be read."""
    try:
        return "vary" in read_file(path).tree
    except ConfigError:
        return False


def load_grid(
    source: str | FilePath | Mapping[str, Any],
    overrides: Sequence[str] = (),
    checks: GridChecks | None = None,
    folder: FilePath | None = None,
) -> LoadedGrid:
    """Read and check a grid.

    Args:
        source: A grid file, or the same as a mapping.
        overrides: `key=value` texts of `--set`, for the run.
        checks: Checks of what grid and run name, so that their faults come in the same pass.
        folder: Where a mapping's relative paths start; by default the current folder.

    Raises:
        ConfigError: With a line for every fault.
    """
    if isinstance(source, str | FilePath):
        document, folder = read_file(FilePath(source)), FilePath(source).resolve().parent
        name = slug(FilePath(source).stem) or "grid"
    else:
        document, name, folder = Document(_copied(source), Positions()), "grid", folder or FilePath.cwd()
    if "strategies" in document.tree and "vary" not in document.tree:
        where = document.positions.where(())
        raise ConfigError(f"{where}: got a run, expected a grid with run: and vary:; a run is played by `barstep run`")
    return _checked(document, name, folder, overrides, checks)


def _checked(
    document: Document, name: str, folder: FilePath, overrides: Sequence[str], checks: GridChecks | None
) -> LoadedGrid:
    positions, lines = document.positions, list(document.problems)
    own = {key: value for key, value in document.tree.items() if key != "run"}
    tree, missing = resolve(own, positions)
    tree = {"name": name, **tree, **({"run": document.tree["run"]} if "run" in document.tree else {})}
    lines += missing
    config = None
    try:
        config = GridConfig.model_validate(tree)
    except ValidationError as error:
        lines += schema_lines(error, tree, positions, GridConfig)
    run, told = _run_of(document, folder)
    lines += told
    axes: list[Axis] = []
    if run is not None:
        lines += apply_overrides(run[0], overrides)
        axes, told = _axes(tree, run[0], positions)
        lines += told
    conditions, told = _conditions(tree, positions)
    lines += told
    draft = GridDraft(run[0] if run else Document({}, Positions()), run[1] if run else folder, axes)
    if run is not None and checks is not None:
        lines += checks(draft)
    if lines or config is None:
        raise ConfigError(in_order(lines))
    return LoadedGrid(config, positions, draft, conditions)


def _run_of(document: Document, folder: FilePath) -> tuple[tuple[Document, FilePath] | None, list[str]]:
    """The run that a grid names or holds, and the folder of its relative paths."""
    given, positions = document.tree.get("run"), document.positions
    if isinstance(given, dict) and given:
        marks = {path[1:]: mark for path, mark in positions.marks.items() if path[:1] == ("run",)}
        return (Document({"name": "run", **given}, Positions(positions.file, marks)), folder), []
    if not isinstance(given, str) or not given:
        return None, []
    path = folder / given
    try:
        shown = path.relative_to(FilePath.cwd()) if path.is_relative_to(FilePath.cwd()) else path
        run = read_file(shown)
    except ConfigError as error:
        return None, [f"{positions.where(('run',))} run: {problem}" for problem in error.problems]
    if "vary" in run.tree:
        return None, [positions.line(("run",), given, "a run file: this one is a grid itself")]
    run.tree = {"name": slug(path.stem) or "run", **run.tree}
    return (run, path.resolve().parent), []


def _axes(tree: dict[str, Any], run: Document, positions: Positions) -> tuple[list[Axis], list[str]]:
    """The axes that are well formed, and a line for each that leads nowhere."""
    axes: list[Axis] = []
    lines: list[str] = []
    given = tree.get("vary")
    for name, raw in given.items() if isinstance(given, dict) else ():
        at: Path = ("vary", name)
        try:
            path = target_path(name, run.tree)
        except ConfigError as error:
            lines += [f"{positions.where(at, key=True)} {path_text(at)}: {problem}" for problem in error.problems]
            continue
        fault = _axis_fault(path, axes, run)
        if fault:
            lines.append(positions.line(at, name, fault, key=True))
            continue
        values = _values_of(raw)
        if not values:
            continue  # the schema has told why
        spread = isinstance(raw, dict)
        places = [
            f"{positions.where(at if spread else (*at, place))} {path_text(at)}".strip() for place in range(len(values))
        ]
        axes.append(Axis(name, path, values, places))
    return axes, lines


def _axis_fault(path: Path, axes: list[Axis], run: Document) -> str:
    if path[0] in _FIXED:
        return "an option of a plugin, or a key of data, account, fills, risk or strategies"
    for axis in axes:
        if path[: len(axis.path)] == axis.path or axis.path[: len(path)] == path:
            return f"each key once: {axis.name} varies {'it already' if axis.path == path else 'a part of it'}"
    if path in run.positions.overrides:
        return f"no axis that {run.positions.overrides[path]} sets: leave one of them out"
    return ""


def _values_of(raw: Any) -> list[Any]:
    if isinstance(raw, list | tuple):
        return list(raw)
    try:
        return list(RangeConfig.model_validate(raw).values())
    except ValidationError:
        return []


def _conditions(tree: dict[str, Any], positions: Positions) -> tuple[list[Condition], list[str]]:
    given = tree.get("where")
    names = list(tree["vary"]) if isinstance(tree.get("vary"), dict) else []
    found: list[Condition] = []
    lines: list[str] = []
    for place, text in enumerate(given if isinstance(given, list) else [given]):
        if not isinstance(text, str) or not text:
            continue  # nothing, or told by the schema
        path: Path = ("where", place) if isinstance(given, list) else ("where",)
        try:
            found.append(Condition(text, names))
        except RefusedError as refused:
            lines += refused_lines(refused, path, text, positions)
    return found, lines
