"""Finer bars on their way into the exchange: read when a bar needs them, in step with the bars, and forgotten (R21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barstep.domain.bar import BarColumns
from barstep.sim.finer import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import BarStream


class FinerBars:
    """Windows onto a stream of finer bars; memory is that of a chunk or two.

    Args:
        bars: The finer bars; nothing is read before the first window is asked for.
        table: The contract's sessions.
    """

    def __init__(self, bars: BarStream, table: SessionTable) -> None:
        self.timeframe = bars.feed.timeframe.text
        self._bars = bars
        self._table = table
        self._chunks: Iterator[BarColumns] | None = None
        self._held: BarColumns | None = None
        self._inside: NDArray[np.bool_] = np.empty(0, np.bool_)

    def window(self, start_ns: int, end_ns: int) -> Window:
        """The finer bars with trades that start in [start_ns, end_ns); windows are asked for in order of time (R5, R21)."""
        held = self._held
        while held is None or held.start_ns[-1] < start_ns:
            held = self._read(None)
            if held is None:
                return _EMPTY
        while held.start_ns[-1] < end_ns:
            longer = self._read(held[int(np.searchsorted(held.start_ns, start_ns)) :])
            if longer is None:
                break
            held = longer
        first, stop = np.searchsorted(held.start_ns, (start_ns, end_ns)).tolist()
        rows = held[first:stop]
        inside = self._inside[first:stop]
        return Window(
            rows.start_ns.tolist(), rows.end_ns.tolist(), rows.open.tolist(), rows.high.tolist(), rows.low.tolist(),
            rows.close.tolist(), rows.volume.tolist(), not inside.all(),
        )  # fmt: skip

    def _read(self, kept: BarColumns | None) -> BarColumns | None:
        """The next chunk with trades in it, behind what is kept of the one before; None at the end of the data."""
        if self._chunks is None:
            self._chunks = self._bars.chunks()
        columns: BarColumns | None = None
        while columns is None or not len(columns):
            columns = next(self._chunks, None)
            if columns is None:
                return None
            if self._bars.volume_known and not columns.volume.all():
                columns = _traded(columns)
        inside = self._table.locate(columns.start_ns)[2]
        if kept is not None and len(kept):
            inside = np.concatenate((self._inside[len(self._inside) - len(kept) :], inside))
            columns = kept.followed_by(columns)
        self._held, self._inside = columns, inside
        return columns


_EMPTY = Window([], [], [], [], [], [], [], outside=False)


def _traded(bars: BarColumns) -> BarColumns:
    """A chunk without the bars in which nothing was traded (R5)."""
    rows = bars.volume > 0
    return BarColumns(
        bars.start_ns[rows], bars.end_ns[rows], bars.open[rows], bars.high[rows], bars.low[rows], bars.close[rows],
        bars.volume[rows], bars.first,
    )  # fmt: skip
