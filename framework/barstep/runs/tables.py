"""The tables of a run folder: their columns, and how records become rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from barstep.domain.fill import Fill, Trade
from barstep.domain.instrument import MICROS
from barstep.domain.order import Order
from barstep.sim.book import Execution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from barstep.data.tables import Kind
    from barstep.domain.bar import Feed
    from barstep.domain.risk import Verdict
    from barstep.engine.desk import Note
    from barstep.sim.records import AmbiguousBar

FILLS: dict[str, Kind] = {
    "order_id": "int", "contract": "text", "bar_index": "int", "bar_start": "time", "bar_end": "time", "side": "text",
    "size": "int", "price": "float", "price_ticks": "int", "level_ticks": "int", "slip_ticks": "int", "rule": "text",
    "phase": "text", "leg": "int", "arriving": "bool", "certainty": "text", "opened": "int", "closed": "int",
    "realised_pnl": "float", "fees": "float", "position_after": "int", "plugin": "text", "tag": "text",
    "reason": "text",
}  # fmt: skip
TRADES: dict[str, Kind] = {
    "contract": "text", "side": "text", "size": "int", "entry_time": "time", "entry_bar": "int", "entry_price": "float",
    "exit_time": "time", "exit_bar": "int", "exit_price": "float", "gross_pnl": "float", "fees": "float",
    "net_pnl": "float", "mae": "float", "mfe": "float", "bars": "int", "exit_reason": "text", "ambiguous": "bool",
    "entry_order": "int", "exit_order": "int", "plugin": "text", "tag": "text",
}  # fmt: skip
ORDERS: dict[str, Kind] = {
    "id": "int", "plugin": "text", "tag": "text", "contract": "text", "side": "text", "kind": "text", "asked": "int",
    "opens": "int", "size": "int", "filled": "int", "limit": "float", "stop": "float", "trail_ticks": "int",
    "reduce_only": "bool", "parent": "int", "status": "text", "reason": "text", "average_price": "float",
    "verdicts": "text", "asked_at": "time", "ended_at": "time",
}  # fmt: skip
EQUITY: dict[str, Kind] = {
    "time": "time", "balance": "float", "equity": "float", "low": "float", "high": "float", "position": "int",
}  # fmt: skip
AMBIGUOUS: dict[str, Kind] = {
    "contract": "text", "bar_index": "int", "bar_end": "time", "path": "text", "chosen": "bool", "equity": "float",
    "failed": "text", "locked": "text", "fills": "text",
}  # fmt: skip
NOTES: dict[str, Kind] = {"time": "time", "plugin": "text", "text": "text"}

Rows = dict[str, Any]
"""Values by column, all of one length: lists or arrays."""


def fill_rows(fills: Sequence[Fill]) -> Rows:
    """Rows of `fills.parquet`, one for each execution in event order."""
    f = _transposed(Fill, fills)
    orders, prices, levels = f["order"], _ints(f["price_ticks"]), _ints(f["level_ticks"])
    return {
        "order_id": [o.id for o in orders],
        "contract": _each(f["feed"], lambda feed: feed.contract.id),
        "bar_index": f["bar_index"],
        "bar_start": f["bar_start_ns"],
        "bar_end": f["bar_end_ns"],
        "side": f["side"],
        "size": f["size"],
        "price": _prices(prices, f["feed"]),
        "price_ticks": prices,
        "level_ticks": levels,
        "slip_ticks": prices - levels,
        "rule": f["rule"],
        "phase": f["phase"],
        "leg": f["leg"],
        "arriving": f["arriving"],
        "certainty": f["certainty"],
        "opened": f["opened"],
        "closed": f["closed"],
        "realised_pnl": _ints(f["realised"]) / MICROS,
        "fees": _ints(f["fee"]) / MICROS,
        "position_after": f["position_after"],
        "plugin": [o.plugin for o in orders],
        "tag": [o.tag for o in orders],
        "reason": f["reason"],
    }


def trade_rows(trades: Sequence[Trade]) -> tuple[Rows, NDArray[np.int64]]:
    """Rows of `trades.parquet`, one for each closed round trip in order of closing, and what the measures need.

    That is net, fees, mae and mfe in micro-dollars, and bars: whole numbers, shape (5, n).
    """
    t = _transposed(Trade, trades)
    entry, exit_ = _transposed(Fill, t["entry"]), _transposed(Fill, t["exit"])
    gross, fees, size = _ints(t["gross"]), _ints(t["fee"]), _ints(t["size"])
    value = size * _ints(_each(entry["feed"], lambda feed: feed.contract.instrument.tick_value))
    worst, best = np.minimum(_ints(t["worst_ticks"]), 0), np.maximum(_ints(t["best_ticks"]), 0)
    entry_bar, exit_bar = _ints(entry["bar_index"]), _ints(exit_["bar_index"])
    rows = {
        "contract": _each(entry["feed"], lambda feed: feed.contract.id),
        "side": entry["side"],
        "size": size,
        "entry_time": _moments(entry),
        "entry_bar": entry_bar,
        "entry_price": _prices(_ints(entry["price_ticks"]), entry["feed"]),
        "exit_time": _moments(exit_),
        "exit_bar": exit_bar,
        "exit_price": _prices(_ints(exit_["price_ticks"]), exit_["feed"]),
        "gross_pnl": gross / MICROS,
        "fees": fees / MICROS,
        "net_pnl": (gross - fees) / MICROS,
        "mae": worst * (value / MICROS),
        "mfe": best * (value / MICROS),
        "bars": exit_bar - entry_bar,
        "exit_reason": t["exit_reason"],
        "ambiguous": ["ambiguous" in both for both in zip(entry["certainty"], exit_["certainty"], strict=True)],
        "entry_order": [o.id for o in entry["order"]],
        "exit_order": [o.id for o in exit_["order"]],
        "plugin": [o.plugin for o in entry["order"]],
        "tag": [o.tag for o in entry["order"]],
    }
    return rows, np.stack((gross - fees, fees, worst * value, best * value, exit_bar - entry_bar))


def order_rows(orders: Sequence[Order]) -> Rows:
    """Rows of `orders.parquet`, one for each order when it has ended, with every risk rule's answer as JSON."""
    o = _transposed(Order, orders)
    same = ("id", "plugin", "tag", "side", "kind", "asked", "opens", "size", "filled", "limit", "stop", "reduce_only",
            "parent", "status", "reason", "average_price")  # fmt: skip
    return {name: o[name] for name in same} | {
        "contract": [contract.id for contract in o["contract"]],
        "trail_ticks": o["trail"],
        "verdicts": [_verdicts(verdicts) if verdicts else "" for verdicts in o["verdicts"]],
        "asked_at": o["asked_ns"],
        "ended_at": o["ended_ns"],
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
                )
            )  # fmt: skip
    return _columns(AMBIGUOUS, rows)


