"""Reads a grid and checks all of it before the first point: every value, every combination, its size, its figures, its days."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.batch.plan import GridPlan, OptionAxis
from barstep.batch.walk_forward import runs_of
from barstep.config import Positions, validate_options
from barstep.config.grid_loader import load_grid
from barstep.config.positions import near
from barstep.domain.errors import ConfigError
from barstep.hooks.loader import find_workspace
from barstep.hooks.plugin import configure, option_fields
from barstep.runs.assemble import load_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from barstep.batch.shelf import Shelf
    from barstep.config.grid_loader import Axis, GridDraft
    from barstep.config.positions import Path as KeyPath
    from barstep.runs.assemble import PluginPlan, RunPlan

MOST_POINTS = 1_000_000
"""Points that `search: grid` plays at most."""
MOST_FRAMES = 10_000
"""Frames that a grid may have: each has its bars and account made ready before the first run."""
MOST_LOOKS = 20_000_000
"""Combinations of values that are looked at for conditions."""
_CHECKED = 100_000  # combinations of a plugin's options that are tried on it before the first run


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
    for nth, (value, where) in enumerate(zip(axis.values, axis.places, strict=True)):
        positions = Positions()
        positions.replace(axis.path, where)
        read, faults = validate_options(fields, {found.option: value}, axis.path[:-1], positions, plugin.name)
        known = read.get(found.option)
        if not faults and known in found.values and value not in axis.values[:nth]:
            faults = [
                positions.line((*axis.path[:-1], found.option), value, "each value once: it is there in another form")
            ]
        found.values.append(known)
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
                f"{at} vary: {name} refuses {len(told):,} combination{'s' if len(told) > 1 else ''} of these options, such as: "
                f"{told[0]}; "
                "leave them out with where, such as where: fast < slow"
                for name, told in refused.items()
            ]
        )
