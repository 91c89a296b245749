"""Many attempts at once: the account rules over sequences of reduced days, vectorised over the attempts.

Exactly what `walk.Account` does, for sources whose positions are closed at the end of each day; a day that ends with a
position counts as if it were flat. Time runs in trading days.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.rules.account_limits import NEVER, TRADING_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.rules.account_limits import Limits, PayoutTerms
    from barstep.rules.day import DayNumbers

    Ints = NDArray[np.int64]

OPEN, PASSED, MAX_LOSS, DAILY_LOSS, TOO_LATE = range(5)
CAUSES = ("open", "passed", "max_loss_limit", "daily_loss_limit", "max_days")
"""What an outcome's number means."""


class DayTable(NamedTuple):
    """Reduced days as columns; see `DayNumbers`. Money in micro-dollars, shape (n,).

    For an account with a scaling plan the n days stand there `most` + 1 times one after the other, at 0, 1, 2 ... times
    their recorded size, and `lots` has what was held at most at that size, in tenths of mini lots, shape (n,).
    """

    net: Ints
    low: Ints
    high: Ints
    deep: Ints
    traded: NDArray[np.bool_]
    lots: Ints | None = None
    most: int = 1

    @property
    def days(self) -> int:
        """How many days there are, n."""
        return len(self.net) if self.lots is None else len(self.lots)

    @classmethod
    def of(cls, days: Sequence[DayNumbers]) -> DayTable:
        """The table of some days."""
        net, low, high, deep = (np.array([day[k] for day in days], np.int64) for k in range(4))
        return cls(net, low, high, deep, np.array([day.traded for day in days], np.bool_))


class Outcomes(NamedTuple):
    """What became of each attempt, shape (m,).

    Attributes:
        cause: One of OPEN, PASSED, MAX_LOSS, DAILY_LOSS, TOO_LATE.
        days: Trading days until then; of an open attempt all that were walked.
        profit: Balance less start balance and payouts; of a failed one at its lowest.
        paid: What the trader got out by payouts, split and transfer fees taken off, micro-dollars.
        payouts: How many.
        first_payout: The day of the first, 0 without one.
        reduced: Days that the scaling plan allowed at a smaller size only, or not at all.
    """

    cause: NDArray[np.int8]
    days: Ints
    profit: Ints
    paid: Ints
    payouts: Ints
    first_payout: Ints
    reduced: Ints


def walk_attempts(days: DayTable, order: NDArray[np.integer], limits: Limits) -> Outcomes:
    """Walk attempts through their days.

    Args:
        days: The days there are, n of them.
        order: Which day each attempt lives through, shape (m, h), values in [0, n); a negative one ends the attempt there.
        limits: The rules of the account.
    """
    count, horizon = order.shape
    walk = _Walk(days, limits, count)
    for number in range(horizon):
        if not walk.day(order[:, number], number + 1):
            break
    return walk.outcomes()


def trace_attempts(days: DayTable, order: NDArray[np.integer], limits: Limits) -> Ints:
    """The profit of attempts at the end of each of their days, one that has ended staying where it ended.

    Args:
        days, order, limits: As for `walk_attempts`.

    Returns:
        Micro-dollars as in `Outcomes.profit`, shape (m, h + 1); the first is 0.
    """
    count, horizon = order.shape
    walk = _Walk(days, limits, count)
    found = np.zeros((count, horizon + 1), np.int64)
    for number in range(horizon):
        going = walk.day(order[:, number], number + 1)
        found[:, number + 1 :] = walk.ended.profit[:, None]
        if not going:
            break
    return found


