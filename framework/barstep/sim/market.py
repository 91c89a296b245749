"""One contract of the simulated exchange: its bars, and phases B, C and D of those that need work (R3)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from barstep.domain.bar import view
from barstep.domain.errors import InvariantError
from barstep.sim.book import MARKET, Book, Working
from barstep.sim.choice import Outcome, walk_bar
from barstep.sim.finer import Span
from barstep.sim.ledger import Ledger
from barstep.sim.matching import Moment
from barstep.sim.reach import guards_silent
from barstep.sim.walk import walk_open
from barstep.sim.watch import FAR, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns, Feed
    from barstep.domain.fill_options import FillOptions
    from barstep.sim.finer import Magnifier
    from barstep.sim.guards import ArmedGuard
    from barstep.sim.models import Models


STEP: Final = 7
"""Numbers that a bar with a fill leaves: row in the chunk, position, cash, fees, balance, lowest and highest worth."""


class Market(Watch):
    """Working orders, position and the present chunk of bars of one contract."""

    __slots__ = (
        "_closed_before",
        "_share",
        "_simple",
        "_stamps_before",
        "armed_before",
        "closes",
        "columns",
        "ends",
        "feed",
        "finer",
        "first",
        "highs",
        "ledger",
        "lows",
        "opens",
        "options",
        "price",
        "row",
        "session_first",
        "shut",
        "silent",
        "slips",
        "starts",
        "steps",
        "volumes",
    )

    def __init__(self, feed: Feed, options: FillOptions, fee: int) -> None:
        super().__init__(Book(feed.contract.instrument.tick_value, fee))
        self.feed = feed
        self.price = feed.contract.instrument.price
        self.options = options
        self._share = None if options.participation is None else Fraction(repr(options.participation))
        self.ledger = Ledger(feed.contract.instrument.tick_value, fee)
        self.steps: list[int] = []
        self.silent = True
        self.armed_before: list[ArmedGuard] = []
        self.finer: Magnifier | None = None
        self.first = 0
        self.row = -1
        self.session_first = 0
        self._closed_before: int | None = None
        self._stamps_before = (0, 0)
        self.columns: BarColumns | None = None
        self.opens: Sequence[int] = []
        self.highs: Sequence[int] = []
        self.lows: Sequence[int] = []
        self.closes: Sequence[int] = []
        self.volumes: list[int] = []
        self.starts: Sequence[int] = []
        self.ends: Sequence[int] = []
        self.shut: list[bool] | None = None
        self.slips = options.market_slip_ticks + options.stop_slip_ticks + options.forced_slip_ticks
        self._simple = self._share is None and options.intrabar in ("pessimistic", "optimistic")

    def use(self, models: Models) -> None:
        """Let models decide fees and slippage, from before the first bar on; each bar is then walked whole."""
        self.book.models = self.ledger.models = models
        self._simple = False

    def load(self, columns: BarColumns, shut: NDArray[np.bool_] | None) -> None:
        """Take the next chunk of bars; `shut` marks rows on which nothing fills (R5), None when there are none.

        The driver then sets `row` to the bar that is complete; -1 is the moment before the chunk's first bar.
        """
        if self.book.models is not None:
            self.book.models.look()
        if self.closes:
            self.ledger.end_chunk(self.lows, self.highs, self.row + 1)
            self._closed_before, self._stamps_before = self.last_close, self.stamps
        self.first = columns.first
        self.row = -1
        self.columns = columns
        self.starts, self.ends = view(columns.start_ns), view(columns.end_ns)
        self.opens, self.highs = view(columns.open), view(columns.high)
        self.lows, self.closes = view(columns.low), view(columns.close)
        self.volumes = columns.volume.tolist() if self.options.participation is not None else []
        self.shut = None if shut is None else shut.tolist()
        self.steps = []
        self.look(-FAR, FAR)

    @property
    def next_bar(self) -> int:
        """Number of the bar that comes after the last complete one."""
        return self.first + self.row + 1

    @property
    def last_close(self) -> int | None:
        """Close of the last complete bar in ticks, None before the first."""
        return self.closes[self.row] if self.row >= 0 else self._closed_before

    @property
    def stamps(self) -> tuple[int, int]:
        """Start and end of the last complete bar, UTC nanoseconds."""
        return (self.starts[self.row], self.ends[self.row]) if self.row >= 0 else self._stamps_before

    def under_way(self) -> int:
        """Signed contracts that waiting market orders will add; reduce-only ones count as far as they can reduce."""
        free = reducing = 0
        for working in self.book.live:
            if working.kind == MARKET and not working.reduce_only:
                free += working.sign * working.size
            elif working.kind == MARKET and working.sign * self.book.position < 0:
                reducing += working.size
        position = self.book.position
        return free - (min(reducing, position) if position > 0 else -min(reducing, -position))

    def needs_work(self, row: int) -> bool:
        """Whether anything can happen on a bar."""
        return self.highs[row] >= self.up or self.lows[row] <= self.down

    def play(self, row: int) -> list[Outcome]:
        """Phases B and C of a bar, on the book; returns the outcomes when the bar is ambiguous. `settle` books it."""
        book = self.book
        book.log = []
        if self.shut is not None and self.shut[row]:
            self.silent = True
            return []
        high, low, bar = self.highs[row], self.lows[row], self.first + row
        now = Moment(self.options, bar, self.opens[row], high, low, self.closes[row], bar == self.session_first)
        share = self._share
        if share is not None:
            book.volume_left = share.numerator * self.volumes[row] // share.denominator
            for working in book.live:
                working.blocked = False
        guards = book.guards
        self.silent = not guards or guards_silent(book, now.open, low, high, self.slips, self.corridor)
        if not self.silent:
            self.armed_before = [armed.copy() for armed in guards]
            return self._walk(now, row)
        book.guards = []
        outcomes = self._walk(now, row)
        self.book.guards = guards
        return outcomes

    def _walk(self, now: Moment, row: int) -> list[Outcome]:
        if self.finer is None:
            walk_open(self.book, now)
            self.book, outcomes = walk_bar(self.book, now)
        else:
            volume = int(self.columns.volume[row]) if self.columns is not None and self.finer.compares_volume else None
            span = Span(self.starts[row], self.ends[row], volume)
            self.book, outcomes = self.finer.walk(self.book, now, span, self._share)
        return outcomes

    def may_be_simple(self, row: int) -> bool:
        """Whether `play_single` may be tried on a bar: one path or two, nothing finer, no limit on volume, not shut."""
        return self._simple and self.finer is None and (self.shut is None or not self.shut[row])

    def finish_bar(self, row: int) -> None:
        """Phase D for the orders: trailing stops that move on the close (R10), delayed requests (R23), R28."""
        if self.book.live and (self.shut is None or not self.shut[row]):
            bar, close = self.first + row, self.closes[row]
            if self.options.trail_update == "bar_close":
                for working in self.book.live:
                    if working.trail and working.from_bar <= bar:
                        working.follow(close)
            self._check_and_show(bar, close)
        if self.pending:
            bar = self.first + row
            due = [act for when, act in self.pending if when <= bar]
            self.pending = [(when, act) for when, act in self.pending if when > bar]
            for act in due:
                act()
        self.refresh()

    def expire(self, bar: int, start_ns: int, *, session_over: bool) -> list[Working]:
        """Phase A: take out what has expired before this bar."""
        return [
            o
            for o in self.book.live
            if bar > o.expire_bar or start_ns >= o.expire_ns or (session_over and o.expire_session)
        ]

    def _check_and_show(self, bar: int, close: int) -> None:
        """Assert R28, and show on the public orders what the bar changed: trailing levels, sizes of grown children."""
        for o in self.book.live:
            if o.fires_at(close) and o.from_bar <= bar and not o.blocked:
                raise InvariantError(
                    f"order {o.id} should have filled in bar {bar} (R28): level {o.level}, close {close} ticks; "
                    "this is a bug of barstep, please report it"
                )
            if o.order is not None:
                if o.trail:
                    o.order.stop = o.order.contract.instrument.price(o.level)
                if self._share is not None:
                    o.order.size = o.order.filled + o.size

    def mark(self, row: int) -> None:
        """Check R20 on a bar with a fill and keep what the equity curve needs."""
        ledger, steps = self.ledger, self.steps
        ledger.check(self.book.position, self.book.cash)
        if steps and steps[-STEP] == row:
            del steps[-STEP:]
        balance = ledger.realised * ledger.tick_value - ledger.fees
        steps += (row, ledger.position, ledger.cash, ledger.fees, balance, ledger.low, ledger.high)
