"""Position: what is open, and closing all or a part of it (gateway API, 8.1 to 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.broker.forms import position_form
from barstep.broker.wire import done
from barstep.domain.order import Order
from barstep.gateway import contracts
from barstep.gateway.seats import RefusedError

if TYPE_CHECKING:
    from barstep.domain.order import Side
    from barstep.gateway.seats import Call
    from barstep.gateway.session import Session

NO_POSITION, NO_CONTRACT, NOT_ACTIVE = 2, 3, 4  # codes that closing in whole and in part share
INVALID_SIZE = 5  # of closing a part, which moves the codes after it up by one


def search_open(call: Call) -> dict[str, Any]:
    """Position/searchOpen: one netted position per contract, none while flat."""
    seat = call.seat()
    session = seat.session
    if session is None:
        return done(positions=[])
    held = session.desk.positions[session.contract.id]
    if not held.size:
        return done(positions=[])
    form = position_form(
        session.contract,
        held.size,
        held.average_price,
        seat.number,
        call.live,
        number=session.positions,
        opened_ns=session.opened_ns,
    )
    return done(positions=[form])


def close(call: Call) -> dict[str, Any]:
    """Position/closeContract: a reduce-only market order over the whole size."""
    session, position, left = _open_position(call, pending=6)
    if not left:
        raise RefusedError(6, "the position is already being closed: the order waits for the next bar")
    return _send(session, position, left, rejected=5)


def close_part(call: Call) -> dict[str, Any]:
    """Position/partialCloseContract: code 5 for a size of 0, a negative one or one above the position."""
    session, position, left = _open_position(call, pending=7)
    size = call.values["size"]
    if not 1 <= size <= abs(position):
        raise RefusedError(
            INVALID_SIZE, f"size {size}: the position has {abs(position)}, expected 1 to {abs(position)}"
        )
    if size > left:
        raise RefusedError(
            7, f"size {size}: only {left} are not being closed already by orders that wait for the next bar"
        )
    return _send(session, position, size, rejected=6)


def _open_position(call: Call, pending: int) -> tuple[Session, int, int]:
    """The replay, its signed position, and how many contracts no waiting market order closes already."""
    session = call.replay(NO_POSITION)
    contracts.check(call, session.contract, NO_CONTRACT, NOT_ACTIVE)
    market = session.stream.market
    position = market.ledger.position
    if not position:
        raise RefusedError(NO_POSITION, f"there is no position in {session.contract.id} to close")
    call.trading(pending + 2)  # AccountRejected: positions left open by the end of a replay cannot be traded
    sign = 1 if position > 0 else -1
    return session, position, max(0, min(abs(position), sign * (position + market.under_way())))


def _send(session: Session, position: int, size: int, rejected: int) -> dict[str, Any]:
    side: Side = "sell" if position > 0 else "buy"
    order = Order(session.contract, side, size, reduce_only=True, plugin=session.client)
    session.desk.submit(order)
    session.replay.deliver()
    if order.status in ("denied", "rejected"):
        raise RefusedError(rejected, order.reason)
    return done()
