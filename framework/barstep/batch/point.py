"""One point of a grid: what it is asked for, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.config.positions import Path

FIGURES = (
    "net_pnl", "final_balance", "fees", "fills", "trades", "bars", "ambiguous_bars", "denied_orders", "rejected_orders",
)  # fmt: skip
"""Figures of a result that points have beside its measures."""


@dataclass(frozen=True, slots=True)
class FrameJob:
    """What many points have in common: the run, its bars and account. A worker prepares it once.

    Attributes:
        key: Tells it from all other frames, those of other grids that the same process plays included.
        tree: The run, with the environment's values in it.
        folder: Where the run's relative paths start.
        shelf: Folder of the mapped bars.
        behind: Hash of bars, plugin sources and the like, as `barstep.batch.plan.contents_of` finds it.
        days: First and last trading day, where not all are played; ISO dates.
    """

    key: str
    tree: dict[str, Any]
    folder: str
    shelf: str
    behind: str
    days: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One point to play.

    Attributes:
        key: Content hash.
        options: Validated values of plugin options: path of the plugin's entry, option, value.
        event: Play it in the event lane, whatever the run says.
    """

    key: str
    options: tuple[tuple[Path, str, Any], ...] = ()
    event: bool = False


@dataclass(slots=True)
class PointResult:
    """What a point came to.

    Attributes:
        key: Of its task.
        digest: As `result.json` has it; empty after an error.
        lane: `event` or `array`.
        seconds: Time it took in the worker.
        metrics: Figures by name, those of `FIGURES`, all measures, and `daily_sharpe`: mean / standard deviation (ddof 1)
            of the daily results, not annualised.
        failed: The guard that failed the account, or empty.
        daily: Result of each trading day in micro-dollars, those of the frame's days.
        error: What went wrong, or empty.
    """

    key: str
    digest: str = ""
    lane: str = "event"
    seconds: float = 0.0
    metrics: dict[str, float | int | None] = field(default_factory=dict)
    failed: str = ""
    daily: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    error: str = ""


def daily_sharpe(daily: NDArray[np.int64]) -> float | None:
    """Mean / standard deviation (ddof 1) of daily results, not annualised; None for fewer than two days or no spread."""
    if len(daily) < 2:
        return None
    spread = float(daily.std(ddof=1))
    return float(daily.mean()) / spread if spread else None
