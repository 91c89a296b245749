"""Bars of an account, chunk by chunk, cut into trading days."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.rules.day import DayBars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from barstep.data import SessionTable
    from barstep.domain.session import Session

    Ints = NDArray[np.int64]

_ONE = timedelta(days=1)


class Marks(NamedTuple):
    """Bars of an account as columns, shape (n,); micro-dollars that the ledger has earned, see `DayBars`.

    `kind_low` and `kind_high` are the extremes in the most favourable reading, None where there is but one.
    """

    end_ns: Ints
    low: Ints
    high: Ints
    close: Ints
    balance: Ints
    position: Ints
    kind_low: Ints | None = None
    kind_high: Ints | None = None

    def cut(self, first: int, stop: int) -> Marks:
        """Some of the rows."""
        return Marks(*(None if column is None else column[first:stop] for column in self))  # type: ignore[arg-type]

    @classmethod
    def join(cls, parts: Sequence[Marks]) -> Marks:
        """Rows of several in one piece."""
        columns = zip(*parts, strict=True)
        return cls(*(None if column[0] is None else np.concatenate(column) for column in columns))  # type: ignore[arg-type]


def split_days(chunks: Iterable[Marks], sessions: SessionTable, fill_ends: Ints) -> Iterator[DayBars]:
    """Cut marks into trading days.

    Args:
        chunks: The marks in the order of time.
        sessions: Trading days; a mark belongs to the one that holds the instant before its end.
        fill_ends: When fills happened, ascending, no later than the end of their marks: from them traded days are told.
    """
    held: list[Marks] = []
    day: date | None = None
    before = (0, 0, 0)
    fills = 0
    for marks in chunks:
        found, index, _ = sessions.locate(marks.end_ns - 1)
        edges = np.flatnonzero(np.diff(index)) + 1
        for first, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(index)], strict=True):
            if first == stop:
                continue
            present = found[int(index[first])].date
            if held and day is not None and present != day:
                filled = int(np.searchsorted(fill_ends, held[-1].end_ns[-1], "right"))
                yield (done := _day(day, held, before, traded=filled > fills))
                before, held, fills = _end(done), [], filled
            day = present
            held.append(marks.cut(first, stop))
    if held and day is not None:
        yield _day(day, held, before, traded=len(fill_ends) > fills)


def with_idle_days(days: Iterable[DayBars], sessions: SessionTable) -> Iterator[DayBars]:
    """The same days, and between them the trading days on which nothing happened, each as one bar that stands still."""
    before: DayBars | None = None
    for day in days:
        if before is not None:
            session = sessions.first_from(before.date + _ONE)
            while session.date < day.date:
                yield _idle(before, session)
                session = sessions.after(session)
        yield day
        before = day


def _idle(before: DayBars, session: Session) -> DayBars:
    result, balance, position = _end(before)
    still, end = np.array([result], np.int64), np.array([session.close_ns], np.int64)
    held, paid = np.array([position], np.int64), np.array([balance], np.int64)
    return DayBars(session.date, end, still, still, still, paid, held, result, balance, position, traded=False)


def _end(day: DayBars) -> tuple[int, int, int]:
    return int(day.close[-1]), int(day.balance[-1]), int(day.position[-1])


def _day(day: date, parts: list[Marks], before: tuple[int, int, int], *, traded: bool) -> DayBars:
    marks = Marks.join(parts) if len(parts) > 1 else parts[0]
    bars = DayBars(day, *marks[:6], *before, traded=traded)
    if marks.kind_low is None or marks.kind_high is None:
        return bars
    return replace(bars, kindest=replace(bars, low=marks.kind_low, high=marks.kind_high))