class _Walk:
    """The attempts that are still open, in arrays that shrink as attempts end."""

    def __init__(self, days: DayTable, limits: Limits, count: int) -> None:
        self.days, self.limits = days, limits
        self.most_days = None if limits.max_days is None else max(1, floor(limits.max_days * TRADING_DAYS))
        self.alive = np.arange(count)
        self.equity = np.full(count, limits.start, np.int64)
        self.floor = np.full(count, limits.first_floor, np.int64)
        self.best = np.zeros(count, np.int64)
        self.traded = np.zeros(count, np.int64)
        self.ended = Outcomes(np.zeros(count, np.int8), *(np.zeros(count, np.int64) for _ in range(6)))
        self.window = _Windows(limits.payout, count) if limits.payout is not None else None

    def day(self, index: NDArray[np.integer], number: int) -> bool:
        """Walk one day of all open attempts; False when none is left."""
        limits = self.limits
        row: NDArray[np.integer] = index[self.alive]
        if (gone := row < 0).any():
            self._end(gone, OPEN, number - 1, self.equity)
            row = row[~gone]
        if self.days.lots is not None and limits.scaling:
            row = self._fitted(row, self.days.lots)
        net, low, traded = self.days.net[row], self.days.low[row], self.days.traded[row]
        cause = self._breaches(row, net, low)
        lowest = self.equity + low
        self._raise_floor(net, self.days.high[row])
        self.equity = self.equity + net
        self.best = np.maximum(self.best, net)
        self.traded = self.traded + traded
        if limits.target is not None:
            cause[(cause == OPEN) & self._passes()] = PASSED
        if self.most_days is not None and number >= self.most_days:
            cause[cause == OPEN] = TOO_LATE
        if self.window is not None:
            self._pay(net, traded, cause == OPEN, number)
        over = cause != OPEN
        if over.any():
            failed = (cause == MAX_LOSS) | (cause == DAILY_LOSS)
            self._end(over, cause[over], number, np.where(failed, lowest, self.equity))
        self.ended.days[self.alive] = number
        self.ended.profit[self.alive] = self.equity - limits.start
        return bool(len(self.alive))

    def outcomes(self) -> Outcomes:
        """What became of them all."""
        return self.ended

    def _fitted(self, row: NDArray[np.integer], lots: Ints) -> Ints:
        """The rows of days at the largest multiple that the scaling plan allows, by the balance at the close before."""
        starts, allowed = np.array(self.limits.scaling, np.int64).T
        reached = np.maximum(np.searchsorted(starts, self.equity - self.limits.start, "right") - 1, 0)
        held = lots[row]
        times: Ints = np.minimum(allowed[reached] // np.maximum(held, 1), self.days.most)
        times[held == 0] = self.days.most
        self.ended.reduced[self.alive[times < self.days.most]] += 1
        return times * len(lots) + row

    def _breaches(self, row: NDArray[np.integer], net: Ints, low: Ints) -> NDArray[np.int8]:
        limits = self.limits
        cause = np.zeros(len(row), np.int8)
        if limits.daily is not None and limits.daily_fails:
            cause[low <= -limits.daily] = DAILY_LOSS
        if limits.distance is not None:
            touch = 0 if limits.touch else 1
            worst = self.equity + (low if limits.live else net)
            broken = worst <= self.floor - touch
            if limits.trail in ("balance", "equity"):
                deep = self.days.deep[row]
                broken |= (deep < NEVER) & (self.equity + deep <= limits.lock - touch)
            cause[broken & (limits.live | (cause == OPEN))] = MAX_LOSS  # a hard daily limit acts before the close
        return cause

    def _raise_floor(self, net: Ints, high: Ints) -> None:
        limits = self.limits
        if limits.distance is None or limits.trail == "static":
            return
        seen = self.equity + (net if limits.trail == "end_of_day" else high)
        self.floor = np.maximum(self.floor, np.minimum(seen - limits.distance, limits.lock))

    def _passes(self) -> NDArray[np.bool_]:
        limits = self.limits
        profit = self.equity - limits.start
        good = (profit >= (limits.target or 0)) & (self.traded >= limits.min_days)
        if limits.share is not None:
            good &= _within(self.best, profit, limits.share, inclusive=limits.inclusive)
        return good

    def _pay(self, net: Ints, traded: NDArray[np.bool_], may: NDArray[np.bool_], number: int) -> None:
        """Take out what the rules allow as soon as they allow it; the request's day does not count for the next window."""
        window, terms = self.window, self.limits.payout
        assert window is not None  # noqa: S101 - the caller has looked
        assert terms is not None  # noqa: S101
        gross = np.where(may, window.request(net, traded, self.equity - self.limits.start), 0)
        now = gross > 0
        if not now.any():
            return
        self.equity = self.equity - gross
        if terms.floor_after is not None:
            self.floor = np.where(now, np.maximum(self.floor, terms.floor_after), self.floor)
        who = self.alive[now]
        self.ended.paid[who] += window.take(gross, now)
        self.ended.payouts[who] += 1
        first = self.ended.first_payout[who]
        self.ended.first_payout[who] = np.where(first == 0, number, first)

    def _end(self, over: NDArray[np.bool_], cause: int | NDArray[np.int8], number: int, equity: Ints) -> None:
        who, left = self.alive[over], ~over
        self.ended.cause[who] = cause
        self.ended.days[who] = number
        self.ended.profit[who] = equity[over] - self.limits.start
        self.alive = self.alive[left]
        for name in ("equity", "floor", "best", "traded"):
            setattr(self, name, getattr(self, name)[left])
        if self.window is not None:
            self.window.keep(left)


class _Windows:
    """The days since the last payout, of each open attempt."""

    def __init__(self, terms: PayoutTerms, count: int) -> None:
        self.terms = terms
        self.good, self.net, self.best, self.gross, self.number = (np.zeros(count, np.int64) for _ in range(5))

    def request(self, net: Ints, traded: NDArray[np.bool_], profit: Ints) -> Ints:
        """Take a day into the windows; what can be taken out at its end, 0 where nothing can."""
        terms = self.terms
        self.good = self.good + (traded if terms.day_min is None else net >= terms.day_min)
        self.net = self.net + net
        self.best = np.maximum(self.best, net)
        part, whole = terms.balance_share
        most = np.minimum(np.maximum(profit, 0) * part // whole, terms.cap)
        may = (self.good >= terms.days) & (most >= max(terms.minimum, 1)) & (self.number < terms.most)
        if terms.share is not None:
            may &= _within(self.best, self.net, terms.share, inclusive=True)
        return np.where(may, most, 0)

    def take(self, gross: Ints, now: NDArray[np.bool_]) -> Ints:
        """Start the windows of those who are paid anew; what reaches them."""
        terms = self.terms
        asked, before = gross[now], self.gross[now]
        full = np.clip(terms.full_first - before, 0, asked)
        part, whole = terms.split
        reached = full + (asked - full) * part // whole - terms.transfer_fee
        self.gross[now] += asked
        self.number[now] += 1
        for column in (self.good, self.net, self.best):
            column[now] = 0
        return reached

    def keep(self, left: NDArray[np.bool_]) -> None:
        """Drop the attempts that have ended."""
        for name in ("good", "net", "best", "gross", "number"):
            setattr(self, name, getattr(self, name)[left])


def _within(best: Ints, total: Ints, share: tuple[int, int], *, inclusive: bool) -> NDArray[np.bool_]:
    """Whether the best day's share of a total above 0 is small enough."""
    part, whole = share
    small = best * whole <= total * part if inclusive else best * whole < total * part
    return small & (total > 0)
