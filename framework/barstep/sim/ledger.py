"""Lots, trades and money of one contract, and the identities that every bar with a fill must satisfy (R20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from barstep.domain.errors import InvariantError
from barstep.domain.fill import Fill, Trade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.sim.models import Models


MANY: Final = 50
"""Rows, or trades, from which on numpy finds extremes sooner than the interpreter."""


class Lot(Struct, gc=False, eq=False):
    """A part of an opening fill that is still open: signed size, entry price and the extremes seen since, in ticks.

    Of the present chunk it has yet to see the bars from row `since` on.
    """

    fill: Fill
    size: int
    price: int
    low: int
    high: int
    since: int


class Ledger:
    """What the fills of one contract add up to.

    Attributes:
        position: Signed contracts.
        cash: Cash flow of all fills in ticks, a buy is negative.
        money: The same in micro-dollars, less fees.
        realised: Ticks that closed lots earned.
        fees: Micro-dollars paid.
        models: What decides fees that are not constant, else None.
        lots: Open lots, oldest first.
        average: Size-weighted mean of the entries in ticks, unchanged by reductions; 0 while flat.
        entries: Opening fills since the position was last flat.
        low, high: Extremes of this contract's worth, in micro-dollars, over the bar that is being booked.
        row: The bar of the present chunk that is being booked; bars before it count for what it closes.
        since: The first bar that a lot which opens now has yet to see as a whole.
        at_leisure: Whether closed trades may wait until `measure` shows them the bars they were open over.
        unmeasured, spans: Those that wait; of each the first of these bars, the one after the last, entry price and sign.
    """

    __slots__ = (
        "at_leisure", "average", "cash", "entries", "fee", "fees", "high", "lots", "low", "models", "money", "position",
        "realised", "row", "since", "spans", "tick_value", "unmeasured",
    )  # fmt: skip

    def __init__(self, tick_value: int, fee: int) -> None:
        self.tick_value = tick_value
        self.fee = fee
        self.models: Models | None = None
        self.position = 0
        self.cash = 0
        self.money = 0
        self.realised = 0
        self.fees = 0
        self.lots: list[Lot] = []
        self.average = 0.0
        self.entries = 0
        self.low = 0
        self.high = 0
        self.row = 0
        self.since = 0
        self.at_leisure = False
        self.unmeasured: list[Trade] = []
        self.spans: list[int] = []

    def worth(self, price: int) -> int:
        """Micro-dollars that this contract has earned up to a price: cash flow, open position and fees."""
        return self.money + self.position * price * self.tick_value

    @property
    def balance(self) -> int:
        """Micro-dollars realised less fees."""
        return self.realised * self.tick_value - self.fees

    def open_result(self, price: int) -> int:
        """Micro-dollars that the open lots stand ahead (or behind) at a price."""
        return sum((price - lot.price) * lot.size for lot in self.lots) * self.tick_value

    def catch_up(self, lows: Sequence[int], highs: Sequence[int], until: int) -> None:
        """Show the open lots the bars up to row `until` that they have not seen yet."""
        for lot in self.lots:
            if until > lot.since:
                low, high = _extremes(lows, highs, lot.since, until)
                lot.low, lot.high, lot.since = min(lot.low, low), max(lot.high, high), until
        self.since = until

    def pass_bar(self) -> None:
        """The bar that was booked is over, and the lots have seen what there was to see of it."""
        for lot in self.lots:
            lot.since = self.row + 1

    def end_chunk(self, lows: Sequence[int], highs: Sequence[int], until: int) -> None:
        """All bars of a chunk, up to row `until`, are booked: the open lots see the rest of them."""
        self.catch_up(lows, highs, until)
        self.row = self.since = 0
        for lot in self.lots:
            lot.since = 0

    def measure(self, lows: Sequence[int], highs: Sequence[int]) -> None:
        """Show the closed trades that wait for it the bars of this chunk that they were open over as a whole."""
        if not self.unmeasured:
            return
        since, until, entries, signs = (self.spans[place::4] for place in range(4))
        if len(since) < MANY:
            seen = [_extremes(lows, highs, start, stop) for start, stop in zip(since, until, strict=True)]
        else:
            cuts = np.array((since, until)).T.ravel()
            ends = np.minimum.reduceat(lows, cuts)[::2].tolist(), np.maximum.reduceat(highs, cuts)[::2].tolist()
            seen = list(zip(*ends, strict=True))
        for trade, price, sign, (low, high) in zip(self.unmeasured, entries, signs, seen, strict=True):
            worst, best = (low - price, high - price) if sign > 0 else (price - high, price - low)
            if worst < trade.worst_ticks:
                trade.worst_ticks = worst
            if best > trade.best_ticks:
                trade.best_ticks = best
        self.unmeasured.clear()
        self.spans.clear()

    def start_bar(self, row: int, low: int, high: int) -> None:
        """Begin a bar that is booked fill by fill; up to the first one the price moves between two ends.

        Where it does not move the lots are not shown its price: `touch` does.
        """
        self.low, self.high = self._ends(low, high)
        self.row = self.since = row
        if low != high and self.lots:
            self._see(low, high)

    def touch(self, price: int) -> None:
        """The path reached a price: widen the extremes of worth and of the open lots."""
        self.span(price, price)

    def span(self, low: int, high: int) -> None:
        """The price moved between two ends: widen the extremes of worth and of the open lots."""
        self.reach(low, high)
        if self.lots:
            self._see(low, high)

    def reach(self, low: int, high: int) -> None:
        """What `span` does for the extremes of worth alone: the lots are to see the bar when they catch up."""
        least, most = self._ends(low, high)
        if least < self.low:
            self.low = least
        if most > self.high:
            self.high = most

    def _ends(self, low: int, high: int) -> tuple[int, int]:
        """The least and the most that this contract is worth between two prices.

        Only numbers above 0 are multiplied: where this is compiled, others take ten times as long.
        """
        position, value = self.position, self.tick_value
        if position > 0:
            return self.money + position * value * low, self.money + position * value * high
        if position:
            return self.money - -position * value * high, self.money - -position * value * low
        return self.money, self.money

    def _see(self, low: int, high: int) -> None:
        for lot in self.lots:
            if low < lot.low:
                lot.low = low
            if high > lot.high:
                lot.high = high

    def apply(self, fill: Fill, reason: str) -> Sequence[Trade]:
        """Book a fill: close lots first in, first out, then open the rest; sets the fill's money fields."""
        size, price, position = fill.size, fill.price_ticks, self.position
        signed = size if fill.side == "buy" else -size
        rate = self.fee if self.models is None else self.models.rate(1 if signed > 0 else -1, size)
        paid = size * price
        if signed > 0:
            self.cash -= paid
            self.money -= paid * self.tick_value
        else:
            self.cash += paid
            self.money += paid * self.tick_value
        self.fees += size * rate
        self.money -= size * rate
        after = position + signed
        trades: Sequence[Trade] = ()
        closed = 0
        if position * signed < 0:
            closed = size if after * position >= 0 else abs(position)
            trades = self._close(fill, closed, rate, reason)
        opened = size - closed
        if opened:
            before = abs(position) - closed
            if before:
                self.average = (self.average * before + price * opened) / (before + opened)
                self.entries += 1
            else:
                self.average = float(price)
                self.entries = 1
            self.lots.append(Lot(fill, opened if signed > 0 else -opened, price, price, price, self.since))
        elif not after:
            self.average = 0.0
            self.entries = 0
        self.position = after
        fill.opened = opened
        fill.closed = closed
        fill.fee = size * rate
        fill.position_after = after
        return trades

    def _close(self, fill: Fill, left: int, rate: int, reason: str) -> list[Trade]:
        """Close so many contracts of the oldest lots."""
        lots, price, value, trades, earned = self.lots, fill.price_ticks, self.tick_value, [], 0
        while left:
            lot = lots[0]
            held, entry, low, high = lot.size, lot.fill, lot.low, lot.high
            size = held if held > 0 else -held
            if size > left:
                size = left
                lot.size = held - size if held > 0 else held + size
            else:
                del lots[0]
            left -= size
            low = (low if low < price else price) - lot.price
            high = (high if high > price else price) - lot.price
            ticks = price - lot.price
            if held < 0:
                ticks, low, high = -ticks, -high, -low
            ticks *= size
            earned += ticks
            fees = size * (entry.fee // entry.size + rate)  # a fill's fee is a rate for each of its contracts
            trade = Trade(entry, fill, size, ticks * value, fees, low, high, reason)
            trades.append(trade)
            if lot.since < self.row:
                self.unmeasured.append(trade)
                self.spans += (lot.since, self.row, lot.price, held)
        self.realised += earned
        fill.realised = earned * value
        return trades

    def check(self, position: int, cash: int) -> None:
        """Assert R20: the lots, the cash flow and the money, counted apart from each other, give one position and one equity.

        All are before fees and count open contracts as worth nothing: where the positions are equal too, so is equity at any
        price.
        """
        held, by_lots = 0, self.realised
        for lot in self.lots:
            size = lot.size
            held += size
            by_lots -= lot.price * size
        value = self.tick_value
        flow = cash * value if cash > 0 else -(-cash * value)  # as in `_ends`
        money = self.money + self.fees
        if held != position or self.position != position or by_lots != cash or money != flow:
            raise InvariantError(
                f"the ledger is off (R20): lots hold {held} and the book {position} contracts, results by lots "
                f"{by_lots} and by cash flow {cash} ticks, which are {flow} and in money {money} micro-dollars; "
                "this is a bug of barstep, please report it"
            )


def _extremes(lows: Sequence[int], highs: Sequence[int], start: int, stop: int) -> tuple[int, int]:
    """The lowest low and the highest high of rows [start, stop)."""
    if stop - start < MANY:
        return min(lows[start:stop]), max(highs[start:stop])
    return int(np.asarray(lows[start:stop]).min()), int(np.asarray(highs[start:stop]).max())
