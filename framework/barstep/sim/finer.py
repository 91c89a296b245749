"""Finer bars inside a bar (R21): a bar in which something can happen is walked through the finer bars it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from barstep.sim.book import NEVER, Book, LogEntry
from barstep.sim.choice import Outcome, walk_bar
from barstep.sim.matching import Moment
from barstep.sim.reach import in_reach
from barstep.sim.walk import walk_open

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction


class Window(NamedTuple):
    """The finer bars with trades inside one bar, as columns of equal length: UTC nanoseconds, ticks, contracts.

    `outside` tells whether one of them lies outside the trading hours.
    """

    starts: list[int]
    ends: list[int]
    opens: list[int]
    highs: list[int]
    lows: list[int]
    closes: list[int]
    volumes: list[int]
    outside: bool


class FinerSource(Protocol):
    """Where finer bars come from; windows are asked for in order of time."""

    timeframe: str

    def window(self, start_ns: int, end_ns: int) -> Window:
        """The finer bars that start in [start_ns, end_ns)."""


class Span(NamedTuple):
    """Of the bar that is being played: start and end in UTC nanoseconds, and its volume, None where that is not known."""

    start_ns: int
    end_ns: int
    volume: int | None


class Part(Struct, gc=False, eq=False):
    """One finer bar that was walked: its span, its ends in ticks, what happened, all outcomes if it is ambiguous itself.

    `first` marks the bar's own open. `skipped` is the range (low, high) of finer bars before it in which nothing could
    happen, None when there were none; a last part without a log stands for those at the end.
    """

    start_ns: int
    end_ns: int
    low: int
    high: int
    log: list[LogEntry]
    outcomes: list[Outcome]
    first: bool
    skipped: tuple[int, int] | None


class Magnifier:
    """Walks the bars of one contract through finer ones.

    Args:
        source: The finer bars.
        price: Ticks into a price, for messages.
        compares_volume: Whether both resolutions know their volume, which must then agree.

    Attributes:
        parts: The finer bars that the last bar was walked through; empty when its own prices decided.
        fault: Why the finer bars of the last bar cannot be used (MAGNIFIER_MISMATCH), or empty.
        bars: Bars walked through finer ones so far.
    """

    def __init__(self, source: FinerSource, price: Callable[[int], float], *, compares_volume: bool) -> None:
        self.source = source
        self.compares_volume = compares_volume
        self.parts: list[Part] = []
        self.fault = ""
        self.bars = 0
        self._price = price

    def walk(self, book: Book, now: Moment, span: Span, share: Fraction | None) -> tuple[Book, list[Outcome]]:
        """Phases B and C of a bar; finer bars are read only when something is left to decide after its open.

        The finer bars' first open is the bar's, so phase B is the same in both, but for what looks beyond the open: a
        share of the finer bar's volume (R22), and `clamp_slippage` (R8), which keeps a stop inside the finer bar.

        Returns:
            The book to keep, and the outcomes when the bar's own prices decided and are ambiguous.
        """
        window, opens = None, now
        looks_ahead = share is not None or now.options.clamp_slippage
        if looks_ahead and any(o.from_bar <= now.bar and o.fires_at(now.open) for o in book.live):
            window = self._fitting(now, span)
            if window is not None:
                opens = _first(now, window)
                if share is not None:
                    book.volume_left = _take(share, window.volumes[0])
        walk_open(book, opens)
        if window is None:
            if self.fault or not in_reach(book, now):
                return walk_bar(book, now)
            window = self._fitting(now, span)
            if window is None:
                return walk_bar(book, now)
            if share is not None:
                book.volume_left = _take(share, window.volumes[0])
        self.bars += 1
        return self._through(book, now, window, share), []

    def _fitting(self, now: Moment, span: Span) -> Window | None:
        """The finer bars of a bar, or None with `fault` set when they do not cover it exactly (R21)."""
        window = self.source.window(span.start_ns, span.end_ns)
        self.fault = self._compare(window, now, span)
        return None if self.fault else window

    def _compare(self, window: Window, now: Moment, span: Span) -> str:
        finer = f"the {self.source.timeframe} bars"
        if not window.starts:
            return f"there are no {self.source.timeframe} bars with trades in it"
        if window.ends[-1] > span.end_ns:
            return f"one of {finer} runs beyond its end"
        if window.outside:
            return f"some of {finer} lie outside the trading hours"
        for name, own, theirs in (
            ("open", now.open, window.opens[0]),
            ("high", now.high, max(window.highs)),
            ("low", now.low, min(window.lows)),
            ("close", now.close, window.closes[-1]),
        ):
            if own != theirs:
                return f"its {name} is {self._price(own):.10g}, that of {finer} {self._price(theirs):.10g}"
        if span.volume is not None and span.volume != sum(window.volumes):
            return f"its volume is {span.volume}, that of {finer} {sum(window.volumes)}"
        return ""

    def _through(self, book: Book, now: Moment, window: Window, share: Fraction | None) -> Book:
        """Each finer bar in turn; phase B of the first is done already."""
        skipped: tuple[int, int] | None = None
        down, up = NEVER, -NEVER  # strictly between them nothing can happen
        for n, (start, end, opened, high, low, close, volume) in enumerate(zip(*window[:7], strict=True)):
            if n and down < low and high < up:
                skipped = (low, high) if skipped is None else (min(low, skipped[0]), max(high, skipped[1]))
                continue
            fine = Moment(now.options, now.bar, opened, high, low, close, first_of_session=False)
            if n:
                _rest(book, now.bar)
                book.log = []
                if share is not None:
                    book.volume_left = _take(share, volume)
                    for working in book.live:
                        working.blocked = False
                walk_open(book, fine)
            book, outcomes = walk_bar(book, fine)
            book.r17b = False
            self.parts.append(Part(start, end, low, high, book.log, outcomes, n == 0, skipped))
            skipped = None
            down, up = _quiet(book, now.bar)
        book.log = []
        if skipped is not None:
            self.parts.append(Part(0, 0, 0, 0, [], [], False, skipped))
        return book


def _rest(book: Book, bar: int) -> None:
    """A finer bar is over: what worked in it arrives no more (R4), and R17b looks at one finer bar alone."""
    for working in book.live:
        if working.from_bar <= bar:
            working.arrive_bar = -1
            working.born_in_path = False


def _quiet(book: Book, bar: int) -> tuple[int, int]:
    """Levels between which nothing can happen; the widest that there are not where something moves with the price."""
    down, up = -NEVER, NEVER
    if book.guards:
        return up, down
    for working in book.live:
        if working.from_bar > bar:
            continue
        if working.trail:
            return NEVER, -NEVER
        if working.needs > 0:
            up = min(up, working.event)
        else:
            down = max(down, working.event)
    return down, up


def _first(now: Moment, window: Window) -> Moment:
    """The first finer bar as the moment of phase B."""
    high, low, close = window.highs[0], window.lows[0], window.closes[0]
    return Moment(now.options, now.bar, now.open, high, low, close, now.first_of_session)


def _take(share: Fraction, volume: int) -> int:
    return share.numerator * volume // share.denominator
