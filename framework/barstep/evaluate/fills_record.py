"""The record of a list of fills: with the bars they happened in, or with nothing between them.

Without bars, equity is known only where the account traded: each fill marks the position at its price. A breach that shows
there is certain; what happened in between may have been worse.

With bars, every bar without a fill is exact. Inside a bar with fills nobody knows which prices came before which fill, so it
gets two readings: the worse one lets every position that was held during the bar (also between two fills) see the bar's low
and high, the kinder one sees what is certain: the close, and the account whenever it is flat. A fill stamped exactly between
two bars may belong to either: it counts in both for the worse reading, else in the later one if its price was traded there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.data import SessionTable
from barstep.data.sessions import utc_text
from barstep.domain.errors import DataError
from barstep.domain.fill_options import FillOptions
from barstep.evaluate.ledger import outside_hours
from barstep.evaluate.record import Held, Record
from barstep.evaluate.split import Marks, split_days, with_idle_days
from barstep.runs.instruments import fee_of
from barstep.runs.sources import sessions_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns, BarStream
    from barstep.evaluate.ledger import Ledger
    from barstep.rules.day import DayBars

    Ints = NDArray[np.int64]

_ODD_SHARE = 0.5
"""With more fills than this share outside their bars, fills and bars do not belong together."""
_SLACK = 4
"""Ticks that slippage may lead out of a bar."""


class _State:
    """The account after each fill, all micro-dollars; row 0 is before the first one."""

    def __init__(self, ledger: Ledger, fees: str | Decimal) -> None:
        fills = ledger.fills
        contracts = ledger.contracts
        self.at = np.array([fill.at_ns for fill in fills], np.int64)
        self.own = self.at.copy()  # in (start, end] of the bar that a fill belongs to
        self.price = np.array([fill.price for fill in fills], np.int64)
        schedule = {contract: fee_of(contract.instrument, fees) for contract in contracts}
        paid = [schedule[f.contract] * abs(f.size) if f.fee is None else f.fee for f in fills]
        self.guessed = any(fill.fee is None for fill in fills)
        self.fees = np.concatenate(([0], np.cumsum(np.array(paid, np.int64))))
        self.tick = np.array([fill.contract.instrument.tick_value for fill in fills], np.int64)
        self.position = np.zeros((len(contracts), len(fills) + 1), np.int64)
        self.cash = np.zeros(len(fills) + 1, np.int64)
        signed = np.array([fill.size for fill in fills], np.int64)
        self.cash[1:] = np.cumsum(-signed * self.price * self.tick)
        which = np.array([contracts.index(fill.contract) for fill in fills], np.int64)
        for place in range(len(contracts)):
            self.position[place, 1:] = np.cumsum(np.where(which == place, signed, 0))
        self.contracts, self.which = contracts, which
        self.realised = _realised(ledger)
        self.total = np.abs(self.position).sum(axis=0)

    def marked(self) -> Ints:
        """Equity at each fill, every contract at its own last fill's price, shape (n,)."""
        worth = np.zeros(len(self.at), np.int64)
        for place, contract in enumerate(self.contracts):
            mine = np.flatnonzero(self.which == place)
            latest = np.searchsorted(mine, np.arange(len(self.at)), "right")
            price = np.concatenate(([0], self.price[mine]))[latest]
            worth += self.position[place, 1:] * price * contract.instrument.tick_value
        return self.cash[1:] + worth - self.fees[1:]


def _realised(ledger: Ledger) -> Ints:
    """What closed lots have earned after each fill, first in first out, before fees; row 0 is before the first."""
    lots: dict[object, list[list[int]]] = {}
    earned, found = 0, [0]
    for fill in ledger.fills:
        held, left = lots.setdefault(fill.contract, []), fill.size
        while left and held and held[0][0] * left < 0:
            lot = held[0]
            size = min(abs(left), abs(lot[0])) * (1 if lot[0] > 0 else -1)
            earned += (fill.price - lot[1]) * size * fill.contract.instrument.tick_value
            lot[0] -= size
            left += size
            if not lot[0]:
                held.pop(0)
        if left:
            held.append([left, fill.price])
        found.append(earned)
    return np.array(found, np.int64)


