"""Trading days of a product: which exist, when they trade, and which one a bar belongs to."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from barstep.data.hours import DAY, holiday_calendar
from barstep.domain.errors import ConfigError
from barstep.domain.session import NS, Session, SessionHours, to_datetime

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOOK_BACK = 12  # days: longer than any run of days without a session
_ONE = timedelta(days=1)

Spans = tuple[tuple[int, int], ...]
DayHours = tuple[Spans, tuple[int, int] | None, bool]


class SessionTable:
    """The sessions of some trading hours, made when asked for and then kept.

    A session belongs to one trade date. Its trading day runs from its open to the next session's open, so a bar in
    a break belongs to the session before the break; a holiday on which trading only halts lends its stretch to the
    next trade date.

    Args:
        hours: The weekly hours; their holiday table is looked up by name.
    """

    def __init__(self, hours: SessionHours) -> None:
        if not hours.weekdays:
            raise ConfigError(f"trading hours {hours.name!r} have no weekday")
        self.hours = hours
        self.zone = ZoneInfo(hours.zone)
        self._calendar = holiday_calendar(hours.calendar)
        self._known = _known_days(hours)
        self._made: dict[date, Session | None] = {}

    def on(self, day: date) -> Session | None:
        """The session of a trade date, or None when that date has none."""
        if day not in self._made:
            if day not in self._known:
                self._known[day] = self._hours_on(day)
            known = self._known[day]
            self._made[day] = None if known is None else Session(day, self.zone, *known)
        return self._made[day]

    def first_from(self, day: date) -> Session:
        """The first session whose trade date is `day` or later."""
        for offset in range(_LOOK_BACK):
            found = self.on(day + offset * _ONE)
            if found:
                return found
        raise ConfigError(f"trading hours {self.hours.name!r} have no session in {_LOOK_BACK} days from {day}")

    def after(self, session: Session) -> Session:
        """The session that follows one."""
        return self.first_from(session.date + _ONE)

    def between(self, start_ns: int, end_ns: int) -> list[Session]:
        """The sessions whose trading day meets [start_ns, end_ns], in order; never empty.

        The first is the session that `start_ns` belongs to, the last the one that `end_ns` belongs to.

        Args:
            start_ns: UTC nanoseconds.
            end_ns: UTC nanoseconds, not before `start_ns`.
        """
        day = self._day(start_ns) - _LOOK_BACK * _ONE
        last = self._day(end_ns) + _LOOK_BACK * _ONE
        found: list[Session] = []
        while day <= last:
            session = self.on(day)
            if session:
                found.append(session)
            day += _ONE
        opens = [session.open_ns for session in found]
        return found[max(bisect_right(opens, start_ns) - 1, 0) : bisect_right(opens, end_ns)]

    def locate(self, start_ns: NDArray[np.int64]) -> tuple[list[Session], NDArray[np.int64], NDArray[np.bool_]]:
        """The session of each bar.

        Args:
            start_ns: Starts of bars in ascending order, UTC nanoseconds, shape (n,).

        Returns:
            The sessions the bars fall in (in order), the index into them per bar, shape (n,), and whether the
            bar's start lies in a stretch of trading, shape (n,).
        """
        if not len(start_ns):
            return [], np.empty(0, np.int64), np.empty(0, np.bool_)
        sessions = self.between(int(start_ns[0]), int(start_ns[-1]))
        flat = [(opens, closes, k) for k, session in enumerate(sessions) for opens, closes in session.spans]
        opens, closes, owner = np.array(flat, np.int64).T
        rows = np.diff(np.searchsorted(start_ns, opens[1:]), prepend=0, append=len(start_ns))  # of each stretch
        return sessions, owner.repeat(rows), start_ns < closes.repeat(rows)

    def bounds(self, first: date | None, last: date | None) -> tuple[int | None, int | None]:
        """Trade dates, both inclusive, as UTC nanoseconds [start, end); None leaves a side open.

        The end is the next session's open, so that bars in the break after the last session are included.
        """
        start = None if first is None else self.first_from(first).open_ns
        end = None if last is None else self.first_from(last + _ONE).open_ns
        return start, end

    def beyond_calendar(self, start_ns: int, end_ns: int) -> str | None:
        """A warning when a range leaves the dates for which the holiday table holds, else None."""
        table = self._calendar
        if table.first <= self._day(start_ns) and self._day(end_ns) <= table.last:
            return None
        return (
            f"the holiday table {self.hours.calendar!r} holds from {table.first} to {table.last}; outside it every "
            "weekday counts as an ordinary session with the hours of the nearest time known"
        )

    def _day(self, ns: int) -> date:
        return to_datetime(ns, self.zone).date()

    def _pattern(self, day: date) -> Spans:
        for last, spans in self.hours.earlier:
            if day <= last:
                return spans
        return self.hours.spans

    def _ns(self, day: date, minute: int) -> int:
        """UTC nanoseconds of a clock time, counted in minutes from a day's midnight."""
        local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        return int(local.replace(tzinfo=self.zone).timestamp()) * NS

    def _stretches(self, day: date, until: int | None, since: int = -DAY) -> list[tuple[int, int]]:
        """The stretches of one calendar entry, cut at two minutes of the day, in UTC nanoseconds."""
        cut = DAY if until is None else until
        eve = day - _ONE
        usual_eve = eve.weekday() in self.hours.weekdays and eve not in self._calendar.days
        return [
            (self._ns(day, max(opens, since)), self._ns(day, min(closes, cut)))
            for opens, closes in self._pattern(day)
            # a stretch wholly on the day before needs an ordinary day there: no Sunday or holiday afternoons
            if opens < cut and closes > since and (closes > 0 or usual_eve)
        ]

    def _hours_on(self, day: date) -> DayHours | None:
        """Stretches of trading, regular hours and whether it ends early, of a trade date; None when that date has none."""
        holiday = self._calendar.days.get(day)
        if day.weekday() not in self.hours.weekdays or (holiday and holiday.kind in ("closed", "halt")):
            return None
        until = holiday.minute if holiday else None
        since = holiday.opens if holiday and holiday.opens is not None else -DAY
        spans = self._lent(day) + self._stretches(day, until, since)
        if self.hours.weekend_trades and self._pattern(day) is self.hours.spans:
            spans[0] = (self._previous_close(day, spans[0][0]), spans[0][1])
        usual = self._pattern(day)[-1][1]
        return tuple(spans), self._regular(day, until), until is not None and until < usual

    def _lent(self, day: date) -> list[tuple[int, int]]:
        """The stretches of the halted holidays just before a trade date."""
        spans: list[tuple[int, int]] = []
        for offset in range(1, _LOOK_BACK):
            before = day - offset * _ONE
            if before.weekday() not in self.hours.weekdays:
                continue
            holiday = self._calendar.days.get(before)
            if holiday is None or holiday.kind in ("early", "hours"):
                break
            if holiday.kind == "halt":
                spans = self._stretches(before, holiday.minute) + spans
        return spans

    def _previous_close(self, day: date, fallback: int) -> int:
        """The close of the trade date before; holidays in between trade as part of this one."""
        for offset in range(1, _LOOK_BACK):
            before = day - offset * _ONE
            holiday = self._calendar.days.get(before)
            if before.weekday() in self.hours.weekdays and (holiday is None or holiday.kind in ("early", "hours")):
                usual = self._pattern(before)[-1][1]
                return self._ns(before, usual if holiday is None or holiday.minute is None else holiday.minute)
        return fallback

    def _regular(self, day: date, until: int | None) -> tuple[int, int] | None:
        if self.hours.regular is None:
            return None
        opens, closes = self.hours.regular
        closes = min(closes, self._pattern(day)[-1][1], DAY if until is None else until)
        return (self._ns(day, opens), self._ns(day, closes)) if opens < closes else None


@lru_cache(maxsize=64)
def _known_days(hours: SessionHours) -> dict[date, DayHours | None]:  # noqa: ARG001  the key of the cache
    """What is known of the dates of some hours: every table of them reads it, and makes sessions of its own from it."""
    return {}


def utc_text(ns: int) -> str:
    """UTC nanoseconds as ISO 8601 text with `Z`, for messages; fractions only where there are any."""
    moment = datetime.fromtimestamp(ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = ns % NS
    return f"{moment}.{rest:09d}".rstrip("0") + "Z" if rest else f"{moment}Z"
