"""Changes to working orders (R23): what may change, and what becomes of the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from barstep.domain.order import Order
from barstep.sim.book import LIMIT
from barstep.sim.intake import RefusedError, make_working

if TYPE_CHECKING:
    from barstep.domain.fill_options import FillOptions
    from barstep.sim.book import Working

_CHANGEABLE = {"limit": ("limit",), "stop": ("stop",), "stop_limit": ("limit", "stop"), "trailing_stop": ("trail",)}


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to change: contracts left to fill, prices, trail in ticks; None leaves a value as it is."""

    size: int | None = None
    limit: float | None = None
    stop: float | None = None
    trail: int | None = None

    def check(self, working: Working, options: FillOptions, last_close: int | None) -> Working:
        """The order as it would be accepted now, in ticks; RefusedError when the change makes no sense."""
        order = working.order
        assert order is not None  # noqa: S101 - only public orders are amended
        triggered = order.kind == "stop_limit" and working.kind == LIMIT
        kind = "limit" if triggered else order.kind
        allowed = _CHANGEABLE.get(kind, ())
        for name in ("limit", "stop", "trail"):
            if getattr(self, name) is not None and name not in allowed:
                what = " and ".join(("size", *allowed))
                raise RefusedError(f"a {order.kind} order has no {name} to change here: {what} can be changed")
        stop = None if kind == "trailing_stop" else order.stop
        draft = Order(
            order.contract,
            order.side,
            working.size if self.size is None else self.size,
            kind,
            limit=order.limit if self.limit is None else self.limit,
            stop=stop if self.stop is None else self.stop,
            trail=order.trail if self.trail is None else self.trail,
        )
        made = make_working(draft, options, last_close)
        if kind == "join":
            made.level = working.level
        if working.trail:
            made.ref = working.ref
            made.level = working.ref + working.sign * made.trail
        return made


def apply(working: Working, made: Working, options: FillOptions, next_bar: int) -> bool:
    """Carry an amendment out; a change of price or a larger size makes the order arriving again (R23): True then."""
    order = working.order
    assert order is not None  # noqa: S101 - only public orders are amended
    moved = made.size > working.size or made.level != working.level or made.limit != working.limit
    working.size, working.trail = made.size, made.trail
    working.level, working.limit = made.level, made.limit
    working.aim(options.limit_through_ticks)
    if moved:
        working.from_bar = working.arrive_bar = max(working.from_bar, next_bar)
    instrument = order.contract.instrument
    order.size = order.filled + working.size
    order.trail = working.trail or None
    if order.limit is not None:
        order.limit = instrument.price(made.limit)
    if order.stop is not None and working.kind != LIMIT:
        order.stop = instrument.price(made.level)
    return moved
