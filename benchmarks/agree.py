"""Whether the engines did the same work: contracts and money, within the differences that are known and computed.

A known difference is no allowance: the plain loop plays it too, and a peer that has it must come to that figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peers import PEERS
from benchmarks.peers.plain_loop import run as loop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.work import Answer, Series

_STOP_FIRST = "stop before target also where the bar opened beyond the target"
KNOWN = {
    ("backtesting", "sma"): ("late", "(begins one bar after the means are ready)"),
    ("backtesting", "orders"): ("late, stop_first", f"(begins one bar late, {_STOP_FIRST})"),
    ("backtrader", "orders"): ("stop_first", f"({_STOP_FIRST})"),
}
"""By peer and work: the loop's variant that plays it, and what it is."""

CENTS = 0.10
"""USD that a peer's float sums may be off; a tick is 12.50."""


class DisagreementError(Exception):
    """Engines came to different figures, so that their times say nothing."""


def check(work: str, bars: Series, answers: Mapping[str, Answer]) -> str:
    """A line that says what was found equal, and the known differences.

    Raises:
        DisagreementError: With a line for each engine that is off.
    """
    exact = loop(work, bars)
    off, notes = [], {}
    for key, found in answers.items():
        variant, why = KNOWN.get((key, work), ("", ""))
        wanted = loop(work, bars, variant)
        if found.contracts != wanted.contracts or abs(found.net - wanted.net) > CENTS:
            off.append(f"{PEERS[key].name}: {_told(found)}, expected {_told(wanted)}{f' {why}' if why else ''}")
        elif why and (wanted.contracts, wanted.net) != (exact.contracts, exact.net):
            notes.setdefault(f"{why}: {_told(wanted)}", []).append(PEERS[key].name)
    if off:
        raise DisagreementError(f"{work}: the engines did not do the same work\n  " + "\n  ".join(off))
    return "; ".join([_told(exact), *(f"{' and '.join(names)} {note}" for note, names in notes.items())])


def _told(answer: Answer) -> str:
    return f"{answer.contracts:,} contracts, {answer.net:+,.2f} USD"
