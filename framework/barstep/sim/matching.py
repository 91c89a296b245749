"""An order against a price: at the open, in the path, and the children its fill brings (R6-R13, R16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from barstep.sim.book import LIMIT, MARKET, STOP, STOP_LIMIT, Birth, Book, Execution, Working
from barstep.sim.guards import test_guards

if TYPE_CHECKING:
    from barstep.domain.fill import Phase
    from barstep.domain.fill_options import FillOptions


class Moment(Struct, gc=False, eq=False):
    """The bar being played, as matching needs to know it."""

    options: FillOptions
    bar: int
    open: int
    high: int
    low: int
    close: int
    first_of_session: bool


def try_at(book: Book, working: Working, price: int, now: Moment, phase: Phase, leg: int, arriving: bool) -> None:
    """Test one order at a price as phase B does (R13), and fill it if its condition is true there."""
    if not working.fires_at(price):
        return
    options, sign, kind, level = now.options, working.sign, working.kind, working.level
    if kind == MARKET:
        slip = options.market_slip_ticks
        paid, level = price + sign * (slip if book.models is None else book.models.slip(book, working, slip)), price
    elif kind == STOP:
        paid = stop_price(book, working, price, now)
    elif kind == STOP_LIMIT:
        trigger(book, working, price, now, phase, leg, arriving)
        return
    elif arriving:
        slip = options.market_slip_ticks
        better = price + sign * (slip if book.models is None else book.models.slip(book, working, slip))
        paid = min(level, better) if sign > 0 else max(level, better)
    elif options.gap_price == "open" or (options.gap_price == "auction" and now.first_of_session):
        paid = price
    else:
        paid = level
    execute(book, working, paid, level, working.rule, now, phase, leg, arriving)


def fire(book: Book, working: Working, now: Moment, leg: int) -> None:
    """Carry out an order whose event the path has reached (R15, R16)."""
    arriving = working.arrive_bar == now.bar
    level = working.level
    if working.kind == STOP_LIMIT:
        trigger(book, working, level, now, "path", leg, arriving)
    elif working.kind == STOP:
        paid = stop_price(book, working, level, now)
        execute(book, working, paid, level, working.rule, now, "path", leg, arriving)
    elif not same_bar_guard(book, working, now, leg):
        execute(book, working, level, level, working.rule, now, "path", leg, arriving)


def same_bar_guard(book: Book, target: Working, now: Moment, leg: int) -> bool:
    """R17b: a target whose parent filled in this bar's path yields to a sibling stop inside the bar; True if it did.

    `book.r17b_due` notes that the rule would act; it acts only on a walk that asked for it (`book.r17b`).
    """
    if target.role != "target" or target.born_bar != now.bar or not target.born_in_path:
        return False
    stop = next((o for o in book.live if o.oco == target.oco and o.role in ("stop", "trail")), None)
    if stop is None or not now.low <= stop.level <= now.high:
        return False
    book.r17b_due = True
    if not book.r17b:
        return False
    book.r17b_acted = True
    if stop.blocked:  # no volume is left for it in this bar (R22): neither of the two fills
        target.blocked = True
        return True
    paid = stop_price(book, stop, stop.level, now)
    execute(book, stop, paid, stop.level, "R17b", now, "path", leg, stop.arrive_bar == now.bar)
    return True


def trigger(book: Book, working: Working, price: int, now: Moment, phase: Phase, leg: int, arriving: bool) -> None:
    """A stop-limit whose stop is reached fills at once or rests as a limit from here on (R9)."""
    sign, limit = working.sign, working.limit
    if sign * (price - limit) <= 0:
        slip = now.options.stop_slip_ticks
        slipped = price + sign * (slip if book.models is None else book.models.slip(book, working, slip))
        paid = min(limit, slipped) if sign > 0 else max(limit, slipped)
        execute(book, working, paid, working.level, working.rule, now, phase, leg, arriving)
        return
    if working.reduce_only and sign * book.position >= 0:
        book.remove(working, "nothing left to reduce")
        return
    working.kind = LIMIT
    working.level = limit
    working.aim(now.options.limit_through_ticks)


def execute(
    book: Book,
    working: Working,
    price: int,
    level: int,
    rule: str,
    now: Moment,
    phase: Phase,
    leg: int,
    arriving: bool,
) -> None:
    """Fill an order at a price, with all that follows at that instant (R12, R22)."""
    sign, size, before = working.sign, working.size, book.position
    closable = -sign * before if sign * before < 0 else 0
    if working.reduce_only:
        if not closable:
            book.remove(working, "nothing left to reduce")
            return
        if size > closable:
            size = closable
    if size > book.volume_left:
        size = book.volume_left
        if not size:
            working.blocked = True
            return
    book.volume_left -= size
    after = before + sign * size
    opened = size - closable if size > closable else 0
    book.position = after
    book.fills += 1
    book.cash -= sign * size * price
    book.fees += size * (book.fee if book.models is None else book.models.rate(sign, size))
    if book.lots is not None:
        book.book_lot(sign * size, price)
    working.size -= size
    if not working.size or (working.reduce_only and not after):
        book.live.remove(working)
    else:
        working.blocked = True
    book.log.append(Execution(working, working.id, sign, size, price, level, rule, phase, leg, arriving, opened, ""))
    if working.oco:
        _settle_oco(book, working, size)
    if before and book.live and (not after or (after > 0) != (before > 0)):
        for other in [o for o in book.live if o.role]:
            book.remove(other, "position closed")
    if opened and working.bracket is not None:
        _bear_children(book, working, price, opened, now, phase)


def stop_price(book: Book, stop: Working, price: int, now: Moment) -> int:
    """What a stop pays from the price that triggered it (R8)."""
    slip = now.options.stop_slip_ticks
    slipped = price + stop.sign * (slip if book.models is None else book.models.slip(book, stop, slip))
    return min(max(slipped, now.low), now.high) if now.options.clamp_slippage else slipped


def _settle_oco(book: Book, filled: Working, size: int) -> None:
    """The first to fill cancels the others at the same instant; a child's partial exit shrinks its sibling (R12, R22)."""
    for other in [o for o in book.live if o.oco == filled.oco and o is not filled]:
        if filled.role and filled in book.live and other.size > size:
            other.size -= size
        else:
            book.remove(other, f"OCO: order {filled.id} filled")


