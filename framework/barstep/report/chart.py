"""Where things lie on the price chart: bars counted from 0 across, prices upwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns
    from barstep.report.record import Columns, RunRecord

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

STOP, TARGET, ENTRY = 0, 1, 2
_WAITING = ("limit", "stop", "stop_limit", "trailing_stop", "join")


@dataclass(slots=True)
class Levels:
    """Prices at which orders waited, in pieces of time; a trailing stop has a piece for each level it stood at.

    Attributes:
        order: The order's id, shape (k,).
        kind: STOP and TARGET close a position, ENTRY opens one.
        begin, end: Bars from and up to which it stood there.
        price: Points.
    """

    order: Ints
    kind: Ints
    begin: Ints
    end: Ints
    price: Floats


def trades_of(run: RunRecord, place: int) -> Columns:
    """The trades of a contract, with `row`, their place in the table."""
    mine = np.flatnonzero(run.rows_of(place, "trades"))
    return {"row": mine, **{name: column[mine] for name, column in run.trades.items()}}


def levels_of(run: RunRecord, place: int, bars: BarColumns | None) -> Levels:
    """The waiting orders of a contract; none without bars, whose clock they need."""
    orders = run.orders
    rows = run.rows_of(place, "orders") & (orders["id"] > 0) & np.isin(orders["kind"], _WAITING)
    pieces: list[tuple[int, int, int, int, float]] = []
    for row in np.flatnonzero(rows).tolist() if bars is not None else ():
        what = "limit" if orders["kind"][row] in ("limit", "join") else "stop"
        price = orders[what][row]
        if np.isnan(price):
            continue
        assert bars is not None  # noqa: S101 - there is no row without bars
        begin, end = _span(run, bars, row)
        kind = _kind(run, row)
        trails = orders["kind"][row] == "trailing_stop"
        steps = _trail(run, place, bars, row, begin, end) if trails else _changed(run, bars, row, what, (begin, end))
        number = int(orders["id"][row])
        pieces += [(number, kind, *step) for step in steps or [(begin, end, float(price))]]
    table = np.array(pieces, np.float64).reshape(-1, 5)
    whole = table[:, :4].astype(np.int64)
    return Levels(whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3], table[:, 4])


def _kind(run: RunRecord, row: int) -> int:
    orders = run.orders
    if not (orders["reduce_only"][row] or orders["parent"][row] > 0):
        return ENTRY
    return TARGET if orders["kind"][row] in ("limit", "join") else STOP


def _span(run: RunRecord, bars: BarColumns, row: int) -> tuple[int, int]:
    """The first bar an order could fill in and the bar in which it ended."""
    asked, ended = int(run.orders["asked_at"][row]), int(run.orders["ended_at"][row])
    if run.orders["parent"][row] > 0:  # born inside the bar that ends then
        begin = int(np.searchsorted(bars.end_ns, asked, side="left"))
        begin += run.stored.options.fills.children == "next_bar"
    else:
        begin = int(np.searchsorted(bars.start_ns, asked, side="left"))
    last = len(bars) - 1
    end = int(np.searchsorted(bars.end_ns, ended, side="left")) if ended > 0 else last
    return min(begin, end, last), min(end, last)


def _trail(
    run: RunRecord, place: int, bars: BarColumns, row: int, begin: int, end: int
) -> list[tuple[int, int, float]]:
    """The levels of a trailing stop after each bar by R10, where they lead to the level that the run stored; else none.

    Its reference is the price it began from, raised by the best price of each bar that is over. The bar of its birth
    counts whole, or not at all: which of the two the stored level tells. One whose distance was changed has none.
    """
    orders = run.orders
    if orders["changes"][row]:
        return []
    tick = float(run.contracts[place].instrument.tick_size)
    sign = 1 if orders["side"][row] == "sell" else -1  # it follows the price up for a sell
    ended_at = round(orders["stop"][row] / tick)
    best = bars.high[begin : end + 1] if sign > 0 else -bars.low[begin : end + 1]
    distance = int(orders["trail_ticks"][row])
    start = _reference(run, bars, row, begin, tick)
    for skipped in (0, 1):
        inside = np.maximum.accumulate(np.concatenate(([start * sign], best[skipped:])))
        for seen in (len(inside) - 1, len(inside) - 2):  # with the last bar's best price, or without it
            if seen >= 0 and (inside[seen] - distance) * sign == ended_at:
                level = (inside[: seen + 1] - distance) * sign
                return _stairs(level, begin + skipped, end, tick)
    return []


def _changed(
    run: RunRecord, bars: BarColumns, row: int, what: str, span: tuple[int, int]
) -> list[tuple[int, int, float]]:
    """The prices that a changed order had, each from the bar after the change on (R23); none where it kept its price."""
    found = [each for each in json.loads(run.orders["changes"][row] or "[]") if each["what"] == what]
    pieces, (begin, end) = [], span
    for place, each in enumerate(found):
        until = min(int(np.searchsorted(bars.start_ns, each["at_ns"], side="left")), end)
        if until > begin:
            pieces.append((begin, until - 1, float(each["before"])))
        begin = max(begin, until)
        if place == len(found) - 1:
            pieces.append((begin, end, float(each["after"])))
    return pieces


def _reference(run: RunRecord, bars: BarColumns, row: int, begin: int, tick: float) -> int:
    parent = run.orders["parent"][row]
    if parent > 0:
        return round(run.average_price(int(parent)) / tick)
    return int(bars.close[max(begin - 1, 0)])


def _stairs(level: Ints, begin: int, end: int, tick: float) -> list[tuple[int, int, float]]:
    """Equal neighbours as one piece."""
    first = np.flatnonzero(np.diff(level, prepend=level[0] - 1))
    lasts = np.append(first[1:], len(level)) - 1
    pieces = [
        (min(begin + int(a), end), min(begin + int(b), end), float(level[a] * tick))
        for a, b in zip(first, lasts, strict=True)
    ]
    pieces[-1] = (pieces[-1][0], end, pieces[-1][2])
    return pieces
