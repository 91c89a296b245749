"""Play one case through the exchange and through the oracle, in the same terms."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "scenarios")]

import oracle  # noqa: E402
from table import CONTRACT, FEED, Finer, columns, magnify  # noqa: E402

from barstep.domain.fill import Fill  # noqa: E402
from barstep.domain.fill_options import FillOptions  # noqa: E402
from barstep.domain.instrument import MICROS  # noqa: E402
from barstep.domain.order import Bracket, Order  # noqa: E402
from barstep.domain.session import NS  # noqa: E402
from barstep.sim.exchange import SimulatedExchange  # noqa: E402
from barstep.sim.guards import Guard  # noqa: E402
from barstep.sim.records import AmbiguousBar, Mismatch  # noqa: E402

KINDS = {1: "buy", -1: "sell"}


def ours(bars, asks, options: oracle.Options, guards=(), fee=0, finer=None, prepare=None):
    given = {name: getattr(options, name) for name in vars(options) if name in FillOptions.__slots__}
    exchange = SimulatedExchange([FEED], FillOptions.of(**{**given, "wrong_side_stop": "trigger"}), [fee * MICROS], 0)
    market = exchange.markets[0]
    if prepare is not None:
        prepare(market)
    market.load(columns(bars), None)
    market._closed_before = bars[0][0]
    if finer is not None:
        magnify(exchange, Finer({number - 1: inside for number, inside in finer.items()}), volume=False)
    exchange.start_session(market, 0)
    exchange.between_bars = False
    for number, guard in enumerate(guards):
        exchange.set_guard(Guard(f"g{number}", guard.basis, guard.level * MICROS, guard.side, guard.action))
    fills, ambiguous, equity, groups, locked = [], set(), [], {}, ""
    parts, mismatched = [], set()
    for row in range(len(bars)):
        for ask in asks:
            if ask.bar == row + 1 and not locked:
                accept(exchange, ask, groups)
        if market.needs_work(row):
            exchange.play(market, row)
        market.row = row
        equity.append(exchange.equity // MICROS)
        locked = locked or market.book.locked
        for event in exchange.events:
            if isinstance(event, Fill):
                number = 0 if event.rule in ("R19", "R25") else event.order.id
                sign = 1 if event.side == "buy" else -1
                fills.append((event.bar_index + 1, number, sign, event.size, event.price_ticks))
                parts.append(
                    (event.at_ns - event.bar_start_ns) // NS - (event.phase != "open") if event.resolution else 0
                )
                assert (event.certainty == "magnified") == (bool(event.resolution) and not event.ambiguous)
            elif isinstance(event, Mismatch):
                mismatched.add(event.bar_index + 1)
            elif isinstance(event, AmbiguousBar):
                ambiguous.add(event.bar_index + 1)
        exchange.events.clear()
        if exchange.failed:
            break
    working = sorted(w.id for w in market.book.live)
    told = (ambiguous, bool(exchange.failed), bool(locked), equity, market.ledger.position, len(working))
    return fills, *told, parts, mismatched


def accept(exchange, ask, groups):
    bracket = None
    if ask.sl or ask.tp or ask.trailing_sl:
        bracket = Bracket(stop_ticks=ask.sl, target_ticks=ask.tp, trail_ticks=ask.trailing_sl)
    order = Order(
        CONTRACT, KINDS[ask.side], ask.size, ask.kind, ask.limit, ask.stop, ask.trail, bracket, None, ask.reduce_only
    )
    exchange.accept(order)
    working = exchange.markets[0].book.live[-1]
    assert working.order is order, order.reason
    if ask.trail:
        working.ref = ask.ref
        working.level = working.event = ask.ref + ask.side * ask.trail
        exchange.markets[0].refresh()
    if ask.oco:
        groups.setdefault(ask.oco, 1000 + ask.oco)
        working.oco = groups[ask.oco]


def theirs(bars, asks, options, guards=(), fee=0, finer=None):
    result = oracle.run(bars, [replace(ask) for ask in asks], options, guards, fee=fee, finer=finer)
    fills = [fill[:5] for fill in result.fills]
    return (
        fills,
        set(result.ambiguous),
        bool(result.failed),
        bool(result.locked),
        list(result.equity),
        result.position,
        len(result.working),
        list(result.parts),
        set(result.mismatched),
    )


def same_ids(fills):
    """Order ids by first appearance: forced closes take a number in the exchange and none in the oracle."""
    seen: dict[int, int] = {}
    return [(bar, number and seen.setdefault(number, len(seen) + 1), *rest) for bar, number, *rest in fills]


def compare(bars, asks, options, guards=(), fee=0, finer=None):
    mine, other = ours(bars, asks, options, guards, fee, finer), theirs(bars, asks, options, guards, fee, finer)
    assert same_ids(mine[0]) == same_ids(other[0])
    assert mine[1:8] == other[1:8]
    assert mine[8] <= other[8], "a mismatch is noticed only where finer bars are wanted"
    return mine
