"""Account guards: levels of equity, day result or one position's open result that are watched inside the bar (R19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from barstep.sim.book import NEVER, Execution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.domain.fill import Phase
    from barstep.sim.book import Book

Basis = Literal["equity", "day", "position"]
GuardSide = Literal["floor", "cap"]
Action = Literal["fail", "lock", "flatten"]

_SEVERITY = {"fail": 0, "lock": 1, "flatten": 2}


@dataclass(slots=True)
class Guard:
    """A level to watch.

    Attributes:
        name: What the result and the reason call it.
        basis: `equity`, `day` (result since the session's start) or `position` (open result of one contract).
        level: Micro-dollars. A floor is breached at or below it, a cap at or above.
        side: `floor` or `cap`.
        action: `fail` the account, `lock` the day, or `flatten`.
        trail: Micro-dollars that a floor stays below the highest value seen, or None for a level that stays.
        trail_until: Micro-dollars at which a trailing floor stops for good, or None when it never stops.
        plugin: Who set it.
    """

    name: str
    basis: Basis
    level: int
    side: GuardSide = "floor"
    action: Action = "flatten"
    trail: int | None = None
    plugin: str = ""
    trail_until: int | None = None


class ArmedGuard:
    """A guard in force: its level as it stands now, and whether it has acted since it was armed."""

    __slots__ = ("acted", "acted_at", "breaches", "day_start", "guard", "level", "way")

    def __init__(self, guard: Guard, day_start: int) -> None:
        self.guard = guard
        self.level = guard.level
        self.day_start = day_start
        self.acted = False
        self.acted_at = 0
        self.breaches = 0
        self.way = 0

    def copy(self) -> ArmedGuard:
        """The same on a copy of the book."""
        twin = ArmedGuard(self.guard, self.day_start)
        twin.level = self.level
        twin.acted = self.acted
        twin.acted_at = self.acted_at
        twin.breaches = self.breaches
        twin.way = self.way
        return twin

    def start_day(self, day_start: int) -> None:
        """A new trading day: the guard may act again, and a day's trailing floor starts anew."""
        self.acted = False
        self.day_start = day_start
        if self.guard.basis == "day":
            self.level = self.guard.level

    @property
    def severity(self) -> int:
        """Which guard acts first where several are breached at one price: fail, lock, flatten."""
        return _SEVERITY[self.guard.action]

    def line(self, book: Book) -> tuple[int, int] | None:
        """The watched value as a line of the price, (value at 0, slope); None for a position guard while flat."""
        slope = book.position * book.tick_value
        if self.guard.basis == "position":
            if not book.position:
                return None
            cost = sum(size * price for size, price in book.lots or ())
            return -cost * book.tick_value, slope
        start = book.base + book.cash * book.tick_value - book.fees
        return (start - self.day_start if self.guard.basis == "day" else start), slope

    def follow(self, book: Book, price: int) -> None:
        """Raise a trailing floor after the value seen at a price; a guard of a position starts anew with each one."""
        if self.guard.basis == "position":
            way = (book.position > 0) - (book.position < 0)
            if way != self.way:
                self.way, self.acted, self.level = way, False, self.guard.level
        line = self.line(book) if self.guard.trail is not None else None
        if line is not None and self.guard.trail is not None:
            level = line[0] + line[1] * price - self.guard.trail
            until = self.guard.trail_until
            self.level = max(self.level, level if until is None else min(level, until))

    def breach(self, book: Book, price: int, direction: int) -> int | None:
        """The first price from `price` on, going in `direction`, at which it is breached (R15); None if there is none."""
        line = self.line(book)
        if line is None:
            return None
        start, slope = line
        floor = self.guard.side == "floor"
        gap = start + slope * price - self.level
        if (gap <= 0) if floor else (gap >= 0):
            return price
        if not slope * direction or (slope * direction < 0) != floor:
            return None
        steps = -(-abs(gap) // abs(slope))
        return price + direction * steps

    @property
    def turn(self) -> tuple[int, int, int, str, str]:
        """Orders guards that acted in one bar as they did: by their place in the walk, then as `strictness` has it."""
        level = self.level + (self.day_start if self.guard.basis == "day" else 0)
        strict = -level if self.guard.side == "floor" else level
        return self.acted_at, self.severity, strict, self.guard.name, self.guard.plugin

    def strictness(self, book: Book, price: int) -> tuple[int, str, str]:
        """Orders guards that are breached at one price: the one that is breached by most goes first, then by name."""
        start, slope = self.line(book) or (0, 0)
        beyond = start + slope * price - self.level
        return (beyond if self.guard.side == "floor" else -beyond), self.guard.name, self.guard.plugin

    def idle(self, book: Book) -> bool:
        """Whether it has acted and there is nothing left for it to do."""
        return self.acted and not book.position and not book.live


class Corridor(NamedTuple):
    """Equity between which no guard of equity or of the day's result is breached, in micro-dollars, both ends excluded.

    `fixed` tells that these are all there are: no guard trails, none watches a position.
    """

    floor: int = -NEVER
    cap: int = NEVER
    fixed: bool = True


def corridor(guards: Sequence[ArmedGuard]) -> Corridor:
    """The corridor of some guards until they are armed anew or a day begins."""
    floor, cap, fixed = Corridor()
    for armed in guards:
        guard = armed.guard
        if guard.basis == "position" or guard.trail is not None:
            fixed = False
            continue
        level = armed.level + (armed.day_start if guard.basis == "day" else 0)
        if guard.side == "floor":
            floor = max(floor, level)
        else:
            cap = min(cap, level)
    return Corridor(floor, cap, fixed)


def test_guards(book: Book, price: int, forced_slip: int, phase: Phase, leg: int) -> None:
    """Test all guards at a price and let the breached ones act, until none has anything to do."""
    acting = True
    while acting:
        acting = False
        for armed in book.guards:
            armed.follow(book, price)
        breached = [a for a in book.guards if not a.idle(book) and a.breach(book, price, 0) is not None]
        if breached:
            first = (
                breached[0]
                if len(breached) == 1
                else min(breached, key=lambda a: (a.severity, *a.strictness(book, price)))
            )
            act(book, first, price, forced_slip, phase, leg)
            acting = True


def act(book: Book, armed: ArmedGuard, price: int, forced_slip: int, phase: Phase, leg: int) -> None:
    """Carry a breach out: cancel all orders, close at the breach price with the forced slip, apply the action (R19)."""
    guard = armed.guard
    armed.acted = True
    armed.acted_at = len(book.log)
    armed.breaches += 1
    liquidate(book, price, forced_slip, phase, leg, "R19", guard.name)
    if guard.action == "fail":
        book.failed = book.failed or guard.name
    elif guard.action == "lock":
        book.locked = book.locked or guard.name


def liquidate(book: Book, price: int, slip: int, phase: Phase, leg: int, rule: str, reason: str) -> None:
    """Cancel every order of the book and close its position at `price` less the slip."""
    for working in book.live.copy():
        book.remove(working, reason)
    position = book.position
    if not position:
        return
    sign = -1 if position > 0 else 1
    size = abs(position)
    models = book.models
    if models is not None:
        slip = models.forced(sign, size, slip, book.next_id)
    paid = price + sign * slip
    book.cash -= sign * size * paid
    book.fees += size * (book.fee if models is None else models.rate(sign, size))
    book.position = 0
    book.book_lot(sign * size, paid)
    book.log.append(Execution(None, book.next_id, sign, size, paid, price, rule, phase, leg, False, 0, reason))
    book.next_id += 1
