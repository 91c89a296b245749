"""Measures of the equity curve bar by bar, as it streams by and as a whole: exposure and drawdowns with their durations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from barstep.stats.measures import MICROS, Group, Measures, Number

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DAY = 86_400_000_000_000

EQUITY: Group[Curve] = Group("the equity curve")


class EquityMeter:
    """Measures of the equity curve, chunk by chunk.

    The drawdown is taken inside the bars: the highest equity of all bars before (their intrabar highs, and the start
    balance) less the lowest equity inside a bar; which extreme of one bar came first is not known, so a bar's own high
    does not count against its own low, but its close does.
    """

    def __init__(self, start: int) -> None:
        self.peak = start
        self.max_drawdown = 0
        self.bars = 0
        self.bars_in_market = 0
        self.first_ns: int | None = None
        self.last_ns = 0

    def add(
        self, end_ns: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], position: NDArray[np.int64]
    ) -> None:
        """Take in bars: their ends, extremes of equity in micro-dollars, and the position after each."""
        if not len(end_ns):
            return
        peaks = np.maximum.accumulate(np.concatenate(([self.peak], high)))
        self.max_drawdown = max(self.max_drawdown, int((peaks[:-1] - low).max()))
        self.peak = int(peaks[-1])
        self.bars += len(end_ns)
        self.bars_in_market += int(np.count_nonzero(position))
        self.first_ns = int(end_ns[0]) if self.first_ns is None else self.first_ns
        self.last_ns = int(end_ns[-1])

    def measures(self) -> Measures:
        """The headlines `max_drawdown` and `exposure`."""
        return {
            "max_drawdown": self.max_drawdown / MICROS,
            "exposure": self.bars_in_market / self.bars if self.bars else None,
        }


@dataclass(frozen=True)
class Curve:
    """Equity bar by bar; arrays of shape (n,), money in micro-dollars.

    Attributes:
        start: Start balance.
        begin_ns: When the run begins, UTC nanoseconds.
        end_ns: The bars' ends.
        close, low, high: Equity at the end of each bar and its extremes inside.
        position: Signed contracts after each bar.
        day: Number of the trading day of each bar, rising.
    """

    start: int
    begin_ns: int
    end_ns: NDArray[np.int64]
    close: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    position: NDArray[np.int64]
    day: NDArray[np.int64]

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """Highest equity of all bars before each, the start balance counted."""
        return np.maximum.accumulate(np.concatenate(([self.start], self.high)))[:-1]

    @cached_property
    def day_before(self) -> NDArray[np.int64]:
        """Highest equity at the end of a trading day before each bar's, the start balance counted."""
        last = np.flatnonzero(np.diff(self.day, append=self.day[-1:] + 1))
        peaks = np.maximum.accumulate(np.concatenate(([self.start], self.close[last])))
        return peaks[np.searchsorted(self.day[last], self.day)]

    def __len__(self) -> int:
        return len(self.end_ns)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The largest fall on one basis.

    Attributes:
        usd: How deep, 0 or more.
        since_ns: End of the last bar before the lowest point that stood at the level it is measured from, or the run's begin.
        lowest_ns: End of the bar with the lowest point; None when there was no fall.
        recovered_ns: End of the first bar after it that stood at that level again; None when none did.
        days_down: Calendar days from the one to the other.
        days_to_recover: Calendar days from the lowest point to the recovery; None when there was none.
    """

    usd: float
    since_ns: int
    lowest_ns: int | None = None
    recovered_ns: int | None = None
    days_down: float = 0.0
    days_to_recover: float | None = None


def drawdowns(curve: Curve) -> dict[str, Drawdown]:
    """The largest fall to the lowest equity inside a bar, measured from three levels.

    Returns:
        static: From the start balance.
        end_of_day: From the highest end of a trading day before, or the start balance.
        intraday: From the highest equity of any bar before, open profit included, or the start balance.
    """
    if not len(curve):
        return dict.fromkeys(("static", "end_of_day", "intraday"), Drawdown(0.0, curve.begin_ns))
    levels = {"static": np.full(len(curve), curve.start), "end_of_day": curve.day_before, "intraday": curve.before}
    return {name: _largest(curve, level) for name, level in levels.items()}


def _largest(curve: Curve, level: NDArray[np.int64]) -> Drawdown:
    depth = level - curve.low
    lowest = int(depth.argmax())
    if depth[lowest] <= 0:
        return Drawdown(0.0, curve.begin_ns)
    stood = curve.high >= level[lowest]
    earlier, later = np.flatnonzero(stood[:lowest]), np.flatnonzero(stood[lowest + 1 :])
    since = int(curve.end_ns[earlier[-1]]) if len(earlier) else curve.begin_ns
    low_ns = int(curve.end_ns[lowest])
    back = int(curve.end_ns[lowest + 1 + later[0]]) if len(later) else None
    recovery = None if back is None else (back - low_ns) / _DAY
    return Drawdown(int(depth[lowest]) / MICROS, since, low_ns, back, (low_ns - since) / _DAY, recovery)


@EQUITY.measure("USD", "net, bar", headline=True)
def max_drawdown(curve: Curve) -> Number:
    """Largest fall of equity from its highest point so far, inside bars, open positions and fees included. A bar's high
    does not count against its own low: which came first is not known.
    """  # noqa: D205
    return drawdowns(curve)["intraday"].usd


@EQUITY.measure("days", "net, bar, calendar days")
def longest_below_peak(curve: Curve) -> Number:
    """Longest time without equity at or above its highest point so far, one that lasts to the end included."""
    if not len(curve):
        return 0.0
    at_peak = curve.end_ns[curve.high >= curve.before]
    return float(np.diff(np.concatenate(([curve.begin_ns], at_peak, curve.end_ns[-1:]))).max()) / _DAY


@EQUITY.measure("share", "bar", headline=True)
def exposure(curve: Curve) -> Number:
    """Bars that end with a position / all bars."""
    return int(np.count_nonzero(curve.position)) / len(curve) if len(curve) else None


@EQUITY.measure("contracts", "bar")
def largest_position(curve: Curve) -> Number:
    """Most contracts held at the end of a bar, long or short."""
    return int(np.abs(curve.position).max()) if len(curve) else 0