def note_rows(notes: Sequence[Note]) -> Rows:
    """Rows of `notes.parquet`."""
    return _columns(NOTES, list(notes))


def _columns(schema: dict[str, Kind], rows: Sequence[Sequence[Any]]) -> Rows:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return {name: list(column) for name, column in zip(schema, columns, strict=True)}


def _transposed(kind: type[Struct], records: Sequence[Any]) -> Rows:
    """The fields of records of one kind as columns, in C: several times faster than reading attributes."""
    return dict(zip(kind.__struct_fields__, zip(*map(astuple, records), strict=True), strict=True))


def _moments(fills: Rows) -> list[int]:
    columns = (fills["phase"], fills["bar_start_ns"], fills["bar_end_ns"])
    return [start if phase == "open" else end for phase, start, end in zip(*columns, strict=True)]


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    return json.dumps([{"rule": v.rule, "size": v.size, "reason": v.reason} for v in verdicts])


def _ints(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _each(feeds: Sequence[Feed], read: Callable[[Feed], Any]) -> list[Any]:
    """A value of each row's feed, read once for each of the few feeds there are."""
    known = dict(zip(map(id, feeds), feeds, strict=True))
    values = {key: read(feed) for key, feed in known.items()}
    return [values[key] for key in map(id, feeds)]


def _prices(ticks: NDArray[np.int64], feeds: Sequence[Feed]) -> NDArray[np.float64]:
    """Prices of whole ticks, each by its own instrument's tick size."""
    numerators = _ints(_each(feeds, lambda feed: feed.contract.instrument.tick_size.numerator))
    return ticks * numerators / _ints(_each(feeds, lambda feed: feed.contract.instrument.tick_size.denominator))
