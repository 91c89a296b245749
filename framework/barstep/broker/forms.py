"""Wire forms of orders, fills, positions, accounts, contracts and bars, in both dialects (gateway API, 1.1 and 4 to 8).

`live` picks the dialect: False is the playground's (ids such as `ord_12`, times with `Z`), True the live gateway's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from barstep.broker.enums import OrderSide, OrderStatus, OrderType, PositionType
from barstep.domain.instrument import MICROS, MONTH_LETTERS
from barstep.domain.session import NS

if TYPE_CHECKING:
    from barstep.domain.bar import Bar
    from barstep.domain.fill import Fill
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Kind, Order, Side

SIDES: dict[int, Side] = {OrderSide.BID: "buy", OrderSide.ASK: "sell"}
KINDS: dict[int, Kind] = {
    OrderType.LIMIT: "limit",
    OrderType.MARKET: "market",
    OrderType.STOP_LIMIT: "stop_limit",
    OrderType.STOP: "stop",
    OrderType.TRAILING_STOP: "trailing_stop",
    OrderType.JOIN_BID: "join",
    OrderType.JOIN_ASK: "join",
}
_TYPES = {kind: number for number, kind in KINDS.items() if kind != "join"}
_STATUSES = {
    "new": OrderStatus.NONE,
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
    "denied": OrderStatus.REJECTED,
    "rejected": OrderStatus.REJECTED,
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MINUTES = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02}" for second in range(60))
_days: dict[int, str] = {}


def iso(ns: int, zone: str = "Z") -> str:
    """UTC nanoseconds as ISO 8601: `2025-01-15T14:30:00Z`, or with another text for the zone such as `+00:00`.

    Fractions appear only where there are any. Made for the times of bars: a day's text is kept once it is made.
    """
    seconds, rest = divmod(ns, NS)
    day, clock = divmod(seconds, 86_400)
    text = _days.get(day)
    if text is None:
        text = _days[day] = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d")
    minute, second = divmod(clock, 60)
    if rest:
        return f"{text}{_MINUTES[minute]}{_SECONDS[second]}.{rest // 1000:06}{zone}"
    return f"{text}{_MINUTES[minute]}{_SECONDS[second]}{zone}"


def zone_of(live: bool) -> str:
    """The text for UTC that a dialect writes after a time."""
    return "+00:00" if live else "Z"


def bar_form(bar: Bar, zone: str = "Z") -> dict[str, Any]:
    """A bar (gateway API, 6.1): `t` is the start of its period."""
    return {
        "t": iso(bar.start_ns, zone),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
    }


def order_id(number: int | None, live: bool) -> int | str | None:
    """An order's id: a whole number, or `ord_12` in the simulator."""
    return number if live or number is None else f"ord_{number}"


def trade_id(number: int, live: bool) -> int | str:
    """A fill's id: a whole number, or `trd_3` in the simulator."""
    return number if live else f"trd_{number}"


def order_type(order: Order) -> OrderType:
    """The wire's type of an order."""
    if order.kind == "join":
        return OrderType.JOIN_BID if order.side == "buy" else OrderType.JOIN_ASK
    return OrderType(_TYPES[order.kind])


def order_status(order: Order, live: bool) -> OrderStatus:
    """The wire's status of an order: a working one is Open (1) live, Pending (6) or partly filled (1) in the simulator."""
    if order.status != "working":
        return _STATUSES[order.status]
    return OrderStatus.OPEN if live or order.filled else OrderStatus.PENDING


