"""The outcome of a run as stored in `result.json` and read back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

RunStatus = Literal["done", "interrupted", "failed"]


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
