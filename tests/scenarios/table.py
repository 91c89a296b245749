"""Bars in, orders in, fills out: tables that a trader can check by hand, played through the simulated exchange.

Prices are whole ticks, one tick of one contract is worth 1 USD, and there are no plugins. A bar is `(open, high, low,
close)`, bars count from 1. `buy(...)` and `sell(...)` describe orders that reach the exchange just before bar `bar`
(between two bars, as a strategy's do); `cancel(...)` and `change(...)` name an order by its `name`. A fill reads

    2 open sell 1 @ 389 R8

that is: bar 2, at its open, sold 1 contract at 389, by rule R8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from barstep.domain.bar import BarColumns, Feed, Timeframe
from barstep.domain.fill import Fill, Trade
from barstep.domain.fill_options import FillOptions
from barstep.domain.instrument import MICROS, Contract, Instrument
from barstep.domain.order import Bracket, Order
from barstep.domain.session import NS, SessionHours
from barstep.sim.exchange import SimulatedExchange
from barstep.sim.finer import Magnifier, Window
from barstep.sim.guards import Guard
from barstep.sim.records import AmbiguousBar, Breach, Mismatch

ALWAYS = SessionHours("always", "UTC", ((0, 1440),), tuple(range(7)))
TICK = Instrument("TICK", Fraction(1), MICROS, ALWAYS)
CONTRACT = Contract(TICK, "TICK", "TICK")
FEED = Feed(CONTRACT, Timeframe.parse("1m"), ZoneInfo("UTC"))


def columns(bars: list[tuple[int, int, int, int]], volume: list[int] | None = None) -> BarColumns:
    """Bars as the exchange loads them: one-minute bars from 1970 on, 100 contracts each unless said."""
    table = np.array(bars, dtype=np.int64).reshape(-1, 4)
    start = np.arange(len(bars), dtype=np.int64) * 60 * NS
    volumes = np.array(volume or [100] * len(bars), dtype=np.int64)
    return BarColumns(start, start + 60 * NS, *(table[:, i].copy() for i in range(4)), volumes)


class Finer:
    """Finer bars of a table's bars by row, `(open, high, low, close)` or with a volume of their own behind, else 10.

    Those of a bar follow each other second by second from its start. `asked` notes the rows that were read.
    """

    timeframe = "1s"

    def __init__(self, inside: dict[int, list[tuple[int, ...]]], *, outside: frozenset[int] = frozenset()) -> None:
        self.inside, self.outside = inside, outside
        self.asked: list[int] = []

    def window(self, start_ns: int, end_ns: int) -> Window:
        row = start_ns // (60 * NS)
        self.asked.append(row)
        bars = [(*bar, 10)[:5] for bar in self.inside.get(row, [])]
        starts = [start_ns + n * NS for n in range(len(bars))]
        prices = [list(column) for column in zip(*bars, strict=True)] or [[]] * 5
        return Window(starts, [start + NS for start in starts], *prices, row in self.outside)


def magnify(exchange: SimulatedExchange, finer: Finer, *, volume: bool = True) -> None:
    """Have the exchange's only market decided by finer bars."""
    exchange.markets[0].finer = Magnifier(finer, TICK.price, compares_volume=volume)


# -- what a table's rows ask for ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """An order of a table; the real `Order` is made when its bar has come."""

    side: str
    size: int
    kind: str
    bar: int
    name: str
    oco: str
    prices: dict
    bracket: dict
    more: dict

    def make(self) -> Order:
        bracket = Bracket(**self.bracket) if self.bracket else None
        return Order(
            CONTRACT, self.side, self.size, self.kind, bracket=bracket, tag=self.name, **self.prices, **self.more
        )


def _ask(side, size=1, *, limit=None, stop=None, trail=None, join=False, sl=None, tp=None, trailing_sl=None,
         sl_price=None, tp_price=None, bar=1, name="", oco="", **more) -> Ask:  # fmt: skip
    kind = (
        "trailing_stop" if trail else "stop_limit" if stop and limit else "stop" if stop else
        "limit" if limit else "join" if join else "market"
    )  # fmt: skip
    prices = {key: value for key, value in (("limit", limit), ("stop", stop), ("trail", trail)) if value is not None}
    bracket = {
        key: value
        for key, value in (
            ("stop_ticks", sl), ("target_ticks", tp), ("trail_ticks", trailing_sl), ("stop", sl_price), ("target", tp_price),
        )
        if value is not None
    }  # fmt: skip
    return Ask(side, size, kind, bar, name, oco, prices, bracket, more)


def buy(size=1, **terms) -> Ask:
    """A buy order: `limit stop trail join`, bracket `sl tp trailing_sl` in ticks or `sl_price tp_price`.

    `bar` is the bar it reaches the exchange before, `oco` the name of its group.
    """
    return _ask("buy", size, **terms)


def sell(size=1, **terms) -> Ask:
    """A sell order; the terms are those of `buy`."""
    return _ask("sell", size, **terms)


@dataclass(frozen=True)
class Request:
    """Something other than an order that is asked of the exchange just before a bar."""

    what: str
    name: str
    bar: int
    terms: dict


def cancel(name: str, *, bar: int) -> Request:
    """Cancel the order of that name."""
    return Request("cancel", name, bar, {})