def fills_record(ledger: Ledger, fees: str | Decimal, bars: BarStream | None = None) -> Record:
    """The record of a ledger of fills.

    Args:
        ledger: The fills.
        fees: Schedule or USD per contract and side, for fills without fees of their own.
        bars: Bars of the one contract that was traded, or None.

    Raises:
        DataError: When bars and fills do not belong together.
    """
    state = _State(ledger, fees)
    first = ledger.contracts[0].instrument
    sessions = sessions_of(bars) if bars is not None else SessionTable(first.session)
    weights = [(state.position[k, 1:], c.instrument.lot_weight_tenths) for k, c in enumerate(state.contracts)]
    remarks = list(ledger.remarks)
    if state.guessed:
        remarks.append(f"fills without fees pay {fees} ({fee_of(first, fees) / 1e6:.2f} USD a side)")
    remarks += outside_hours(state.at, sessions, "fills")
    if state.total[-1]:
        remarks.append("a position is open after the last fill")
    if bars is not None:
        remarks += _check_bars(state, bars)

    def days() -> Iterator[DayBars]:
        if bars is None:
            return with_idle_days(split_days(_at_fills(state), sessions, state.at), sessions)
        return split_days(_at_bars(state, bars), sessions, state.at)

    return Record(
        label=ledger.label,
        kind="fills",
        contracts=[contract.name for contract in state.contracts],
        certainty="at_best" if bars is None else "bounded",
        why="no bars: equity is known at the fills only, so a failure is certain and a pass is not"
        if bars is None
        else "equity in bars with a fill lies between two readings; the verdict takes the worse one",
        cost=FillOptions().forced_slip_ticks * max(c.instrument.tick_value for c in state.contracts)
        + max(fee_of(contract.instrument, fees) for contract in state.contracts),
        sessions=sessions,
        days=days,
        held=Held.of(state.at, weights),
        remarks=remarks,
    )


def _at_fills(state: _State) -> Iterator[Marks]:
    equity = state.marked()
    yield Marks(state.at, equity, equity, equity, state.realised[1:] - state.fees[1:], state.total[1:])


def _check_bars(state: _State, bars: BarStream) -> list[str]:
    """Refuse bars of other days or other prices; a remark where a few fills lie outside theirs."""
    if len(state.contracts) > 1:
        names = ", ".join(contract.name for contract in state.contracts)
        raise DataError(f"--bars: the ledger trades {names}, and bars are of one contract; leave --bars out")
    first, last = None, 0
    inside = np.zeros(len(state.at), np.bool_)
    for chunk in bars.chunks():
        first, last = int(chunk.start_ns[0]) if first is None else first, int(chunk.end_ns[-1])
        low, high = chunk.low - _SLACK, chunk.high + _SLACK
        some = slice(np.searchsorted(state.at, chunk.start_ns[0]), np.searchsorted(state.at, last, "right"))
        for fill in range(*some.indices(len(state.at))):
            at, price = state.at[fill], state.price[fill]
            rows = slice(np.searchsorted(chunk.end_ns, at, "left"), np.searchsorted(chunk.start_ns, at, "right"))
            fits = (low[rows] <= price) & (price <= high[rows])
            inside[fill] |= bool(fits.any())
            if fits[-1:].any() and chunk.start_ns[rows][-1] == at:
                state.own[fill] = at + 1
    outside = int((~inside).sum())
    if first is None or state.at[0] < first or state.at[-1] > last:
        raise DataError(
            f"--bars: fills go from {utc_text(int(state.at[0]))} to {utc_text(int(state.at[-1]))}, the bars "
            f"{f'from {utc_text(first)} to {utc_text(last)}' if first is not None else 'hold nothing'}"
        )
    if outside > _ODD_SHARE * len(state.at):
        raise DataError(
            f"--bars: {outside} of {len(state.at)} fills lie outside the prices of their bars: is it another contract, or "
            "is a zone wrong?"
        )
    return [f"{outside} of {len(state.at)} fills lie outside the prices of their bars"] if outside else []


def _at_bars(state: _State, bars: BarStream) -> Iterator[Marks]:
    """The bars from the first fill's trading day to the last fill's."""
    sessions = sessions_of(bars)
    days = sessions.between(int(state.at[0]), int(state.at[-1]))
    begin, end = days[0].open_ns, sessions.after(days[-1]).open_ns
    for chunk in bars.chunks():
        rows = slice(*np.searchsorted(chunk.start_ns, (begin, end)).tolist())
        if rows.stop > rows.start:
            yield _marks(state, chunk[rows])


def _marks(state: _State, bars: BarColumns) -> Marks:
    """Bars as the account saw them, in both readings."""
    value, position, base = int(state.tick[0]), state.position[0], state.cash - state.fees
    after = np.searchsorted(state.own, bars.end_ns, "right")
    before = np.searchsorted(state.own, bars.start_ns, "right")
    first, last = np.searchsorted(state.at, bars.start_ns, "left"), np.searchsorted(state.at, bars.end_ns, "right")
    close = base[after] + position[after] * bars.close * value
    one, two = (base[before] + position[before] * price * value for price in (bars.low, bars.high))
    low, high = np.minimum(one, two), np.maximum(one, two)
    kind_low, kind_high = low.copy(), high.copy()
    for row in np.flatnonzero(last > first).tolist():
        states = slice(int(first[row]), int(last[row]) + 1)
        worth = [base[states] + position[states] * int(price[row]) * value for price in (bars.low, bars.high)]
        low[row], high[row] = min(w.min() for w in worth), max(w.max() for w in worth)
        if after[row] == before[row]:
            continue
        inside = slice(int(before[row]), int(after[row]) + 1)
        known = np.append(base[inside][position[inside] == 0], close[row])
        kind_low[row], kind_high[row] = known.min(), known.max()
    low, high = np.minimum(low, close), np.maximum(high, close)
    return Marks(
        bars.end_ns,
        low,
        high,
        close,
        state.realised[after] - state.fees[after],
        state.total[after],
        kind_low,
        kind_high,
    )
