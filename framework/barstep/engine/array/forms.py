"""Risk rules as data: what the compiled kernel can apply without calling a plugin.

A rule's `array_form()` returns one or more of these, equal in meaning to its hooks; a rule without it runs in the event
lane. A form holds for a class and what inherits from it unchanged: a subclass that overrides a hook needs its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, time

    from barstep.domain.session import Session


@dataclass(frozen=True, slots=True)
class PositionCap:
    """Cuts what would bring the position of the contract, working orders at their worst included, above a size.

    Attributes:
        contracts: Most contracts, long or short.
        reason: What the orders that are cut say.
    """

    contracts: int
    reason: str


@dataclass(frozen=True, slots=True)
class EntryCap:
    """Denies what opens once so many fills of a trading day have opened a position from flat or by a flip.

    Attributes:
        entries: How many.
        reason: What denied orders say; `{taken}` is how many there were.
    """

    entries: int
    reason: str


@dataclass(frozen=True, slots=True)
class GuardForm:
    """A guard that is set before the first bar, as `ctx.set_guard` in `on_start` (R19).

    Attributes:
        name: What results call it.
        level: USD: of equity, or of the day's result.
        basis: `equity` or `day`.
        side: A floor is breached at or below the level, a cap at or above.
        action: `fail`, `lock` or `flatten`.
        trail: USD that a floor stays below the highest value seen, or None.
        trail_until: USD at which a trailing floor stops for good, or None.
    """

    name: str
    level: float
    basis: Literal["equity", "day"] = "equity"
    side: Literal["floor", "cap"] = "floor"
    action: Literal["fail", "lock", "flatten"] = "flatten"
    trail: float | None = None
    trail_until: float | None = None


@dataclass(frozen=True, slots=True)
class BalanceFloor:
    """A floor of equity that fails the account, and that may follow the balance from day to day.

    It begins at `start - below`; where it follows, at each session's start `floor = max(floor, min(balance - below, stop))`.

    Attributes:
        name: What results call it.
        below: USD.
        follows: Whether it moves at all.
        lock: USD above the start balance where it stops for good, None for nowhere.
        touch: Equity that equals the floor is a breach already; else it must lie below.
    """

    name: str
    below: float
    follows: bool = True
    lock: float | None = 0.0
    touch: bool = True


@dataclass(frozen=True, slots=True)
class FlatBy:
    """Flat by a time of day in the exchange's zone, as `ctx.flat_by` in `on_start` (R18)."""

    clock: time


@dataclass(frozen=True, slots=True)
class EntryHours:
    """Denies what opens at some times of each trading day.

    Attributes:
        closed: For a session, the stretches [start, stop) of the clock in which nothing may open, as aware datetimes; None
            for a side that is open. The clock of an order is the end of the bar after which it is asked for.
        reason: What denied orders say; `{now}` is the clock, so that `{now:%H:%M}` works. Of several of one plugin the
            first speaks.
    """

    closed: Callable[[Session], Iterable[tuple[datetime | None, datetime | None]]]
    reason: str


Form = PositionCap | EntryCap | GuardForm | BalanceFloor | FlatBy | EntryHours
"""All there are."""
