"""Orders: what was asked and what became of it, in one object that a strategy may keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from barstep.domain.instrument import Contract
    from barstep.domain.risk import Verdict

Side = Literal["buy", "sell"]
Kind = Literal["market", "limit", "stop", "stop_limit", "trailing_stop", "join"]
Status = Literal["new", "working", "filled", "cancelled", "expired", "denied", "rejected"]

OPEN_STATUSES = ("new", "working")
"""An order in one of these may still fill."""


class Bracket(Struct, gc=False, eq=False):
    """The exits an entry brings along: distances in ticks from its fill price, or absolute prices (R12)."""

    stop_ticks: int | None = None
    target_ticks: int | None = None
    trail_ticks: int | None = None
    stop: float | None = None
    target: float | None = None


class Change(Struct, frozen=True, gc=False):
    """A change that was asked of a working order (R23): when, of what (`size`, `limit`, `stop` or `trail`), from, to."""

    at_ns: int
    what: str
    before: float
    after: float


class Order(Struct, gc=False, eq=False):
    """An order from the moment it is asked for.

    Attributes:
        contract: What is traded.
        side: `buy` or `sell`.
        size: Contracts; a risk rule may have made it smaller than `asked`.
        kind: `market`, `limit`, `stop`, `stop_limit`, `trailing_stop` or `join`.
        limit: Limit price, or None.
        stop: Stop price, or None; a trailing stop shows its present level.
        trail: Distance of a trailing stop in ticks, or None.
        bracket: Stop and target that its fill brings along, or None.
        expires: None (good for the whole replay), `session`, a number of bars, or an aware datetime.
        reduce_only: It can close but never open.
        tag: The plugin's own word for it.
        plugin: Who asked.
        id: Its acceptance number (R4); refused orders count -1, -2, ...
        status: `new`, `working`, `filled`, `cancelled`, `expired`, `denied` (by our risk) or `rejected` (by the venue).
        reason: Why it was refused, cancelled or resized; empty when there is nothing to say.
        filled: Contracts filled so far.
        average_price: Size-weighted mean of its fills, or None.
        asked: The size asked for.
        opens: Contracts that would open or add in the worst case, as risk rules see it.
        verdicts: What each risk rule answered.
        children: The stop and target its fills brought.
        parent: Id of the order that brought it, or None.
        asked_ns: The replay's clock when it was asked for.
        ended_ns: The replay's clock when it left the book, or None.
        changes: What was changed while it worked.
    """

    contract: Contract
    side: Side
    size: int
    kind: Kind = "market"
    limit: float | None = None
    stop: float | None = None
    trail: int | None = None
    bracket: Bracket | None = None
    expires: Literal["session"] | int | datetime | None = None
    reduce_only: bool = False
    tag: str = ""
    plugin: str = ""
    id: int = 0
    status: Status = "new"
    reason: str = ""
    filled: int = 0
    average_price: float | None = None
    asked: int = 0
    opens: int = 0
    verdicts: Sequence[Verdict] = ()
    children: tuple[Order, ...] = ()
    parent: int | None = None
    asked_ns: int = 0
    ended_ns: int | None = None
    changes: tuple[Change, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status in OPEN_STATUSES

    @property
    def max_loss(self) -> float | None:
        """USD that its bracket lets it lose before slippage and fees, or None when it has no stop.

        A stop given as a price is measured from the limit or stop price; a market order has no price yet, so None.
        """
        bracket, instrument = self.bracket, self.contract.instrument
        if bracket is None:
            return None
        ticks = bracket.stop_ticks or bracket.trail_ticks
        entry = self.limit if self.limit is not None else self.stop
        if ticks is None and bracket.stop is not None and entry is not None:
            ticks = abs(round((entry - bracket.stop) / float(instrument.tick_size)))
        return None if ticks is None else ticks * instrument.tick_value * self.size / 1_000_000

    def __repr__(self) -> str:
        prices = "".join(f" {k}={v}" for k in ("limit", "stop", "trail") if (v := getattr(self, k)) is not None)
        why = f" ({self.reason})" if self.reason else ""
        return f"Order(#{self.id} {self.kind} {self.side} {self.size} {self.contract.name}{prices} {self.status}{why})"
