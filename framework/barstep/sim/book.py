"""Working orders and the book: everything a bar's walk changes, small enough to be copied and walked twice (R17)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from barstep.domain.fill import Phase
    from barstep.domain.order import Order
    from barstep.sim.guards import ArmedGuard
    from barstep.sim.models import Models

MARKET: Final = 0
STOP: Final = 1
STOP_LIMIT: Final = 2
LIMIT: Final = 3
"""Kinds of working orders; the number is the rank of R13 and R15. A trailing stop is a stop whose level moves."""

NEVER: Final = (1 << 62) - 1
"""A bar number or a price that is never reached."""


class BracketTicks(Struct, gc=False, eq=False):
    """A bracket in ticks: distances from the fill price, or levels (R12)."""

    stop: int | None = None
    target: int | None = None
    trail: int | None = None
    stop_level: int | None = None
    target_level: int | None = None


class Working(Struct, gc=False, eq=False):
    """An order in the book. Prices are ticks, bars are numbers of the contract's stream.

    `level` is the stop or limit price; `event` is the price that fires it and `needs` the direction that gets there
    (R15), both set by `aim`; `from_bar` is its first eligible bar, `arrive_bar` the one bar in which it counts as
    arriving (R4). `role` is `stop`, `target` or `trail` for exits that live and die with a position, else empty.
    """

    id: int
    order: Order | None
    sign: int
    kind: int
    size: int
    level: int
    rule: str
    event: int = 0
    needs: int = 0
    limit: int = 0
    trail: int = 0
    ref: int = 0
    from_bar: int = 0
    arrive_bar: int = -1
    reduce_only: bool = False
    oco: int = 0
    role: str = ""
    parent: int = 0
    born_bar: int = -1
    born_in_path: bool = False
    bracket: BracketTicks | None = None
    approximate: bool = False
    blocked: bool = False
    expire_bar: int = NEVER
    expire_ns: int = NEVER
    expire_session: bool = False

    def aim(self, through: int) -> None:
        """Set `event` and `needs` from kind and level; `through` is the option limit_through_ticks (R7)."""
        if self.kind == LIMIT:
            self.event = self.level - self.sign * through
            self.needs = -self.sign
        else:  # any price fires a market order
            self.event = self.level if self.kind != MARKET else -self.sign * NEVER
            self.needs = self.sign

    def fires_at(self, price: int) -> bool:
        """Whether a price has reached its event or lies beyond (R13)."""
        return price >= self.event if self.needs > 0 else price <= self.event

    def follow(self, price: int) -> None:
        """Move a trailing stop's reference to a better price (R10)."""
        if (price - self.ref) * self.sign < 0:
            self.ref = price
            self.level = self.event = price + self.sign * self.trail


class Execution(Struct, gc=False, eq=False):
    """One fill as the walk logs it; `working` is None for a forced close, whose guard or cause is `reason`."""

    working: Working | None
    id: int
    sign: int
    size: int
    price: int
    level: int
    rule: str
    phase: Phase
    leg: int
    arriving: bool
    opened: int
    reason: str


class Removal(Struct, gc=False, eq=False):
    """An order that leaves the book without a fill."""

    working: Working
    reason: str


class Birth(Struct, gc=False, eq=False):
    """A bracket child that its parent's fill brings, with the size it is born with."""

    working: Working
    parent: Order
    size: int


LogEntry = int | Execution | Removal | Birth
"""What a walk leaves behind, in order: prices reached (ints) and what happened there."""


class Book:
    """One contract's working orders, position and cash flow, and the log of the bar being walked.

    `cash` is the cash flow of all fills in ticks (a buy is negative), `fees` micro-dollars. `base` is what the rest of the
    account is worth in micro-dollars: the start balance and the other contracts at their last close. `lots` are signed
    (size, price) pairs, kept only while a guard watches a position's open result. `models` decide fees and slippage where
    they are not constant, else None.
    """

    __slots__ = (
        "base", "cash", "failed", "fee", "fees", "fills", "guards", "live", "locked", "log", "lots", "models", "newborn",
        "next_id", "position", "r17b", "r17b_acted", "r17b_due", "tick_value", "volume_left",
    )  # fmt: skip

    def __init__(self, tick_value: int, fee: int) -> None:
        self.tick_value = tick_value
        self.fee = fee
        self.models: Models | None = None
        self.live: list[Working] = []
        self.position = 0
        self.cash = 0
        self.fees = 0
        self.fills = 0
        self.base = 0
        self.next_id = 1
        self.log: list[LogEntry] = []
        self.newborn: list[Working] = []
        self.guards: list[ArmedGuard] = []
        self.lots: list[tuple[int, int]] | None = None
        self.failed = ""
        self.locked = ""
        self.volume_left = NEVER
        self.r17b = False
        self.r17b_due = False
        self.r17b_acted = False

    def copy(self) -> Book:
        """A copy to walk: the log so far is copied too, the orders are twins."""
        twin = Book(self.tick_value, self.fee)
        twin.models = self.models
        twin.live = [copy(working) for working in self.live]
        twin.position = self.position
        twin.cash = self.cash
        twin.fees = self.fees
        twin.fills = self.fills
        twin.base = self.base
        twin.next_id = self.next_id
        twin.log = self.log.copy()
        twin.newborn = []
        twin.guards = [guard.copy() for guard in self.guards]
        twin.lots = None if self.lots is None else self.lots.copy()
        twin.failed = self.failed
        twin.locked = self.locked
        twin.volume_left = self.volume_left
        twin.r17b = twin.r17b_due = twin.r17b_acted = False
        return twin

    def equity(self, price: int) -> int:
        """Equity in micro-dollars at a price of this contract, fees included (R19)."""
        return self.base + (self.cash + self.position * price) * self.tick_value - self.fees

    def remove(self, working: Working, reason: str) -> None:
        """Take an order out without a fill."""
        self.live.remove(working)
        self.log.append(Removal(working, reason))

    def book_lot(self, signed: int, price: int) -> None:
        """Keep `lots` first in, first out, while they are wanted."""
        lots = self.lots
        if lots is None:
            return
        while signed and lots and (lots[0][0] > 0) != (signed > 0):
            size, entry = lots[0]
            if abs(size) > abs(signed):
                lots[0] = (size + signed, entry)
                return
            lots.pop(0)
            signed += size
        if signed:
            lots.append((signed, price))
