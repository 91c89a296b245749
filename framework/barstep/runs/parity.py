"""Both lanes over one run, and the first thing in which they differ."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.data import read_table
from barstep.domain.errors import ConfigError
from barstep.runs.array_lane import why_not
from barstep.runs.assemble import load_plan
from barstep.runs.explain import explain_bar
from barstep.runs.run import play

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from barstep.domain.result import RunResult

TABLES = ("fills", "trades", "orders", "equity", "ambiguous", "notes")
LANES = ("event", "array")


@dataclass(slots=True)
class Difference:
    """Where the lanes part: the table and its row, or a figure of the result.

    Attributes:
        what: `fills row 12`, or `result metrics`.
        values: By column, what the event lane has and what the array lane has; None for a row that is not there.
        stories: For a fill, what happened in its bar as each lane tells it, by lane.
    """

    what: str
    values: dict[str, tuple[Any, Any]]
    stories: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Parity:
    """What the lanes came to.

    Attributes:
        results: By lane.
        differences: The first of each table, then those of the result; empty when the lanes agree.
    """

    results: dict[str, RunResult]
    differences: list[Difference]

    @property
    def equal(self) -> bool:
        """Whether everything that a run leaves is the same."""
        return not self.differences


def check_parity(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Parity:
    """Play a run in both lanes, in folders that are thrown away, and compare all that they leave.

    Raises:
        ConfigError: The run cannot be played in the array lane, with the reason.
        PluginError: A plugin raised.
    """
    plans = {lane: load_plan(source, [*overrides, f"lane={lane}"]) for lane in LANES}
    hindrance = why_not(plans["array"])
    if hindrance:
        raise ConfigError(f"nothing to compare: the array lane cannot play this run: {hindrance}")
    with tempfile.TemporaryDirectory(prefix="barstep-parity-") as place:
        folders = {lane: Path(place) / lane for lane in LANES}
        results = {lane: play(plans[lane], out=folders[lane], progress=progress) for lane in LANES}
        found = [each for name in TABLES if (each := _table(name, folders)) is not None]
        figures = [results[lane].as_dict() for lane in LANES]
        keys = [key for key in figures[0] if key != "lane" and figures[0][key] != figures[1][key]]
        for key in ("digest",) if found else keys:  # where rows differ, figures do
            found.append(Difference(f"result {key}", {key: (figures[0][key], figures[1][key])}))
    return Parity(results, found)


def _table(name: str, folders: Mapping[str, Path]) -> Difference | None:
    """The first row in which a table differs, None where it does not."""
    event, array = (read_table(folders[lane] / f"{name}.parquet") for lane in LANES)
    if event.equals(array):
        return None
    row = 0
    while row < min(event.height, array.height) and event.row(row) == array.row(row):
        row += 1
    rows = [table.row(row, named=True) if row < table.height else {} for table in (event, array)]
    columns = [key for key in (rows[0] or rows[1]) if rows[0].get(key) != rows[1].get(key)]
    found = Difference(f"{name} row {row}", {key: (rows[0].get(key), rows[1].get(key)) for key in columns})
    if name == "fills":
        begins = min(each["bar_start"] for each in rows if each)
        for lane in LANES:
            story = explain_bar(folders[lane], begins.isoformat())
            found.stories[lane] = [story.title, *(fact.text for fact in story.facts)]
    return found