def order_form(
    order: Order, account: int, live: bool, *, updated_ns: int, tag: str | None, linked: int | None
) -> dict[str, Any]:
    """An order (gateway API, 7.3).

    Args:
        order: The order as it stands.
        account: Its account.
        live: The dialect.
        updated_ns: The replay's clock at its last change.
        tag: Its customTag.
        linked: The order it cancels, or that cancels it.
    """
    zone, instrument = zone_of(live), order.contract.instrument
    form = {
        "id": order_id(order.id, live),
        "accountId": account,
        "contractId": order.contract.id,
        "symbolId": product_id(order.contract),
        "creationTimestamp": iso(order.asked_ns, zone),
        "updateTimestamp": iso(updated_ns, zone),
        "status": int(order_status(order, live)),
        "type": int(order_type(order)),
        "side": int(side_of(order.side)),
        "size": order.size,
        "limitPrice": order.limit,
        "stopPrice": order.stop,
        "fillVolume": order.filled,
        "filledPrice": order.average_price,
        "customTag": tag,
    }
    if not live:
        form["trailDistance"] = order.trail
        form["trailPrice"] = None if order.trail is None else instrument.price(order.trail)
        form["parentOrderId"] = order_id(order.parent, live)
        form["linkedOrderId"] = order_id(linked, live)
        form["reason"] = order.reason or None
    return form


def side_of(side: Side) -> OrderSide:
    """The wire's side."""
    return OrderSide.BID if side == "buy" else OrderSide.ASK


def fill_ns(fill: Fill) -> int:
    """When a fill happened: its bar's start at the open, else the bar's end, for the path inside has no clock (R21)."""
    return fill.time_ns


def trade_form(fill: Fill, number: int, account: int, live: bool) -> dict[str, Any]:
    """A fill as a trade row (gateway API, 8.4): `profitAndLoss` is gross, null where it only opened or added."""
    time = "creationTimestamp" if live else "timestamp"
    form = {
        "id": trade_id(number, live),
        "orderId": order_id(fill.order.id, live),
        "accountId": account,
        "contractId": fill.contract.id,
        "side": int(side_of(fill.side)),
        "size": fill.size,
        "price": fill.price,
        time: iso(fill_ns(fill), zone_of(live)),
        "profitAndLoss": fill.realised / MICROS if fill.closed else None,
        "fees": fill.fee / MICROS,
    }
    if live:
        form["voided"] = False
    return form


def position_form(
    contract: Contract, size: int, average: float, account: int, live: bool, *, number: int, opened_ns: int
) -> dict[str, Any]:
    """An open position (gateway API, 8.1); `size` is signed here and positive on the wire."""
    form = {
        "accountId": account,
        "contractId": contract.id,
        "type": int(PositionType.LONG if size > 0 else PositionType.SHORT),
        "size": abs(size),
        "averagePrice": average,
    }
    if live:
        form = {"id": number, **form, "creationTimestamp": iso(opened_ns, zone_of(live))}
    return form


def account_form(
    number: int, name: str, balance: float, equity: float, *, can_trade: bool, live: bool
) -> dict[str, Any]:
    """An account (gateway API, 4.1); `equity` is the simulator's alone."""
    form = {"id": number, "name": name, "balance": balance, "canTrade": can_trade}
    return {**form, "isVisible": True, "simulated": True} if live else {**form, "equity": equity}


def contract_form(contract: Contract, *, active: bool, live: bool) -> dict[str, Any]:
    """A contract (gateway API, 5.3): the simulator names it by its instrument, and its `contractSize` is always 1."""
    instrument = contract.instrument
    form = {
        "id": contract.id,
        "name": contract.name if live else instrument.name,
        "description": _described(contract),
        "tickSize": float(instrument.tick_size),
        "tickValue": instrument.tick_value / MICROS,
    }
    if live:
        return {**form, "activeContract": active, "symbolId": product_id(contract)}
    return {**form, "contractSize": 1}


def product_id(contract: Contract) -> str:
    """The id without `CON.` and expiry: `F.US.EP`."""
    return contract.id.removeprefix("CON.").rpartition(".")[0]


def _described(contract: Contract) -> str:
    month = contract.id.rpartition(".")[2]
    words = contract.instrument.description or contract.instrument.name
    if month[:1] in MONTH_LETTERS and month[1:].isdigit():
        return f"{words}: {_MONTHS[MONTH_LETTERS.index(month[0])]} 20{month[1:]}"
    return words
