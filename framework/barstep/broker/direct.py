"""The direct broker: the broker's contract wired to an exchange object in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order


class Venue(Protocol):
    """What the direct broker needs of an exchange; the simulated exchange has it."""

    def accept(self, order: Order) -> None:
        """Take an order into the book or reject it."""

    def amend(self, order: Order, size: int | None, limit: float | None, stop: float | None, trail: int | None) -> str:
        """Change a working order; returns the reason when refused."""

    def cancel(self, order: Order, reason: str = ...) -> bool:
        """Cancel a working order."""

    def link(self, first: Order, second: Order) -> str:
        """Make two working orders cancel each other."""

    def working_orders(self, contract: Contract) -> list[Order]:
        """The orders that work on a contract."""


class DirectBroker:
    """The embedded default: no wire form, no copies, no socket."""

    def __init__(self, venue: Venue) -> None:
        self.place_order = venue.accept
        self.cancel_order = venue.cancel
        self.link_orders = venue.link
        self.open_orders = venue.working_orders
        self._amend = venue.amend

    def modify_order(
        self,
        order: Order,
        *,
        size: int | None = None,
        limit: float | None = None,
        stop: float | None = None,
        trail: int | None = None,
    ) -> str:
        """Change a working order (R23)."""
        return self._amend(order, size, limit, stop, trail)
