"""The public record of what a walk logged: fills, trades, orders that end and children that are born (R26)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from barstep.domain.bar import Feed
from barstep.domain.fill import Certainty, Fill, Trade
from barstep.domain.order import Order
from barstep.sim.book import Birth, Book, Execution, Removal
from barstep.sim.choice import Outcome
from barstep.sim.guards import Guard
from barstep.sim.market import STEP

if TYPE_CHECKING:
    from barstep.sim.book import LogEntry, Working
    from barstep.sim.finer import Magnifier, Part
    from barstep.sim.market import Market


@dataclass(frozen=True, slots=True)
class AmbiguousBar:
    """A bar whose path decides what happened in it (R17), with every outcome.

    Where a bar was walked through finer ones (R21) it is one of these: `resolution` is their timeframe, else empty, and
    `at_ns` the end of the finer bar, else that of the bar, UTC nanoseconds.
    """

    feed: Feed
    bar_index: int
    end_ns: int
    outcomes: list[Outcome]
    resolution: str = ""
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A bar whose finer bars do not agree with it, so that its own prices decided (R21, MAGNIFIER_MISMATCH)."""

    feed: Feed
    bar_index: int
    end_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Breach:
    """A guard that was breached: the replay's clock when it acted, UTC nanoseconds, and its level then, micro-dollars."""

    guard: Guard
    at_ns: int
    level: int


Event = Fill | Trade | Order | Breach | AmbiguousBar | Mismatch
"""What the exchange reports; an `Order` stands for a change of its status."""


