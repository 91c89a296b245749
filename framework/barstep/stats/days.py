"""Measures of trading days: each day's change of equity, from the end of one to the end of the next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from barstep.stats.measures import MICROS, Group, Number, deviation, mean, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

YEAR = 252
"""Trading days that a year is taken to have."""
TAIL = 5

_SHARPE = "W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21(1), 1994"
_SORTINO = "Sortino and Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3(3), 1994"
_CALMAR = "T. W. Young, Calmar Ratio: A Smoother Tool, Futures 20(1), 1991"
_ULCER = "Martin and McCann, The Investor's Guide to Fidelity Funds, 1989"

DAYS: Group[Days] = Group("trading days", least=60)


@dataclass(frozen=True)
class Days:
    """The trading days of a run that had a bar, in order; int64 arrays of shape (n,), money in micro-dollars.

    Attributes:
        start: Start balance.
        close: Equity at the end of each day, open positions included.
        low: Lowest equity inside each day.
    """

    start: int
    close: NDArray[np.int64]
    low: NDArray[np.int64]

    @cached_property
    def pnl(self) -> NDArray[np.float64]:
        """Change of equity of each day, USD."""
        return np.diff(self.close, prepend=self.start) / MICROS

    @cached_property
    def peaks(self) -> NDArray[np.int64]:
        """Highest equity at the end of a day so far, the start balance counted; of the start and of each day."""
        return np.maximum.accumulate(np.concatenate(([self.start], self.close)))

    def take(self, which: NDArray[np.int64]) -> Days:
        """Days drawn anew and laid end to end; the lows are not known then, their place is taken by the closes."""
        close = self.start + np.cumsum(np.diff(self.close, prepend=self.start)[which])
        return Days(self.start, close, close)

    def __len__(self) -> int:
        return len(self.close)


class DayMeter:
    """Gathers days chunk by chunk: memory grows with the days and not with the bars."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._opens: list[int] = []
        self._close: list[int] = []
        self._low: list[int] = []

    def add(
        self,
        opens: NDArray[np.int64],
        end_ns: NDArray[np.int64],
        equity: NDArray[np.int64],
        low: NDArray[np.int64],
    ) -> None:
        """Take in bars.

        Args:
            opens: When each trading day opens that a bar of these belongs to, in order.
            end_ns: The bars' ends.
            equity, low: Equity at the end of each bar and its lowest inside, micro-dollars.
        """
        first = np.searchsorted(end_ns, opens, side="right")  # a bar that ends where a day opens belongs to the last
        last = np.append(first[1:], len(end_ns))
        traded = first < last
        opens, first, last = opens[traded], first[traded], last[traded]
        lows = np.minimum.reduceat(low, first).tolist()
        closes = equity[last - 1].tolist()
        for opened, close, lowest in zip(opens.tolist(), closes, lows, strict=True):
            if self._opens and self._opens[-1] == opened:
                self._close[-1], self._low[-1] = close, min(lowest, self._low[-1])
            else:
                self._opens.append(opened)
                self._close.append(close)
                self._low.append(lowest)

    @property
    def opens(self) -> list[int]:
        """When each day opened, UTC nanoseconds."""
        return self._opens

    def days(self) -> Days:
        """The days so far."""
        return Days(self._start, np.array(self._close, np.int64), np.array(self._low, np.int64))


@DAYS.measure("days", "trading days")
def days(days: Days) -> Number:
    """Trading days with a bar."""
    return len(days)


@DAYS.measure("USD", "net, day", interval=True)
def average_day(days: Days) -> Number:
    """Mean result of a day, days without a trade included."""
    return mean(days.pnl)


@DAYS.measure("USD", "net, day")
def day_deviation(days: Days) -> Number:
    """Standard deviation of the days' results (sample)."""
    return deviation(days.pnl, 1)


@DAYS.measure("USD", "net, day")
def best_day(days: Days) -> Number:
    """Largest result of a day."""
    return float(days.pnl.max()) if len(days) else None


@DAYS.measure("USD", "net, day")
def worst_day(days: Days) -> Number:
    """Smallest result of a day."""
    return float(days.pnl.min()) if len(days) else None


