"""Checks over the bars of a source, chunk by chunk: what R1 forbids, and what a careful trader would ask about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from barstep.data.checks import ON_GRID, seconds_text
from barstep.data.findings import PLACES, Finding, finding
from barstep.data.sessions import utc_text
from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import BarColumns, Timeframe
    from barstep.domain.instrument import Instrument

    Mask = NDArray[np.bool_]

SPIKE_RANGES = 40.0
"""A bar that is so many usual ranges long, or begins so many away from the one before, is a spike."""
SPIKE_SHARE = 0.01
"""... and at least this share of the price."""
_MOST_TICKS = 2.0**50
_DAY_S = 86_400
_HOUR_NS = 3_600 * NS


@dataclass(slots=True)
class Rows:
    """Rows that are to be checked, all of shape (n,).

    Attributes:
        row: Where each stands in its source.
        start: Start of the bar, UTC nanoseconds, ascending or not.
        prices: Open, high, low and close; NaN where they cannot be read.
        volume: Contracts, or None.
        readable: False where the time or a number cannot be read.
    """

    row: NDArray[np.int64]
    start: NDArray[np.int64]
    prices: dict[str, NDArray[np.float64]]
    volume: NDArray[np.float64] | None
    readable: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    def where(self, mask: Mask) -> Rows:
        """The rows that a mask selects."""
        volume = None if self.volume is None else self.volume[mask]
        prices = {key: values[mask] for key, values in self.prices.items()}
        return Rows(self.row[mask], self.start[mask], prices, volume, self.readable[mask])

    def after(self, earlier: Rows | None) -> Rows:
        """These rows with the last of earlier ones before them."""
        if earlier is None or not len(earlier):
            return self
        join = np.concatenate
        volume = None if self.volume is None or earlier.volume is None else join((earlier.volume[-1:], self.volume))
        prices = {key: join((earlier.prices[key][-1:], values)) for key, values in self.prices.items()}
        return Rows(
            join((earlier.row[-1:], self.row)), join((earlier.start[-1:], self.start)), prices, volume,
            join((earlier.readable[-1:], self.readable)),
        )  # fmt: skip


@dataclass(slots=True)
class Audit:
    """Checks that grow chunk by chunk; `findings` tells them at the end.

    Args:
        instrument: Whose tick grid and hours the bars must keep.
        timeframe: Length of a bar.
        sessions: Its trading days.
        place: Words for a place from the row's number; by default only its time is told.
        least_hole: Nanoseconds of trading that a hole must miss to be told; a bar's length at least.
    """

    instrument: Instrument
    timeframe: Timeframe
    sessions: SessionTable
    place: Callable[[int], str] | None = None
    rows: int = 0
    first: int | None = None
    last: int | None = None
    volume_known: bool = False
    least_hole: int = 0
    missing_bars: int = 0
    longest: tuple[int, int] = (0, 0)
    _found: dict[str, Finding] = field(default_factory=dict)
    _kept: Rows | None = None
    _dates: set[object] = field(default_factory=set)
    _seasons: dict[bool, list[int]] = field(default_factory=lambda: {False: [0, 0], True: [0, 0]})
    _fits: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def add(self, rows: Rows) -> None:
        """Check a chunk."""
        self._note("unreadable", ~rows.readable, rows, timed=False)
        rows = rows.where(rows.readable)
        if not len(rows):
            return
        self.rows += len(rows)
        low, high = int(rows.start.min()), int(rows.start.max())
        self.first = low if self.first is None else min(low, self.first)
        self.last = high if self.last is None else max(high, self.last)
        sound = self._values(rows)
        joined = rows.after(self._kept)
        ordered = self._times(joined, len(joined) - len(rows))
        self._hours(rows)
        if ordered:
            self._holes(joined)
        self._shapes(joined, sound)
        self._kept = rows

    def watch(self, bars: BarColumns) -> None:
        """Look at bars that keep R1 already, while they are played: hours, holes and spikes."""
        ticks = {"o": bars.open, "h": bars.high, "l": bars.low, "c": bars.close}
        prices = {key: values.astype(np.float64) * float(self.instrument.tick_size) for key, values in ticks.items()}
        every = np.ones(len(bars), np.bool_)
        rows = Rows(np.arange(bars.first, bars.first + len(bars)) + 1, bars.start_ns, prices, None, every)
        joined = rows.after(self._kept)
        self.rows += len(rows)
        self.first = int(rows.start[0]) if self.first is None else self.first
        self.last = int(rows.start[-1])
        self.volume_known = True
        self._hours(rows)
        self._holes(joined)
        self._shapes(joined, every)
        self._kept = rows

    @property
    def outside(self) -> int:
        """Bars outside the trading hours so far."""
        found = self._found.get("outside")
        return found.count if found else 0

    def findings(self) -> list[Finding]:
        """Faults first, then warnings, in the order of their kinds."""
        found = dict(self._found)
        if self.rows and not self.volume_known:
            found.pop("zero_volume", None)
            found["no_volume"] = finding("no_volume", self.rows)
        self._close_hours(found)
        if "order" not in found and self._fits[1] > 0 and self._fits[0] > 5 * self._fits[1] and self.rows > 200:
            found["swapped"] = finding("swapped", self.rows)
        if "gaps" in found:
            size, at = self.longest
            found["gaps"].what += f" ({self.missing_bars:,} bars; the longest {seconds_text(size)} at {utc_text(at)})"
        return sorted(found.values(), key=lambda each: each.severity)

    def _note(self, kind: str, mask: Mask, rows: Rows, *, timed: bool = True) -> None:
        count = int(np.count_nonzero(mask))
        if not count:
            return
        found = self._found.setdefault(kind, finding(kind))
        found.count += count
        for at in np.flatnonzero(mask)[: PLACES - len(found.places)].tolist():
            when, row = utc_text(int(rows.start[at])), int(rows.row[at])
            if self.place is None:
                found.places.append(when)
            else:
                found.places.append((str(row) if found.places else self.place(row)) + (f" ({when})" if timed else ""))

    def _values(self, rows: Rows) -> Mask:
        """Prices and volumes of each row by itself; returns which rows are sound."""
        step = self.instrument.tick_size
        exact = {key: price * step.denominator / step.numerator for key, price in rows.prices.items()}
        ticks = {key: np.rint(value) for key, value in exact.items()}
        off = np.zeros(len(rows), np.bool_)
        for key, value in exact.items():
            off |= ~(np.abs(value - ticks[key]) <= ON_GRID) | (np.abs(value) > _MOST_TICKS)
        shape = ticks["l"] > np.minimum(ticks["o"], ticks["c"])
        shape |= ticks["h"] < np.maximum(ticks["o"], ticks["c"])
        self._note("off_grid", off, rows)
        self._note("ohlc", shape, rows)
        if rows.volume is not None:
            wrong = ~((rows.volume >= 0) & (rows.volume == np.rint(rows.volume)) & (rows.volume < _MOST_TICKS))
            self._note("volume", wrong, rows)
            self._note("zero_volume", rows.volume == 0, rows)
            self.volume_known |= bool((rows.volume > 0).any())
        return ~(off | shape)

    def _times(self, joined: Rows, carried: int) -> bool:
        """Order and spacing; returns whether the times strictly ascend."""
        length = self.timeframe.ns
        least = length - (_HOUR_NS if self.timeframe.seconds >= _DAY_S else 0)
        new = joined.where(np.arange(len(joined)) >= carried)
        if self.timeframe.seconds < _DAY_S:
            self._note("off_time", new.start % min(length, _HOUR_NS) != 0, new)
        steps = np.diff(joined.start)
        rows = joined.where(np.arange(len(joined)) > 0)
        alike = steps == 0
        for values in (*joined.prices.values(), *([] if joined.volume is None else [joined.volume])):
            alike &= values[1:] == values[:-1]
        self._note("order", steps < 0, rows)
        self._note("duplicates", alike, rows)
        self._note("conflicts", (steps == 0) & ~alike, rows)
        self._note("overlaps", (steps > 0) & (steps < least), rows)
        return bool((steps > 0).all())

    def _hours(self, rows: Rows) -> None:
        """Trading days the bars belong to, and bars outside the hours."""
        order = np.argsort(rows.start, kind="stable") if (np.diff(rows.start) < 0).any() else slice(None)
        sessions, owner, inside = self.sessions.locate(rows.start[order])
        self._dates.update(sessions[k].date for k in np.unique(owner).tolist())
        outside = np.empty(len(rows), np.bool_)
        outside[order] = ~inside
        self._note("outside", outside, rows)
        days, at = np.unique(rows.start // (_DAY_S * NS), return_index=True)
        bad = np.unique(rows.start[outside] // (_DAY_S * NS))
        for day, k in zip(days.tolist(), at.tolist(), strict=True):
            moment = datetime.fromtimestamp(int(rows.start[k]) // NS, self.sessions.zone)
            counts = self._seasons[bool(moment.dst())]
            counts[0] += 1
            counts[1] += day in bad

    def _close_hours(self, found: dict[str, Finding]) -> None:
        """What can be said only of the whole: missing days, seasons, years beyond the table."""
        if self.first is None or self.last is None:
            return
        span = self.sessions.between(self.first, self.last)
        absent = [session.date for session in span if session.date not in self._dates]
        if absent:
            found["sessions"] = finding("sessions", len(absent), [day.isoformat() for day in absent[:PLACES]])
        (winter, bad_winter), (summer, bad_summer) = self._seasons.values()
        lone = min(bad_winter, bad_summer) == 0 and min(winter, summer) >= 2 and max(bad_winter, bad_summer) >= 5
        if "outside" in found and lone:
            found["clock_changes"] = finding("clock_changes", found["outside"].count, found.pop("outside").places)
        beyond = self.sessions.beyond_calendar(self.first, self.last)
        if beyond:
            found["calendar"] = finding("calendar", 1)
            found["calendar"].remedy = beyond[0].upper() + beyond[1:]

    def _holes(self, joined: Rows) -> None:
        """Trading time without a bar, between bars that ascend."""
        ends = joined.start[:-1] + self.timeframe.ns
        wide = joined.start[1:] > ends
        if not wide.any() or self.timeframe.seconds >= _DAY_S:
            return
        low, high = ends[wide], joined.start[1:][wide]
        missing = _open_time(self.sessions, int(low[0]), int(high[-1]), high)
        missing -= _open_time(self.sessions, int(low[0]), int(high[-1]), low)
        holes = missing >= max(self.timeframe.ns, self.least_hole)
        self._note("gaps", holes, joined.where(np.arange(len(joined)) > 0).where(wide))
        if holes.any():
            self.missing_bars += int((missing[holes] // self.timeframe.ns).sum())
            at = int(missing.argmax())
            self.longest = max(self.longest, (int(missing[at]), int(low[at])))

    def _shapes(self, joined: Rows, sound: Mask) -> None:
        """Bars that fit their neighbours badly: spikes, and open and close exchanged."""
        carried = len(joined) - len(sound)
        keep = np.concatenate((np.ones(carried, np.bool_), sound))
        rows = joined.where(keep)
        if len(rows) < 3:
            return  # nothing to tell what is usual
        o, h, l, c = (rows.prices[key] for key in "ohlc")  # noqa: E741 - as the rule writes them
        usual = max(float(np.median(h - l)), float(self.instrument.tick_size))
        least = np.maximum(SPIKE_RANGES * usual, SPIKE_SHARE * np.abs(np.median(c)))
        near = np.diff(rows.start) <= 2 * self.timeframe.ns
        mask = h - l > least
        mask[1:] |= near & (np.abs(o[1:] - c[:-1]) > least)
        mask[:carried] = False
        self._note("spikes", mask, rows)
        self._fits[0] += float(np.minimum(np.abs(o[1:] - c[:-1]), least)[near].sum())
        self._fits[1] += float(np.minimum(np.abs(c[1:] - o[:-1]), least)[near].sum())


def _open_time(sessions: SessionTable, low: int, high: int, moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nanoseconds of trading from some moment before `low` up to each moment, shape (n,)."""
    spans = np.array([span for session in sessions.between(low, high) for span in session.spans], np.int64)
    opens, closes = spans.T
    before = np.concatenate(([0], np.cumsum(closes - opens)))
    at = np.maximum(np.searchsorted(opens, moments, side="right") - 1, 0)
    passed: NDArray[np.int64] = before[at] + np.clip(moments - opens[at], 0, closes[at] - opens[at])
    return passed