class Records:
    """Turns log entries into public objects, books fills in the ledger and keeps the events in order.

    Attributes:
        events: What has happened, in order; the driver empties it.
        quiet: Set it where nobody hears of working orders: of an order only its end is an event then.
        fills, trades, ended: Where fills, trades and orders that end are put: `events`, or lists of somebody who does not
            have to hear of each at once.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.quiet = False
        self.fills: list[Any] = self.events
        self.trades: list[Any] = self.events
        self.ended: list[Any] = self.events
        self._born: dict[int, Order] = {}
        self._part: Part | None = None
        self._resolution = ""

    def book_bar(self, market: Market, outcomes: list[Outcome]) -> None:
        """Record the bar that `market.row` stands at, fill by fill, with its outcomes when it is ambiguous."""
        ledger, row = market.ledger, market.row
        ledger.catch_up(market.lows, market.highs, row)
        ledger.start_bar(row, market.opens[row], market.opens[row])
        ledger.touch(market.opens[row])
        fills = self._book_log(market, market.book.log, bool(outcomes), market.lows[row], market.highs[row])
        self._end_bar(market, fills)
        if outcomes:
            self.events.append(AmbiguousBar(market.feed, market.next_bar - 1, market.stamps[1], outcomes))

    def book_finer(self, market: Market, finer: Magnifier) -> None:
        """Record the bar that `market.row` stands at as its finer bars decided it, or that they could not (R21)."""
        bar, end_ns = market.next_bar - 1, market.stamps[1]
        if finer.fault:
            self.events.append(Mismatch(market.feed, bar, end_ns, finer.fault))
            finer.fault = ""
        if not finer.parts:
            return
        ledger, row, fills = market.ledger, market.row, False
        self._resolution = finer.source.timeframe
        ledger.catch_up(market.lows, market.highs, row)
        ledger.start_bar(row, market.opens[row], market.opens[row])
        ledger.touch(market.opens[row])
        for part in finer.parts:
            if part.skipped is not None:
                ledger.span(*part.skipped)
            if part.log:
                self._part = part
                fills |= self._book_log(market, part.log, bool(part.outcomes), part.low, part.high)
            if part.outcomes:
                told = AmbiguousBar(market.feed, bar, end_ns, part.outcomes, self._resolution, part.end_ns)
                self.events.append(told)
        self._part = None
        finer.parts = []
        self._end_bar(market, fills)

    def _end_bar(self, market: Market, fills: bool) -> None:
        """A bar is booked: check its money, and give the children their public orders."""
        market.ledger.pass_bar()
        if fills:
            market.mark(market.row)
        if self._born:
            self._adopt(market.book)

    def _book_log(self, market: Market, log: list[LogEntry], ambiguous: bool, lowest: int, highest: int) -> bool:
        """Book what a walk logged, fill by fill; True when there was a fill. The log begins at the bar's open."""
        ledger, points, fills = market.ledger, 0, False
        low = high = at = cast("int", log[0])  # of the path since the last fill, and where it stands
        for entry in log:
            if isinstance(entry, int):
                points += 1
                at = entry
                if at < low:
                    low = at
                elif at > high:
                    high = at
            elif isinstance(entry, Execution):
                if points > 1:  # at the open itself there is nothing to widen
                    ledger.span(low, high)
                self._record_fill(market, ambiguous, entry)
                fills = True
                low = high = at  # what was filled off the price by slippage stands behind at once
            else:
                self._record(market, entry)
        if points < 2:  # no path was walked: all that can happen in it is that the price visits both ends
            low, high = lowest, highest
        ledger.span(low, high)
        return fills

    def book_late(self, market: Market) -> None:
        """Record what happened after the last bar's path, at its close: phases D, E and the end of the data."""
        ledger, row, book = market.ledger, market.row, market.book
        ledger.catch_up(market.lows, market.highs, row + 1)
        if row < 0:
            ledger.low = ledger.high = ledger.worth(market.last_close or 0)
        elif not market.steps or market.steps[-STEP] != row:
            ledger.low, ledger.high = sorted((ledger.worth(market.lows[row]), ledger.worth(market.highs[row])))
        fills = False
        for entry in book.log:
            if isinstance(entry, Execution):
                self._record_fill(market, False, entry)
                fills = True
            elif not isinstance(entry, int):
                self._record(market, entry)
        ledger.touch(market.last_close or 0)
        if fills:
            market.mark(max(row, 0))
        if self._born:
            self._adopt(book)
        book.log = []

    def working(self, order: Order) -> None:
        """A working order is new or has changed."""
        if not self.quiet:
            self.events.append(order)

    def end(self, order: Order, status: Literal["cancelled", "expired"], reason: str, at_ns: int) -> None:
        """An order leaves the book unfilled, or filled in part."""
        order.status = status
        if reason:
            order.reason = f"{order.reason}; {reason}" if order.reason else reason
        order.ended_ns = at_ns
        self.ended.append(order)

    def _adopt(self, book: Book) -> None:
        """Give the children of a bar their public orders: the walk may have been on a copy of the book."""
        for working in book.live:
            working.order = working.order or self._born[working.id]
        self._born.clear()

    def _record(self, market: Market, entry: Removal | Birth) -> None:
        """Make the public record of an order that is cancelled or a child that is born."""
        if isinstance(entry, Removal):
            order = entry.working.order or self._born[entry.working.id]
            self.end(order, "cancelled", entry.reason, market.stamps[1])
        else:
            now = market.stamps[1]
            self._born[entry.working.id] = self.bear(market, entry.working, entry.parent, entry.size, now)

    def _record_fill(self, market: Market, ambiguous: bool, entry: Execution) -> None:
        working, size, phase, reason = entry.working, entry.size, entry.phase, entry.reason
        start_ns, end_ns = market.stamps
        certainty: Certainty = "ambiguous" if ambiguous and phase == "path" else "certain"
        if working is None:
            order, role = _forced_order(market, entry), ""
        else:
            order, role = working.order or self._born[working.id], working.role
            if working.approximate and certainty == "certain":
                certainty = "approximate"
        fill = Fill(
            order, market.feed, order.side, size, entry.price, market.first + market.row, start_ns, end_ns, phase,
            entry.leg, entry.level, entry.rule, entry.arriving, certainty, 0, 0, 0, 0, 0, reason,
        )  # fmt: skip
        if self._part is not None:
            self._place(fill, self._part)
        self.filled(market, fill, role or reason or order.tag or "order")

    def filled(self, market: Market, fill: Fill, exit_reason: str) -> None:
        """Book a fill in the ledger and show it on its order; `exit_reason` is what the trades it closes call it."""
        order, size, ledger = fill.order, fill.size, market.ledger
        trades = ledger.apply(fill, exit_reason)
        if ledger.unmeasured and not ledger.at_leisure:
            ledger.measure(market.lows, market.highs)
        paid, before = market.price(fill.price_ticks), order.filled
        order.filled = filled = before + size
        order.average_price = ((order.average_price or 0.0) * before + paid * size) / filled if before else paid
        self.fills.append(fill)
        if trades:
            self.trades += trades
        if filled >= order.size or (order.reduce_only and not fill.position_after):
            order.status, order.ended_ns = "filled", fill.bar_end_ns
            self.ended.append(order)

    def _place(self, fill: Fill, part: Part) -> None:
        """Note which finer bar decided a fill; the bar's own open needed none."""
        if part.first and fill.phase == "open":
            return
        fill.resolution = self._resolution
        fill.at_ns = part.start_ns if fill.phase == "open" else part.end_ns
        if fill.certainty == "certain":
            fill.certainty = "magnified"

    def bear(self, market: Market, working: Working, parent: Order, size: int, now: int) -> Order:
        """The public order of a bracket child, with the size it is born with."""
        price = market.price(working.level)
        is_target = working.role == "target"
        order = Order(
            market.feed.contract,
            "buy" if working.sign > 0 else "sell",
            size,
            "limit" if is_target else ("trailing_stop" if working.trail else "stop"),
            price if is_target else None,
            None if is_target else price,
            working.trail or None,
            None,
            None,
            True,
            parent.tag,
            parent.plugin,
            working.id,
            "working",
        )
        order.asked, order.parent, order.asked_ns = size, parent.id, now
        parent.children += (order,)
        self.working(order)
        return order


def _forced_order(market: Market, entry: Execution) -> Order:
    """The public order of a forced close, which nobody asked for."""
    side: Literal["buy", "sell"] = "buy" if entry.sign > 0 else "sell"
    order = Order(market.feed.contract, side, entry.size, reduce_only=True, tag=entry.reason, id=entry.id)
    order.asked = entry.size
    order.status = "working"
    order.asked_ns = market.stamps[1]
    order.reason = entry.reason
    return order
