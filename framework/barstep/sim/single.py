"""The commonest bars in short: one order acts, at the open or in the path, and nothing else can (R17's shortcut).

What is done here is what `walk_open`, `walk_bar` and `Records.book_bar` would do, without searching and without a log: the
general walk stays the reference, and the property tests hold both against one oracle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.domain.fill import Fill
from barstep.sim.book import LIMIT, MARKET, STOP_LIMIT, Book, Working
from barstep.sim.matching import bear
from barstep.sim.reach import children_in_reach, guards_silent

if TYPE_CHECKING:
    from barstep.sim.market import Market
    from barstep.sim.records import Records


def play_single(market: Market, records: Records, row: int) -> bool:
    """Play and book a bar in which one order acts and nothing follows; False leaves everything as it was."""
    book = market.book
    price, low, high = market.opens[row], market.lows[row], market.highs[row]
    only = _only_order(book.live, market.first + row, low, high)
    if only is None or only.kind == STOP_LIMIT or book.lots is not None:
        return False
    held = book.position
    at_open = price >= only.event if only.needs > 0 else price <= only.event
    closable = abs(held) if held * only.sign < 0 else 0
    if only.reduce_only and only.size > closable:
        return False
    if only.bracket is not None and (
        only.bracket.trail is not None
        or (at_open and market.options.children != "next_bar")
        or children_in_reach(only, low, high, market.options)
    ):
        return False
    if book.guards and not guards_silent(book, price, low, high, market.slips, market.corridor):
        return False
    market.row = row
    ledger = market.ledger
    if at_open:
        ledger.start_bar(row, price, price)
        paid = _paid(market, only, price, at_open=True)
        if paid != price:
            ledger.touch(price)
        _fill(market, records, only, paid, price, 0, closable)
        ledger.reach(low, high)  # the lots see this bar as a whole, when they catch up
    else:
        first, low, high = _around(price, low, high, market.closes[row], only)
        least, most = (price, only.event) if price < only.event else (only.event, price)
        if first is not None and first > most:
            most = first
        elif first is not None and first < least:
            least = first
        ledger.start_bar(row, least, most)
        ledger.since = row + 1
        paid = _paid(market, only, price, at_open=False)
        _fill(market, records, only, paid, price, 1 if first is None else 2, closable)
        ledger.span(low, high)
    market.mark(row)
    return True


def _only_order(live: list[Working], bar: int, low: int, high: int) -> Working | None:
    """The one order that a bar reaches; None when there is none, another, or a trailing stop that would move."""
    only: Working | None = None
    for working in live:
        if working.from_bar > bar:
            continue
        if working.trail:
            return None
        if working.event <= high if working.needs > 0 else working.event >= low:
            if only is not None:
                return None
            only = working
    return only


def _around(start: int, low: int, high: int, close: int, only: Working) -> tuple[int | None, int, int]:
    """The extreme that the path visits before the order's event, or None; and the extremes visited from the event on (R14)."""
    event = only.event
    if only.needs > 0:
        if high - start < start - low:
            return None, low, high
        return low, min(event, close), high
    if high - start < start - low:
        return high, low, max(event, close)
    return None, low, high


def _paid(market: Market, only: Working, price: int, *, at_open: bool) -> int:
    """What the order pays: from the open if it is reached there (R6-R8, R13), else from its level (R15)."""
    options, sign, kind = market.options, only.sign, only.kind
    if kind == MARKET:
        return price + sign * options.market_slip_ticks
    if kind == LIMIT:
        if not at_open:
            return only.level
        if only.arrive_bar == market.first + market.row:
            better = price + sign * options.market_slip_ticks
            return min(only.level, better) if sign > 0 else max(only.level, better)
        opens_session = market.first + market.row == market.session_first
        gap = options.gap_price == "open" or (options.gap_price == "auction" and opens_session)
        return price if gap else only.level
    slipped = (price if at_open else only.level) + sign * options.stop_slip_ticks
    if options.clamp_slippage:
        return min(max(slipped, market.lows[market.row]), market.highs[market.row])
    return slipped


def _fill(market: Market, records: Records, only: Working, paid: int, start: int, leg: int, closable: int) -> None:
    """Book one whole fill with all that follows at that instant (R12), in the order of `execute` and `Records`."""
    book, order, sign, size = market.book, only.order, only.sign, only.size
    assert order is not None  # noqa: S101 - what worked before the bar has its public order
    row, held = market.row, book.position
    bar, end_ns = market.first + row, market.ends[row]
    if sign > 0:
        book.position, book.cash = held + size, book.cash - size * paid
    else:
        book.position, book.cash = held - size, book.cash + size * paid
    book.fills += 1
    book.fees += size * book.fee
    book.live.remove(only)
    fill = Fill(
        order, market.feed, order.side, size, paid, bar, market.starts[row], end_ns, "path" if leg else "open", leg,
        start if only.kind == MARKET else only.level, only.rule, only.arrive_bar == bar,
        "approximate" if only.approximate else "certain", 0, 0, 0, 0, 0,
    )  # fmt: skip
    records.filled(market, fill, only.role or order.tag or "order")
    if book.live:
        _cancel_siblings(book, records, only, held, end_ns)
    if size > closable and only.bracket is not None:
        for child in bear(book, only, paid, size - closable, bar, market.options, fill.phase):
            child.order = records.bear(market, child, order, child.size, end_ns)


def _cancel_siblings(book: Book, records: Records, filled: Working, held: int, at_ns: int) -> None:
    """Cancel what is linked to a filled order, and the exits of a position that is no more (R12)."""
    if filled.oco:
        for other in [o for o in book.live if o.oco == filled.oco]:
            _cancel(book, records, other, f"OCO: order {filled.id} filled", at_ns)
    after = book.position
    if held and (not after or (after > 0) != (held > 0)):
        for other in [o for o in book.live if o.role]:
            _cancel(book, records, other, "position closed", at_ns)


def _cancel(book: Book, records: Records, working: Working, reason: str, at_ns: int) -> None:
    book.live.remove(working)
    if working.order is not None:
        records.end(working.order, "cancelled", reason, at_ns)
