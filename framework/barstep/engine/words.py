"""The words of an order as a plugin gives them: numbers of whatever library, and what is no number at all."""

from __future__ import annotations

from operator import index
from typing import Any, Final

from barstep.domain.order import Bracket, Kind

MOST_CONTRACTS: Final = 1_000_000
FARTHEST_PRICE: Final = 1e12


def whole(value: Any, name: str, faults: list[str]) -> Any:
    """A whole number, also numpy's, as an int; None stays None, anything else is a fault."""
    if value is None or (type(value) is int and value <= MOST_CONTRACTS):
        return value
    if not isinstance(value, bool):
        try:
            number = index(value)
        except TypeError:
            pass
        else:
            if number <= MOST_CONTRACTS:
                return number
            faults.append(f"{name} {number}: expected at most {MOST_CONTRACTS:,}")
            return 0
    faults.append(f"{name} {value!r}: expected a whole number")
    return 0


def price(value: Any, name: str, faults: list[str]) -> Any:
    """A price as a float; None stays None, what is no finite number is a fault."""
    if value is None or (type(value) is float and -FARTHEST_PRICE < value < FARTHEST_PRICE):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, (bool, str)) or not -FARTHEST_PRICE < number < FARTHEST_PRICE:
        hint = "; is the indicator ready?" if number != number and not isinstance(value, str) else ""
        faults.append(f"{name} {value!r}: expected a price{hint}")
        return None
    return number


def bracket(
    stop_ticks: Any, target_ticks: Any, trail_ticks: Any, stop: Any, target: Any, faults: list[str]
) -> Bracket | None:
    """The bracket of an order, None when nothing of one is given."""
    if stop_ticks is target_ticks is trail_ticks is stop is target is None:
        return None
    return Bracket(
        whole(stop_ticks, "stop_loss_ticks", faults),
        whole(target_ticks, "take_profit_ticks", faults),
        whole(trail_ticks, "trailing_stop_ticks", faults),
        price(stop, "stop_loss", faults),
        price(target, "take_profit", faults),
    )


def kind_of(limit: Any, stop: Any, trail: Any, join: bool, faults: list[str]) -> Kind:
    """Which kind of order the words make; words that do not go together are a fault."""
    if trail is not None:
        _alone("trail_ticks", faults, limit=limit, stop=stop, join=join or None)
        return "trailing_stop"
    if join:
        _alone("join", faults, limit=limit, stop=stop)
        return "join"
    if stop is not None:
        return "stop" if limit is None else "stop_limit"
    return "market" if limit is None else "limit"


def _alone(word: str, faults: list[str], **others: object) -> None:
    given = [name for name, value in others.items() if value is not None]
    if given:
        faults.append(f"{word} does not go together with {' and '.join(given)}: leave one out")
