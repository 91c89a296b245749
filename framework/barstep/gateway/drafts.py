"""From a request of Order/place to an order: types, prices, trails and brackets (gateway API, 7.1 and 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.broker.enums import OrderSide, OrderType
from barstep.broker.forms import KINDS, SIDES
from barstep.domain.order import Bracket, Order
from barstep.engine.words import FARTHEST_PRICE
from barstep.gateway import extension
from barstep.gateway.seats import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barstep.gateway.session import Session

MOST_CONTRACTS = 100_000
"""Most contracts of an order and of a position: far more than any account trades, and money stays countable."""
MOST_TICKS = 1_000_000
"""Most ticks of a bracket's distance."""
MOST_TRAIL = 1_000
"""Most ticks of a trail in Order/place (gateway API, 7.1)."""
_REJECTED = 2
_PRICES = {"limit": ("limit",), "stop": ("stop",), "stop_limit": ("stop", "limit")}


def draft(session: Session, values: Mapping[str, Any]) -> Order:
    """The order that a request asks for, not yet sent; prices that its type has no use for are ignored.

    Raises:
        RefusedError: Code 2, with what to change.
    """
    number, side = values["type"], values["side"]
    if number not in KINDS:
        known = ", ".join(f"{int(known)} {known.name.lower()}" for known in OrderType if known)
        raise _rejected(f"type {number}: expected one of {known}")
    if side not in SIDES:
        raise _rejected(f"side {side}: expected 0 to buy or 1 to sell")
    if number in (OrderType.JOIN_BID, OrderType.JOIN_ASK) and (number == OrderType.JOIN_BID) != (side == OrderSide.BID):
        raise _rejected(f"type {number} with side {side}: 6 joins the bid to buy (0), 7 the ask to sell (1)")
    kind = KINDS[number]
    order = Order(session.contract, SIDES[side], values["size"], kind, plugin=session.client)
    order.bracket = _bracket(values, order.side == "buy")
    for name in _PRICES.get(kind, ()):
        wire = f"{name}Price"
        if values[wire] is None:
            raise _rejected(f"{wire}: an order of type {number} needs one")
        setattr(order, name, price(values[wire], wire, _REJECTED))
    extras = values["barstep"] or {}
    if kind == "trailing_stop" and extras.get("trailTicks") is None:
        if values["trailPrice"] is None:
            raise _rejected("trailPrice: trail distance not set, an order of type 5 needs a price to trail from")
        order.trail = trail_ticks(session, values["trailPrice"], _REJECTED)
        if order.trail > MOST_TRAIL:
            raise _rejected(f"trailPrice: the trail of {order.trail} ticks exceeds the maximum of {MOST_TRAIL:,}")
    order.tag = _tag(session, values["customTag"])
    extension.complete_order(order, extras)
    _check_size(session, order)
    return order


def linked(session: Session, number: int | None) -> Order | None:
    """The order that a new one is to cancel, None when none is named."""
    if number is None:
        return None
    order = session.orders.get(number)
    if order is None or not order.is_open:
        state = "unknown" if order is None else order.status
        what = f"order {number} is {state}" if number else "that is no order id"
        raise _rejected(f"linkedOrderId: {what}, expected a working order")
    return order


def price(value: float | None, name: str, code: int) -> float | None:
    """A price inside what money can count."""
    if value is not None and abs(value) > FARTHEST_PRICE:
        raise RefusedError(code, f"{name} {value:g}: expected a price of at most {FARTHEST_PRICE:g}", "orderId")
    return value


def trail_ticks(session: Session, level: float, code: int) -> int:
    """The distance that a trailPrice means: from the last price, in ticks, fixed at acceptance."""
    last = session.stream.market.last_close
    instrument = session.contract.instrument
    if last is None:
        raise RefusedError(code, "trailPrice: cannot trail without a last price, call Replay/step first", "orderId")
    price(level, "trailPrice", code)
    ticks = instrument.ticks(level)
    if ticks is None:
        low, high = (instrument.price(near) for near in instrument.neighbours(level))
        raise RefusedError(
            code, f"trailPrice {level:.10g} is not aligned to the tick size: use {low:.10g} or {high:.10g}", "orderId"
        )
    if ticks == last:
        raise RefusedError(
            code, f"trailPrice {level:.10g} is the last price: expected one at least a tick away", "orderId"
        )
    return abs(last - ticks)


def _bracket(values: Mapping[str, Any], buys: bool) -> Bracket | None:
    loss, target = values["stopLossBracket"], values["takeProfitBracket"]
    if loss is None and target is None:
        return None
    made = Bracket()
    if loss is not None:
        ticks = _ticks(loss["ticks"], "stop loss", wrong=not buys, way="greater" if not buys else "less", buys=buys)
        kind = OrderType.STOP if loss["type"] is None else loss["type"]
        if kind == OrderType.TRAILING_STOP:
            made.trail_ticks = ticks
        elif kind == OrderType.STOP:
            made.stop_ticks = ticks
        else:
            raise _rejected(f"stopLossBracket: invalid stop loss type {kind}, expected 4 (stop) or 5 (trailing stop)")
    if target is not None:
        made.target_ticks = _ticks(
            target["ticks"], "take profit", wrong=buys, way="greater" if buys else "less", buys=buys
        )
        if target["type"] not in (None, OrderType.LIMIT):
            raise _rejected(f"takeProfitBracket: invalid take profit type {target['type']}, expected 1 (limit)")
    return made


def _ticks(ticks: int, what: str, *, wrong: bool, way: str, buys: bool) -> int:
    """A distance given with or without a sign; a negative one is `wrong` where the right sign is plus."""
    if not 0 < abs(ticks) <= MOST_TICKS:
        raise _rejected(f"invalid {what} ticks ({ticks}): expected 1 to {MOST_TICKS:,} ticks")
    if ticks < 0 and wrong:
        going = "longing" if buys else "going short"
        raise _rejected(f"invalid {what} ticks ({ticks}): ticks should be {way} than zero when {going}")
    return abs(ticks)


def _tag(session: Session, tag: str | None) -> str:
    if not tag:
        return ""
    taken = session.tags.get(tag)
    if taken is not None:
        raise _rejected(f"customTag {tag[:60]!r} is taken by order {taken}: each order of an account needs its own")
    return tag


def _check_size(session: Session, order: Order) -> None:
    size, sign = order.size, 1 if order.side == "buy" else -1
    if not 1 <= size <= MOST_CONTRACTS:
        raise _rejected(f"invalid order size {size}: expected 1 to {MOST_CONTRACTS:,} contracts")
    if abs(session.exchange.worst_case(session.contract, sign) + sign * size) > MOST_CONTRACTS:
        raise _rejected(f"size {size}: together with the working orders more than {MOST_CONTRACTS:,} contracts")


def _rejected(message: str) -> RefusedError:
    return RefusedError(_REJECTED, message, "orderId")