def _bear_children(book: Book, parent: Working, price: int, size: int, now: Moment, phase: Phase) -> None:
    """Create stop and target for the part of a fill that opened, or grow them by it (R12, R22)."""
    grown = [o for o in book.live if o.parent == parent.id and o.role]
    if grown:
        for child in grown:
            child.size += size
        return
    assert parent.order is not None  # noqa: S101 - only asked orders carry brackets
    for child in bear(book, parent, price, size, now.bar, now.options, phase):
        book.log.append(Birth(child, parent.order, size))
        if child.arrive_bar == now.bar:
            book.newborn.append(child)


_CHILD_RULES: Final = {"trail": "R10", "stop": "R8", "target": "R7"}


def bear(
    book: Book, parent: Working, price: int, size: int, bar: int, options: FillOptions, phase: Phase
) -> list[Working]:
    """Put the children of a fill into the book; they can act at once, as arriving, or from the next bar on (R12)."""
    bracket, sign = parent.bracket, parent.sign
    assert bracket is not None  # noqa: S101 - asked only for orders with brackets
    exits: list[tuple[str, int]] = []
    if bracket.trail is not None:
        exits.append(("trail", price - sign * bracket.trail))
    elif bracket.stop is not None:
        exits.append(("stop", price - sign * bracket.stop))
    elif bracket.stop_level is not None:
        exits.append(("stop", bracket.stop_level))
    if bracket.target is not None:
        exits.append(("target", price + sign * bracket.target))
    elif bracket.target_level is not None:
        exits.append(("target", bracket.target_level))
    delayed = phase == "hooks" or options.children == "next_bar"
    first, arrives, number = (bar + 1, -1, parent.id) if delayed else (bar, bar, parent.id)
    made, reached = [], sign * options.limit_through_ticks
    for role, level in exits:
        if role == "target":
            kind, event, needs, trail = LIMIT, level + reached, sign, 0
        else:
            kind, event, needs, trail = STOP, level, -sign, bracket.trail or 0
        child = Working(
            book.next_id, None, -sign, kind, size, level, _CHILD_RULES[role], event, needs, 0, trail, price, first,
            arrives, True, -number, role, number, bar, phase == "path",
        )  # fmt: skip
        book.next_id += 1
        book.live.append(child)
        made.append(child)
    return made


def try_newborn(book: Book, price: int, now: Moment, phase: Phase, leg: int) -> None:
    """Test newly created orders at the price they were created at, once, in id order, as arriving (R13, R16)."""
    while book.newborn:
        child = book.newborn.pop(0)
        if not child.fires_at(price) or child not in book.live:
            continue
        before = book.fills
        if child.kind != LIMIT or not same_bar_guard(book, child, now, leg):
            try_at(book, child, price, now, phase, leg, True)
        if book.guards and book.fills > before:
            test_guards(book, price, now.options.forced_slip_ticks, phase, leg)
