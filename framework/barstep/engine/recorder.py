"""What a run leaves behind while it runs: events and the equity of each bar, handed on chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from barstep.sim.market import STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.fill import Fill, Trade
    from barstep.domain.order import Order
    from barstep.engine.attempts import Attempts
    from barstep.engine.desk import Note
    from barstep.engine.streams import Stream
    from barstep.sim.exchange import SimulatedExchange
    from barstep.sim.market import Market
    from barstep.sim.records import AmbiguousBar, Breach, Mismatch

EQUITY_COLUMNS = ("end_ns", "balance", "equity", "low", "high", "position")
"""Columns of the equity curve: bar end, then micro-dollars; `position` is the signed size of the bar's contract."""


class Sink(Protocol):
    """Takes a chunk of records; what it is given is cleared afterwards."""

    def take(self, recorder: Recorder, equity: dict[str, NDArray[np.int64]]) -> None:
        """Keep the recorder's lists and the equity of the bars since the last call."""


class Recorder:
    """Collects until a chunk of bars is done, then empties itself into a sink, so that memory stays bounded.

    `per_bar` tells the replay to report each bar (several contracts); with one contract equity is computed by chunk.
    """

    def __init__(self, sink: Sink, attempts: Attempts | None = None, *, per_bar: bool) -> None:
        self.sink = sink
        self.per_bar = per_bar
        self.fills: list[Fill] = []
        self.trades: list[Trade] = []
        self.orders: list[Order] = []
        self.ambiguous: list[AmbiguousBar] = []
        self.breaches: list[Breach] = []
        self.mismatches: list[Mismatch] = []
        self.notes: list[Note] = []
        self.attempts = attempts
        self._rows: list[tuple[int, ...]] = []
        self._held = np.zeros(4, np.int64)  # position, cash, fees and balance after the last fill
        self._done = 0

    def bar_done(self, market: Market, exchange: SimulatedExchange) -> None:
        """Note the account after one bar of several contracts."""
        row, ledger = market.row, market.ledger
        equity = exchange.equity
        others = equity - ledger.worth(market.last_close or 0)
        if market.steps and market.steps[-STEP] == row:
            low, high = market.steps[-2:]
        else:
            low, high = sorted((ledger.worth(market.lows[row]), ledger.worth(market.highs[row])))
        numbers = (market.ends[row], exchange.balance, equity, others + low, others + high, ledger.position)
        self._rows.append(numbers)

    def settle(self, exchange: SimulatedExchange) -> None:
        """Bring the last noted bar of several contracts up to date with the close-out at the end of the data."""
        if self._rows:
            end_ns, _, _, low, high, _ = self._rows[-1]
            equity = exchange.equity
            position = exchange.current.ledger.position
            self._rows[-1] = (end_ns, exchange.balance, equity, min(low, equity), max(high, equity), position)

    def chunk_done(self, stream: Stream, exchange: SimulatedExchange) -> None:
        """A chunk of bars is played: hand everything on and start afresh."""
        market = stream.market
        if self.per_bar:
            table = np.array(self._rows, dtype=np.int64).reshape(-1, len(EQUITY_COLUMNS))
            equity = {name: table[:, i] for i, name in enumerate(EQUITY_COLUMNS)}
            self._rows = []
        else:
            equity = self._equity(market, exchange.start_balance)
        if exchange.adjustments:
            self._adjust(equity, exchange.adjustments)
        if self.attempts is not None:
            self.attempts.measure(equity)
        market.ledger.measure(market.lows, market.highs)
        self.sink.take(self, equity)
        for kept in (
            self.fills, self.trades, self.orders, self.ambiguous, self.breaches, self.mismatches, self.notes,
        ):  # fmt: skip
            kept.clear()

    def _adjust(self, equity: dict[str, NDArray[np.int64]], adjustments: list[tuple[int, int]]) -> None:
        """Add a column with what the balance was adjusted by (new attempts) up to each bar, and have the money include it."""
        moments, amounts = np.array(adjustments, np.int64).T
        sums = np.concatenate(([0], np.cumsum(amounts)))
        equity["adjusted"] = sums[np.searchsorted(moments, equity["end_ns"], side="left")]
        if not self.per_bar:
            for name in ("balance", "equity", "low", "high"):
                equity[name] = equity[name] + equity["adjusted"]

    def _equity(self, market: Market, start: int) -> dict[str, NDArray[np.int64]]:
        """Equity of one contract's bars since the last call, from the steps that its fills left."""
        end = market.row + 1
        begin_row = min(end, max(0, self._done - market.first))
        rows = slice(begin_row, end)
        count = end - begin_row
        steps = np.fromiter(market.steps, np.int64, len(market.steps)).reshape(-1, STEP).T
        steps = steps[:, (steps[0] >= begin_row) & (steps[0] < end)]
        at = steps[0] - begin_row
        lasts = np.diff(at, prepend=0, append=count)  # bars until the next fill
        held = np.column_stack((self._held, steps[1:5]))
        tick = market.book.tick_value
        columns = market.columns
        if columns is None:
            return {name: np.empty(0, np.int64) for name in EQUITY_COLUMNS}
        position, cash, fees, balance = held
        kept = (position, position * tick, cash * tick - fees + start, balance + start)
        position, value, base, balance = (np.repeat(numbers, lasts) for numbers in kept)
        close, one, two = (base + value * price[rows] for price in (columns.close, columns.low, columns.high))
        low, high = np.minimum(one, two), np.maximum(one, two)
        low[at], high[at] = steps[5] + start, steps[6] + start
        self._held = held[:, -1]
        self._done = market.first + end
        values = (columns.end_ns[rows], balance, close, low, high, position)
        return dict(zip(EQUITY_COLUMNS, values, strict=True))
