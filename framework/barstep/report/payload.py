"""What a page needs beside its figures: single bars, equity, trades and orders as packed columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.report.chart import levels_of
from barstep.report.figures.account import drawdown
from barstep.report.floor import floors
from barstep.report.groups import even_groups, fine_groups
from barstep.report.packing import packed, words

if TYPE_CHECKING:
    from barstep.report.record import RunRecord

MOST_BARS = 1_050_000
"""Bars of a contract that a page keeps one by one; of more, those around trades, and the others put together."""
AROUND = 150
"""Bars kept one by one before and after a trade where not all can be."""
MOST_POINTS = 300_000
"""Points of equity that a page keeps; of more, neighbours are put together with their extremes."""
MOST_ORDERS = 20_000
"""Orders that a page lists; of more, the last ones."""

_NS = 1_000_000_000
_CENT = 0.01


def contract(run: RunRecord, place: int) -> dict[str, Any]:
    """A contract's bars and the prices at which its orders waited."""
    bars = run.bars(place)
    tick = float(run.contracts[place].instrument.tick_size)
    about: dict[str, Any] = {"name": run.contracts[place].name, "tick": tick, "why": run.why(place), "bars": None}
    about["timeframe"] = run.stored.options.data[place].timeframe
    levels = levels_of(run, place, bars)
    about["levels"] = {
        name: packed(getattr(levels, name), tick if name == "price" else 1.0)
        for name in ("order", "kind", "begin", "end", "price")
    }
    if bars is None:
        return about
    mine = run.rows_of(place, "trades")
    near = np.unique(np.concatenate([run.trades[name][mine] for name in ("entry_bar", "exit_bar")]))
    groups = fine_groups(len(bars), MOST_BARS, near, AROUND)
    about["bars"] = {
        "total": len(bars),
        "first": packed(groups.first),
        "time": packed(bars.start_ns[groups.first] // _NS),
        "open": packed(bars.open[groups.first] * tick, tick),
        "high": packed(groups.highest(bars.high) * tick, tick),
        "low": packed(groups.lowest(bars.low) * tick, tick),
        "close": packed(bars.close[groups.last] * tick, tick),
    }
    return about


def equity(run: RunRecord) -> dict[str, Any]:
    """Equity, its extremes, the floor and the drawdown, in cents."""
    table = run.equity
    groups = even_groups(len(table["time"]), MOST_POINTS)
    floor, _ = floors(run)
    columns = {
        "row": packed(groups.last),
        "time": packed(table["time"][groups.last] // _NS),
        "equity": packed(table["equity"][groups.last], _CENT),
        "low": packed(groups.lowest(table["low"]), _CENT),
        "high": packed(groups.highest(table["high"]), _CENT),
        "drawdown": packed(groups.lowest(drawdown(run)), _CENT),
    }
    return columns if floor is None else {**columns, "floor": packed(groups.highest(floor), _CENT)}


def trades(run: RunRecord) -> dict[str, Any]:
    """All trades."""
    table = run.trades
    ids = [each.id for each in run.contracts]
    columns: dict[str, Any] = {
        "place": packed([ids.index(name) if name in ids else 0 for name in table["contract"]]),
        "ambiguous": packed(table["ambiguous"].astype(np.int64)),
        "entry_time": packed(table["entry_time"] // _NS),
        "exit_time": packed(table["exit_time"] // _NS),
    }
    for name in ("size", "entry_bar", "exit_bar", "bars", "entry_order", "exit_order"):
        columns[name] = packed(table[name])
    for name in ("gross_pnl", "fees", "net_pnl", "mae", "mfe"):
        columns[name] = packed(table[name], _CENT)
    for name in ("entry_price", "exit_price"):
        columns[name] = packed(table[name], 1e-7)
    for name in ("side", "exit_reason", "plugin", "tag"):
        columns[name] = words(table[name].tolist())
    return columns


def orders(run: RunRecord) -> dict[str, Any]:
    """The last orders, with what became of them."""
    order = np.lexsort((np.abs(run.orders["id"]), run.orders["asked_at"]))[
        -MOST_ORDERS:
    ]  # as asked; stored as they ended
    table = {name: column[order] for name, column in run.orders.items()}
    names = {each.id: each.name for each in run.contracts}
    columns: dict[str, Any] = {
        "contract": words([names.get(name, name) for name in table["contract"]]),
        "asked_at": packed(table["asked_at"] // _NS),
        "average_price": packed(np.nan_to_num(table["average_price"]), 1e-7),
        "price": packed(np.nan_to_num(np.where(np.isnan(table["stop"]), table["limit"], table["stop"])), 1e-7),
    }
    for name in ("id", "asked", "size", "filled"):
        columns[name] = packed(table[name])
    for name in ("side", "kind", "status", "reason", "plugin"):
        columns[name] = words([str(value) for value in table[name].tolist()])
    return columns
