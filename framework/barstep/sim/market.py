"""One contract of the simulated exchange: which bars need work, and phases B, C and D of those that do (R3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from barstep.domain.errors import InvariantError
from barstep.sim.book import LIMIT, MARKET, NEVER, Birth, Book, Execution, Removal, Working
from barstep.sim.choice import Outcome, walk_bar
from barstep.sim.ledger import Ledger
from barstep.sim.matching import Moment
from barstep.sim.walk import walk_open

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns, Feed
    from barstep.domain.fill_options import FillOptions


class Step(NamedTuple):
    """What a bar with a fill left: row in the chunk, position, cash, fees, balance, and extremes of worth in micro-dollars."""

    row: int
    position: int
    cash: int
    fees: int
    balance: int
    low: int
    high: int


class Market:
    """Working orders, position and the present chunk of bars of one contract.

    A bar is touched only when it can matter: `up` and `down` are the nearest levels that a rise or a fall can reach, and
    `force` says that something waits for the next open or moves with the bars.
    """

    def __init__(self, feed: Feed, options: FillOptions, fee: int) -> None:
        self.feed = feed
        self.options = options
        self.book = Book(feed.contract.instrument.tick_value, fee)
        self.ledger = Ledger(feed.contract.instrument.tick_value, fee)
        self.steps: list[Step] = []
        self.pending: list[tuple[int, Callable[[], None]]] = []
        self.up = NEVER
        self.down = -NEVER
        self.force = False
        self.first = 0
        self.row = -1
        self.session_first = 0
        self._closed_before: int | None = None
        self._stamps_before = (0, 0)
        self.opens: list[int] = []
        self.highs: list[int] = []
        self.lows: list[int] = []
        self.closes: list[int] = []
        self.volumes: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.shut: list[bool] | None = None

    def load(self, columns: BarColumns, shut: NDArray[np.bool_] | None) -> None:
        """Take the next chunk of bars; `shut` marks rows on which nothing fills (R5), None when there are none.

        The driver then sets `row` to the bar that is complete; -1 is the moment before the chunk's first bar.
        """
        if self.closes:
            self._closed_before, self._stamps_before = self.last_close, self.stamps
        self.first = columns.first
        self.row = -1
        self.starts = columns.start_ns.tolist()
        self.ends = columns.end_ns.tolist()
        self.opens = columns.open.tolist()
        self.highs = columns.high.tolist()
        self.lows = columns.low.tolist()
        self.closes = columns.close.tolist()
        self.volumes = columns.volume.tolist() if self.options.participation is not None else []
        self.shut = None if shut is None else shut.tolist()
        self.ledger.seen = 0
        self.steps = []

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

    def needs_work(self, row: int) -> bool:
        """Whether anything can happen on a bar."""
        return self.force or self.highs[row] >= self.up or self.lows[row] <= self.down

    def play(self, row: int) -> list[Outcome]:
        """Phases B and C of a bar, on the book; returns the outcomes when the bar is ambiguous. `settle` books it."""
        book = self.book
        book.log = []
        if self.shut is not None and self.shut[row]:
            return []
        high, low, bar = self.highs[row], self.lows[row], self.first + row
        now = Moment(self.options, bar, self.opens[row], high, low, self.closes[row], bar == self.session_first)
        share = self.options.participation
        if share is not None:
            book.volume_left = int(share * self.volumes[row])
            for working in book.live:
                working.blocked = False
        book.r17b_due = False
        walk_open(book, now)
        self.book, outcomes = walk_bar(book, now)
        return outcomes

    def finish_bar(self, row: int) -> None:
        """Phase D for the orders: trailing stops that move on the close (R10), delayed requests (R23), R28."""
        bar, close = self.first + row, self.closes[row]
        if self.shut is None or not self.shut[row]:
            if self.options.trail_update == "bar_close":
                for working in self.book.live:
                    if working.trail and working.from_bar <= bar:
                        working.follow(close)
            self._check_r28(bar, close)
        if self.pending:
            due = [act for when, act in self.pending if when <= bar]
            self.pending = [(when, act) for when, act in self.pending if when > bar]
            for act in due:
                act()
        self.refresh()

    def refresh(self) -> None:
        """Recompute which bars need work, after anything about the orders, the guards or the position has changed."""
        up, down, force = NEVER, -NEVER, bool(self.pending)
        for working in self.book.live:
            if working.kind == MARKET or working.trail or working.expire_bar != NEVER or working.expire_ns != NEVER:
                force = True
            elif working.needs > 0:
                up = min(up, working.event)
            else:
                down = max(down, working.event)
        for armed in self.book.guards:
            line = armed.line(self.book)
            if line is None or armed.idle(self.book):
                continue
            start, slope = line
            if not slope:
                force = force or armed.breach(self.book, 0, 0) is not None
            elif armed.guard.trail is not None:
                force = True
            else:
                at = (armed.level - start) // slope  # one tick early at most, never late
                falling = (slope > 0) == (armed.guard.side == "floor")
                up, down = (up, max(down, at + 1)) if falling else (min(up, at), down)
        self.up, self.down, self.force = up, down, force

    def show_levels(self) -> None:
        """Bring the public orders up to date with what a bar changed: trailing levels, sizes of grown children."""
        for working in self.book.live:
            order = working.order
            if order is None:
                continue
            if working.trail:
                order.stop = order.contract.instrument.price(working.level)
            if self.options.participation is not None:
                order.size = order.filled + working.size

    def expire(self, bar: int, start_ns: int, *, session_over: bool) -> list[Working]:
        """Phase A: take out what has expired before this bar."""
        return [
            o
            for o in self.book.live
            if bar > o.expire_bar or start_ns >= o.expire_ns or (session_over and o.expire_session)
        ]

    def _check_r28(self, bar: int, close: int) -> None:
        through = self.options.limit_through_ticks
        for o in self.book.live:
            if o.from_bar > bar or o.blocked:
                continue
            reach = o.sign * (close - o.level)
            if (reach <= -through) if o.kind == LIMIT else (reach >= 0):
                raise InvariantError(
                    f"order {o.id} should have filled in bar {bar} (R28): level {o.level}, close {close} ticks; "
                    "this is a bug of barstep, please report it"
                )

    def book_bar(self, row: int, on_entry: Callable[[Execution | Removal | Birth], None]) -> None:
        """Hand the walk's log to the ledger in order; `on_entry` makes the public record of each entry."""
        ledger = self.ledger
        log = self.book.log
        ledger.catch_up(self.lows, self.highs, row)
        ledger.start_bar(self.opens[row])
        points, fills = 0, False
        for entry in log:
            if isinstance(entry, int):
                ledger.touch(entry)
                points += 1
            else:
                on_entry(entry)
                fills = fills or isinstance(entry, Execution)
        if points < 2:  # no path was walked: all that can happen in it is that the price visits both ends
            ledger.touch(self.highs[row])
            ledger.touch(self.lows[row])
        ledger.touch(self.closes[row])
        ledger.seen = row + 1
        if fills:
            self._mark(row)

    def book_late(self, on_entry: Callable[[Execution | Removal | Birth], None]) -> None:
        """The same for what happens after the path, at the last close: phases D, E and the end of the data."""
        ledger, row = self.ledger, self.row
        ledger.catch_up(self.lows, self.highs, row + 1)
        if row < 0:
            ledger.low = ledger.high = ledger.worth(self.last_close or 0)
        elif not self.steps or self.steps[-1].row != row:
            ledger.low, ledger.high = sorted((ledger.worth(self.lows[row]), ledger.worth(self.highs[row])))
        for entry in self.book.log:
            if not isinstance(entry, int):
                on_entry(entry)
        ledger.touch(self.last_close or 0)
        if any(isinstance(entry, Execution) for entry in self.book.log):
            self._mark(max(row, 0))

    def _mark(self, row: int) -> None:
        """Check R20 on a bar with a fill and keep what the equity curve needs."""
        ledger = self.ledger
        ledger.check(self.book.position, self.book.cash, self.last_close or 0)
        if self.steps and self.steps[-1].row == row:
            self.steps.pop()
        self.steps.append(Step(row, ledger.position, ledger.cash, ledger.fees, ledger.balance, ledger.low, ledger.high))
