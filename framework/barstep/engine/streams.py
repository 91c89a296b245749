"""A contract's bars on their way into the replay: chunks with their sessions, one chunk ahead, and the recent past."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.domain.bar import Bar, BarColumns, BarStream, Feed, Timeframe, view
from barstep.domain.session import Session
from barstep.engine.higher import Higher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from barstep.data.sessions import SessionTable
    from barstep.engine.flat_times import FlatRows
    from barstep.indicators.base import Indicator
    from barstep.sim.market import Market


FIRST_ROWS = 1024
"""Rows of the first chunk at most: indicators get ready in it, from then on whole chunks are computed ahead."""


_NOTHING: tuple[Sequence[Any], ...] = ((),) * 7


class Segment(NamedTuple):
    """Rows [start, stop) of a chunk that belong to one session; `begins` and `ends` tell whether it does so here.

    `low` and `high` are the extremes of their prices in ticks.
    """

    session: Session
    start: int
    stop: int
    begins: bool
    ends: bool
    low: int
    high: int


class Stream:
    """The bars of one contract as the replay reads them.

    Args:
        bars: Where they come from.
        market: The exchange's market of the contract.
        table: The contract's sessions.
        history: How many past bars `ctx.bars` may look back on.
        also: Longer timeframes whose bars plugins may see besides.

    Attributes:
        session: The trading day of the last complete bar, None before the first.
        flat_of, flat_rows: The segment whose flat times were looked up last, and the rows found (R18).
        updates: What to call with each bar of the present chunk: updates of indicators, or of lines that are known.
        stored: Indicators whose values of this chunk are known: each gets its value before a bar's hooks, not earlier.
        higher: The longer timeframes of `also`.
    """

    def __init__(
        self, bars: BarStream, market: Market, table: SessionTable, history: int, also: Sequence[Timeframe] = ()
    ) -> None:
        self.bars = bars
        self.feed: Feed = bars.feed
        self.market = market
        self.history = history
        self.session: Session | None = None
        self.higher = [Higher(bars.feed, timeframe, table, history) for timeframe in also]
        self.updates: list[Callable[[int, int, int, int, int, bool], None]] = [each.update for each in self.higher]
        self.flat_of: Segment | None = None
        self.flat_rows: FlatRows = {}
        self.stored: list[tuple[Indicator, Sequence[float]]] = []
        self._indicators: list[Indicator] = []
        self._table = table
        self._chunks = _short_first(bars.chunks())
        self._next: tuple[BarColumns, list[Session], np.ndarray, np.ndarray] | None = None
        self._columns: BarColumns | None = None
        self._past: BarColumns | None = None
        self._chunk_fields: tuple[Sequence[Any], ...] = _NOTHING

    def open(self) -> None:
        """Read the first chunk."""
        self._next = self._read()

    def load(self) -> list[Segment]:
        """Hand the next chunk to the market; its rows by session, empty at the end of the data."""
        if self._next is None:
            return []
        self._remember()
        columns, sessions, index, inside = self._next
        self._next = self._read()
        self._columns = columns
        shut = ~inside
        if self.bars.volume_known:
            shut |= columns.volume == 0
        self.market.load(columns, shut if shut.any() else None)
        self._chunk_fields = self._fields(columns)
        self.updates, self.stored = self._begin_higher(), []
        for indicator in self._indicators:
            values = indicator.ahead(columns) if indicator.ready else None
            if values is None:
                self.updates.append(indicator.update)
            elif indicator.lines:
                self.updates.append(_showing(indicator, values))
            else:
                self.stored.append((indicator, values))
        return self._segments(columns, sessions, index)

    def add_indicator(self, indicator: Indicator) -> None:
        """Update an indicator from the next bar on."""
        self._indicators.append(indicator)
        self.updates.append(indicator.update)

    def longer(self, timeframe: str) -> Stream | Higher:
        """The bars of a timeframe, this stream's own or one of `also`; a ValueError names those there are."""
        try:
            seconds = Timeframe.parse(timeframe).seconds
        except (TypeError, ValueError) as error:
            raise ValueError(f"timeframe {timeframe!r}: expected {error}") from error
        every: list[Stream | Higher] = [self, *self.higher]
        for each in every:
            if each.feed.timeframe.seconds == seconds:
                return each
        have = ", ".join(each.feed.timeframe.text for each in every)
        raise ValueError(f"timeframe {timeframe!r} is not read in this run, which has {have}: add it to data.also")

    def end_windows(self) -> None:
        """A session begins: longer bars of the one before are complete, also where its last minutes had no bar."""
        for each in self.higher:
            each.complete()

    def _begin_higher(self) -> list[Callable[[int, int, int, int, int, bool], None]]:
        """Tell the longer timeframes of the market's new chunk; what is to be called with each of its bars."""
        for each in self.higher:
            each.begin_chunk(self.market.starts, self.market.ends)
        return [each.update for each in self.higher]

    def show(self, segment: Segment) -> None:
        """Turn the market to the bars of a segment."""
        self.market.look(segment.low, segment.high)

    def make_bars(self, start: int, stop: int) -> Iterator[Bar]:
        """The bars of rows [start, stop) of the present chunk, made one by one."""
        rows, first = slice(start, stop), self.market.first
        fields = (values[rows] for values in self._chunk_fields)
        return map(Bar, *fields, range(first + start, first + stop), repeat(self.feed))

    def volumes(self, start: int, stop: int) -> Sequence[int]:
        """Volumes of rows [start, stop) of the present chunk."""
        return self._chunk_fields[4][start:stop]

    def next_start(self) -> int | None:
        """Start of the first bar of the next chunk, UTC nanoseconds, or None at the end of the data."""
        return None if self._next is None else int(self._next[0].start_ns[0])

    def next_end(self) -> int | None:
        """End of the first bar of the next chunk, UTC nanoseconds, or None at the end of the data."""
        return None if self._next is None else int(self._next[0].end_ns[0])

    def recent(self, count: int) -> list[Bar]:
        """The last `count` complete bars, oldest first; fewer near the start of the data."""
        if count > self.history:
            raise ValueError(f"bars({count}): data.history is {self.history}; raise it in the configuration")
        stop = self.market.row + 1
        found = list(self.make_bars(max(0, stop - count), stop))
        if len(found) < count and self._past is not None:
            found = self._bars_of(self._past[max(0, len(self._past) + len(found) - count) :]) + found
        return found

    def _fields(self, columns: BarColumns) -> tuple[Sequence[Any], ...]:
        """Prices in points, volumes, starts and ends, in the order in which a bar takes them."""
        tick = self.feed.contract.instrument.tick_size
        prices = (columns.open, columns.high, columns.low, columns.close)
        points = [price * tick.numerator / tick.denominator for price in prices]
        return tuple(map(view, (*points, columns.volume, columns.start_ns, columns.end_ns)))

    def _bars_of(self, columns: BarColumns) -> list[Bar]:
        indices = range(columns.first, columns.first + len(columns))
        return list(map(Bar, *self._fields(columns), indices, repeat(self.feed)))

    def _remember(self) -> None:
        columns = self._columns
        if columns is None:
            return
        if len(columns) < self.history and self._past is not None:
            columns = self._past.followed_by(columns)
        self._past = columns[max(0, len(columns) - self.history) :]

    def _read(self) -> tuple[BarColumns, list[Session], np.ndarray, np.ndarray] | None:
        columns = next(self._chunks, None)
        if columns is None:
            return None
        sessions, index, inside = self._table.locate(columns.start_ns)
        return columns, sessions, index, inside

    def _segments(self, columns: BarColumns, sessions: list[Session], index: np.ndarray) -> list[Segment]:
        starts = [0, *(np.flatnonzero(index[1:] != index[:-1]) + 1).tolist()]
        stops = [*starts[1:], len(index)]
        lows = np.minimum.reduceat(columns.low, starts).tolist()
        highs = np.maximum.reduceat(columns.high, starts).tolist()
        found = []
        before = self.session
        for start, stop, low, high in zip(starts, stops, lows, highs, strict=True):
            session = sessions[int(index[start])]
            same = before is not None and before.date == session.date
            if same and before is not None:
                session = before
            after = self._next[1][int(self._next[2][0])].date if stop == len(index) and self._next else None
            ends = stop < len(index) or after != session.date
            found.append(Segment(session, start, stop, not same, ends, low, high))
            before = session
        return found


def _showing(indicator: Indicator, rows: Sequence[tuple[float, ...]]) -> Callable[..., None]:
    """What stands in for `update` while the lines of a chunk are known: each call shows those of the next bar."""
    show, following = indicator.show, iter(rows).__next__
    return lambda *_bar: show(following())


def _short_first(chunks: Iterator[BarColumns]) -> Iterator[BarColumns]:
    """The same bars with a first chunk of at most FIRST_ROWS."""
    for first in chunks:
        yield first[:FIRST_ROWS]
        if len(first) > FIRST_ROWS:
            yield first[FIRST_ROWS:]
        break
    yield from chunks
