"""Fills (one execution each) and trades (closed round trips only)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from barstep.domain.instrument import MICROS
from barstep.domain.session import to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from barstep.domain.bar import Feed
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order, Side

Phase = Literal["open", "path", "settle", "hooks", "end"]
Certainty = Literal["certain", "ambiguous", "magnified", "approximate"]


class Fill(Struct, gc=False, eq=False):
    """One execution, with the record that R26 asks for.

    Attributes:
        order: The order that filled.
        feed: Contract, timeframe and zone of the bar.
        side, size: `buy` or `sell`, contracts.
        price_ticks: Price in whole ticks; `price` is the same as a float.
        bar_index, bar_start_ns, bar_end_ns: The bar it happened in.
        phase: `open` (R13), `path` (R14), `settle` (R18), `hooks` (R6 at the close) or `end` (R25).
        leg: 1 to 3 inside the path, else 0.
        level_ticks: The level that was reached; the price differs from it by slippage or a gap.
        rule: The rule that made the price, such as `R8`.
        arriving: Whether the order was in its first eligible bar.
        certainty: `certain`, `ambiguous` (R17), `magnified` (decided by finer bars, R21) or `approximate` (R11).
        opened, closed: Contracts of it that opened or added, and that closed.
        realised: Micro-dollars that the closed part earned, before fees.
        fee: Micro-dollars of fees.
        position_after: Signed position of the contract after it.
        reason: Why it happened when no order of a plugin asked for it: a guard, a flat time, the end of the data.
        resolution: Timeframe of the finer bars that decided it (R21), empty where the bar itself did.
        at_ns: When the finer bar opened (phase `open`) or was complete, UTC nanoseconds; 0 without finer bars.
    """

    order: Order
    feed: Feed
    side: Side
    size: int
    price_ticks: int
    bar_index: int
    bar_start_ns: int
    bar_end_ns: int
    phase: Phase
    leg: int
    level_ticks: int
    rule: str
    arriving: bool
    certainty: Certainty
    opened: int
    closed: int
    realised: int
    fee: int
    position_after: int
    reason: str = ""
    resolution: str = ""
    at_ns: int = 0

    @property
    def contract(self) -> Contract:
        """The contract that traded."""
        return self.feed.contract

    @property
    def price(self) -> float:
        """Price as a float on the tick grid."""
        return self.feed.contract.instrument.price(self.price_ticks)

    @property
    def ambiguous(self) -> bool:
        """Whether the bar's path decided it (R17)."""
        return self.certainty == "ambiguous"

    @property
    def realised_pnl(self) -> float:
        """USD that the closed part earned, before fees."""
        return self.realised / MICROS

    @property
    def fees(self) -> float:
        """USD of fees."""
        return self.fee / MICROS

    @property
    def time(self) -> datetime:
        """The bar's start for a fill at its open, else the bar's end: the path inside has no clock but finer bars."""
        return to_datetime(self.time_ns, self.feed.zone)

    @property
    def time_ns(self) -> int:
        """`time` in UTC nanoseconds."""
        return self.at_ns or (self.bar_start_ns if self.phase == "open" else self.bar_end_ns)

    def __repr__(self) -> str:
        what = f"{self.side} {self.size} {self.contract.name} at {self.price} {self.time:%Y-%m-%d %H:%M:%S}"
        return f"Fill({what} {self.rule} {self.certainty})"


class Trade(Struct, gc=False, eq=False):
    """A closed round trip: part of an opening fill matched with part of a closing one, first in first out (R20).

    Attributes:
        entry, exit: The two fills.
        size: Contracts, positive; `side` is the entry's.
        gross: Micro-dollars before fees.
        fee: Micro-dollars of fees, both sides.
        worst_ticks, best_ticks: Open result per contract at its worst and best along the chosen path, in ticks.
        exit_reason: `stop`, `target`, `trail`, `order`, or the reason of a forced close.
    """

    entry: Fill
    exit: Fill
    size: int
    gross: int
    fee: int
    worst_ticks: int
    best_ticks: int
    exit_reason: str

    @property
    def side(self) -> Side:
        """`buy` for a long trade, `sell` for a short one."""
        return self.entry.side

    @property
    def gross_pnl(self) -> float:
        """USD before fees."""
        return self.gross / MICROS

    @property
    def fees(self) -> float:
        """USD of fees, entry and exit."""
        return self.fee / MICROS

    @property
    def net_pnl(self) -> float:
        """USD after fees."""
        return (self.gross - self.fee) / MICROS

    @property
    def mae(self) -> float:
        """Maximum adverse excursion: USD the trade stood behind at worst, 0 or negative, before fees."""
        return min(0, self.worst_ticks) * self._tick_usd

    @property
    def mfe(self) -> float:
        """Maximum favourable excursion: USD the trade stood ahead at best, 0 or positive, before fees."""
        return max(0, self.best_ticks) * self._tick_usd

    @property
    def bars(self) -> int:
        """Bars from the entry's to the exit's, 0 for a trade inside one bar."""
        return self.exit.bar_index - self.entry.bar_index

    @property
    def _tick_usd(self) -> float:
        return self.entry.contract.instrument.tick_value * self.size / MICROS
