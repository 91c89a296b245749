"""A grid from Python: played to its end, with its points as a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, overload

from barstep import data
from barstep.batch.export import export
from barstep.batch.grid import run_grid
from barstep.batch.honesty import honesty, told
from barstep.batch.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import polars as pl


@dataclass(slots=True)
class GridResult:
    """What a grid came to.

    Attributes:
        name: The grid's.
        folder: Where its points are; each was kept as soon as it was finished.
        points: Points that are finished; those that ended with an error count. In a walk-forward all runs.
        failed: How many of them ended with an error.
        metric: What points are ranked by.
        best: The best point: `number`, `values` by axis, `metrics`, `digest`, `lane`, `failed` and more; None where no point
            has the metric, and in a walk-forward, which has none.
        interrupted: Whether Ctrl-C ended it early; the same call goes on from there.
        warnings: What a reader should know before believing the figures.
    """

    name: str
    folder: Path
    points: int
    failed: int
    metric: str
    best: dict[str, Any] | None
    interrupted: bool = False
    warnings: list[str] = field(default_factory=list)

    @overload
    def table(self) -> pl.DataFrame: ...

    @overload
    def table(self, *, pandas: Literal[False]) -> pl.DataFrame: ...

    @overload
    def table(self, *, pandas: Literal[True]) -> pd.DataFrame: ...

    def table(self, *, pandas: bool = False) -> pl.DataFrame | pd.DataFrame:
        """A row for each point: its values by axis as text, its figures, and what became of it; as `barstep grid export`.

        Args:
            pandas: A pandas frame instead of a polars one; pandas is no dependency of barstep and must be there.

        Raises:
            ConfigError: The grid's folder is gone, or pandas is not installed.
        """
        with TemporaryDirectory(prefix="barstep-") as place, Store(self.folder) as store:
            file = Path(place) / "points.parquet"
            export(store, file)
            frame = data.read_table(file)
        return data.pandas_frame(frame) if pandas else frame

    def statistics(self) -> dict[str, Any]:
        """What speaks for and against the best point, as `barstep grid show --json` tells it: `trials`, `deflated_sharpe`,
        `overfitting`, `intervals`, `provisional`, the neighbours of `best`; of a walk-forward its account with its steps.
        """  # noqa: D205
        with Store(self.folder) as store:
            return honesty(store)

    def plot(self, what: str = "heatmap", **options: str) -> Any:
        """A figure of the grid, for notebooks; needs the extra `report`.

        Args:
            what: `heatmap` (with `across`, `up` and `metric` where the first two axes are not meant), `plateau`, `equity_fan`,
                `luck`, or of a walk-forward `walk_forward`, `unseen` or `stability`.
            options: Those of the figure.

        Returns:
            A plotly figure.

        Raises:
            ConfigError: plotly is not installed, or there is no such figure of this grid.
        """
        return import_module("barstep.cli.grid_report").plot(self.folder, what, options)  # by name: it lies above

    def _repr_html_(self) -> str:
        text: str = import_module("barstep.cli.grid_report").summary(self)
        return text


def grid(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
) -> GridResult:
    """Play the points of a grid that are not finished yet; needs the extra `batch`. The same call again plays nothing.

    Args:
        source: A grid file, or the same as a mapping.
        overrides: `key=value` texts as for `--set`, for the grid's run.
        out: The grid's folder; by default `runs/grids/<name>` in the workspace.
        workers: Processes; by default one for each core. 1 plays in this process.
        retry_failed: Play the points again that ended with an error.

    Returns:
        The result; Ctrl-C lets running points finish and ends early.

    Raises:
        ConfigError, DataError, PluginError: Before the first point. Later an error is the row of its point.
    """
    outcome = run_grid(source, overrides, out=out, workers=workers, retry_failed=retry_failed)
    with Store(outcome.folder) as store:
        rank, walks = store.about["rank_by"], store.about["walk_forward"] is not None
        best = None if walks else next(iter(store.best(rank["metric"], rank["sign"], 1)), None)
        points, failed = store.count()
        return GridResult(
            store.about["name"], outcome.folder.resolve(), points, failed, rank["metric"],
            None if best is None else told(best), outcome.interrupted, outcome.warnings,
        )  # fmt: skip
