"""What the oracle is asked and what it answers; see oracle.py."""

from __future__ import annotations

from dataclasses import dataclass, field

Bar = tuple[int, int, int, int]
Fill = tuple[int, int, int, int, int, str, str]  # bar, order id, side, size, price, rule id, phase


class OracleError(Exception):
    """The oracle caught itself in a contradiction (R20 identities or the R28 invariant)."""


@dataclass
class Options:
    """The option table; defaults are `strict` except at_end."""

    market_fill: str = "next_open"  # current_close
    market_slip_ticks: int = 1
    stop_slip_ticks: int = 1
    forced_slip_ticks: int = 2
    limit_through_ticks: int = 1
    gap_price: str = "limit"  # open, auction
    intrabar: str = "pessimistic"  # nearest_extreme ohlc olhc candle_colour adverse optimistic
    children: str = "path"  # next_bar
    trail_update: str = "path"  # bar_close
    clamp_slippage: bool = False
    latency_bars: int = 0
    at_end: str = "mark"  # close
    session_first: frozenset[int] = frozenset()  # bars that open a session (gap_price: auction)


@dataclass
class Ask:
    """An order as asked. Accepted before bar `bar`."""

    kind: str  # market limit stop stop_limit trailing_stop
    side: int
    size: int
    limit: int | None = None
    stop: int | None = None
    trail: int | None = None
    ref: int | None = None
    sl: int | None = None
    tp: int | None = None
    trailing_sl: int | None = None
    oco: int | None = None
    reduce_only: bool = False
    bar: int = 1


@dataclass
class Guard:
    """An account guard (R19)."""

    basis: str  # equity position
    side: str  # floor cap
    level: int
    action: str  # fail lock flatten


@dataclass
class Order:
    """A working order. `role` is None for an ask, 'stop' or 'target' for a bracket child (R12)."""

    id: int
    ask: Ask
    eligible: int  # first eligible bar (R4)
    arrives: int | None  # arriving bar; None: resting from its first eligible bar on
    oco: tuple[str, int] | None = None
    role: str | None = None
    born: tuple[int, int, str] | None = None  # bar, finer bar inside it and phase of the parent's fill
    part: int = 0  # the finer bar of its arriving bar in which it arrives (R21)
    ref: int = 0  # R10 reference
    triggered: bool = False  # R9

    @property
    def is_limit(self) -> bool:
        """A limit, or a stop-limit that was triggered and rests."""
        return self.ask.kind == "limit" or (self.ask.kind == "stop_limit" and self.triggered)

    @property
    def rank(self) -> int:
        """Ranks of R13 and R15; they agree wherever both apply."""
        if self.is_limit:
            return 3
        return {"market": 0, "stop": 1, "trailing_stop": 1, "stop_limit": 2}[self.ask.kind]

    @property
    def needs(self) -> int:
        """Direction of price that can reach the level (R15)."""
        return -self.ask.side if self.is_limit else self.ask.side

    def level(self, q: int) -> int:
        """Event level E: R7 for limits, R10 for trailing stops, else the stop price."""
        if self.is_limit:
            return self.ask.limit - self.ask.side * q
        if self.ask.kind == "trailing_stop":
            return self.ref + self.ask.side * self.ask.trail
        return self.ask.stop


@dataclass
class Result:
    """What a run did."""

    fills: list[Fill]
    ambiguous: set[int]
    failed: bool
    locked: bool
    equity: list[int]  # at each close, phase D, after fees
    position: int
    working: list[int]
    final_equity: int  # after phase E of the last bar and at_end
    orders: list[Order] = field(default_factory=list)  # the working orders themselves
    parts: list[int] = field(default_factory=list)  # of each fill, the number of the finer bar inside its bar (R21)
    mismatched: set[int] = field(default_factory=set)  # bars whose finer bars do not cover them exactly (R21)

    @property
    def ledger(self) -> list[tuple[int, int, int, int]]:
        """Order id, side, size, price of each fill."""
        return [fill[1:5] for fill in self.fills]
