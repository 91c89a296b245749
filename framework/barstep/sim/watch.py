"""Which bars of a contract need work: the nearest prices at which an order or a guard can act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from barstep.sim.book import MARKET, NEVER, Book, Working
from barstep.sim.guards import Corridor, corridor

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.sim.guards import ArmedGuard

FAR: Final = (1 << 30) - 1
"""Beyond any price in ticks, and small enough for the interpreter's quick comparison of ints."""


class Watch:
    """Watches the bars for a book.

    A bar is touched only when it can matter: `up` and `down` are the nearest levels that a rise or a fall can reach. When
    something waits for the next open or moves with the bars, `up` is so low that every bar reaches it (`wake`).

    Attributes:
        alert: Whether any of the bars that are looked at now can reach one of them.
        pending: Requests that latency delays, each with the number of the bar after which it is done (R23).
        expiring: Whether an order may expire by a bar or a time.
        corridor: The levels of the guards, read in one go.
    """

    __slots__ = ("_bottom", "_top", "alert", "book", "corridor", "down", "expiring", "pending", "up")

    def __init__(self, book: Book) -> None:
        self.book = book
        self.pending: list[tuple[int, Callable[[], None]]] = []
        self.up = FAR
        self.down = -FAR
        self.alert = False
        self._bottom, self._top = -FAR, FAR
        self.expiring = False
        self.corridor = Corridor()

    def look(self, low: int, high: int) -> None:
        """Turn to bars whose prices lie between these."""
        self._bottom, self._top = low, high
        self.alert = self.up <= high or self.down >= low

    def arm(self, guards: list[ArmedGuard]) -> None:
        """Watch these guards, with their levels as they now are; the next bar is looked at in any case."""
        self.book.guards = guards
        self.corridor = corridor(guards)
        self.refresh()
        if guards:
            self.wake()

    def wake(self) -> None:
        """Have every bar looked at until the next `refresh`."""
        self.up = -FAR
        self.alert = True

    def watch(self, working: Working) -> None:
        """Widen what needs work by one order; a cancelled one is forgotten by the next `refresh`, which costs little."""
        if working.expire_bar != NEVER or working.expire_ns != NEVER:
            self.expiring = True
            self.wake()
            return
        if working.kind == MARKET or working.trail:
            self.wake()
            return
        if working.needs > 0:
            if working.event < self.up:
                self.up = working.event
                self.alert = self.alert or self.up <= self._top
        elif working.event > self.down:
            self.down = working.event
            self.alert = self.alert or self.down >= self._bottom
        for armed in self.book.guards:
            if armed.acted:  # a guard that stays breached cancels whatever comes
                self.wake()

    def refresh(self) -> None:
        """Recompute which bars need work, after anything about the orders, the guards or the position has changed."""
        book, up, down, always, expiring = self.book, FAR, -FAR, bool(self.pending), False
        for working in book.live:
            if working.expire_bar != NEVER or working.expire_ns != NEVER:
                expiring = True
            if working.kind == MARKET or working.trail:
                always = True
            elif working.needs > 0:
                if working.event < up:
                    up = working.event
            elif working.event > down:
                down = working.event
        if book.guards:
            position, (floor, cap, fixed) = book.position, self.corridor
            if position and fixed:
                slope = position * book.tick_value
                equity = book.base + book.cash * book.tick_value - book.fees
                above, below = (cap, floor) if slope > 0 else (floor, cap)
                # a tick early at most, never late
                above, below = (above - equity) // slope, (below - equity) // slope + 1
                up, down = above if above < up else up, below if below > down else down
            else:
                up, down, guarded = self._watch_guards(up, down)
                always = always or guarded
        self.down, self.expiring = down, expiring
        self.up = up = -FAR if always or expiring else up
        self.alert = up <= self._top or down >= self._bottom

    def _watch_guards(self, up: int, down: int) -> tuple[int, int, bool]:
        """Narrow the levels that need work by the prices at which guards are breached; True where every bar needs it."""
        book, (floor, cap, _) = self.book, self.corridor
        if not book.position:
            return up, down, bool(book.live) and any(armed.acted for armed in book.guards)
        slope = book.position * book.tick_value
        equity = book.base + book.cash * book.tick_value - book.fees
        lines = [("floor", floor - equity), ("cap", cap - equity)]
        forced = False
        for armed in book.guards:
            guard = armed.guard
            if guard.basis != "position" and guard.trail is None:
                continue
            if guard.trail is not None and (guard.basis == "position" or guard.side == "cap"):
                forced = True
                continue
            start, _ = armed.line(book) or (0, 0)
            lines.append((guard.side, armed.level - start))
            if guard.trail is not None and (guard.trail_until is None or armed.level < guard.trail_until):
                lines.append(("cap", armed.level + guard.trail - start))  # beyond it the floor rises
        for side, gap in lines:
            at = gap // slope  # one tick early at most, never late
            if (slope > 0) == (side == "floor"):
                if at >= down:
                    down = at + 1
            elif at < up:
                up = at
        return up, down, forced
