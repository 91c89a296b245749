"""The record of a list of fills: with the bars they happened in, or with nothing between them.

Without bars, equity is known only where the account traded: each fill marks the position at its price. A breach that shows
there is certain; what happened in between may have been worse. With bars see `fills_at_bars`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.data import SessionTable
from barstep.domain.fill_options import FillOptions
from barstep.evaluate.fills_at_bars import at_bars, check_bars
from barstep.evaluate.fills_state import State
from barstep.evaluate.ledger import outside_hours
from barstep.evaluate.record import Held, Record
from barstep.evaluate.split import Marks, split_days, with_idle_days
from barstep.runs.instruments import fee_of
from barstep.runs.sources import sessions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from barstep.domain.bar import BarStream
    from barstep.evaluate.ledger import Ledger
    from barstep.rules.day import DayBars


def fills_record(ledger: Ledger, fees: str | Decimal, bars: Sequence[BarStream] = ()) -> Record:
    """The record of a ledger of fills.

    Args:
        ledger: The fills.
        fees: Schedule or USD per contract and side, for fills without fees of their own.
        bars: Bars of each contract that was traded, in the order of `ledger.contracts`, or none.

    Raises:
        DataError: When bars and fills do not belong together.
    """
    state = State(ledger, fees)
    first = ledger.contracts[0].instrument
    sessions = sessions_of(bars[0]) if bars else SessionTable(first.session)
    weights = [(state.position[k, 1:], c.instrument.lot_weight_tenths) for k, c in enumerate(state.contracts)]
    remarks = list(ledger.remarks)
    if state.guessed:
        remarks.append(f"fills without fees pay {fees} ({fee_of(first, fees) / 1e6:.2f} USD a side)")
    remarks += outside_hours(state.at, sessions, "fills")
    if state.total[-1]:
        remarks.append("a position is open after the last fill")
    if bars:
        remarks += check_bars(state, bars)

    def days() -> Iterator[DayBars]:
        if not bars:
            return with_idle_days(split_days(_at_fills(state), sessions, state.at), sessions)
        return split_days(at_bars(state, bars), sessions, state.at)

    return Record(
        label=ledger.label,
        kind="fills",
        contracts=[contract.name for contract in state.contracts],
        certainty="bounded" if bars else "at_best",
        why="no bars: equity is known at the fills only, so a failure is certain and a pass is not"
        if not bars
        else "equity in bars with a fill lies between two readings; the verdict takes the worse one",
        cost=FillOptions().forced_slip_ticks * max(c.instrument.tick_value for c in state.contracts)
        + max(fee_of(contract.instrument, fees) for contract in state.contracts),
        sessions=sessions,
        days=days,
        held=Held.of(state.at, weights),
        remarks=remarks,
    )


def _at_fills(state: State) -> Iterator[Marks]:
    equity = state.marked()
    yield Marks(state.at, equity, equity, equity, state.realised[1:] - state.fees[1:], state.total[1:])
