"""The outcome of a run as stored in `result.json` and read back, with the tables of its folder."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from barstep import data
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import polars as pl

    from barstep.runs.statistics import Statistics

RunStatus = Literal["done", "interrupted", "failed"]
TableName = Literal["fills", "trades", "orders", "equity", "ambiguous", "mismatches", "notes"]
"""A table of a run's folder; docs/results.md tells its columns."""
TABLES: tuple[TableName, ...] = get_args(TableName)


@dataclass(slots=True)
class RunResult:
    """What a run came to; money in USD.

    Attributes:
        digest: sha256 over one line per fill in event order, `bar end in ns|contract id|side|size|price in ticks`
            (neighbours of one order at one price merged), then the final balance in micro-dollars.
        status: `done`, `interrupted` (partial results kept) or `failed` (an error ended it). A failed account is a
            result, not an error: see `risk`.
        contracts: Short names such as `ESU3`; the tables have the gateway's ids.
        start, end: First bar's start and last bar's end, ISO 8601.
        bars: Bars played.
        lane: `event` or `array`.
        fills, trades: Counts; the rows are in `fills.parquet` and `trades.parquet`.
        ambiguous_bars: Bars whose path decided what happened (R17).
        resolutions: Fills by the timeframe of the bars that decided them (R21).
        mismatches: Bars whose finer bars do not agree with them, so that their own prices decided (R21).
        denied_orders, rejected_orders: Orders that our risk refused, in whole, and that the venue refused.
        metrics: See `barstep.stats`.
        risk: `failed` (name of the guard or empty), `breaches` (each with name, action and time), `denials` by rule.
        warnings: What a reader should know before believing the figures.
        folder: Where the run's files are; not part of the stored document.
    """

    name: str
    digest: str
    status: RunStatus
    instrument: str
    contracts: list[str]
    timeframe: str
    start: str
    end: str
    bars: int
    lane: str
    fill_profile: str
    start_balance: float
    final_balance: float
    net_pnl: float
    fees: float
    fills: int
    trades: int
    ambiguous_bars: int
    denied_orders: int
    rejected_orders: int
    metrics: dict[str, float | int | None] = field(default_factory=dict)
    risk: dict[str, Any] = field(default_factory=dict)
    resolutions: dict[str, int] = field(default_factory=dict)
    mismatches: int = 0
    warnings: list[str] = field(default_factory=list)
    folder: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """The stored document, ready for JSON."""
        document = asdict(self)
        del document["folder"]
        return document

    @overload
    def table(self, name: TableName) -> pl.DataFrame: ...

    @overload
    def table(self, name: TableName, *, pandas: Literal[False]) -> pl.DataFrame: ...

    @overload
    def table(self, name: TableName, *, pandas: Literal[True]) -> pd.DataFrame: ...

    def table(self, name: TableName, *, pandas: bool = False) -> pl.DataFrame | pd.DataFrame:
        """A table of the run's folder: times in UTC, prices in points, money in USD; rows in the order of events.

        Args:
            name: `fills`, `trades`, `orders`, `equity`, `ambiguous`, `mismatches` or `notes`.
            pandas: A pandas frame instead of a polars one; pandas is no dependency of barstep and must be there.

        Raises:
            ConfigError: There is no such table.
            DataError: The run's folder is gone or damaged.
        """
        if name not in TABLES:
            raise ConfigError(f"no table {name!r}: a run has {', '.join(TABLES)}")
        frame = data.read_table(self._folder() / f"{name}.parquet")
        return data.pandas_frame(frame) if pandas else frame

    def statistics(self) -> Statistics:
        """Every measure of the run with intervals, drawdowns and breakdowns, computed from its folder.

        Raises:
            ConfigError, DataError: The run's folder is gone or damaged.
        """
        from barstep.runs.statistics import statistics  # noqa: PLC0415 - it reads results, and much else

        return statistics(self._folder())

    def _folder(self) -> Path:
        if self.folder is None:
            raise ConfigError(f"{self.name}: this result has no folder; barstep.load(folder) reads one that has")
        return self.folder

    def plot(self, what: str = "equity") -> Any:
        """A figure of the run, for notebooks; needs the extra `report`.

        Args:
            what: `equity` (with the plan's floor, and the drawdown), `price`, `calendar`, `results`, `by_hour`,
                `by_reason` or `excursions`: a function of `barstep.report.figures`.

        Returns:
            A plotly figure.

        Raises:
            ConfigError: plotly is not installed, the folder is gone, or there is no such figure.
        """
        return import_module("barstep.report.notebook").plot(self, what)  # by name: the report lies above

    def _repr_html_(self) -> str:
        text: str = import_module("barstep.report.notebook").summary(self)
        return text


REQUIRED = tuple(each.name for each in fields(RunResult) if each.default is MISSING and each.default_factory is MISSING)
"""What every `result.json` has."""
