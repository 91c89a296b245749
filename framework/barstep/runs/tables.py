"""The tables of a run folder: their columns, and how records become rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec.structs import asdict

from barstep.domain.instrument import MICROS
from barstep.sim.book import Execution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from barstep.data.tables import Kind
    from barstep.domain.bar import Feed
    from barstep.domain.fill import Fill, Trade
    from barstep.domain.instrument import Instrument
    from barstep.domain.order import Bracket, Order
    from barstep.domain.risk import Verdict
    from barstep.engine.desk import Note
    from barstep.sim.records import AmbiguousBar, Mismatch

FILLS: dict[str, Kind] = {
    "order_id": "int", "contract": "text", "bar_index": "int", "bar_start": "time", "bar_end": "time", "side": "text",
    "size": "int", "price": "float", "price_ticks": "int", "level_ticks": "int", "slip_ticks": "int", "rule": "text",
    "phase": "text", "leg": "int", "arriving": "bool", "certainty": "text", "opened": "int", "closed": "int",
    "realised_pnl": "float", "fees": "float", "position_after": "int", "plugin": "text", "tag": "text",
    "reason": "text", "resolution": "text", "time": "time",
}  # fmt: skip
TRADES: dict[str, Kind] = {
    "contract": "text", "side": "text", "size": "int", "entry_time": "time", "entry_bar": "int", "entry_price": "float",
    "exit_time": "time", "exit_bar": "int", "exit_price": "float", "gross_pnl": "float", "fees": "float",
    "net_pnl": "float", "mae": "float", "mfe": "float", "bars": "int", "exit_reason": "text", "ambiguous": "bool",
    "entry_order": "int", "exit_order": "int", "plugin": "text", "tag": "text", "risk": "float",
}  # fmt: skip
ORDERS: dict[str, Kind] = {
    "id": "int", "plugin": "text", "tag": "text", "contract": "text", "side": "text", "kind": "text", "asked": "int",
    "opens": "int", "size": "int", "filled": "int", "limit": "float", "stop": "float", "trail_ticks": "int",
    "reduce_only": "bool", "parent": "int", "status": "text", "reason": "text", "average_price": "float",
    "verdicts": "text", "asked_at": "time", "ended_at": "time", "changes": "text",
}  # fmt: skip
EQUITY: dict[str, Kind] = {
    "time": "time", "balance": "float", "equity": "float", "low": "float", "high": "float", "position": "int",
}  # fmt: skip
AMBIGUOUS: dict[str, Kind] = {
    "contract": "text", "bar_index": "int", "bar_end": "time", "path": "text", "chosen": "bool", "equity": "float",
    "failed": "text", "locked": "text", "fills": "text", "resolution": "text", "at": "time",
}  # fmt: skip
MISMATCHES: dict[str, Kind] = {"contract": "text", "bar_index": "int", "bar_end": "time", "reason": "text"}
NOTES: dict[str, Kind] = {"time": "time", "plugin": "text", "text": "text"}

SCHEMAS: dict[str, dict[str, Kind]] = {
    "fills": FILLS, "trades": TRADES, "orders": ORDERS, "equity": EQUITY, "ambiguous": AMBIGUOUS,
    "mismatches": MISMATCHES, "notes": NOTES,
}  # fmt: skip
"""Every table of a run's folder, by its name."""

Rows = dict[str, Any]
"""Values by column, all of one length: lists or arrays."""

NAN: Final = float("nan")
"""A number that is missing."""


def fill_rows(fills: list[Fill]) -> Rows:
    """Rows of `fills.parquet`, one for each execution in event order."""
    orders, feeds = [f.order for f in fills], [f.feed for f in fills]
    prices, levels = _ints([f.price_ticks for f in fills]), _ints([f.level_ticks for f in fills])
    return {
        "order_id": _ints([f.order.id for f in fills]),
        "contract": _contracts(feeds),
        "bar_index": _ints([f.bar_index for f in fills]),
        "bar_start": _ints([f.bar_start_ns for f in fills]),
        "bar_end": _ints([f.bar_end_ns for f in fills]),
        "side": [f.side for f in fills],
        "size": _ints([f.size for f in fills]),
        "price": _prices(prices, feeds),
        "price_ticks": prices,
        "level_ticks": levels,
        "slip_ticks": prices - levels,
        "rule": [f.rule for f in fills],
        "phase": [f.phase for f in fills],
        "leg": _ints([f.leg for f in fills]),
        "arriving": [f.arriving for f in fills],
        "certainty": [f.certainty for f in fills],
        "opened": _ints([f.opened for f in fills]),
        "closed": _ints([f.closed for f in fills]),
        "realised_pnl": _ints([f.realised for f in fills]) / MICROS,
        "fees": _ints([f.fee for f in fills]) / MICROS,
        "position_after": _ints([f.position_after for f in fills]),
        "plugin": [o.plugin for o in orders],
        "tag": [o.tag for o in orders],
        "reason": [f.reason for f in fills],
        "resolution": [f.resolution or f.feed.timeframe.text for f in fills],
        "time": _moments(fills),
    }


