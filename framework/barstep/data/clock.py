"""The clock of a file: which zone its times are in, and whether they stamp a bar's open or its close.

Markets close every day, and what the clock shows then is evidence. Each zone and stamp side is tried; under the right one
no bar falls into a break, a weekend or a holiday, while under every other one bars do, day after day. Where two readings
fit, or none, nothing is proved. Zones that put every bar at the same instant count as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from barstep.domain.errors import ConfigError
from barstep.domain.session import NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.data.forms import Stamp
    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import Timeframe

ZONES = (
    "UTC", "America/Chicago", "America/New_York", "America/Denver", "America/Los_Angeles", "Europe/London", "Europe/Berlin",
    "Europe/Helsinki", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Australia/Sydney", "Etc/GMT+5", "Etc/GMT+6",
)  # fmt: skip
"""Zones that exports come in, likely ones first; the last two are New York and Chicago without daylight saving."""

_DAY = 86_400 * NS
_EDGE = 900 * NS  # gaps from this length on are where sessions may end
_SPACING = 600 * NS  # of the bars looked at inside a stretch: no break is shorter than 15 minutes
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read the clock, and how many days of the file speak against it."""

    zone: str
    stamp: Stamp
    bad_days: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the session breaks say.

    Attributes:
        proved: The one reading that fits, or None.
        rivals: Other readings that fit as well, or the best ones where none does.
        days: Days that were looked at.
    """

    proved: Reading | None
    rivals: tuple[Reading, ...]
    days: int


def to_utc(local: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Times as a zone's clock shows them, in UTC; an hour that comes twice counts as its first.

    Args:
        local: Nanoseconds since 1970 as the clock shows, in any order, shape (n,).
        zone: IANA name.
    """
    if not len(local) or zone == "UTC":
        return local
    starts, offsets = _offsets(int(local.min()), int(local.max()), zone)
    found: NDArray[np.int64] = local - offsets[np.searchsorted(starts, local, side="right") - 1]
    return found


