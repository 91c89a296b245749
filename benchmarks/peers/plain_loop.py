"""The rules written into plain Python loops over whole ticks: no orders, no account. The floor, and who is right."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from benchmarks.work import BRACKET, FAST, FEE, POINT, SLOW, TICK, Answer

if TYPE_CHECKING:
    from benchmarks.work import Series


def run(work: str, bars: Series, variant: str = "") -> Answer:
    """One work; converting the columns to lists is not timed, as reading bars is not for any peer.

    `variant` is a known difference of a peer's model, see `benchmarks.agree`: what that peer should come to.
    """
    columns = [column.tolist() for column in (bars.open, bars.high, bars.low, bars.close)]
    play = {"noop": _noop, "sma": _sma, "orders": _orders}[work]
    start = time.perf_counter()
    contracts, ticks = play(*columns, variant)
    seconds = time.perf_counter() - start
    return Answer(seconds, contracts, ticks * TICK * POINT - contracts * FEE)


def _noop(opens: list[int], highs: list[int], lows: list[int], closes: list[int], variant: str) -> tuple[int, int]:
    del variant
    equity = 0
    for _open, _high, _low, close in zip(opens, highs, lows, closes, strict=True):
        equity = close
    return 0, 0 * equity


def _sma(opens: list[int], highs: list[int], lows: list[int], closes: list[int], variant: str) -> tuple[int, int]:
    del highs, lows
    first = SLOW if variant == "late" else SLOW - 1
    quick = steady = position = wanted = contracts = cash = 0
    for row, (price, close) in enumerate(zip(opens, closes, strict=True)):
        if wanted != position:
            cash -= (wanted - position) * price
            contracts += abs(wanted - position)
            position = wanted
        quick += close - (closes[row - FAST] if row >= FAST else 0)
        steady += close - (closes[row - SLOW] if row >= SLOW else 0)
        if row >= first and quick * SLOW != steady * FAST:
            wanted = 1 if quick * SLOW > steady * FAST else -1
    return contracts, cash + position * closes[-1]


def _orders(opens: list[int], highs: list[int], lows: list[int], closes: list[int], variant: str) -> tuple[int, int]:
    """Prices of a short are mirrored, so that below is always against the position."""
    side, entry, limit, contracts, ticks = -1, 0, None, 0, 0
    inside, stop_first, first_row = False, "stop_first" in variant, int("late" in variant)
    for price, high, low, close in islice(zip(opens, highs, lows, closes, strict=True), first_row, None):
        if limit is not None:
            first, worst, best = (price, low, high) if side > 0 else (-price, -high, -low)
            if inside:
                stop, target = limit - BRACKET, limit + BRACKET
                if first <= stop or (first >= target and (worst > stop or not stop_first)):
                    left = first
                else:
                    left = stop if worst <= stop else target if best >= target else None
                if left is not None:
                    inside, contracts, ticks = False, contracts + 1, ticks + left - entry
            elif worst <= limit:
                inside, contracts, entry = True, contracts + 1, min(first, limit)
        if not inside:
            side = -side
            limit = side * close - 1
    return contracts, ticks + (side * closes[-1] - entry if inside else 0)
