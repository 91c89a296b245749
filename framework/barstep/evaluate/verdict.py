"""One plan over one record: attempts in a row, the floor at every bar, the smallest headroom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from barstep.rules.walk import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from barstep.evaluate.record import Record
    from barstep.rules.account_limits import Limits
    from barstep.rules.day import DayBars
    from barstep.rules.walk import BarFloors


@dataclass(slots=True)
class Attempt:
    """One account from its first day on.

    Attributes:
        number: Counted from 1.
        account: The account as it stands at its end.
    """

    number: int
    account: Account

    @property
    def first_day(self) -> date:
        """Its first trade date."""
        return self.account.days[0].date

    @property
    def last_day(self) -> date:
        """Its last trade date so far."""
        return self.account.days[-1].date


@dataclass(slots=True)
class Series:
    """Attempts in a row under one set of limits: a new one begins on the day after one has passed or failed."""

    limits: Limits
    cost: int
    kindest: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    def day(self, day: DayBars) -> BarFloors:
        """Walk a day in the present attempt, or in a new one."""
        if not self.attempts or self.attempts[-1].account.status != "open":
            account = Account(self.limits, self.cost, self.kindest)
            self.attempts.append(Attempt(len(self.attempts) + 1, account))
        return self.attempts[-1].account.day(day)

    @property
    def first(self) -> Account:
        """The first attempt."""
        return self.attempts[0].account

    def outcome(self) -> list[tuple[object, ...]]:
        """What two readings are compared by: how each attempt ended, on which day, by which rule."""
        return [
            (a.account.status, a.last_day, a.account.failure.rule if a.account.failure else "") for a in self.attempts
        ]


def walk_record(
    record: Record,
    series: Iterable[Series],
    each_day: Callable[[DayBars], object] | None = None,
    floors: Callable[[DayBars, Attempt, BarFloors], object] | None = None,
) -> int:
    """Walk a record once through several series at the same time, so that memory holds one day.

    Args:
        record: The record.
        series: The series; the first one's bars are handed to `floors`.
        each_day: Called with every day.
        floors: Called with every day, its attempt and the floor at its bars.

    Returns:
        Bars that were walked.
    """
    walkers, bars = list(series), 0
    for day in record.days():
        bars += len(day.end_ns)
        for place, one in enumerate(walkers):
            table = one.day(day)
            if place == 0 and floors is not None:
                floors(day, one.attempts[-1], table)
        if each_day is not None:
            each_day(day)
    return bars
