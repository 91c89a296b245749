"""Which path through a bar counts, and whether the bar is ambiguous (R17)."""

from __future__ import annotations

from dataclasses import dataclass

from barstep.sim.book import Book, Execution, LogEntry
from barstep.sim.matching import Moment
from barstep.sim.reach import in_reach, only_event
from barstep.sim.walk import walk_path


@dataclass(slots=True)
class Outcome:
    """One way through a bar: the book it leaves, its name (`A`, `B`, `A R17b`, `B R17b`) and equity at the close.

    `log`, `failed` and `locked` are the book's as the bar left them: the book that is kept lives on.
    """

    book: Book
    path: str
    equity: int
    log: list[LogEntry]
    failed: str
    locked: str
    chosen: bool = False


def walk_bar(book: Book, now: Moment) -> tuple[Book, list[Outcome]]:
    """Phase C under the configured choice of path.

    Returns:
        The book to keep, and all outcomes when the bar is ambiguous, else an empty list.
    """
    reachable = in_reach(book, now)
    if not reachable:
        _trail_through(book, now)
        return book, []
    mode = now.options.intrabar
    if mode not in ("pessimistic", "optimistic"):
        walk_path(book, now, _turns(now, _single_path(mode, book.position, now)))
        return book, []
    only = only_event(book, now, reachable)
    if only is not None:
        walk_path(book, now, _turns(now, _nearest(now)))
        return book, []
    outcomes = [_outcome(book, now, "A"), _outcome(book, now, "B")]
    due = [o.path for o in outcomes if o.book.r17b_due] if mode == "pessimistic" else []
    ambiguous = bool(due) or _ledger(outcomes[0].book) != _ledger(outcomes[1].book)
    outcomes += [_outcome(book, now, path, r17b=True) for path in due]
    kept = min(outcomes, key=lambda o: _preference(o, now, optimistic=mode == "optimistic"))
    kept.chosen = True
    return kept.book, outcomes if ambiguous else []


def _trail_through(book: Book, now: Moment) -> None:
    """Move trailing stops by a whole bar in which nothing happens: every path visits both extremes (R10)."""
    if now.options.trail_update != "path":
        return
    for working in book.live:
        if working.trail and working.from_bar <= now.bar:
            working.follow(now.low if working.sign > 0 else now.high)


def _outcome(book: Book, now: Moment, path: str, *, r17b: bool = False) -> Outcome:
    twin = book.copy()
    twin.r17b = r17b
    walk_path(twin, now, _turns(now, path))
    name = f"{path} R17b" if r17b else path
    return Outcome(twin, name, twin.equity(now.close), twin.log, twin.failed, twin.locked)


def _preference(outcome: Outcome, now: Moment, *, optimistic: bool) -> tuple[bool, bool, int, bool, bool]:
    """The order of R17, smallest first: failed, locked, lower equity, nearest extreme, without R17b."""
    book = outcome.book
    odd_path = outcome.path[0] != _nearest(now)
    if optimistic:
        return bool(book.failed), bool(book.locked), -outcome.equity, odd_path, False
    return not book.failed, not book.locked, outcome.equity, odd_path, book.r17b_acted


def _ledger(book: Book) -> tuple[object, ...]:
    fills = tuple((e.id, e.sign, e.size, e.price) for e in book.log if isinstance(e, Execution))
    return fills, book.failed, book.locked


def _turns(now: Moment, path: str) -> tuple[int, int, int]:
    return (now.high, now.low, now.close) if path == "A" else (now.low, now.high, now.close)


def _nearest(now: Moment) -> str:
    return "A" if now.high - now.open < now.open - now.low else "B"


def _single_path(mode: str, position: int, now: Moment) -> str:
    if mode == "ohlc":
        return "A"
    if mode == "olhc":
        return "B"
    if mode == "candle_colour":
        return "B" if now.close >= now.open else "A"
    if mode == "adverse" and position:
        return "B" if position > 0 else "A"
    return _nearest(now)