@DAYS.measure("share", "net, day")
def winning_days(days: Days) -> Number:
    """Days above 0 / days that are not 0."""
    return ratio(float((days.pnl > 0).sum()), float((days.pnl != 0).sum()))


@DAYS.measure("ratio", "net, day")
def day_skew(days: Days) -> Number:
    """Third central moment / third power of the standard deviation (both population)."""
    return _moment(days, 3)


@DAYS.measure("ratio", "net, day")
def day_kurtosis(days: Days) -> Number:
    """Fourth central moment / fourth power of the standard deviation (both population), less 3: a normal one has 0."""
    fourth = _moment(days, 4)
    return None if fourth is None else fourth - 3


@DAYS.measure("ratio", "net, day, yearly", _SHARPE, headline=True, interval=True)
def sharpe(days: Days) -> Number:
    """√252 · mean / standard deviation of the days' results (sample), with no riskless rate; as all yearly
    ratios none below two days.
    """  # noqa: D205
    spread = deviation(days.pnl, 1)
    return YEAR**0.5 * float(days.pnl.mean()) / spread if spread else None


@DAYS.measure("ratio", "net, day, yearly", _SORTINO, headline=True, interval=True)
def sortino(days: Days) -> Number:
    """√252 · mean of the days' results / root of the mean of the squares of those below 0, taken over all days."""
    below = float(np.sqrt(np.mean(np.minimum(days.pnl, 0) ** 2))) if len(days) > 1 else 0.0
    return YEAR**0.5 * float(days.pnl.mean()) / below if below else None


@DAYS.measure("ratio", "net, day, yearly", _CALMAR, headline=True)
def calmar(days: Days) -> Number:
    """252 · mean of the days' results / `drawdown_of_closes`; in USD, nothing is compounded."""
    yearly = YEAR * float(days.pnl.mean()) if len(days) > 1 else None
    return ratio(yearly, drawdown_of_closes(days))


@DAYS.measure("percent", "net, day", _ULCER)
def ulcer_index(days: Days) -> Number:
    """Root of the mean of the squares of each day's fall below the highest end of a day so far, in percent of that."""
    if not len(days):
        return None
    falls = 100 * (days.peaks[1:] - days.close) / days.peaks[1:]
    return float(np.sqrt(np.mean(falls**2)))


@DAYS.measure("ratio", "net, day")
def tail_ratio(days: Days) -> Number:
    """Size of the 95th percentile of the days' results / that of the 5th, with linear interpolation."""
    if not len(days):
        return None
    high, low = np.percentile(days.pnl, (100 - TAIL, TAIL))
    return ratio(abs(float(high)), abs(float(low)))


@DAYS.measure("USD", "net, day", headline=True)
def drawdown_static(days: Days) -> Number:
    """Start balance less the lowest equity inside any bar: the fixed loss limit that the run would have needed."""
    return max(0, days.start - int(days.low.min())) / MICROS if len(days) else 0.0


@DAYS.measure("USD", "net, day", headline=True)
def drawdown_end_of_day(days: Days) -> Number:
    """Largest fall from the highest end of a day so far, or the start balance, to the lowest equity inside any bar of a
    later day: the loss limit that follows the end of the day.
    """  # noqa: D205
    return max(0, int((days.peaks[:-1] - days.low).max())) / MICROS if len(days) else 0.0


@DAYS.measure("USD", "net, day")
def drawdown_of_closes(days: Days) -> Number:
    """Largest fall from the highest end of a day so far, or the start balance, to a later end of a day."""
    return int((days.peaks[1:] - days.close).max()) / MICROS if len(days) else 0.0


def percentiles(days: Days, points: tuple[int, ...] = (5, 25, 50, 75, 95)) -> dict[str, float]:
    """The days' results at some percentiles, with linear interpolation; empty without days."""
    if not len(days):
        return {}
    values = np.percentile(days.pnl, points).tolist()
    return {str(point): value for point, value in zip(points, values, strict=True)}


def _moment(days: Days, power: int) -> float | None:
    spread = deviation(days.pnl, 0)
    return float(np.mean(((days.pnl - days.pnl.mean()) / spread) ** power)) if spread else None
