"""One trading day of an account: its bars, and the few numbers to which it reduces.

Money is in whole micro-dollars and counts from where the ledger began (a result, not a balance), so that one day can be
laid onto any account.

The reduction is exact. With a floor F at the day's open, a start-of-day equity E and bars whose lowest equity is E + l(t):

- `static` and `end_of_day`: the floor does not move inside the day, so it is touched iff E + min l(t) <= F.
- `equity` and `balance`, distance D, lock at the level L: the floor at t is max(F, min(E + m(t) - D, L)), where m(t) is the
  highest equity (or balance) of the day up to t, its open included. It is touched iff E + min l(t) <= F, or if at some t
  with m(t) - l(t) >= D also E + l(t) <= L. So beside the low one more number is needed: `deep`, the lowest l(t) of the
  moments at which the day has fallen D or more from its own high. Without a lock any such moment breaches, which is the
  well-known drawdown test; F >= min(E - D, L) holds because the day's open was seen.

Where a touch is no breach, each comparison is strict.

A bar does not tell whether its high or its low came first: `deep` takes the high first (the worse reading). Where a bar
touches both the daily loss limit and the floor, the floor counts: a bar's low is one mark, as a gap would be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.rules.account_limits import NEVER

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from barstep.rules.account_limits import Limits

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayBars:
    """The bars of one trading day of an account.

    Attributes:
        date: The trade date.
        end_ns: Ends of the bars, UTC nanoseconds, shape (n,), n >= 1.
        low, high, close: Lowest, highest and last result inside each bar, open positions and fees included, shape (n,).
        balance: Realised result less fees after each bar, shape (n,).
        position: Contracts held after each bar, shape (n,); signed or not.
        open, open_balance, open_position: The same at the day's open, before its first bar.
        traded: Whether a fill happened in the day.
        kindest: The same day in the most favourable reading where the figures inside its bars are bounds, else None.
    """

    date: date
    end_ns: Ints
    low: Ints
    high: Ints
    close: Ints
    balance: Ints
    position: Ints
    open: int
    open_balance: int
    open_position: int
    traded: bool
    kindest: DayBars | None = None

    def times(self, size: int) -> DayBars:
        """The day at a multiple of its size: every amount, fees per contract included, is linear in the size."""
        return replace(
            self,
            low=self.low * size,
            high=self.high * size,
            close=self.close * size,
            balance=self.balance * size,
            position=self.position * size,
            open=self.open * size,
            open_balance=self.open_balance * size,
            open_position=self.open_position * size,
            kindest=None if self.kindest is None else self.kindest.times(size),
        )


class Stop(NamedTuple):
    """Where a daily loss limit stopped a day: the bar, and the result that the day is left with."""

    bar: int
    result: int


class DayNumbers(NamedTuple):
    """A day as one row, in micro-dollars from its open (0): exact for the limits it was reduced for.

    Attributes:
        net: Result of the day.
        low: Lowest equity, 0 or less.
        high: What moves a trailing floor: the highest equity or realised balance, 0 or more.
        deep: Lowest equity at a moment with a fall of the limit's distance or more from the day's own high, else NEVER.
        traded: Whether a fill happened.
        stopped: Whether a soft daily loss limit ended it.
    """

    net: int
    low: int
    high: int
    deep: int
    traded: bool
    stopped: bool


def daily_stop(day: DayBars, limits: Limits, cost: int) -> Stop | None:
    """Where the daily loss limit is first touched, at bar level, or None.

    The position is then closed at the limit itself and pays `cost` for each contract held around the bar (slippage of a
    forced close and fee). A ledger that is flat at the end of that bar, at or below the limit, has closed already, for
    instance because the run had the same limit: its own result counts. A gap beyond the limit is not known from the bar's
    figures and is not counted, unless the ledger shows it in that way.

    Args:
        day: The day.
        limits: `daily` is not None.
        cost: Micro-dollars to close one contract by force.
    """
    assert limits.daily is not None  # noqa: S101 - the caller has looked
    level = day.open - limits.daily
    touched = day.low <= level
    bar = int(touched.argmax())
    if not touched[bar]:
        return None
    close = int(day.close[bar])
    if not day.position[bar] and close <= level:
        return Stop(bar, close)
    before = day.open_position if bar == 0 else int(day.position[bar - 1])
    return Stop(bar, level - cost * max(abs(before), abs(int(day.position[bar])), 1))


def first_bars(day: DayBars, count: int) -> DayBars:
    """The day's first bars."""
    cut = {name: getattr(day, name)[:count] for name in ("end_ns", "low", "high", "close", "balance", "position")}
    return replace(day, **cut, kindest=None)


def stopped_day(day: DayBars, stop: Stop) -> DayBars:
    """The day up to its stop: the last bar ends flat with the result that is left."""
    day = first_bars(day, stop.bar + 1)
    low, close, balance, position = (each.copy() for each in (day.low, day.close, day.balance, day.position))
    low[-1] = min(int(low[-1]), stop.result)
    close[-1] = balance[-1] = stop.result
    position[-1] = 0
    return replace(day, low=low, close=close, balance=balance, position=position)


def day_numbers(day: DayBars, limits: Limits, cost: int = 0) -> DayNumbers:
    """Reduce a day; see the module for what is exact.

    Args:
        day: The day.
        limits: For the trail, the distance and a daily loss limit, which ends the day before it is reduced.
        cost: Micro-dollars to close one contract by force.
    """
    stop = daily_stop(day, limits, cost) if limits.daily is not None else None
    if stop is not None:
        day = first_bars(day, stop.bar + 1) if limits.daily_fails else stopped_day(day, stop)
    trailed, opened = (day.balance, day.open_balance) if limits.trail == "balance" else (day.high, day.open)
    peak = np.maximum.accumulate(np.maximum(trailed, opened))
    deep = NEVER
    if limits.distance is not None and limits.trail in ("balance", "equity"):
        fallen = day.low[peak - day.low >= limits.distance + (0 if limits.touch else 1)]
        deep = int(fallen.min()) - day.open if len(fallen) else NEVER
    return DayNumbers(
        net=int(day.close[-1]) - day.open,
        low=min(int(day.low.min()) - day.open, 0),
        high=int(peak[-1]) - day.open,
        deep=deep,
        traded=day.traded,
        stopped=stop is not None and not limits.daily_fails,
    )