def change(name: str, *, bar: int, size=None, limit=None, stop=None, trail=None) -> Request:
    """Change the order of that name (R23)."""
    return Request("change", name, bar, {"size": size, "limit": limit, "stop": stop, "trail": trail})


def floor(
    level: int, action: str = "fail", basis: str = "equity", trail: int | None = None, name: str = "floor"
) -> Guard:
    """A guard that is breached at or below a level in USD; the account starts with 0."""
    return Guard(name, basis, level * MICROS, "floor", action, None if trail is None else trail * MICROS)


def cap(level: int, action: str = "lock", basis: str = "equity", name: str = "cap") -> Guard:
    """A guard that is breached at or above a level in USD."""
    return Guard(name, basis, level * MICROS, "cap", action)


# -- what comes out ----------------------------------------------------------------------------------------------


@dataclass
class Played:
    """Everything a table led to."""

    exchange: SimulatedExchange
    named: dict[str, Order] = field(default_factory=dict)
    records: list[Fill] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    changes: list[tuple[int, str]] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    ambiguous: list[AmbiguousBar] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    equity: list[int] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def fills(self) -> list[str]:
        return [f"{f.bar_index} {f.phase} {f.side} {f.size} @ {f.price_ticks} {f.rule}" for f in self.records]

    @property
    def position(self) -> int:
        return self.exchange.markets[0].ledger.position

    @property
    def working(self) -> list[str]:
        """Orders still in the book, by id, with what is left of them: `#2 sell stop 396 x3`."""
        found = []
        for order in self.exchange.working_orders(CONTRACT):
            prices = "".join(f" {int(price)}" for price in (order.stop, order.limit) if price is not None)
            left = order.size - order.filled
            found.append(f"#{order.id} {order.side} {order.kind}{prices}" + (f" x{left}" if left > 1 else ""))
        return found

    @property
    def outcomes(self) -> list[tuple[str, int, bool]]:
        """Path, equity in USD and whether it was chosen, of each outcome of the ambiguous bars."""
        return [(o.path, o.equity // MICROS, o.chosen) for bar in self.ambiguous for o in bar.outcomes]

    def take(self, bar: int) -> None:
        for event in self.exchange.events:
            if isinstance(event, Order):
                self.changes.append((bar, f"#{event.id} {event.status}"))
            else:
                kinds = {
                    Fill: self.records, Trade: self.trades, Breach: self.breaches, AmbiguousBar: self.ambiguous,
                    Mismatch: self.mismatches,
                }  # fmt: skip
                kinds[type(event)].append(event)
        self.exchange.events.clear()


def play(
    bars, *asks, guards=(), fee=0, volume=None, sessions=(), finish=True, profile="strict", finer=None, **options
) -> Played:
    """Play a table.

    Args:
        bars: From bar 1 on. Before them comes a bar at the first open in which nothing happens, so that there is a
            last close when the orders of bar 1 are given.
        asks: Orders and requests.
        guards: In force from bar 1 on.
        fee: USD per contract and side.
        volume: Contracts traded in each bar.
        sessions: Bars with which a new trading day begins.
        finish: Whether the data ends after the last bar (R25).
        finer: Finer bars that decide inside a bar (R21), by bar; volumes then are not compared unless they are given.
        profile, options: Fill options. Orders are taken as accepted (`wrong_side_stop: trigger`) and positions are
            left open at the end (`at_end: mark`) unless a table says otherwise.
    """
    chosen = FillOptions.of(profile, **{"wrong_side_stop": "trigger", "at_end": "mark", **options})
    exchange = SimulatedExchange([FEED], chosen, [fee * MICROS], 0)
    market = exchange.markets[0]
    before = (bars[0][0],) * 4
    traded = columns([before, *bars], [100, *(volume or [100] * len(bars))])
    market.load(traded, traded.volume == 0)
    exchange.start_session(market, 0)
    exchange.between_bars = False
    if finer is not None:
        magnify(exchange, finer, volume=volume is not None)
    played = Played(exchange)
    groups: dict[str, Order] = {}
    for row in range(len(bars) + 1):
        if row in sessions:
            exchange.start_session(market, market.starts[row])
        if market.needs_work(row):
            exchange.play(market, row)
        market.row = row
        played.take(row)
        if row:
            played.equity.append(exchange.equity // MICROS)
        if exchange.failed:
            break
        if row == 0:
            for guard in guards:
                exchange.set_guard(guard)
        for ask in asks:
            if ask.bar == row + 1:
                _send(played, ask, groups)
        played.take(row)
    if finish:
        exchange.finish()
        played.take(len(bars))
    return played


def _send(played: Played, ask: Ask | Request, groups: dict[str, Order]) -> None:
    exchange = played.exchange
    if isinstance(ask, Request):
        order = played.named[ask.name]
        if ask.what == "cancel":
            done = "" if exchange.cancel(order) else "not working"
        else:
            done = exchange.amend(order, **ask.terms)
        if done:
            played.refusals.append(done)
        return
    order = ask.make()
    exchange.accept(order)
    played.named[ask.name] = order
    if ask.oco:
        if ask.oco in groups:
            assert exchange.link(groups[ask.oco], order) == ""
        groups[ask.oco] = order
