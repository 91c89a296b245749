"""The sink of a run: tables, digest and running figures, fed chunk by chunk, so that memory stays bounded."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from barstep.data import TableSpool
from barstep.domain.instrument import MICROS
from barstep.runs import tables
from barstep.stats.days import DAYS, DayMeter
from barstep.stats.equity import EquityMeter
from barstep.stats.trades import COLUMNS, TRADES, Trades

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from barstep.data import SessionTable
    from barstep.domain.fill import Fill, Trade
    from barstep.domain.order import Order
    from barstep.engine.recorder import Recorder
    from barstep.sim.records import Breach, Mismatch
    from barstep.stats.measures import Measures


TOGETHER = 4096
"""Ended orders and fills that wait between chunks at most, so that a table grows by rows enough to be worth the call."""


class Digest:
    """sha256 over the fills of a run: one line each, neighbours of one order at one price merged."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._last: Fill | None = None
        self._size = 0

    def add(self, fills: list[Fill]) -> None:
        """Take in the next fills in event order."""
        last, size = self._last, self._size
        lines = []
        for fill in fills:
            if last is None or (
                fill.order is last.order and fill.price_ticks == last.price_ticks and fill.bar_end_ns == last.bar_end_ns
            ):
                size += fill.size
            else:
                lines.append(_line(last, size))
                size = fill.size
            last = fill
        self._last, self._size = last, size
        self._hash.update("".join(lines).encode())

    def finish(self, balance: int) -> str:
        """The digest in hex, after the final balance in micro-dollars."""
        if self._last is not None:
            self._hash.update(_line(self._last, self._size).encode())
        self._hash.update(f"{balance}\n".encode())
        return self._hash.hexdigest()


def _line(fill: Fill, size: int) -> str:
    return f"{fill.bar_end_ns}|{fill.feed.contract.id}|{fill.side}|{size}|{fill.price_ticks}\n"


class RunSpool:
    """Writes a run's tables into a folder and keeps the figures that `result.json` needs.

    Args:
        folder: An existing folder.
        start: Start balance in micro-dollars.
        progress: Called with the number of bars played after each chunk.
        sessions: The trading days; without them there are no measures of days.
    """

    def __init__(
        self, folder: Path, start: int, progress: Callable[[int], None], sessions: SessionTable | None = None
    ) -> None:
        self._spools = {name: TableSpool(folder / f"{name}.parquet", schema) for name, schema in tables.SCHEMAS.items()}
        self._progress = progress
        self.digest = Digest()
        self.meter = EquityMeter(start)
        self._days = DayMeter(start)
        self._sessions = sessions
        self.fills = 0
        self.ambiguous_bars = 0
        self.mismatches = 0
        self.first_mismatch: Mismatch | None = None
        self.resolutions: Counter[str] = Counter()
        self.denied = 0
        self.rejected = 0
        self.fees = 0
        self.ambiguous_trades = 0
        self.denials: Counter[str] = Counter()
        self.breaches: list[Breach] = []
        self._fills: list[Fill] = []
        self._trades: list[Trade] = []
        self._orders: list[Order] = []
        self._traded: list[NDArray[np.int64]] = []

    def take(self, recorder: Recorder, equity: dict[str, NDArray[np.int64]]) -> None:
        """Write what the recorder has collected, and the equity of the bars since the last time."""
        self.digest.add(recorder.fills)
        self.fees += sum([fill.fee for fill in recorder.fills])
        self.fills += len(recorder.fills)
        self._fills += recorder.fills
        self._trades += recorder.trades
        self._orders += recorder.orders
        if len(self._orders) + len(self._fills) > TOGETHER:
            self._write()
        if recorder.mismatches:
            self.mismatches += len(recorder.mismatches)
            self.first_mismatch = self.first_mismatch or recorder.mismatches[0]
            self._spools["mismatches"].append(tables.mismatch_rows(recorder.mismatches))
        if recorder.ambiguous:  # a bar counts once, of its finer bars several may be ambiguous
            self.ambiguous_bars += len({(bar.feed, bar.bar_index) for bar in recorder.ambiguous})
            self._spools["ambiguous"].append(tables.ambiguous_rows(recorder.ambiguous))
        if recorder.notes:
            self._spools["notes"].append(tables.note_rows(recorder.notes))
        self.breaches += recorder.breaches
        ends = equity["end_ns"]
        adjusted = equity.get("adjusted", 0)  # a new attempt's start balance is no result of trading
        low = equity["low"] - adjusted
        self.meter.add(ends, low, equity["high"] - adjusted, equity["position"])
        if self._sessions is not None and len(ends):
            opens = [session.open_ns for session in self._sessions.between(int(ends[0]) - 1, int(ends[-1]) - 1)]
            self._days.add(np.array(opens, np.int64), ends, equity["equity"] - adjusted, low)
        money = {name: equity[name] / MICROS for name in ("balance", "equity", "low", "high")}
        self._spools["equity"].append({"time": ends, **money, "position": equity["position"]})
        self._progress(self.meter.bars)

    def finish(self) -> None:
        """Write the final files, side by side: most of the time is encoding and waiting for the disk."""
        late = ("fills", "trades", "orders")  # of these, rows may still be waiting
        with ThreadPoolExecutor(len(self._spools)) as pool:
            done = [pool.submit(spool.finish) for name, spool in self._spools.items() if name not in late]
            self._write()
            done += [pool.submit(self._spools[name].finish) for name in late]
            for each in done:
                each.result()

    def abort(self) -> None:
        """Drop everything written so far."""
        for spool in self._spools.values():
            spool.abort()

    @property
    def trades(self) -> int:
        """Closed round trips so far."""
        return len(self._trades) + sum(len(part[0]) for part in self._traded)

    def measures(self) -> Measures:
        """The headlines of the run."""
        table = np.concatenate(self._traded, axis=1) if self._traded else np.empty((COLUMNS, 0), np.int64)
        return {**TRADES.headlines(Trades.of(table)), **self.meter.measures(), **DAYS.headlines(self._days.days())}

    def _write(self) -> None:
        """Add what has been collected to the tables."""
        if self._fills:
            rows = tables.fill_rows(self._fills)
            self.resolutions.update(rows["resolution"])
            self._spools["fills"].append(rows)
        self._take_trades(self._trades)
        self._take_orders(self._orders)
        for kept in (self._fills, self._trades, self._orders):
            kept.clear()

    def _take_trades(self, trades: list[Trade]) -> None:
        if not trades:
            return
        rows, numbers = tables.trade_rows(trades)
        self._spools["trades"].append(rows)
        self.ambiguous_trades += int(rows["ambiguous"].sum())
        self._traded.append(numbers)

    def _take_orders(self, orders: list[Order]) -> None:
        if not orders:
            return
        self._spools["orders"].append(tables.order_rows(orders))
        for order in orders:
            if order.status == "denied":
                self.denied += 1
            elif order.status == "rejected":
                self.rejected += 1
            if order.verdicts:
                for verdict in order.verdicts:
                    if verdict.size < order.opens:
                        self.denials[verdict.rule] += 1
