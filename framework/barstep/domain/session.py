"""Trading hours and trading days.

A session is one trading day: for CME products it opens at 17:00 in Chicago the evening before its date, and a holiday
on which trading only pauses belongs to the next trading day, as the exchange counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NS = 1_000_000_000
"""Nanoseconds in a second."""


def to_datetime(ns: int, zone: ZoneInfo) -> datetime:
    """UTC nanoseconds as an aware datetime of a zone (whole microseconds)."""
    seconds, rest = divmod(ns, NS)
    return datetime.fromtimestamp(seconds, zone) + timedelta(microseconds=rest // 1000)


@dataclass(frozen=True, slots=True)
class SessionHours:
    """The weekly hours of a product, in its exchange's zone.

    Attributes:
        name: Key of the packaged table, or `inline`.
        zone: IANA name.
        spans: Open and close of each stretch of one trading day, in minutes from local midnight of the trade date; a
            stretch that starts the evening before is negative: (-420, 960) is 17:00 to 16:00.
        weekdays: Trade dates that exist, Monday is 0.
        regular: Regular hours in minutes from midnight, or None when the product has none.
        calendar: Name of the holiday table, or None for no holidays.
        earlier: Older patterns as (last trade date, spans), oldest first; `spans` holds after the last of them.
        weekend_trades: True when the time between two trade dates trades too and belongs to the later one, as long as
            `spans` holds.
    """

    name: str
    zone: str
    spans: tuple[tuple[int, int], ...]
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    regular: tuple[int, int] | None = None
    calendar: str | None = None
    earlier: tuple[tuple[date, tuple[tuple[int, int], ...]], ...] = ()
    weekend_trades: bool = False


@dataclass(slots=True, eq=False)
class Session:
    """One trading day.

    Attributes:
        date: The trade date.
        zone: The exchange's zone.
        spans: Open and close of each stretch, UTC nanoseconds, in time order.
        regular: Regular open and close, UTC nanoseconds; None where the day has no regular hours.
        early_close: True when the day ends before its usual time.
        clock_ns: The replay's clock when the session was handed out; `minute` counts up to it.
    """

    date: date
    zone: ZoneInfo
    spans: tuple[tuple[int, int], ...]
    regular: tuple[int, int] | None
    early_close: bool
    clock_ns: int = 0

    @property
    def open_ns(self) -> int:
        """The session's open, UTC nanoseconds."""
        return self.spans[0][0]

    @property
    def close_ns(self) -> int:
        """The session's close, UTC nanoseconds."""
        return self.spans[-1][1]

    @property
    def open(self) -> datetime:
        """The session's open."""
        return to_datetime(self.open_ns, self.zone)

    @property
    def close(self) -> datetime:
        """The session's close."""
        return to_datetime(self.close_ns, self.zone)

    @property
    def regular_open(self) -> datetime | None:
        """Open of the regular hours (08:30 Chicago for the equity indices), if the day has any."""
        return to_datetime(self.regular[0], self.zone) if self.regular else None

    @property
    def regular_close(self) -> datetime | None:
        """Close of the regular hours, if the day has any."""
        return to_datetime(self.regular[1], self.zone) if self.regular else None

    def at(self, clock: time) -> datetime:
        """A time of day inside the session; one later than the close belongs to the evening before."""
        moment = self.close.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
        before = moment - timedelta(days=1)
        return before if moment > self.close and before >= self.open else moment

    def flat_moments(self, clock: time, before_pause: int = 0) -> list[int]:
        """When a flat time falls in this trading day, UTC nanoseconds.

        A holiday whose trading only pauses belongs to the next trading day: it has a moment of its own, its flat time or
        so many minutes before the pause, whichever comes first.
        """
        moments = []
        for _, close_ns in self.spans[:-1]:
            pause = to_datetime(close_ns, self.zone)
            if pause.date() < self.date:
                flat = pause.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
                moments.append(min(_ns(flat), close_ns - before_pause * 60 * NS))
        return [*moments, _ns(self.at(clock))]

    def is_past(self, clock: time, before_pause: int = 0) -> bool:
        """Whether the replay's clock stands between a flat time and the next session, or a holiday's next stretch.

        Args:
            clock: The flat time, in the exchange's zone.
            before_pause: Minutes before a holiday's pause, if that comes earlier.
        """
        return any(start <= self.clock_ns <= end for start, end in self.flat_spans(clock, before_pause))

    def flat_spans(self, clock: time, before_pause: int = 0) -> list[tuple[int, int]]:
        """How long each flat moment holds, both ends included, UTC nanoseconds.

        A holiday's holds until trading pauses, the trading day's own until its close, also past a halt of some minutes.
        """
        *holidays, own = self.flat_moments(clock, before_pause)
        pauses = [next(close for _, close in self.spans if close >= moment) for moment in holidays]
        return [*zip(holidays, pauses, strict=True), (own, self.close_ns)]

    @property
    def minute(self) -> int:
        """Whole minutes from the session's open to the replay's clock."""
        return (self.clock_ns - self.open_ns) // (60 * NS)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS
