"""Order: place, search, cancel and modify (gateway API, 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.broker.forms import order_form, order_id, order_status
from barstep.broker.wire import done
from barstep.domain.order import Order
from barstep.gateway import contracts, drafts
from barstep.gateway.drafts import MOST_CONTRACTS
from barstep.gateway.seats import RefusedError

if TYPE_CHECKING:
    from barstep.gateway.seats import Call
    from barstep.gateway.session import Session

REJECTED, VIOLATION, NO_CONTRACT, NOT_ACTIVE, ACCOUNT_REJECTED = 2, 4, 8, 9, 10  # codes of Order/place
NOT_FOUND, NOT_WORKING = 2, 3  # codes of Order/cancel and Order/modify


def place(call: Call) -> dict[str, Any]:
    """Order/place: every refusal has a code and says what to do; a denial by risk is code 2 with rule and reason."""
    session = call.trading(ACCOUNT_REJECTED, "orderId")
    contracts.check(call, session.contract, NO_CONTRACT, NOT_ACTIVE, "orderId")
    if session.exchange.failed:
        raise RefusedError(VIOLATION, f"the account has failed ({session.exchange.failed}): no more orders", "orderId")
    if not session.desk.accepting:
        raise RefusedError(REJECTED, _closed(session), "orderId")
    order = drafts.draft(session, call.values)
    linked = drafts.linked(session, call.values["linkedOrderId"])
    session.desk.submit(order)
    if linked is not None:
        _link(session, linked, order)
    if (group := (call.values["barstep"] or {}).get("ocoGroup")) is not None:
        _join_group(session, group, order)
    session.replay.deliver()
    if order.status in ("denied", "rejected"):
        raise RefusedError(REJECTED, order.reason, "orderId")
    if tag := call.values["customTag"]:
        session.tags[tag] = order.id
    answer = done(orderId=order_id(order.id, call.live))
    if not call.live:
        answer["orderStatus"] = int(order_status(order, False))
    return answer


def search(call: Call) -> dict[str, Any]:
    """Order/search: all orders of the replay by number, or those asked for in a window of time."""
    session = call.seat().session
    if session is None:
        return done(orders=[])
    first, last = call.values["startTimestamp"], call.values["endTimestamp"]
    orders = sorted(session.orders.values(), key=lambda order: (order.asked_ns, abs(order.id)))
    inside = [o for o in orders if (first is None or o.asked_ns >= first) and (last is None or o.asked_ns <= last)]
    return done(orders=[form(call, session, order) for order in inside])


def search_open(call: Call) -> dict[str, Any]:
    """Order/searchOpen: what works, by number."""
    session = call.seat().session
    working = session.exchange.working_orders(session.contract) if session is not None else []
    return done(orders=[form(call, session, order) for order in working if session is not None])


def search_by_id(call: Call) -> dict[str, Any]:
    """Order/searchById: code 1 for an unknown order and for an unknown account."""
    session, order = call.order(1, "order")
    return done(order=form(call, session, order))


def cancel(call: Call) -> dict[str, Any]:
    """Order/cancel: code 2 for an unknown order, 3 for one that no longer works."""
    session, order = call.order(NOT_FOUND)
    _check_working(order)
    session.desk.broker.cancel_order(order, (call.values["barstep"] or {}).get("reason") or "cancelled")
    session.replay.deliver()
    return done()


def modify(call: Call) -> dict[str, Any]:
    """Order/modify: `size` is the order's total; what adds exposure passes the risk rules again."""
    session, order = call.order(NOT_FOUND)
    _check_working(order)
    values, left = call.values, order.size - order.filled
    size = values["size"]
    if size is not None:
        if not order.filled < size <= MOST_CONTRACTS:
            least = order.filled + 1
            raise RefusedError(
                NOT_WORKING, f"size {size}: expected {least} to {MOST_CONTRACTS:,}, filled ones included"
            )
        size -= order.filled
        if size > left and not order.reduce_only:
            _judge(session, order, size - left)
    prices = {name: drafts.price(values[f"{name}Price"], f"{name}Price", NOT_WORKING) for name in ("limit", "stop")}
    trail = (values["barstep"] or {}).get("trailTicks")
    if values["trailPrice"] is not None:
        trail = drafts.trail_ticks(session, values["trailPrice"], NOT_WORKING)
    refusal = session.desk.broker.modify_order(order, size=size, **prices, trail=trail)
    session.replay.deliver()
    if refusal:
        raise RefusedError(NOT_WORKING, refusal)
    return done()


def form(call: Call, session: Session, order: Order) -> dict[str, Any]:
    """An order as the wire shows it."""
    return order_form(
        order,
        call.values["accountId"],
        call.live,
        updated_ns=session.updated.get(order.id, order.asked_ns),
        tag=session.tag(order),
        linked=session.linked(order),
    )


def _check_working(order: Order) -> None:
    if not order.is_open:
        raise RefusedError(NOT_WORKING, f"order {order.id} is {order.status}: only a working order can be changed")


def _judge(session: Session, order: Order, more: int) -> None:
    addition = Order(order.contract, order.side, more, order.kind, plugin=order.plugin, tag=order.tag)
    refused = session.desk.judge_addition(addition)
    if refused:
        raise RefusedError(NOT_WORKING, refused)


def _link(session: Session, linked: Order, order: Order) -> None:
    """One cancels the other: an order that fills inside the call cancels the linked one at once."""
    if order.status == "working" and not session.desk.broker.link_orders(linked, order):
        session.links[linked.id], session.links[order.id] = order.id, linked.id
    elif order.filled:
        session.desk.broker.cancel_order(linked, f"oco: order {order.id} filled")
        session.links[linked.id], session.links[order.id] = order.id, linked.id


def _join_group(session: Session, group: str, order: Order) -> None:
    """All orders of a group cancel each other; one that fills inside the call cancels the others at once."""
    others = [other for other in session.groups.get(group, []) if other.is_open]
    session.groups[group] = [*others, order]
    if order.status == "working" and others:
        session.desk.broker.link_orders(others[0], order)
    elif order.filled:
        for other in others:
            session.desk.broker.cancel_order(other, f"oco: order {order.id} filled")


def _closed(session: Session) -> str:
    if not session.index:
        return "there is no price yet: play the first bar with Replay/step"
    return "the replay takes no more orders: it has stopped"