def trade_rows(trades: list[Trade]) -> tuple[Rows, NDArray[np.int64]]:
    """Rows of `trades.parquet`, one for each closed round trip in order of closing, and what the measures need.

    That is the attributes of `barstep.stats.trades.Trades`, each a row of whole numbers.
    """
    entries, exits = [t.entry for t in trades], [t.exit for t in trades]
    orders, feeds = [f.order for f in entries], [f.feed for f in entries]
    gross, fees = _ints([t.gross for t in trades]), _ints([t.fee for t in trades])
    size = _ints([t.size for t in trades])
    value = size * _each(feeds, lambda instrument: instrument.tick_value)
    worst = np.minimum(_ints([t.worst_ticks for t in trades]), 0)
    best = np.maximum(_ints([t.best_ticks for t in trades]), 0)
    entry_bar, exit_bar = _ints([t.entry.bar_index for t in trades]), _ints([t.exit.bar_index for t in trades])
    entered, left = _moments(entries), _moments(exits)
    ambiguous = _ints([t.entry.certainty == "ambiguous" or t.exit.certainty == "ambiguous" for t in trades])
    risk = _risks(entries) * value
    rows = {
        "contract": _contracts(feeds),
        "side": [f.side for f in entries],
        "size": size,
        "entry_time": entered,
        "entry_bar": entry_bar,
        "entry_price": _prices(_ints([t.entry.price_ticks for t in trades]), feeds),
        "exit_time": left,
        "exit_bar": exit_bar,
        "exit_price": _prices(_ints([t.exit.price_ticks for t in trades]), feeds),
        "gross_pnl": gross / MICROS,
        "fees": fees / MICROS,
        "net_pnl": (gross - fees) / MICROS,
        "mae": worst * (value / MICROS),
        "mfe": best * (value / MICROS),
        "bars": exit_bar - entry_bar,
        "exit_reason": [t.exit_reason for t in trades],
        "ambiguous": ambiguous.astype(np.bool_),
        "entry_order": _ints([t.entry.order.id for t in trades]),
        "exit_order": _ints([t.exit.order.id for t in trades]),
        "plugin": [o.plugin for o in orders],
        "tag": [o.tag for o in orders],
        "risk": np.where(risk == 0, NAN, risk / MICROS),
    }
    money = (gross - fees, fees, worst * value, best * value)
    return rows, np.stack((*money, exit_bar - entry_bar, size, ambiguous, left - entered, risk))


def _risks(entries: list[Fill]) -> NDArray[np.int64]:
    """Ticks from each fill to the stop that its order brought along; 0 where it brought none, or one already passed."""
    brackets = [f.order.bracket for f in entries]
    if brackets.count(None) == len(brackets):
        return np.zeros(len(entries), np.int64)
    ticks, stops = _stops(brackets)
    feeds, prices = [f.feed for f in entries], _ints([f.price_ticks for f in entries])
    stops = stops * _each(feeds, lambda instrument: instrument.tick_size.denominator)
    stops = np.rint(stops / _each(feeds, lambda instrument: instrument.tick_size.numerator))
    away = (prices - stops) * _ints([1 if f.side == "buy" else -1 for f in entries])
    return np.maximum(np.where((ticks == 0) & ~np.isnan(stops), away, ticks), 0).astype(np.int64)


