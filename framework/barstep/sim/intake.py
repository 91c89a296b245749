"""What the venue accepts: from an order as asked to a working order, or the reason why not (R4, R8, R10, R11, R24)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from barstep.domain.session import NS
from barstep.sim.book import LIMIT, MARKET, NEVER, STOP, STOP_LIMIT, BracketTicks, Working

if TYPE_CHECKING:
    from barstep.domain.fill_options import FillOptions
    from barstep.domain.instrument import Instrument
    from barstep.domain.order import Bracket, Order

_KINDS: Final = {
    "market": (MARKET, "R6"),
    "limit": (LIMIT, "R7"),
    "stop": (STOP, "R8"),
    "stop_limit": (STOP_LIMIT, "R9"),
    "trailing_stop": (STOP, "R10"),
    "join": (LIMIT, "R11"),
}
_NEEDS: Final = {
    "limit": ("limit",),
    "stop": ("stop",),
    "stop_limit": ("stop", "limit"),
    "trailing_stop": ("trail",),
}


class RefusedError(Exception):
    """The venue does not take an order; the message is the reason the order shows."""


def to_ticks(instrument: Instrument, price: float, what: str, round_up: bool, options: FillOptions) -> int:
    """Whole ticks of a price, or RefusedError with the two nearest valid prices (R24)."""
    ticks = instrument.ticks(price)
    if ticks is not None:
        return ticks
    low, high = instrument.neighbours(price)
    if options.off_grid == "conservative":
        return high if round_up else low
    raise RefusedError(
        f"{what} {price:.10g} is not on the {float(instrument.tick_size):g} grid of {instrument.name}: "
        f"use {instrument.price(low):.10g} or {instrument.price(high):.10g}"
    )


def make_working(order: Order, options: FillOptions, last_close: int | None) -> Working:
    """Turn an order into a working one in ticks; its id and bars are the market's to set."""
    side, size = order.side, order.size
    if order.kind not in _KINDS:
        raise RefusedError(f"kind {order.kind!r}: expected one of {', '.join(_KINDS)}")
    if side not in ("buy", "sell"):
        raise RefusedError(f"side {side!r}: expected buy or sell")
    if not isinstance(size, int) or size < 1:
        raise RefusedError(f"size {size!r}: expected a whole number of contracts, 1 or more")
    kind, rule = _KINDS[order.kind]
    sign = 1 if side == "buy" else -1
    if kind == MARKET:  # any price fires it
        working = Working(0, order, sign, MARKET, size, 0, rule, -sign * NEVER, sign)
    else:
        working = _priced(order, options, last_close, Working(0, order, sign, kind, size, 0, rule))
    if order.reduce_only:
        working.reduce_only = True
    if order.bracket is not None:
        working.bracket = _bracket(order.bracket, order.contract.instrument, sign, options)
    return working


def _priced(order: Order, options: FillOptions, last_close: int | None, working: Working) -> Working:
    """Give a working order the prices it is to fill at."""
    instrument, sign, kind = order.contract.instrument, working.sign, working.kind
    for name in _NEEDS.get(order.kind, ()):
        if getattr(order, name) is None:
            raise RefusedError(f"a {order.kind} order needs {name}=")
    if order.kind in ("limit", "stop_limit"):
        working.limit = to_ticks(instrument, order.limit or 0.0, "limit price", sign < 0, options)
    if kind == LIMIT:
        working.level = working.limit
        if order.kind == "join":
            working.level = _last(last_close, "join the market")
            working.approximate = True
    elif order.kind == "trailing_stop":
        working.trail = _distance(order.trail, "trail_ticks")
        working.ref = _last(last_close, "trail")
        working.level = working.ref + sign * working.trail
    else:
        working.level = to_ticks(instrument, order.stop or 0.0, "stop price", sign > 0, options)
        if options.wrong_side_stop == "refuse" and last_close is not None and sign * (last_close - working.level) >= 0:
            where = "above" if sign > 0 else "below"
            raise RefusedError(
                f"stop price {order.stop:.10g} is already reached by the last close "
                f"{instrument.price(last_close):.10g}: a {order.side} stop must lie {where} it"
            )
    working.aim(options.limit_through_ticks)
    return working


def show_prices(order: Order, working: Working) -> None:
    """Let the order show the prices it works at, where they were rounded to the grid (R24)."""
    price = order.contract.instrument.price
    if order.limit is not None:
        order.limit = price(working.limit)
    if order.stop is not None:
        order.stop = price(working.level)


def set_expiry(working: Working, expires: object, first_bar: int) -> None:
    """Read `expires`: `session`, a number of eligible bars, or an aware datetime."""
    if expires == "session":
        working.expire_session = True
    elif isinstance(expires, datetime):
        if expires.tzinfo is None:
            raise RefusedError(f"expires {expires}: expected a datetime with a time zone")
        working.expire_ns = int(expires.timestamp()) * NS
    elif isinstance(expires, int) and not isinstance(expires, bool) and expires > 0:
        working.expire_bar = first_bar + expires - 1
    else:
        raise RefusedError(
            f"expires {expires!r}: expected 'session', a number of bars (1 or more) or an aware datetime"
        )


def _bracket(bracket: Bracket, instrument: Instrument, sign: int, options: FillOptions) -> BracketTicks | None:
    if bracket.trail_ticks is not None and (bracket.stop_ticks is not None or bracket.stop is not None):
        raise RefusedError("a bracket has one stop: give either a stop loss or trailing_stop_ticks")
    level, target = bracket.stop, bracket.target
    if bracket.stop_ticks is bracket.target_ticks is bracket.trail_ticks is level is target is None:
        return None
    if bracket.stop_ticks is not None and level is not None:
        raise RefusedError("give stop_loss_ticks= or stop_loss=, not both")
    if bracket.target_ticks is not None and target is not None:
        raise RefusedError("give take_profit_ticks= or take_profit=, not both")
    made = BracketTicks(
        None if bracket.stop_ticks is None else _distance(bracket.stop_ticks, "stop_loss_ticks"),
        None if bracket.target_ticks is None else _distance(bracket.target_ticks, "take_profit_ticks"),
        None if bracket.trail_ticks is None else _distance(bracket.trail_ticks, "trailing_stop_ticks"),
        None if level is None else to_ticks(instrument, level, "stop_loss", sign < 0, options),
        None if target is None else to_ticks(instrument, target, "take_profit", sign > 0, options),
    )
    both = made.stop_level is not None and made.target_level is not None
    if both and sign * ((made.target_level or 0) - (made.stop_level or 0)) <= 0:
        side = "below" if sign > 0 else "above"
        raise RefusedError(f"stop_loss {level:.10g} must lie {side} take_profit {target:.10g} for this side")
    return made


def _distance(ticks: int | None, name: str) -> int:
    if not isinstance(ticks, int) or isinstance(ticks, bool) or ticks < 1:
        raise RefusedError(f"{name} {ticks!r}: expected a whole number of ticks, 1 or more")
    return ticks


def _last(last_close: int | None, what: str) -> int:
    if last_close is None:
        raise RefusedError(f"there is no price yet to {what}: the first bar is not complete")
    return last_close
