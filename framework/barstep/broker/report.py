"""What our gateway reports besides its answers: the events of a call, in order and exact, for an engine that follows them.

The gateway API has no wire form for the fills of a step, for guards or for the moment a session begins. Replies of a replay
that was started with a `barstep` object carry a `Report` under the same name. Money is whole micro-dollars, prices are whole
ticks, times are UTC nanoseconds.
"""

from __future__ import annotations

from msgspec import Struct, field


class OrderReport(Struct, tag="order", rename="camel", omit_defaults=True):
    """An order changed its status, was born of a bracket, or was amended; its state afterwards.

    `verdicts` are those of the gateway's own rules: rule, contracts that may open, reason.
    """

    id: int
    side: str
    kind: str
    size: int
    status: str
    reason: str = ""
    limit: float | None = None
    stop: float | None = None
    trail: int | None = None
    reduce_only: bool = False
    parent: int | None = None
    tag: str = ""
    plugin: str = ""
    asked_ns: int = 0
    ended_ns: int | None = None
    verdicts: list[tuple[str, int, str]] = []


class FillReport(Struct, tag="fill", rename="camel", omit_defaults=True):
    """One execution; the fields are those of `Fill`."""

    order: int
    side: str
    size: int
    price: int
    phase: str
    level: int
    rule: str
    leg: int = 0
    arriving: bool = False
    certainty: str = "certain"
    reason: str = ""
    resolution: str = ""
    at_ns: int = 0


class TradeReport(Struct, tag="trade", rename="camel"):
    """A round trip that the fill before it closed: its excursions in ticks a contract, and why it ended."""

    worst: int
    best: int
    reason: str


class BreachReport(Struct, tag="breach", rename="camel", omit_defaults=True):
    """A guard that acted, and when; what it watched, for whoever did not set it."""

    plugin: str
    name: str
    at_ns: int
    level: int = 0
    basis: str = "equity"
    side: str = "floor"
    action: str = "flatten"
    trail: int | None = None


class AmbiguousReport(Struct, tag="ambiguous", rename="camel", omit_defaults=True):
    """A bar, or a finer one inside it, whose path decides what happened (R17): its outcomes as stored rows have them."""

    outcomes: list[OutcomeReport]
    resolution: str = ""
    at_ns: int = 0


class MismatchReport(Struct, tag="mismatch", rename="camel"):
    """A bar whose finer bars do not agree with it (R21), and why."""

    reason: str


class OutcomeReport(Struct, rename="camel"):
    """One way through an ambiguous bar: its name, equity at the close, and its fills as (sign, size, price, rule)."""

    path: str
    chosen: bool
    equity: int
    failed: str
    locked: str
    fills: list[tuple[int, int, int, str]]


class GuardReport(Struct, rename="camel", omit_defaults=True):
    """A guard in force: its level now, the value that a day's guard starts from, and what it watches."""

    plugin: str
    name: str
    level: int
    day_start: int
    basis: str = "equity"
    side: str = "floor"
    action: str = "flatten"
    trail: int | None = None


EventReport = OrderReport | FillReport | TradeReport | BreachReport | AmbiguousReport | MismatchReport


class Report(Struct, rename="camel", omit_defaults=True):
    """What happened in a call.

    Attributes:
        events: In event order; a trade follows the fill that closed it.
        span: Start and end of the bar.
        moved: Id, stop price and size of working orders that changed without an event: trails, grown exits.
        worth: Lowest and highest worth of the contract over the bar with a fill, in micro-dollars.
        guards: The guards in force, when there are any.
        failed: Name of the guard that failed the account.
        begins_ns: A session begins: the start of its first bar. The next step plays that bar.
        session_over: The bar was its session's last.
        warnings: What a user should know; each is told once.
    """

    events: list[EventReport] = field(default_factory=list)
    span: tuple[int, int] | None = None
    moved: list[tuple[int, float | None, int]] = field(default_factory=list)
    worth: tuple[int, int] | None = None
    guards: list[GuardReport] = field(default_factory=list)
    failed: str = ""
    begins_ns: int | None = None
    session_over: bool = False
    warnings: list[str] = field(default_factory=list)