def check_zone(zone: str) -> None:
    """Refuse what is no IANA zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"--zone: found {zone!r}, expected an IANA zone such as America/Chicago") from None


def repeated_hours(local: NDArray[np.int64], zone: str) -> NDArray[np.bool_]:
    """Which local times a clock change skips or repeats, shape (n,)."""
    if not len(local) or zone == "UTC":
        return np.zeros(len(local), np.bool_)
    starts, offsets = _offsets(int(local.min()), int(local.max()), zone)
    odd = np.zeros(len(local), np.bool_)
    for at, before, after in zip(starts[1:].tolist(), offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        odd |= (local >= at - abs(after - before)) & (local < at)
    return odd


def prove(
    local: NDArray[np.int64], length: int, sessions: SessionTable, *, fixed_zone: str | None = None,
    fixed_stamp: Stamp | None = None,
) -> Verdict:  # fmt: skip
    """Try every reading of a clock.

    Args:
        local: The stamps as the clock shows, ascending, nanoseconds, shape (n,).
        length: Length of a bar, nanoseconds.
        sessions: Trading days of the instrument.
        fixed_zone, fixed_stamp: What is known already.
    """
    sample = _telling(np.unique(local), length)
    days = len(np.unique(sample // _DAY))
    found: dict[bytes, Reading] = {}
    stamps: tuple[Stamp, ...] = (fixed_stamp,) if fixed_stamp else ("open", "close")
    for zone in (fixed_zone,) if fixed_zone else dict.fromkeys((sessions.hours.zone, *ZONES)):
        for stamp in stamps:
            start = to_utc(sample, zone) - (length if stamp == "close" else 0)
            key = start.tobytes()
            if key not in found:
                found[key] = Reading(zone, stamp, _bad_days(start, sample, sessions))
    ranked = sorted(found.values(), key=lambda reading: reading.bad_days)
    best, allowed = ranked[0], days // 50
    needed = disproved_from(best, days)
    rivals = tuple(reading for reading in ranked[1:] if reading.bad_days < needed)
    if best.bad_days > allowed or rivals or days < _LEAST:
        return Verdict(None, tuple(ranked[:4]) if best.bad_days > allowed else (best, *rivals), days)
    return Verdict(best, (), days)


def disproved_from(best: Reading, days: int) -> int:
    """So many days against it disprove a reading, where another is the best one."""
    return max(_LEAST, 5 * best.bad_days, days // 50)


def bad_days(local: NDArray[np.int64], length: int, sessions: SessionTable, zone: str, stamp: Stamp) -> int:
    """Days on which a reading puts bars into breaks, weekends or holidays; arguments as for `prove`."""
    sample = _telling(np.unique(local), length)
    return _bad_days(to_utc(sample, zone) - (length if stamp == "close" else 0), sample, sessions)


def misread(start: NDArray[np.int64], timeframe: Timeframe, sessions: SessionTable, zone: str, stamp: Stamp) -> str:
    """Words about bars that fall into breaks of trading while another reading of their clock would leave none there.

    Args:
        start: Starts of bars as they were read, ascending, UTC nanoseconds, shape (n,).
        timeframe: Length of a bar.
        sessions: Trading days of the instrument.
        zone, stamp: How the clock was read.
    """
    if timeframe.seconds * NS >= _DAY or not len(start) or sessions.locate(start)[2].all():
        return ""
    local = to_local(start + (timeframe.ns if stamp == "close" else 0), zone)
    verdict = prove(local, timeframe.ns, sessions)
    best, bad = verdict.proved, bad_days(local, timeframe.ns, sessions, zone, stamp)
    if best is None or bad < disproved_from(best, verdict.days):
        return ""
    return (
        f"read as {zone} with {stamp} stamps, bars fall into breaks of trading on {bad} of {verdict.days} days; as "
        f"{best.zone} with {best.stamp} stamps they do not: declare zone: {best.zone} and stamp: {best.stamp}"
    )


def to_local(utc: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """UTC times as a zone's clock shows them, both in nanoseconds, shape (n,)."""
    if not len(utc) or zone == "UTC":
        return utc
    starts, offsets = _offsets(int(utc.min()) - _DAY, int(utc.max()) + _DAY, zone)
    changes = starts[1:] - np.maximum(offsets[:-1], offsets[1:])
    found: NDArray[np.int64] = utc + offsets[np.searchsorted(changes, utc, side="right")]
    return found


def _bad_days(start: NDArray[np.int64], local: NDArray[np.int64], sessions: SessionTable) -> int:
    order = np.argsort(start, kind="stable")
    _, _, inside = sessions.locate(start[order])
    return len(np.unique(local[order][~inside] // _DAY))


def _telling(local: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """The bars at the edges of gaps, and of the others one now and then."""
    gaps = np.diff(local)
    edge = np.zeros(len(local), np.bool_)
    wide = gaps >= max(_EDGE, 2 * length)
    edge[:-1] |= wide
    edge[1:] |= wide
    edge[[0, -1]] = False  # a file may begin and end anywhere, also inside a cut bar
    edge[:: max(1, int(_SPACING // max(length, 1)))] = True
    return local[edge]


def _offsets(low: int, high: int, zone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Local times from which on an offset from UTC holds, and the offsets, both in nanoseconds."""
    clock = ZoneInfo(zone)

    def offset(moment: datetime) -> int:
        shift = moment.replace(tzinfo=clock).utcoffset()
        return int((shift or timedelta()).total_seconds()) * NS

    hour = datetime.fromtimestamp((low // NS) - 86_400, UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    end = datetime.fromtimestamp((high // NS) + 86_400, UTC).replace(tzinfo=None)
    starts, offsets = [np.iinfo(np.int64).min], [offset(hour)]
    while hour < end:
        later = hour + timedelta(days=1)
        if offset(later) != offsets[-1]:
            while offset(hour + timedelta(minutes=30)) == offsets[-1]:
                hour += timedelta(minutes=30)
            hour += timedelta(minutes=30)
            starts.append(int(hour.replace(tzinfo=UTC).timestamp()) * NS)
            offsets.append(offset(hour))
        else:
            hour = later
    return np.array(starts, np.int64), np.array(offsets, np.int64)
