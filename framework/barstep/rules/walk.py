"""One account walked through its days, bar by bar: floor, headroom, verdict. The vectorised form is in `attempts.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from barstep.rules.account_limits import NEVER
from barstep.rules.day import daily_stop, first_bars, stopped_day

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from barstep.rules.account_limits import Limits
    from barstep.rules.day import DayBars

    Ints = NDArray[np.int64]

Status = Literal["open", "passed", "failed"]


class Headroom(NamedTuple):
    """The nearest that equity came to the floor: when, both in micro-dollars."""

    end_ns: int
    equity: int
    floor: int

    @property
    def room(self) -> int:
        """Micro-dollars between them; 0 or less is a breach."""
        return self.equity - self.floor


class Failure(NamedTuple):
    """What ended an account.

    Attributes:
        rule: `max_loss_limit`, `daily_loss_limit` or `max_days`.
        day: The trade date.
        end_ns: End of the bar, UTC nanoseconds.
        equity, level: Lowest equity of that bar and the level it reached, micro-dollars.
    """

    rule: str
    day: date
    end_ns: int
    equity: int
    level: int


@dataclass(slots=True)
class DayEnd:
    """A day of an account after it is over; money in micro-dollars.

    Attributes:
        date: The trade date.
        net: The change of the balance; up to its stop or, with the position open then, its breach.
        balance: Balance at its end; equity at a breach.
        floor: The floor at its end, after it has moved; -NEVER without one.
        traded: Whether a fill happened.
        stopped_ns: End of the bar in which a soft daily loss limit stopped it, or 0.
        room: The day's smallest headroom, None without a floor.
    """

    date: date
    net: int
    balance: int
    floor: int
    traded: bool
    stopped_ns: int = 0
    room: int | None = None


class BarFloors(NamedTuple):
    """The bars of one day as the account saw them, for a table: all in micro-dollars of the account, shape (n,)."""

    end_ns: Ints
    equity: Ints
    low: Ints
    high: Ints
    floor: Ints


@dataclass(slots=True)
class Account:
    """The state of one attempt. Feed it days until `status` is no longer `open`.

    Attributes:
        limits: The rules.
        cost: Micro-dollars to close one contract by force.
        kindest: True to read each bar in the most favourable order: its low before its high, and a balance that it
            realised only from the next bar on.
        status: `open`, `passed` or `failed`.
        floor: The floor in force; it never falls.
        days: What has happened, one entry per day.
        failure: What ended it, if it failed.
        nearest: The smallest headroom so far, None without a floor.
        best_day: The largest net result of a day, 0 when none was above.
        traded_days: Days with a fill.
    """

    limits: Limits
    cost: int = 0
    kindest: bool = False
    status: Status = "open"
    floor: int = 0
    days: list[DayEnd] = field(default_factory=list)
    failure: Failure | None = None
    nearest: Headroom | None = None
    best_day: int = 0
    traded_days: int = 0
    _room: int | None = None
    _shift: int = 0
    _first: date | None = None

    def __post_init__(self) -> None:
        self.floor = self.limits.first_floor

    @property
    def balance(self) -> int:
        """The balance at the end of the last day."""
        return self.days[-1].balance if self.days else self.limits.start

    @property
    def profit(self) -> int:
        """Balance less start balance."""
        return self.balance - self.limits.start

    @property
    def needed(self) -> int:
        """The profit that would pass as things stand."""
        return self.limits.needed(self.best_day)

    def day(self, day: DayBars) -> BarFloors:
        """Walk one day.

        Returns:
            Equity and floor at every bar, up to the bar that ended the day or the account.
        """
        if not self.days:
            self._shift, self._first = self.limits.start - day.open, day.date
        limits, shift = self.limits, self._shift
        given = day.kindest or day if self.kindest else day
        stop = daily_stop(given, limits, self.cost) if limits.daily is not None else None
        seen, hard = given, stop is not None and limits.daily_fails
        if stop is not None:
            seen = first_bars(given, stop.bar + 1) if hard else stopped_day(given, stop)
        floors, met = self._floors(seen)
        breach = self._breach(seen, floors, met) if limits.live or not hard else None  # a hard stop precedes the close
        if breach is not None:
            self._fail("max_loss_limit", seen, breach, int(met[breach]), floors)
        elif stop is not None and hard:
            self._fail("daily_loss_limit", seen, stop.bar, day.open - (limits.daily or 0) + shift, floors)
        else:
            self._close(given, seen, 0 if stop is None else int(seen.end_ns[-1]), floors)
        rows = slice(0, len(floors) if breach is None else breach + 1)
        equity, low, high = (column[rows] + shift for column in (seen.close, seen.low, seen.high))
        return BarFloors(seen.end_ns[rows], equity, low, high, floors[rows])

    def _floors(self, day: DayBars) -> tuple[Ints, Ints]:
        """The floor at each bar's end, and the one that each bar's low met."""
        limits, shift = self.limits, self._shift
        seen, first = (day.balance, day.open_balance) if limits.trail == "balance" else (day.high, day.open)
        floors = limits.floors(self.floor, seen + shift, first + shift)
        if not self.kindest or limits.trail not in ("balance", "equity"):
            return floors, floors
        before = np.concatenate(([limits.next_floor(self.floor, first + shift)], floors[:-1]))
        return floors, before

    def _breach(self, day: DayBars, floors: Ints, met: Ints) -> int | None:
        """The first bar that breaches the floor; notes the smallest headroom on the way."""
        limits = self.limits
        if limits.distance is None:
            return None
        if not limits.live:
            equity = int(day.close[-1]) + self._shift
            self._near(int(day.end_ns[-1]), equity, self.floor)
            return len(day.end_ns) - 1 if equity <= limits.breached(self.floor) else None
        room = day.low + self._shift - met
        if self.kindest and limits.trail == "equity":
            room = np.minimum(room, day.close + self._shift - floors)
        bad = room <= (0 if limits.touch else -1)
        breach = int(bad.argmax())
        upto = breach + 1 if bad[breach] else len(room)
        least = int(room[:upto].argmin())
        self._near(int(day.end_ns[least]), int(room[least]) + int(floors[least]), int(floors[least]))
        return breach if bad[breach] else None

    def _near(self, end_ns: int, equity: int, floor: int) -> None:
        found = Headroom(end_ns, equity, floor)
        self._room = found.room
        if self.nearest is None or found.room < self.nearest.room:
            self.nearest = found

    def _fail(self, rule: str, day: DayBars, bar: int, level: int, floors: Ints) -> None:
        lowest = int(day.low[bar]) + self._shift
        equity = int(day.close[bar]) + self._shift if not self.limits.live and rule == "max_loss_limit" else lowest
        self.status = "failed"
        self.failure = Failure(rule, day.date, int(day.end_ns[bar]), equity, level)
        self._end(DayEnd(day.date, equity - self.balance, equity, int(floors[bar]), day.traded))

    def _close(self, given: DayBars, seen: DayBars, stopped_ns: int, floors: Ints) -> None:
        limits = self.limits
        end = int(seen.balance[-1]) + self._shift
        self.floor = int(floors[-1])
        if limits.trail == "end_of_day":
            self.floor = limits.next_floor(self.floor, end)
        self._end(DayEnd(given.date, end - self.balance, end, self.floor, given.traded, stopped_ns))
        if stopped_ns:  # the day ended flat: what the ledger made of its rest did not happen
            self._shift += int(seen.close[-1]) - int(given.close[-1])
        if self._passes(int(seen.position[-1])):
            self.status = "passed"
        elif self._time_is_up(given.date):
            self.status = "failed"
            self.failure = Failure("max_days", given.date, int(given.end_ns[-1]), end, limits.start + self.needed)

    def _end(self, day: DayEnd) -> None:
        day.room, self._room = self._room, None
        self.days.append(day)
        self.best_day = max(self.best_day, day.net)
        self.traded_days += day.traded

    def _time_is_up(self, day: date) -> bool:
        most = self.limits.max_days
        return most is not None and self._first is not None and (day - self._first).days + 1 >= most

    def _passes(self, position: int) -> bool:
        limits = self.limits
        if limits.target is None or position or self.traded_days < limits.min_days:
            return False
        return self.profit >= self.needed


def open_floor(floor: int) -> int | None:
    """A floor, or None where there is none."""
    return None if floor <= -NEVER else floor
