"""Which longer bar a bar belongs to: windows of a timeframe, counted from the session's open.

A window never spans a session or a break: it is cut where trading stops. The count begins with the session's open and
begins anew after a pause of an hour or longer (a holiday on which trading halts). A window of a day is the trading day.
Bars outside the trading hours have windows of their own, on the same count, so that they never mix with the others.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.data.sessions import utc_text
from barstep.domain.bar import DAY_SECONDS, Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.session import NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.data.sessions import SessionTable
    from barstep.domain.session import Session

_PAUSE = 3600 * NS


class Window(NamedTuple):
    """[start, end) of a longer bar, UTC nanoseconds; `cut` where trading stops before the full length."""

    start: int
    end: int
    cut: bool


class _Stretch(NamedTuple):
    """Time that is counted alike: [opens, until), in UTC nanoseconds, counted from `anchor`."""

    opens: int
    until: int
    anchor: int


def check_longer(longer: Timeframe, base: Timeframe) -> None:
    """Refuse a timeframe that cannot be made of another: a ConfigError says which can."""
    if not base.makes(longer):
        raise ConfigError(
            f"{longer.text} bars cannot be made of {base.text} bars: expected a multiple of {base.text}, 1D at most"
        )


class Windows:
    """The windows of a timeframe.

    Args:
        sessions: The trading days to count in.
        timeframe: Length of a window, a day at most.
    """

    def __init__(self, sessions: SessionTable, timeframe: Timeframe) -> None:
        self._sessions = sessions
        self._length = timeframe.ns
        self._daily = timeframe.seconds == DAY_SECONDS
        self.timeframe = timeframe
        self._stretch = _Stretch(0, 0, 0)

    def at(self, start_ns: int) -> Window:
        """The window that a bar belongs to by its start, UTC nanoseconds."""
        stretch = self._stretch
        if not stretch.opens <= start_ns < stretch.until:
            self._stretch = stretch = self._find(start_ns)
        if self._daily:
            return Window(stretch.opens, stretch.until, cut=True)
        begin = start_ns - (start_ns - stretch.anchor) % self._length
        end = begin + self._length
        return Window(max(begin, stretch.opens), min(end, stretch.until), cut=end > stretch.until)

    def of(self, start_ns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Starts and ends of the windows of bars that ascend in time, and which are cut; shape (n,) each."""
        low, high = int(start_ns[0]), int(start_ns[-1])
        table = [part for part in self._stretches(low, high) if part.until > low and part.opens <= high]
        opens, until, anchor = np.array(table, np.int64).T
        at = np.searchsorted(opens, start_ns, side="right") - 1
        opens, until, anchor = opens[at], until[at], anchor[at]
        if self._daily:
            return opens, until, np.ones(len(start_ns), np.bool_)
        begin = start_ns - (start_ns - anchor) % self._length
        end = begin + self._length
        return np.maximum(begin, opens), np.minimum(end, until), end > until

    def refuse(self, window: Window, start_ns: int, end_ns: int) -> DataError:
        """The error about a bar that reaches from one window into the next."""
        return DataError(
            f"the bar from {utc_text(start_ns)} to {utc_text(end_ns)} reaches over {utc_text(window.end)}, where a bar of "
            f"{self.timeframe.text} ends that is counted from the session's open; choose a shorter timeframe, or bars "
            f"that begin with the session of {self._sessions.hours.name!r}"
        )

    def _find(self, start_ns: int) -> _Stretch:
        parts = self._stretches(start_ns, start_ns)
        return parts[bisect_right(parts, start_ns, key=lambda part: part.opens) - 1]

    def _stretches(self, low: int, high: int) -> list[_Stretch]:
        """What covers [low, high], in order: stretches of trading, and the time between them."""
        sessions = self._sessions.between(low, high)
        after = self._sessions.after(sessions[-1])
        found: list[_Stretch] = []
        for session, following in zip(sessions, [*sessions[1:], after], strict=True):
            found += self._parts(session, following.open_ns)
        return found

    def _parts(self, session: Session, next_open: int) -> list[_Stretch]:
        if self._daily:
            spans: tuple[tuple[int, int], ...] = ((session.open_ns, session.close_ns),)
        else:
            spans = session.spans
        found, anchor, last = [], session.open_ns, session.open_ns
        for (opens, closes), resumes in zip(spans, [*(opens for opens, _ in spans[1:]), next_open], strict=True):
            if opens - last >= _PAUSE:
                anchor = opens
            found.append(_Stretch(opens, closes, anchor))
            if closes < resumes:
                found.append(_Stretch(closes, resumes, anchor))
            last = closes
        return found
