"""Lots, trades and money of one contract, and the identities that every bar with a fill must satisfy (R20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from barstep.domain.errors import InvariantError
from barstep.domain.fill import Fill, Trade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.sim.models import Models


class Lot(Struct, gc=False, eq=False):
    """A part of an opening fill that is still open: signed size, entry price and the extremes seen since, in ticks."""

    fill: Fill
    size: int
    price: int
    low: int
    high: int

    def see(self, low: int, high: int) -> None:
        """Widen the extremes."""
        if low < self.low:
            self.low = low
        if high > self.high:
            self.high = high


class Ledger:
    """What the fills of one contract add up to.

    Attributes:
        position: Signed contracts.
        cash: Cash flow of all fills in ticks, a buy is negative.
        realised: Ticks that closed lots earned.
        fees: Micro-dollars paid.
        models: What decides fees that are not constant, else None.
        lots: Open lots, oldest first.
        average: Size-weighted mean of the entries in ticks, unchanged by reductions; 0 while flat.
        entries: Opening fills since the position was last flat.
        low, high: Extremes of this contract's worth, in micro-dollars, over the bar that is being booked.
    """

    __slots__ = (
        "average", "cash", "entries", "fee", "fees", "high", "lots", "low", "models", "position", "realised", "seen",
        "tick_value",
    )  # fmt: skip

    def __init__(self, tick_value: int, fee: int) -> None:
        self.tick_value = tick_value
        self.fee = fee
        self.models: Models | None = None
        self.position = 0
        self.cash = 0
        self.realised = 0
        self.fees = 0
        self.lots: list[Lot] = []
        self.average = 0.0
        self.entries = 0
        self.low = 0
        self.high = 0
        self.seen = 0

    def worth(self, price: int) -> int:
        """Micro-dollars that this contract has earned up to a price: cash flow, open position and fees."""
        return (self.cash + self.position * price) * self.tick_value - self.fees

    @property
    def balance(self) -> int:
        """Micro-dollars realised less fees."""
        return self.realised * self.tick_value - self.fees

    def open_result(self, price: int) -> int:
        """Micro-dollars that the open lots stand ahead (or behind) at a price."""
        return sum((price - lot.price) * lot.size for lot in self.lots) * self.tick_value

    def catch_up(self, lows: Sequence[int], highs: Sequence[int], until: int) -> None:
        """Widen the open lots' extremes by the bars from `seen` up to row `until`, which passed without a fill."""
        if self.lots and until > self.seen:
            low, high = min(lows[self.seen : until]), max(highs[self.seen : until])
            for lot in self.lots:
                lot.see(low, high)
        self.seen = until

    def start_bar(self, price: int) -> None:
        """Begin a bar that is booked fill by fill, at its open."""
        self.low = self.high = (self.cash + self.position * price) * self.tick_value - self.fees
        for lot in self.lots:
            lot.see(price, price)

    def touch(self, price: int) -> None:
        """The path reached a price: widen the extremes of worth and of the open lots."""
        self.span(price, price)

    def span(self, low: int, high: int) -> None:
        """The price moved between two ends: widen the extremes of worth and of the open lots."""
        at_low = (self.cash + self.position * low) * self.tick_value - self.fees
        at_high = at_low + self.position * (high - low) * self.tick_value
        if at_low > at_high:
            at_low, at_high = at_high, at_low
        if at_low < self.low:
            self.low = at_low
        if at_high > self.high:
            self.high = at_high
        for lot in self.lots:
            lot.see(low, high)

    def apply(self, fill: Fill, reason: str) -> list[Trade]:
        """Book a fill: close lots first in, first out, then open the rest; sets the fill's money fields."""
        signed = fill.size if fill.side == "buy" else -fill.size
        price = fill.price_ticks
        self.cash -= signed * price
        rate = self.fee if self.models is None else self.models.rate(1 if signed > 0 else -1, fill.size)
        fee = fill.size * rate
        self.fees += fee
        position = self.position
        trades, closed, opened = [], 0, fill.size
        if position * signed < 0:
            trades = self._close(fill, signed, rate, reason)
            closed = min(opened, abs(position))
            opened -= closed
        if opened:
            before = abs(position) - closed
            if before:
                self.average = (self.average * before + price * opened) / (before + opened)
                self.entries += 1
            else:
                self.average = float(price)
                self.entries = 1
            self.lots.append(Lot(fill, opened if signed > 0 else -opened, price, price, price))
        self.position = position = position + signed
        if not position:
            self.average = 0.0
            self.entries = 0
        fill.opened = opened
        fill.closed = closed
        fill.fee = fee
        fill.position_after = position
        return trades

    def _close(self, fill: Fill, signed: int, rate: int, reason: str) -> list[Trade]:
        trades: list[Trade] = []
        lots = self.lots
        left, price, earned = abs(signed), fill.price_ticks, 0
        while left and lots:
            lot = lots[0]
            held, paid = lot.size, lot.price
            way = 1 if held > 0 else -1
            size = min(left, held * way)
            ticks = (price - paid) * way
            earned += ticks * size
            low = (lot.low if lot.low < price else price) - paid
            high = (lot.high if lot.high > price else price) - paid
            worst, best = (low, high) if way > 0 else (-high, -low)
            gross = ticks * size * self.tick_value
            fees = size * (lot.fill.fee // lot.fill.size + rate)  # a fill's fee is a rate for each of its contracts
            trades.append(Trade(lot.fill, fill, size, gross, fees, worst, best, reason))
            left -= size
            if size == held * way:
                del lots[0]
            else:
                lot.size = held - way * size
        self.realised += earned
        fill.realised = earned * self.tick_value
        return trades

    def check(self, position: int, cash: int, close: int) -> None:
        """Assert R20: the lots and the cash flow, counted apart from each other, give one position and one equity.

        Both sides are in ticks before fees: what closed lots earned and open ones stand ahead, against the cash flow.
        """
        held, by_lots = 0, self.realised
        for lot in self.lots:
            held += lot.size
            by_lots += (close - lot.price) * lot.size
        by_cash = cash + position * close
        if held != position or self.position != position or by_lots != by_cash:
            raise InvariantError(
                f"the ledger is off (R20): lots hold {held} and the book {position} contracts, results by lots "
                f"{by_lots} and by cash flow {by_cash} ticks; this is a bug of barstep, please report it"
            )
