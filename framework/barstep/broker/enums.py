"""The enumerations of the wire (gateway API, 10). Integers are the documented ones; the simulator uses some differently."""

from __future__ import annotations

from enum import IntEnum


class OrderSide(IntEnum):
    """Bid buys, ask sells."""

    BID = 0
    ASK = 1


class OrderType(IntEnum):
    """Kinds of orders; 3 is missing from the live page but in its enum."""

    UNKNOWN = 0
    LIMIT = 1
    MARKET = 2
    STOP_LIMIT = 3
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7


class OrderStatus(IntEnum):
    """Live statuses. In the simulator 6 rests in the book and 1 means partly filled."""

    NONE = 0
    OPEN = 1
    FILLED = 2
    CANCELLED = 3
    EXPIRED = 4
    REJECTED = 5
    PENDING = 6
    PENDING_CANCELLATION = 7
    SUSPENDED = 8


class PositionType(IntEnum):
    """The direction of a position; `size` is always positive."""

    UNDEFINED = 0
    LONG = 1
    SHORT = 2


class BarUnit(IntEnum):
    """The unit of a bar's length (AggregateBarUnit); 1 to 4 are served."""

    UNSPECIFIED = 0
    SECOND = 1
    MINUTE = 2
    HOUR = 3
    DAY = 4
    WEEK = 5
    MONTH = 6
    TICK = 7
