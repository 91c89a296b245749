"""The tables of a run folder: their columns, and how records become rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from barstep.domain.instrument import MICROS
from barstep.sim.book import Execution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.data.tables import Kind
    from barstep.domain.fill import Fill, Trade
    from barstep.domain.order import Order
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

Rows = dict[str, list[Any]]


def fill_rows(fills: Sequence[Fill]) -> Rows:
    """Rows of `fills.parquet`, one for each execution in event order."""
    rows = [
        (
            f.order.id, f.contract.id, f.bar_index, f.bar_start_ns, f.bar_end_ns, f.side, f.size, f.price, f.price_ticks,
            f.level_ticks, f.price_ticks - f.level_ticks, f.rule, f.phase, f.leg, f.arriving, f.certainty, f.opened,
            f.closed, f.realised / MICROS, f.fee / MICROS, f.position_after, f.order.plugin, f.order.tag, f.reason,
        )
        for f in fills
    ]  # fmt: skip
    return _columns(FILLS, rows)


def trade_rows(trades: Sequence[Trade]) -> Rows:
    """Rows of `trades.parquet`, one for each closed round trip in order of closing."""
    rows = [
        (
            t.entry.contract.id, t.side, t.size, _moment(t.entry), t.entry.bar_index, t.entry.price, _moment(t.exit),
            t.exit.bar_index, t.exit.price, t.gross / MICROS, t.fee / MICROS, (t.gross - t.fee) / MICROS, t.mae, t.mfe,
            t.bars, t.exit_reason, t.entry.ambiguous or t.exit.ambiguous, t.entry.order.id, t.exit.order.id,
            t.entry.order.plugin, t.entry.order.tag,
        )
        for t in trades
    ]  # fmt: skip
    return _columns(TRADES, rows)


def order_rows(orders: Sequence[Order]) -> Rows:
    """Rows of `orders.parquet`, one for each order when it has ended, with every risk rule's answer as JSON."""
    rows = [
        (
            o.id, o.plugin, o.tag, o.contract.id, o.side, o.kind, o.asked, o.opens, o.size, o.filled, o.limit, o.stop,
            o.trail, o.reduce_only, o.parent, o.status, o.reason, o.average_price, _verdicts(o), o.asked_ns, o.ended_ns,
        )
        for o in orders
    ]  # fmt: skip
    return _columns(ORDERS, rows)


def ambiguous_rows(bars: Sequence[AmbiguousBar]) -> Rows:
    """Rows of `ambiguous.parquet`: every outcome of every ambiguous bar (R17)."""
    rows = []
    for bar in bars:
        price = bar.feed.contract.instrument.price
        for outcome in bar.outcomes:
            book = outcome.book
            fills = [
                f"{'buy' if e.sign > 0 else 'sell'} {e.size} at {price(e.price):.10g} ({e.rule})"
                for e in book.log
                if isinstance(e, Execution)
            ]
            rows.append(
                (
                    bar.feed.contract.id, bar.bar_index, bar.end_ns, outcome.path, outcome.chosen,
                    outcome.equity / MICROS, book.failed, book.locked, ", ".join(fills),
                )
            )  # fmt: skip
    return _columns(AMBIGUOUS, rows)


def note_rows(notes: Sequence[Note]) -> Rows:
    """Rows of `notes.parquet`."""
    return _columns(NOTES, list(notes))


def _columns(schema: dict[str, Kind], rows: Sequence[Sequence[Any]]) -> Rows:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return {name: list(column) for name, column in zip(schema, columns, strict=True)}


def _moment(fill: Fill) -> int:
    return fill.bar_start_ns if fill.phase == "open" else fill.bar_end_ns


def _verdicts(order: Order) -> str:
    if not order.verdicts:
        return ""
    return json.dumps([{"rule": v.rule, "size": v.size, "reason": v.reason} for v in order.verdicts])
