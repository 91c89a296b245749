"""The account of a list of fills: positions, cash, fees and realised results after each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.evaluate.ledger import Ledger
from barstep.runs.instruments import fee_of

if TYPE_CHECKING:
    from decimal import Decimal

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class State:
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
        self._ledger, self._fees = ledger, fees

    def of(self, place: int) -> State:
        """The account of one contract's fills alone."""
        contract = self.contracts[place]
        fills = [fill for fill in self._ledger.fills if fill.contract == contract]
        alone = State(Ledger(self._ledger.label, fills), self._fees)
        alone.own = self.own[self.which == place]
        return alone

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
