"""ResampledStream: longer bars made of a stream's own, counted from each session's open."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from barstep.data.windows import Window, Windows, check_longer
from barstep.domain.bar import BarColumns, BarStream, Feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import Timeframe


class ResampledStream(BarStream):
    """Bars of a longer timeframe; a bar's start and end are those of its window, not of the bars it is made of (R2).

    A window without a bar makes none. The last bar of the data is as complete as the data.

    Args:
        base: The bars to make them of.
        timeframe: Length of the bars to make: a multiple of the base's, 1D at most; 1D is the trading day.
        note: Whether to tell in `warnings` that the bars are made.

    Attributes:
        base: The stream the bars are made of.
        sessions: The trading days of the contract.

    Raises:
        ConfigError: When the timeframe cannot be made of the base's.
    """

    def __init__(self, base: BarStream, timeframe: Timeframe, *, note: bool = False) -> None:
        check_longer(timeframe, base.feed.timeframe)
        self.feed = Feed(base.feed.contract, timeframe, base.feed.zone)
        self.sessions = cast("SessionTable", base.sessions)  # type: ignore[attr-defined]
        self.volume_known = base.volume_known
        self.warnings = base.warnings  # one list: the base adds to it while it is read
        self.source = {**base.source, "resampled_from": base.feed.timeframe.text}
        self.base = base
        self._windows = Windows(self.sessions, timeframe)
        self._span: tuple[int, int] | None = None
        if note:
            self.warnings.append(
                f"the bars of the source are {base.feed.timeframe.text}: bars of {timeframe.text} are made of them, "
                "counted from each session's open"
            )

    def chunks(self) -> Iterator[BarColumns]:
        """Yield the bars.

        Raises:
            DataError: As the base does, and for a bar that reaches from one window into the next.
        """
        held: BarColumns | None = None
        count = 0
        for bars in self.base.chunks():
            made = self._made(bars)
            if held is not None and held.start_ns[0] == made.start_ns[0]:
                made = _merged(held, made)
            elif held is not None:
                made = held.followed_by(made)
            held = made[len(made) - 1 :]
            if len(made) > 1:
                made = made[:-1]
                made.first = count
                count += len(made)
                yield made
        if held is not None:
            held.first = count
            yield held

    def count(self) -> int | None:
        """Unknown: only reading would tell."""
        return None

    def span(self) -> tuple[int, int] | None:
        """First start and last end, UTC nanoseconds; None when there is no bar."""
        if self._span is None:
            found = self._base_span()
            if found is not None:
                self._span = self._windows.at(found[0]).start, max(self._windows.at(found[1] - 1).end, 0)
        return self._span

    def _base_span(self) -> tuple[int, int] | None:
        known: Callable[[], tuple[int, int] | None] | None = getattr(self.base, "span", None)
        if known is not None:
            return known()
        first = last = None
        for bars in self.base.chunks():
            first = int(bars.start_ns[0]) if first is None else first
            last = int(bars.end_ns[-1])
        return None if first is None or last is None else (first, last)

    def _made(self, bars: BarColumns) -> BarColumns:
        """The longer bars of a chunk; the first and the last of them may be incomplete."""
        start, end, cut = self._windows.of(bars.start_ns)
        over = (bars.end_ns > end) & ~cut
        if over.any():
            at = int(over.argmax())
            window = Window(int(start[at]), int(end[at]), cut=False)
            raise self._windows.refuse(window, int(bars.start_ns[at]), int(bars.end_ns[at]))
        first = np.flatnonzero(np.diff(start, prepend=start[0] - 1))
        last: NDArray[np.int64] = np.append(first[1:], len(start)) - 1
        return BarColumns(
            start[first], end[first], bars.open[first], np.maximum.reduceat(bars.high, first),
            np.minimum.reduceat(bars.low, first), bars.close[last], np.add.reduceat(bars.volume, first),
        )  # fmt: skip


def _merged(held: BarColumns, later: BarColumns) -> BarColumns:
    """Later bars whose first one goes on with the bar that was held back."""
    later.open[0] = held.open[0]
    later.high[0] = max(later.high[0], held.high[0])
    later.low[0] = min(later.low[0], held.low[0])
    later.volume[0] += held.volume[0]
    return later
