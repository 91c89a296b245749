"""Rule R1 over chunks of bars: what makes bars fit to be replayed, and the message where they are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from barstep.data.sessions import utc_text
from barstep.domain.bar import BarColumns, Timeframe
from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.data.windows import Windows
    from barstep.domain.instrument import Instrument

ON_GRID = 1e-6
"""Share of a tick by which a price may miss the grid and still count as float noise."""

_DAY_S = 86_400
_HOUR_NS = 3_600_000_000_000
_UNIT_NAMES = ((86_400, "D"), (3_600, "h"), (60, "m"), (1, "s"))


class EmptyRangeError(DataError):
    """Bounds that select no bars; the message tells the first and last time there is."""


@dataclass(slots=True)
class RawChunk:
    """Rows of a file before they are checked, all of shape (n,).

    Attributes:
        row: Number of each row in its file, from 0.
        start: Start of each bar, UTC nanoseconds.
        prices: Open, high, low and close.
        volume: Contracts; None when the file has no volume.
    """

    row: NDArray[np.int64]
    start: NDArray[np.int64]
    prices: dict[str, NDArray[np.float64]]
    volume: NDArray[np.float64] | None


class BarChecker:
    """Turns the raw rows of a stream into checked bars, one chunk after the other.

    Args:
        instrument: Whose tick grid the prices must lie on.
        timeframe: Length of a bar.
        windows: Where bars of the timeframe end when they are counted from the session's open; a bar that begins such a
            window may be followed by one that begins as soon as the window ends. None for bars of more than a day.
    """

    def __init__(self, instrument: Instrument, timeframe: Timeframe, windows: Windows | None = None) -> None:
        self._instrument = instrument
        self._timeframe = timeframe
        self._windows = windows
        # days of 23 hours exist where clocks change, so bars of a day and more may stand an hour closer
        self._gap = timeframe.ns - (_HOUR_NS if timeframe.seconds >= _DAY_S else 0)
        self._last: int | None = None
        self._anchored = False
        self._count = 0

    def check(self, where: str, raw: RawChunk) -> BarColumns:
        """Checked bars of a chunk.

        Args:
            where: The file, for messages.
            raw: The rows; none of their values is null.

        Raises:
            DataError: For the first row that breaks R1.
        """
        size = self._instrument.tick_size
        exact = {key: price * size.denominator / size.numerator for key, price in raw.prices.items()}
        ticks = {key: np.rint(value) for key, value in exact.items()}
        gaps = np.diff(raw.start, prepend=raw.start[0] - self._gap if self._last is None else self._last)
        volume = np.zeros(len(raw.start)) if raw.volume is None else raw.volume
        with np.errstate(invalid="ignore"):
            bad = gaps < self._gap
            cut = self._cut(raw.start, gaps, bad)
            for key, value in exact.items():
                bad |= ~(np.abs(value - ticks[key]) <= ON_GRID)
            bad |= ticks["l"] > np.minimum(ticks["o"], ticks["c"])
            bad |= ticks["h"] < np.maximum(ticks["o"], ticks["c"])
            bad |= ~((volume >= 0) & (volume == np.rint(volume)) & np.isfinite(volume))
        if bad.any():
            raise self._fault(where, raw, gaps, int(bad.argmax()))
        start = np.ascontiguousarray(raw.start, np.int64)
        end = start + self._timeframe.ns
        if self._gap < self._timeframe.ns:
            np.minimum(end[:-1], start[1:], out=end[:-1])
        for at, end_ns in cut.items():
            end[at] = end_ns
        self._last = int(start[-1])
        first, self._count = self._count, self._count + len(start)
        o, h, l, c = (ticks[key].astype(np.int64) for key in "ohlc")  # noqa: E741 - as the rule writes them
        return BarColumns(start, end, o, h, l, c, volume.astype(np.int64), first)

    def _cut(self, start: NDArray[np.int64], gaps: NDArray[np.int64], bad: NDArray[np.bool_]) -> dict[int, int]:
        """Ends by row of bars that a break cuts short; where the next bar begins at once, its gap is no fault."""
        found: dict[int, int] = {}
        for at in np.flatnonzero(bad & (gaps > 0)).tolist():
            before = int(start[at - 1]) if at else self._last
            end = self._cut_end(before)
            if end is not None and end <= start[at]:
                bad[at], self._anchored = False, True
                if at:
                    found[at - 1] = end
        end = self._cut_end(int(start[-1])) if self._anchored else None
        return found if end is None else {**found, len(start) - 1: end}

    def _cut_end(self, start_ns: int | None) -> int | None:
        """Where a bar ends that begins a window which a break cuts short; None for all others."""
        if self._windows is None or start_ns is None:
            return None
        window = self._windows.at(start_ns)
        return window.end if window.start == start_ns and window.end - start_ns < self._timeframe.ns else None

    def _fault(self, where: str, raw: RawChunk, gaps: NDArray[np.int64], at: int) -> DataError:
        values = {key: float(price[at]) for key, price in raw.prices.items()}
        volume = None if raw.volume is None else float(raw.volume[at])
        what, remedy = self._reason(values, volume, int(gaps[at]))
        shown = " ".join(f"{key} {value:.10g}" for key, value in values.items())
        shown += "" if volume is None else f" v {volume:.10g}"
        place = f"{where}, row {int(raw.row[at]) + 1}, {utc_text(int(raw.start[at]))} ({shown})"
        return DataError(f"{place}: {what} (R1). {remedy}")

    def _reason(self, values: dict[str, float], volume: float | None, gap: int) -> tuple[str, str]:
        if gap <= 0:
            return (
                "its time is not after the bar before" + (": the same time twice" if gap == 0 else ""),
                "Sort the file by time and keep one bar for each time.",
            )
        if gap < self._gap:
            near = seconds_text(gap)
            return (
                f"it starts {near} after the bar before, inside that bar of {self._timeframe.text}",
                f"The file seems to be {near}: declare timeframe: {near}, or drop the extra bars.",
            )
        for key, price in values.items():
            if not np.isfinite(price):
                return f"{key} is not a finite number", "Mend or drop the row."
            if self._instrument.ticks(price) is None:
                low, high = (self._instrument.price(near) for near in self._instrument.neighbours(price))
                return (
                    f"{key} {price:.10g} lies between two ticks of {self._instrument.name}, {low} and {high}",
                    f"Round prices to {self._instrument.tick_size}, or name the instrument the file is of.",
                )
        if volume is not None and not (volume >= 0 and float(volume).is_integer()):
            what = f"volume {volume:.10g} is not a whole number of contracts"
            return what, "Mend the row, or set volume: unknown."
        wrong = "low is above" if values["l"] > min(values["o"], values["c"]) else "high is below"
        return f"{wrong} open or close", "Mend or drop the row; check that the columns are named rightly."


def seconds_text(ns: int) -> str:
    """A length of time as a timeframe would write it: `90s`, `5m`, `1D`."""
    if ns % 1_000_000_000:
        return f"{ns / 1e9:g}s"
    seconds = ns // 1_000_000_000
    for size, unit in _UNIT_NAMES:
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return "0s"


def common_gap(start: NDArray[np.int64]) -> int | None:
    """The most common distance between bars in nanoseconds, told from their starts; None when they are too few."""
    gaps = np.diff(start)
    gaps = gaps[gaps > 0]
    if len(gaps) < 10:
        return None
    sizes, counts = np.unique(gaps, return_counts=True)
    return int(sizes[counts.argmax()])


def check_timeframe(where: str, start: NDArray[np.int64], timeframe: Timeframe) -> None:
    """Refuse a file whose bars are plainly of another timeframe, told from its first bars.

    Args:
        where: The file, for the message.
        start: Starts of its first bars, UTC nanoseconds.
        timeframe: What is declared.

    Raises:
        DataError: When the most common gap is shorter, or is longer and the declared one never occurs.
    """
    common = common_gap(start)
    if common is None:
        return
    sizes = np.unique(np.diff(start))
    shortest = timeframe.ns - (_HOUR_NS if timeframe.seconds >= _DAY_S else 0)
    if common < shortest or (common > timeframe.ns and timeframe.ns not in sizes):
        seen = seconds_text(common)
        raise DataError(
            f"{where}: most bars stand {seen} apart, expected {timeframe.text}: the file seems to be {seen}. "
            f"Declare timeframe: {seen}, or a multiple of it"
        )
