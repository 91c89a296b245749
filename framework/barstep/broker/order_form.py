"""An order as a request of `Order/place`, and what of it has no wire form (gateway API, 7.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from barstep.broker.enums import OrderSide, OrderType

if TYPE_CHECKING:
    from barstep.domain.order import Order

_TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "stop_limit": OrderType.STOP_LIMIT,
    "trailing_stop": OrderType.TRAILING_STOP,
}


def order_request(order: Order, account: int, last_price: float | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order as a request.

    Args:
        order: What is asked for.
        account: The account's id.
        last_price: The last close, from which a trailing stop's distance is counted; None before the first bar.

    Returns:
        The body, and the extension's keys that the order needs besides: empty when the plain form says it all.
    """
    buys = order.side == "buy"
    kind = _TYPES.get(order.kind) or (OrderType.JOIN_BID if buys else OrderType.JOIN_ASK)
    body: dict[str, Any] = {
        "accountId": account,
        "contractId": order.contract.id,
        "type": int(kind),
        "side": int(OrderSide.BID if buys else OrderSide.ASK),
        "size": order.size,
        "limitPrice": order.limit,
        "stopPrice": order.stop,
    }
    extras: dict[str, Any] = {}
    if order.trail is not None and last_price is not None:
        away = order.trail * float(order.contract.instrument.tick_size)
        body["trailPrice"] = last_price + (away if buys else -away)
    if order.reduce_only:
        extras["reduceOnly"] = True
    if order.expires is not None:
        at = order.expires
        extras["expires"] = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else at
    if order.bracket is not None:
        _add_bracket(order, body, extras)
    return body, extras


def _add_bracket(order: Order, body: dict[str, Any], extras: dict[str, Any]) -> None:
    bracket = order.bracket
    if bracket is None:
        return
    if bracket.stop_ticks is not None:
        body["stopLossBracket"] = {"ticks": bracket.stop_ticks, "type": int(OrderType.STOP)}
    if bracket.trail_ticks is not None:
        body["stopLossBracket"] = {"ticks": bracket.trail_ticks, "type": int(OrderType.TRAILING_STOP)}
    if bracket.target_ticks is not None:
        body["takeProfitBracket"] = {"ticks": bracket.target_ticks, "type": int(OrderType.LIMIT)}
    if bracket.stop is not None:
        extras["stopLoss"] = bracket.stop
    if bracket.target is not None:
        extras["takeProfit"] = bracket.target
