"""Play tables of bars and orders through the exchange: whole ticks, tick value 1 USD, no session, no plugins."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from barstep.domain.bar import BarColumns, Feed, Timeframe
from barstep.domain.fill import Fill, Trade
from barstep.domain.fill_options import FillOptions
from barstep.domain.instrument import MICROS, Contract, Instrument
from barstep.domain.order import Order
from barstep.domain.session import NS, SessionHours
from barstep.sim.exchange import SimulatedExchange
from barstep.sim.records import AmbiguousBar, Breach

TICK = Instrument("TICK", Fraction(1), MICROS, SessionHours("always", "UTC", ((0, 1440),), tuple(range(7))))
CONTRACT = Contract(TICK, "TICK", "TICK")
FEED = Feed(CONTRACT, Timeframe.parse("1m"), ZoneInfo("UTC"))


def columns(bars: list[tuple[int, int, int, int]], volume: list[int] | None = None) -> BarColumns:
    table = np.array(bars, dtype=np.int64).reshape(-1, 4)
    start = np.arange(len(bars), dtype=np.int64) * 60 * NS
    volumes = np.array(volume or [100] * len(bars), dtype=np.int64)
    return BarColumns(start, start + 60 * NS, *(table[:, i].copy() for i in range(4)), volumes)


@dataclass
class Played:
    exchange: SimulatedExchange
    fills: list[Fill] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    ambiguous: list[AmbiguousBar] = field(default_factory=list)
    equity: list[int] = field(default_factory=list)

    @property
    def prices(self) -> list[tuple[str, int, int]]:
        return [(fill.side, fill.size, fill.price_ticks) for fill in self.fills]

    @property
    def position(self) -> int:
        return self.exchange.markets[0].ledger.position


def order(side: str, kind: str = "market", size: int = 1, **options) -> Order:
    return Order(CONTRACT, side, size, kind, **options)


def play(bars, asks=(), guards=(), options: FillOptions | None = None, fee: int = 0, at_end: str = "mark", volume=None,
         links=()) -> Played:
    """Play bars; `asks` are orders or (order, bar) with the 1-based bar in which the order arrives."""
    options = options or FillOptions.of(wrong_side_stop="trigger", at_end=at_end)
    exchange = SimulatedExchange([FEED], options, [fee * MICROS], 0)
    market = exchange.markets[0]
    market.load(columns(bars, volume), None)
    result = Played(exchange)
    market._closed_before = bars[0][0]
    exchange.start_session(market, 0)
    for guard in guards:
        exchange.set_guard(guard)
    timed = [ask if isinstance(ask, tuple) else (ask, 1) for ask in asks]
    for row in range(len(bars)):
        for ask, bar in timed:
            if bar == row + 1:
                exchange.accept(ask)
                ref = getattr(ask, "tag", "")
                if ref.startswith("ref "):  # the vectors state a trailing stop's reference
                    working = market.book.live[-1]
                    working.ref = int(ref[4:])
                    working.level = working.event = working.ref + working.sign * working.trail
        for first, second in links:
            if row == 0:
                assert exchange.link(first, second) == ""
        exchange.between_bars = False
        if market.needs_work(row):
            exchange.play(market, row)
        market.row = row
        result.equity.append(exchange.equity // MICROS)
        drain(result)
        if exchange.failed:
            break
    exchange.finish()
    drain(result)
    return result


def drain(result: Played) -> None:
    for event in result.exchange.events:
        kinds = ((Fill, result.fills), (Trade, result.trades), (Order, result.orders), (Breach, result.breaches),
                 (AmbiguousBar, result.ambiguous))
        next(into for kind, into in kinds if isinstance(event, kind)).append(event)
    result.exchange.events.clear()
