"""The walk through a bar: the open (R13) and the legs of a path (R14-R16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.sim.book import NEVER, Book, Working
from barstep.sim.guards import ArmedGuard, act, test_guards
from barstep.sim.matching import Moment, fire, try_at, try_newborn

if TYPE_CHECKING:
    from collections.abc import Iterable

_CAP_RANK = 4  # ranks of R15: floor guard 0, then the kinds of orders, cap guard last


def walk_open(book: Book, now: Moment) -> None:
    """Phase B: guards at the open, then each eligible order by rank and id, then the orders these created (R13)."""
    price = now.open
    forced = now.options.forced_slip_ticks
    book.log.append(price)
    if book.guards:
        test_guards(book, price, forced, "open", 0)
    reached = [o for o in book.live if o.from_bar <= now.bar and o.fires_at(price)]
    if len(reached) > 1:
        reached.sort(key=_rank_and_id)
    for working in reached:
        if working not in book.live:
            continue
        before = book.fills
        try_at(book, working, price, now, "open", 0, working.arrive_bar == now.bar)
        if book.guards and book.fills > before:
            test_guards(book, price, forced, "open", 0)
    if book.newborn:
        try_newborn(book, price, now, "open", 0)
    if now.options.trail_update == "path":
        for working in book.live:
            if working.trail and working.from_bar <= now.bar:
                working.follow(price)


def walk_path(book: Book, now: Moment, turns: Iterable[int]) -> None:
    """Phase C along one path, from the open through the prices in `turns` (R14)."""
    price = now.open
    for leg, target in enumerate(turns, start=1):
        if target != price:
            _walk_leg(book, now, price, target, leg)
            price = target


def _walk_leg(book: Book, now: Moment, price: int, target: int, leg: int) -> None:
    direction = 1 if target > price else -1
    while True:
        found = _next_event(book, now, price, target, direction)
        if found is None:
            break
        what, price = found
        if book.log[-1] != price:
            book.log.append(price)
        _follow(book, now, price, direction)
        before = book.fills
        if isinstance(what, Working):
            fire(book, what, now, leg)
        else:
            act(book, what, price, now.options.forced_slip_ticks, "path", leg)
        if book.guards and book.fills > before:
            test_guards(book, price, now.options.forced_slip_ticks, "path", leg)
        if book.newborn:
            try_newborn(book, price, now, "path", leg)
    _follow(book, now, target, direction)
    book.log.append(target)


def _next_event(
    book: Book, now: Moment, price: int, target: int, direction: int
) -> tuple[Working | ArmedGuard, int] | None:
    """The event with the smallest (distance, rank, id) on the way from `price` to `target`, both included (R15)."""
    reach = (target - price) * direction
    best: Working | ArmedGuard | None = None
    best_key = (NEVER, 0, 0)
    for working in book.live:
        if working.needs != direction or working.blocked or working.from_bar > now.bar:
            continue
        distance = (working.event - price) * direction
        if 0 <= distance <= reach:
            key = (distance, working.kind, working.id)
            if key < best_key:
                best, best_key = working, key
    for armed in book.guards:
        at = None if armed.idle(book) else armed.breach(book, price, direction)
        if at is None or (at - price) * direction > reach:
            continue
        rank = 0 if armed.guard.side == "floor" else _CAP_RANK
        key = ((at - price) * direction, rank, armed.severity)
        if key < best_key:
            best, best_key = armed, key
        elif (
            key == best_key and isinstance(best, ArmedGuard) and armed.strictness(book, at) < best.strictness(book, at)
        ):
            best = armed
    return None if best is None else (best, price + best_key[0] * direction)


def _follow(book: Book, now: Moment, price: int, direction: int) -> None:
    """Move what follows the best price: trailing stops favoured by the direction (R10, R16), trailing floors (R19)."""
    if now.options.trail_update == "path":
        for working in book.live:
            if working.trail and working.needs != direction and working.from_bar <= now.bar:
                working.follow(price)
    for armed in book.guards:
        armed.follow(book, price)


def _rank_and_id(working: Working) -> tuple[int, int]:
    return working.kind, working.id
