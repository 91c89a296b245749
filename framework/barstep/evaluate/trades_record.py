"""The record of a list of closed trades: one mark for each, with the excursions it carries.

A trade that is alone in the market has its worst equity at its worst excursion, with the entry's fee paid: exact, but for
the moment. Trades that overlap make one mark, whose worst reading lets all of them stand at their worst at once and whose
kinder one sees only their results. Without excursions only results are known. A trade belongs to the day of its exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.data import SessionTable
from barstep.domain.fill_options import FillOptions
from barstep.evaluate.ledger import outside_hours
from barstep.evaluate.record import Certainty, Held, Record
from barstep.evaluate.split import Marks, split_days, with_idle_days
from barstep.runs.instruments import fee_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from barstep.evaluate.ledger import Ledger, LedgerTrade
    from barstep.rules.day import DayBars


def trades_record(ledger: Ledger, fees: str | Decimal) -> Record:
    """The record of a ledger of trades.

    Args:
        ledger: The trades, in the order of their exits.
        fees: Schedule or USD per contract and side, for trades without fees of their own.
    """
    contracts = ledger.contracts
    schedule = {contract: fee_of(contract.instrument, fees) for contract in contracts}
    paid = [2 * schedule[t.contract] * abs(t.size) if t.fee is None else t.fee for t in ledger.trades]
    groups = _groups(ledger.trades)
    sessions = SessionTable(contracts[0].instrument.session)
    known = all(t.mae is not None for t in ledger.trades)
    alone = all(len(group) == 1 for group in groups)
    certainty: Certainty = "at_best" if not known else "exact" if alone else "bounded"
    why = {
        "at_best": "trades without mae: only their results are known, so a failure is certain and a pass is not",
        "exact": "trades one at a time, with their excursions",
        "bounded": "trades overlap: the verdict lets them stand at their worst together",
    }[certainty]
    marks = _marks(ledger.trades, paid, groups)
    ends = np.array([t.exit_ns for t in ledger.trades], np.int64)
    remarks = list(ledger.remarks)
    if any(t.fee is None for t in ledger.trades):
        remarks.append(f"trades without fees pay {fees} ({schedule[contracts[0]] / 1e6:.2f} USD a side)")

    moments = np.sort(np.array([(t.entry_ns, t.exit_ns) for t in ledger.trades], np.int64).ravel())
    remarks += outside_hours(moments, sessions, "entries and exits")

    def days() -> Iterator[DayBars]:
        return with_idle_days(split_days([marks], sessions, ends), sessions)

    return Record(
        label=ledger.label,
        kind="trades",
        contracts=[contract.name for contract in contracts],
        certainty=certainty,
        why=why,
        cost=FillOptions().forced_slip_ticks * max(c.instrument.tick_value for c in contracts) + max(schedule.values()),
        sessions=sessions,
        days=days,
        held=_held(ledger.trades),
        remarks=remarks,
    )


def _groups(trades: list[LedgerTrade]) -> list[list[int]]:
    """Numbers of the trades that overlap in time, group by group, in the order of the last exits."""
    order = sorted(range(len(trades)), key=lambda k: trades[k].entry_ns)
    groups: list[list[int]] = []
    until = 0
    for number in order:
        trade = trades[number]
        if groups and trade.entry_ns < until:
            groups[-1].append(number)
        else:
            groups.append([number])
        until = max(until, trade.exit_ns) if groups[-1] != [number] else trade.exit_ns
    return [sorted(group) for group in groups]


def _marks(trades: list[LedgerTrade], paid: list[int], groups: list[list[int]]) -> Marks:
    rows, balance = [], 0
    for group in groups:
        before, start = balance, balance
        fall = rise = 0
        seen = [balance]
        for number in group:
            trade, fee = trades[number], paid[number]
            balance += trade.gross - fee
            seen.append(balance)
            entry_fee = fee // 2 if len(group) == 1 else fee
            fall += min(trade.mae if trade.mae is not None else 0, trade.gross) - entry_fee
            rise += max(trade.mfe if trade.mfe is not None else 0, trade.gross, 0)
        known = all(trades[number].mae is not None for number in group)
        low = min(start + fall, *seen) if known else min(seen)
        high = max(before + rise, *seen)
        kind = (low, high) if len(group) == 1 else (min(seen), max(seen))
        rows.append((trades[group[-1]].exit_ns, low, high, balance, balance, 0, *kind))
    return Marks(*np.array(rows, np.int64).T)


def _held(trades: list[LedgerTrade]) -> Held:
    """What was held after each entry and exit."""
    steps = sorted(
        [(t.entry_ns, 1, t) for t in trades] + [(t.exit_ns, 0, t) for t in trades], key=lambda step: step[:2]
    )
    moments = np.array([step[0] for step in steps], np.int64)
    weighted = []
    for contract in dict.fromkeys(t.contract for t in trades):
        signed = [(abs(t.size) if opens else -abs(t.size)) if t.contract == contract else 0 for _, opens, t in steps]
        weighted.append((np.cumsum(np.array(signed, np.int64)), contract.instrument.lot_weight_tenths))
    return Held.of(moments, weighted)
