"""The contract of a broker: what the engine asks for, whoever stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order


class Broker(Protocol):
    """Places, changes and cancels orders.

    An `Order` is one object for its whole life: the broker writes status, reason and fills into it, and a refusal is
    such a status, never an exception.
    """

    def place_order(self, order: Order) -> None:
        """Send an order; afterwards it is `working`, `filled` or `rejected` with a reason."""

    def modify_order(
        self,
        order: Order,
        *,
        size: int | None = None,
        limit: float | None = None,
        stop: float | None = None,
        trail: int | None = None,
    ) -> str:
        """Change a working order (R23); None leaves a value. Returns the reason when refused, else an empty string."""

    def cancel_order(self, order: Order, reason: str = "cancelled") -> bool:
        """Cancel a working order (R23); False when it is not working."""

    def link_orders(self, first: Order, second: Order) -> str:
        """Make two working orders cancel each other; returns the reason when refused, else an empty string."""

    def open_orders(self, contract: Contract) -> list[Order]:
        """The orders that work on a contract, by id."""
