"""Extension/...: what risk rules and typed strategies do besides orders, for clients whose plugins run on their own side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from barstep.broker.wire import GatewayError, done
from barstep.engine.flat_times import FlatTime
from barstep.gateway.extension import clock
from barstep.gateway.seats import RefusedError
from barstep.sim.guards import Action, Basis, Guard, GuardSide

if TYPE_CHECKING:
    from barstep.domain.order import Order
    from barstep.gateway.seats import Call
    from barstep.gateway.session import Session

NOT_FOUND, REFUSED = 2, 3
_WORDS = {
    "basis": ("equity", "day", "position"),
    "side": ("floor", "cap"),
    "action": ("fail", "lock", "flatten"),
    "role": ("stop", "target", "trail"),
}


def link(call: Call) -> dict[str, Any]:
    """Two working orders cancel each other from now on."""
    session, first = call.order(NOT_FOUND)
    refusal = session.desk.broker.link_orders(first, _order(session, call.values["linkedOrderId"]))
    if refusal:
        raise RefusedError(REFUSED, refusal)
    return done()


def protect(call: Call) -> dict[str, Any]:
    """A working reduce-only order lives and dies with the position from now on (R12)."""
    session, order = call.order(NOT_FOUND)
    session.exchange.protect(order, cast("Any", _word(call, "role")))
    return done()


def exits_only(call: Call) -> dict[str, Any]:
    """Entries are cancelled; orders against the position may only reduce it."""
    session = call.trading(REFUSED)
    session.exchange.exits_only(session.contract, call.values["reason"])
    session.replay.deliver()
    return done()


def flatten(call: Call) -> dict[str, Any]:
    """All orders are cancelled and the position is closed at the last close, less the forced slip (R18)."""
    session = call.trading(REFUSED)
    session.exchange.flatten(call.values["reason"], "R18", "hooks")
    session.replay.deliver()
    return done()


def set_guard(call: Call) -> dict[str, Any]:
    """A level is watched inside the bar (R19); money in micro-dollars, so that none is rounded."""
    session, values = call.trading(REFUSED), call.values
    session.desk.set_guard(
        values["name"],
        cast("Basis", _word(call, "basis")),
        values["level"],
        cast("GuardSide", _word(call, "side")),
        cast("Action", _word(call, "action")),
        values["trail"],
        values["plugin"],
        values["trailUntil"],
    )
    return done()


def fail_account(call: Call) -> dict[str, Any]:
    """The account fails now, by a rule of the client that looks at closed bars; all is closed (R19)."""
    session, values = call.trading(REFUSED), call.values
    session.exchange.fail(Guard(values["name"], "equity", values["level"], "floor", "fail", None, values["plugin"]))
    session.replay.deliver()
    return done()


def remove_guard(call: Call) -> dict[str, Any]:
    """A level is no longer watched."""
    session = call.trading(REFUSED)
    session.exchange.remove_guard(call.values["plugin"], call.values["name"])
    return done()


def flat_by(call: Call) -> dict[str, Any]:
    """Be flat by a time of day in the exchange's zone; null ends it (R18)."""
    session = call.trading(REFUSED)
    wanted, plugin = clock(call.values["clock"]), call.values["plugin"]
    if wanted is None:
        session.desk.flat_times.pop(plugin, None)
    else:
        session.desk.flat_times[plugin] = FlatTime(wanted, call.values["beforePause"] or 0, plugin)
    return done()


def _order(session: Session, number: int) -> Order:
    order = session.orders.get(number)
    if order is None:
        what = f"order {number}" if number else "order of that id, expected ord_12 or 12"
        raise RefusedError(NOT_FOUND, f"there is no {what}: see Order/search")
    return order


def _word(call: Call, name: str) -> str:
    word: str = call.values[name]
    if word not in _WORDS[name]:
        raise GatewayError(400, f"{name}: found {word!r}, expected one of {', '.join(_WORDS[name])}")
    return word
