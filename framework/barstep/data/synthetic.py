"""Seeded bars for tests, demonstrations and benchmarks: a random walk on the tick grid, session by session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from barstep.data.sessions import SessionTable
from barstep.domain.bar import DAY_SECONDS, BarColumns, BarStream, Feed, Timeframe
from barstep.domain.errors import ConfigError
from barstep.domain.session import NS, Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from barstep.domain.instrument import Contract

_CHUNK = 16_384
_DAILY_MOVE = 0.011  # standard deviation of a session's move, as a share of the price
_GAP_MOVE = 0.003  # of the move between two sessions
_DAILY_VOLUME = 400_000
_FLOOR_TICKS = 16  # prices are reflected here, far below any start price one would give
_QUIET = 0.35  # activity outside regular hours, as a share of that inside


@dataclass(frozen=True, slots=True)
class _Shape:
    """What sessions of equal hours share: starts from the open in nanoseconds, and activity per bar (mean 1)."""

    offsets: NDArray[np.int64]
    activity: NDArray[np.float64]


class SyntheticStream(BarStream):
    """Endless, reproducible bars inside the trading hours of a contract.

    Each session draws from its own generator, keyed by the seed and the trade date, and walks on from where the
    session before ended; so the bars do not depend on how they are cut into chunks. The prices say nothing about any
    real market.

    Args:
        contract: What trades.
        timeframe: Length of a bar.
        seed: Any whole number from 0.
        start: First trade date (the next one there is, when that date has no session).
        bars: How many bars in all; give this or `end`.
        end: Last trade date, inclusive.
        start_price: Price of the first open, moved to the nearest tick.
        chunk_rows: Most bars in a chunk.

    Raises:
        ConfigError: For an impossible combination.
    """

    def __init__(
        self,
        contract: Contract,
        timeframe: Timeframe,
        *,
        seed: int,
        start: date,
        bars: int | None = None,
        end: date | None = None,
        start_price: float = 5000.0,
        chunk_rows: int = _CHUNK,
    ) -> None:
        if timeframe.seconds > DAY_SECONDS:
            raise ConfigError(f"synthetic bars: got a timeframe of {timeframe.text}, expected 1D at most")
        if (bars is None) == (end is None):
            raise ConfigError("synthetic bars: give either bars (how many) or end (the last trade date)")
        if seed < 0 or (bars is not None and bars < 1) or (end is not None and end < start):
            raise ConfigError("synthetic bars: seed must be 0 or more, bars at least 1, end not before start")
        step = contract.instrument.tick_size
        self._first_ticks = round(start_price * step.denominator / step.numerator)
        if self._first_ticks < 10 * _FLOOR_TICKS:
            raise ConfigError(f"synthetic bars: start_price {start_price} is under {10 * _FLOOR_TICKS} ticks")
        self.feed = Feed(contract, timeframe, ZoneInfo(contract.instrument.session.zone))
        self.sessions = SessionTable(contract.instrument.session)
        self.volume_known = True
        self.warnings: list[str] = []
        self.source: dict[str, object] = {
            "kind": "synthetic",
            "seed": seed,
            "start": start.isoformat(),
            "bars": bars,
            "end": end.isoformat() if end else None,
            "start_price": start_price,
        }
        self._seed, self._start, self._bars, self._end = seed, start, bars, end
        self._chunk_rows = chunk_rows
        self._shapes: dict[tuple[object, ...], _Shape] = {}

    def chunks(self) -> Iterator[BarColumns]:
        """Yield the bars; every call yields the same ones."""
        left = self._bars
        first, waiting, rows = 0, [], 0
        for block in self._blocks():
            block = block if left is None else block[:, :left]
            left = None if left is None else left - block.shape[1]
            waiting.append(block)
            rows += block.shape[1]
            while rows >= self._chunk_rows:
                whole = np.concatenate(waiting, axis=1)
                yield self._columns(whole[:, : self._chunk_rows], first)
                first, rows = first + self._chunk_rows, rows - self._chunk_rows
                waiting = [whole[:, self._chunk_rows :]]
            if left == 0:
                break
        if rows:
            yield self._columns(np.concatenate(waiting, axis=1), first)

    def count(self) -> int:
        """How many bars there will be."""
        if self._bars is not None:
            return self._bars
        return sum(len(self._shape(session, after).offsets) for session, after in self._days())

    def _columns(self, block: NDArray[np.int64], first: int) -> BarColumns:
        """A block of rows start, open, high, low, close, volume as a chunk."""
        start, opens, highs, lows, closes, volumes = block
        return BarColumns(start, start + self.feed.timeframe.ns, opens, highs, lows, closes, volumes, first)

    def _days(self) -> Iterator[tuple[Session, Session]]:
        """Each session with the one after it."""
        session = self.sessions.first_from(self._start)
        while self._end is None or session.date <= self._end:
            after = self.sessions.first_from(session.date + timedelta(days=1))
            yield session, after
            session = after

    def _blocks(self) -> Iterator[NDArray[np.int64]]:
        """Each session's bars, shape (6, n): start, open, high, low, close, volume."""
        last, scale = self._first_ticks, 0.0  # the very first open is the start price itself
        for session, after in self._days():
            shape = self._shape(session, after)
            if not len(shape.offsets):
                continue
            block = self._walk(session, shape, last, scale)
            last, scale = int(block[4, -1]), _GAP_MOVE
            yield block

    def _walk(self, session: Session, shape: _Shape, last: int, gap_scale: float) -> NDArray[np.int64]:
        rng = np.random.Generator(np.random.PCG64([self._seed, session.date.toordinal()]))
        n = len(shape.offsets)
        usual = self._usual_bars()
        swing = np.sqrt(shape.activity) * (last * _DAILY_MOVE / np.sqrt(usual))
        opening = round(rng.standard_normal() * gap_scale * last)
        block = np.empty((6, n), np.int64)
        starts, opens, highs, lows, closes, volumes = block
        np.add(shape.offsets, session.open_ns, out=starts)
        steps = rng.standard_normal(n) * swing
        np.rint(steps, out=steps)
        closes[:] = steps
        np.cumsum(closes, out=closes)
        closes += last + opening
        # a bar opens where the last one closed, or one tick beside it
        opens[1:] = closes[:-1]
        opens[0] = last + opening
        opens[1:] += rng.integers(-1, 2, n - 1, dtype=np.int8)
        if min(int(closes.min()), int(opens.min())) < _FLOOR_TICKS:
            for column in (opens, closes):
                np.abs(column - _FLOOR_TICKS, out=column)
                column += _FLOOR_TICKS
        reach = rng.standard_exponential((2, n), dtype=np.float32)
        reach *= swing.astype(np.float32) * np.float32(0.4)
        wicks = reach.astype(np.int64)
        np.maximum(opens, closes, out=highs)
        highs += wicks[0]
        np.minimum(opens, closes, out=lows)
        lows -= wicks[1]
        np.maximum(lows, 1, out=lows)
        crowd = rng.standard_exponential(n, dtype=np.float32)
        crowd *= (shape.activity * (_DAILY_VOLUME / usual)).astype(np.float32)
        volumes[:] = crowd
        volumes += 1
        return block

    def _usual_bars(self) -> float:
        pattern = self.sessions.hours.spans
        return max(sum(closes - opens for opens, closes in pattern) * 60 / self.feed.timeframe.seconds, 1.0)

    def _shape(self, session: Session, after: Session) -> _Shape:
        base = session.open_ns
        spans = tuple((opens - base, closes - base) for opens, closes in session.spans)
        regular = tuple(edge - base for edge in session.regular or ())
        key = (spans, regular, after.open_ns - base)
        if key not in self._shapes:
            self._shapes[key] = _shape(spans, regular, after.open_ns - base, self.feed.timeframe.ns)
        return self._shapes[key]


def _shape(spans: tuple[tuple[int, int], ...], regular: tuple[int, ...], next_open: int, length: int) -> _Shape:
    offsets = np.arange(0, spans[-1][1], length, dtype=np.int64)
    inside = np.zeros(len(offsets), np.bool_)
    for opens, closes in spans:
        inside |= (offsets >= opens) & (offsets < closes)
    offsets = offsets[inside & (offsets + length <= next_open)]
    activity = np.full(len(offsets), _QUIET if regular else 1.0)
    if regular:
        opens, closes = regular
        busy = (offsets >= opens) & (offsets < closes)
        hour = 3600 * NS
        from_open, to_close = (offsets[busy] - opens) / hour, (closes - offsets[busy]) / hour
        # busiest after the open, calm at noon, busier again towards the close
        activity[busy] = 1.6 + 2.4 * np.exp(-from_open) + 1.2 * np.exp(-to_close)
    return _Shape(offsets, activity / activity.mean() if len(activity) else activity)