def _stops(brackets: list[Bracket | None]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each bracket, the stop's distance in ticks, 0 for none, and its price, NaN for none."""
    ticks = _ints([0 if b is None else b.stop_ticks or b.trail_ticks or 0 for b in brackets])
    return ticks, _floats([NAN if b is None or b.stop is None else b.stop for b in brackets])


def order_rows(orders: list[Order]) -> Rows:
    """Rows of `orders.parquet`, one for each order when it has ended, with rule answers and changes as JSON."""
    return {
        "id": _ints([o.id for o in orders]),
        "plugin": [o.plugin for o in orders],
        "tag": [o.tag for o in orders],
        "contract": [o.contract.id for o in orders],
        "side": [o.side for o in orders],
        "kind": [o.kind for o in orders],
        "asked": _ints([o.asked for o in orders]),
        "opens": _ints([o.opens for o in orders]),
        "size": _ints([o.size for o in orders]),
        "filled": _ints([o.filled for o in orders]),
        "limit": _floats([NAN if o.limit is None else o.limit for o in orders]),
        "stop": _floats([NAN if o.stop is None else o.stop for o in orders]),
        "trail_ticks": [o.trail for o in orders],
        "reduce_only": [o.reduce_only for o in orders],
        "parent": [o.parent for o in orders],
        "status": [o.status for o in orders],
        "reason": [o.reason for o in orders],
        "average_price": _floats([NAN if o.average_price is None else o.average_price for o in orders]),
        "verdicts": [_verdicts(o.verdicts) if o.verdicts else "" for o in orders],
        "asked_at": _ints([o.asked_ns for o in orders]),
        "ended_at": [o.ended_ns for o in orders],
        "changes": [json.dumps([asdict(each) for each in o.changes]) if o.changes else "" for o in orders],
    }


def ambiguous_rows(bars: Sequence[AmbiguousBar]) -> Rows:
    """Rows of `ambiguous.parquet`: every outcome of every ambiguous bar (R17)."""
    rows = []
    for bar in bars:
        price = bar.feed.contract.instrument.price
        for outcome in bar.outcomes:
            fills = [
                f"{'buy' if e.sign > 0 else 'sell'} {e.size} at {price(e.price):.10g} ({e.rule})"
                for e in outcome.log
                if isinstance(e, Execution)
            ]
            rows.append(
                (
                    bar.feed.contract.id, bar.bar_index, bar.end_ns, outcome.path, outcome.chosen,
                    outcome.equity / MICROS, outcome.failed, outcome.locked, ", ".join(fills),
                    bar.resolution or bar.feed.timeframe.text, bar.at_ns or bar.end_ns,
                )
            )  # fmt: skip
    return _columns(AMBIGUOUS, rows)


def mismatch_rows(bars: Sequence[Mismatch]) -> Rows:
    """Rows of `mismatches.parquet`: bars whose finer bars do not agree with them (R21)."""
    return _columns(MISMATCHES, [(bar.feed.contract.id, bar.bar_index, bar.end_ns, bar.reason) for bar in bars])


def note_rows(notes: Sequence[Note]) -> Rows:
    """Rows of `notes.parquet`."""
    return _columns(NOTES, list(notes))


def _columns(schema: dict[str, Kind], rows: Sequence[Sequence[Any]]) -> Rows:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return {name: list(column) for name, column in zip(schema, columns, strict=True)}


def _moments(fills: list[Fill]) -> NDArray[np.int64]:
    return _ints([f.at_ns or (f.bar_start_ns if f.phase == "open" else f.bar_end_ns) for f in fills])


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    return json.dumps([{"rule": v.rule, "size": v.size, "reason": v.reason} for v in verdicts])


def _ints(values: list[int]) -> NDArray[np.int64]:
    """A column of whole numbers, to read only: of a function's parameter it is made without the list where this is compiled."""
    return np.fromiter(values, np.int64, len(values))


def _floats(values: list[float]) -> NDArray[np.float64]:
    """A column of floats; NaN is a missing one. Compiled as `_ints` is."""
    return np.fromiter(values, np.float64, len(values))


def _contracts(feeds: list[Feed]) -> list[str]:
    if feeds.count(feeds[0]) == len(feeds):
        return [feeds[0].contract.id] * len(feeds)
    return [feed.contract.id for feed in feeds]


def _each(feeds: list[Feed], read: Callable[[Instrument], int]) -> NDArray[np.int64] | int:
    """A number of each row's instrument; one for all where they are the same, as they mostly are."""
    if feeds.count(feeds[0]) == len(feeds):
        return read(feeds[0].contract.instrument)
    return _ints([read(feed.contract.instrument) for feed in feeds])


def _prices(ticks: NDArray[np.int64], feeds: list[Feed]) -> NDArray[np.float64]:
    """Prices of whole ticks, each by its own instrument's tick size."""
    numerators = _each(feeds, lambda instrument: instrument.tick_size.numerator)
    return ticks * numerators / _each(feeds, lambda instrument: instrument.tick_size.denominator)
