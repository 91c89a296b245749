"""Fills laid onto the bars they happened in: one contract, or several, each on bars of its own.

Every bar without a fill is exact, other contracts standing at their last close as in a run (R25b). Inside a bar with fills
nobody knows which prices came before which fill, so it gets two readings: the worse one lets every position that was held
during the bar (also between two fills) see the bar's low and high, the kinder one sees what is certain: the close, and the
account whenever it is flat. A fill stamped exactly between two bars may belong to either: it counts in both for the worse
reading, else in the later one if its price was traded there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.data.sessions import utc_text
from barstep.domain.errors import DataError
from barstep.evaluate.split import Marks
from barstep.runs.sources import sessions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns, BarStream
    from barstep.evaluate.fills_state import State

    Ints = NDArray[np.int64]

_ODD_SHARE = 0.5
"""With more fills than this share outside their bars, fills and bars do not belong together."""
_SLACK = 4
"""Ticks that slippage may lead out of a bar."""


def check_bars(state: State, bars: Sequence[BarStream]) -> list[str]:
    """Refuse bars of other days or other prices; a remark where a few fills lie outside theirs.

    Args:
        state: The fills; each is told to which of its contract's bars it belongs.
        bars: Bars of each contract, in the order of `state.contracts`.

    Raises:
        DataError: Bars and fills do not belong together.
    """
    outside, remarks = 0, []
    for place, stream in enumerate(bars):
        mine = np.flatnonzero(state.which == place)
        outside += _check_contract(state, mine, stream)
    state.own = np.maximum.accumulate(state.own)
    if outside:
        remarks.append(f"{outside} of {len(state.at)} fills lie outside the prices of their bars")
    return remarks


def _check_contract(state: State, mine: Ints, bars: BarStream) -> int:
    """How many fills of a contract lie outside the prices of their bars."""
    at, price = state.at[mine], state.price[mine]
    first, last = None, 0
    inside = np.zeros(len(mine), np.bool_)
    for chunk in bars.chunks():
        first, last = int(chunk.start_ns[0]) if first is None else first, int(chunk.end_ns[-1])
        low, high = chunk.low - _SLACK, chunk.high + _SLACK
        some = slice(np.searchsorted(at, chunk.start_ns[0]), np.searchsorted(at, last, "right"))
        for fill in range(*some.indices(len(mine))):
            rows = slice(
                np.searchsorted(chunk.end_ns, at[fill], "left"), np.searchsorted(chunk.start_ns, at[fill], "right")
            )
            fits = (low[rows] <= price[fill]) & (price[fill] <= high[rows])
            inside[fill] |= bool(fits.any())
            if fits[-1:].any() and chunk.start_ns[rows][-1] == at[fill]:
                state.own[mine[fill]] = at[fill] + 1
    outside, name = int((~inside).sum()), bars.feed.contract.name
    if first is None or at[0] < first or at[-1] > last:
        raise DataError(
            f"--bars: fills of {name} go from {utc_text(int(at[0]))} to {utc_text(int(at[-1]))}, the bars "
            f"{f'from {utc_text(first)} to {utc_text(last)}' if first is not None else 'hold nothing'}"
        )
    if outside > _ODD_SHARE * len(mine):
        raise DataError(
            f"--bars: {outside} of {len(mine)} fills of {name} lie outside the prices of their bars: is it another contract, "
            "or is a zone wrong?"
        )
    return outside


def at_bars(state: State, bars: Sequence[BarStream]) -> Iterator[Marks]:
    """The bars from the first fill's trading day to the last fill's; those of one contract a chunk at a time."""
    sessions = sessions_of(bars[0])
    days = sessions.between(int(state.at[0]), int(state.at[-1]))
    begin, end = days[0].open_ns, sessions.after(days[-1]).open_ns
    if len(bars) == 1:
        for chunk in _between(bars[0], begin, end):
            yield _marks(state, chunk)
        return
    alone = [_marks(state.of(place), _joined(_between(stream, begin, end))) for place, stream in enumerate(bars)]
    together = Marks.join([_with_others(alone, place) for place in range(len(alone))])
    order = np.argsort(together.end_ns, kind="stable")
    yield Marks(*(None if column is None else column[order] for column in together))  # type: ignore[arg-type]


def _between(bars: BarStream, begin: int, end: int) -> Iterator[BarColumns]:
    for chunk in bars.chunks():
        rows = slice(*np.searchsorted(chunk.start_ns, (begin, end)).tolist())
        if rows.stop > rows.start:
            yield chunk[rows]


def _joined(chunks: Iterator[BarColumns]) -> BarColumns:
    whole = None
    for chunk in chunks:
        whole = chunk if whole is None else whole.followed_by(chunk)
    if whole is None:
        raise DataError("--bars: a contract has no bars on the days of the fills")
    return whole


def _with_others(alone: Sequence[Marks], place: int) -> Marks:
    """The marks of a contract's bars with what the others had at the end of their last bar before."""
    found = alone[place]
    for other, theirs in enumerate(alone):
        if other == place:
            continue
        # of bars that end together the earlier contract's is over
        row = np.searchsorted(theirs.end_ns, found.end_ns, "right" if other < place else "left") - 1
        close, balance, position = (
            np.where(row < 0, 0, column[np.maximum(row, 0)])
            for column in (theirs.close, theirs.balance, theirs.position)
        )
        kinds = (None if kind is None else kind + close for kind in (found.kind_low, found.kind_high))
        found = Marks(
            found.end_ns, found.low + close, found.high + close, found.close + close, found.balance + balance,
            found.position + position, *kinds,
        )  # fmt: skip
    return found


def _marks(state: State, bars: BarColumns) -> Marks:
    """Bars of the one contract as the account saw them, in both readings."""
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
        seen = [base[states] + position[states] * int(price[row]) * value for price in (bars.low, bars.high)]
        low[row], high[row] = min(w.min() for w in seen), max(w.max() for w in seen)
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
