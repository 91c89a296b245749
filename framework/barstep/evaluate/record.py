"""What is evaluated: the days of an account, and how sure the figures inside them are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from barstep.domain.session import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from barstep.data import SessionTable
    from barstep.rules.day import DayBars

Certainty = Literal["exact", "bounded", "at_best"]
"""`exact`: every bar's extremes are known; `bounded`: they lie between two readings, and both are walked; `at_best`: what
happened between fills is not known, so that a failure is certain and a pass is not."""


class Held(NamedTuple):
    """What was held from each moment on, over all contracts together, shape (n,).

    Attributes:
        since_ns: Ends of the bars, or moments, of the fills, ascending, UTC nanoseconds.
        contracts: Contracts, long or short.
        lots: The same in mini lots by the instruments' weights.
    """

    since_ns: NDArray[np.int64]
    contracts: NDArray[np.int64]
    lots: NDArray[np.float64]

    @classmethod
    def of(cls, moments: NDArray[np.int64], weighted: Iterable[tuple[NDArray[np.int64], int]]) -> Held:
        """Add up signed positions of each contract, given at all moments, with their weights in tenths of a lot."""
        contracts, tenths = np.zeros(len(moments), np.int64), np.zeros(len(moments), np.int64)
        for position, weight in weighted:
            contracts += np.abs(position)
            tenths += np.abs(position) * weight
        return cls(moments, contracts, tenths / 10)

    def most(self, first_ns: int, last_ns: int, weights: Literal["lots", "contracts"] = "lots") -> float:
        """The most held from fills between two moments, both included, in mini lots or in contracts."""
        rows = slice(*np.searchsorted(self.since_ns, (first_ns, last_ns + 1)))
        counted = self.lots if weights == "lots" else self.contracts
        return float(counted[rows].max(initial=0))

    def at(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """Contracts held at some moments, shape (m,)."""
        return np.concatenate(([0], self.contracts))[np.searchsorted(self.since_ns, moments, "right")]


@dataclass(slots=True)
class Record:
    """The days of an account that traded.

    Attributes:
        label: What it was read from.
        kind: `run`, `fills` or `trades`.
        contracts: Names of what was traded.
        certainty: How sure the figures inside the days are; `why` says it in words.
        cost: Micro-dollars to close one contract by force: slippage and the fee.
        sessions: The trading days.
        days: Makes the days, in order; may be called again.
        held: What was held, from moment to moment.
        remarks: What a reader should know.
    """

    label: str
    kind: Literal["run", "fills", "trades"]
    contracts: list[str]
    certainty: Certainty
    why: str
    cost: int
    sessions: SessionTable
    days: Callable[[], Iterator[DayBars]]
    held: Held
    remarks: list[str] = field(default_factory=list)

    def moment(self, ns: int) -> datetime:
        """UTC nanoseconds in the exchange's zone."""
        return to_datetime(ns, self.sessions.zone)
