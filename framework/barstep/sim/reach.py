"""What can happen at all inside a bar: the shortcut that R17 allows. Every test here errs towards "it can"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.sim.book import LIMIT, STOP, Book, Working

if TYPE_CHECKING:
    from barstep.domain.fill_options import FillOptions
    from barstep.sim.guards import Corridor
    from barstep.sim.matching import Moment

AnyEvent = Working | None
"""A working order that can fire, or None for a guard that can be breached."""


def in_reach(book: Book, now: Moment) -> list[AnyEvent]:
    """All orders and guards that could act in the path of a bar."""
    found: list[AnyEvent] = []
    bar, low, high = now.bar, now.low, now.high
    for working in book.live:
        if working.from_bar > bar or working.blocked:
            continue
        if working.trail and now.options.trail_update == "path":
            if _trail_in_reach(working, now):
                found.append(working)
        elif low <= working.event <= high:
            found.append(working)
    if book.guards and _guards_in_reach(book, now, book.position, book.cash, book.fees):
        found.append(None)
    return found


def only_event(book: Book, now: Moment, reachable: list[AnyEvent]) -> Working | None:
    """The order that fires when both paths must end alike: only it can fire, and nothing follows from that."""
    only = reachable[0]
    if book.models is not None or len(reachable) > 1 or only is None or only.trail or only.kind not in (STOP, LIMIT):
        return None
    bracket = only.bracket
    if bracket is not None and (
        bracket.trail is not None
        or book.volume_left < only.size
        or children_in_reach(only, now.low, now.high, now.options)
    ):
        return None
    if not book.guards:
        return only
    paid = _entry_price(only, now.options)
    position = book.position + only.sign * only.size
    cash = book.cash - only.sign * only.size * paid
    return None if _guards_in_reach(book, now, position, cash, book.fees + only.size * book.fee) else only


def _entry_price(order: Working, options: FillOptions) -> int:
    return order.level if order.kind == LIMIT else order.level + order.sign * options.stop_slip_ticks


def _trail_in_reach(working: Working, now: Moment) -> bool:
    """Whether a trailing stop can be touched after the bar has moved it as far as it can."""
    if working.sign < 0:
        return now.low <= max(working.ref, now.high) - working.trail
    return now.high >= min(working.ref, now.low) + working.trail


def children_in_reach(entry: Working, low: int, high: int, options: FillOptions) -> bool:
    """Whether a child of an entry filled in the path could act in the same bar; one-sided on purpose (V27)."""
    bracket, sign = entry.bracket, entry.sign
    if bracket is None or options.children == "next_bar":
        return False
    if options.clamp_slippage:
        return True
    paid = _entry_price(entry, options)
    stop = bracket.stop_level if bracket.stop is None else paid - sign * bracket.stop
    target = bracket.target_level if bracket.target is None else paid + sign * bracket.target
    worst, best = (low, high) if sign > 0 else (high, low)
    through = options.limit_through_ticks
    return (stop is not None and sign * (worst - stop) <= 0) or (
        target is not None and sign * (best - target) >= through
    )


def _guards_in_reach(book: Book, now: Moment, position: int, cash: int, fees: int) -> bool:
    """Whether a guard is breached at either end of the bar, for a given position and cash flow."""
    slope = position * book.tick_value
    start = book.base + cash * book.tick_value - fees
    for armed in book.guards:
        guard = armed.guard
        if guard.basis == "position" or guard.trail is not None:
            if position or book.position:
                return True
            continue
        if armed.idle(book) and not position:
            continue
        offset = start - armed.day_start if guard.basis == "day" else start
        ends = (offset + slope * now.low, offset + slope * now.high)
        if min(ends) <= armed.level if guard.side == "floor" else max(ends) >= armed.level:
            return True
    return False


def guards_silent(book: Book, start: int, low: int, high: int, slips: int, corridor: Corridor) -> bool:
    """Whether no guard can act in this bar, whatever the orders do: a bound on the equity that the bar can reach.

    What is held and what works now is opened once at most and closed once, however often the path turns (R21), so each
    contract gains or loses at most a range of the bar; fills are off the path by slippage (`slips` ticks, all that an order
    may meet) and, for limits, by their distance from the open. Three times that is more than enough.
    """
    floor, cap, fixed = corridor
    if not fixed or book.models is not None:
        return False
    position, value = book.position, book.tick_value
    size, away = position if position > 0 else -position, 0
    for working in book.live:
        size += working.size
        if working.kind == LIMIT or working.limit:
            away += working.size * abs((working.limit or working.level) - start)
    reach = (3 * size * (high - low + slips) + away) * value + 3 * size * book.fee
    equity = book.base + (book.cash + position * start) * value - book.fees
    return floor < equity - reach and equity + reach < cap
