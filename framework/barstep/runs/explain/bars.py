"""The bars of a stored run, read again from their source, if it is there and still the same."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.domain.bar import BarColumns
from barstep.domain.errors import BarstepError
from barstep.runs.sources import make_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from barstep.config.data_schema import DataConfig
    from barstep.domain.bar import BarStream

_COLUMNS = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


class BarRow(NamedTuple):
    """One bar: number in its stream, UTC nanoseconds, prices, contracts."""

    number: int
    start_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: int


class RunBars:
    """The bars of one data section of a stored run.

    Args:
        section: The section, None when it cannot be read back.
        described: What the manifest says of its source.
        folder: The run's: paths of its stored configuration start there.

    Attributes:
        why: Why the bars cannot be read, or empty.
    """

    def __init__(self, section: DataConfig | None, described: Mapping[str, Any], folder: Path) -> None:
        self.why = ""
        self._stream: BarStream | None = None
        self._held: BarColumns | None = None
        self.label = str(described.get("path") or described.get("kind") or "bars")
        if section is None or described.get("kind") == "gateway":
            self.why = "the bars came from a gateway" if section is not None else "the source of the bars is not known"
            return
        try:
            stream = make_stream(section, folder)
        except BarstepError:
            self.why = f"{self.label} is no longer there"
            return
        if _identity(stream.source) == _identity(described):
            self._stream = stream
        else:
            self.why = f"{self.label} has changed since the run"

    def extreme(self, start_ns: int, end_ns: int, *, high: bool) -> BarRow | None:
        """The first of the bars that start in [start_ns, end_ns) with the highest high, or the lowest low."""
        best: tuple[int, BarColumns, int, int] | None = None
        count = 0
        for bars in self._stream.chunks() if self._stream is not None else ():
            first, stop = np.searchsorted(bars.start_ns, (start_ns, end_ns)).tolist()
            if stop > first:
                values = bars.high[first:stop] if high else -bars.low[first:stop]
                at = int(values.argmax())
                if best is None or int(values[at]) > best[0]:
                    best = int(values[at]), bars, first + at, count
            count += len(bars)
        return None if best is None else self._rows(best[1][best[2] : best[2] + 1], best[3] + best[2])[0]

    def hold(self) -> BarColumns | None:
        """All bars as columns, kept for whatever is asked later; None when they cannot be read."""
        if self._held is None and self._stream is not None:
            chunks = list(self._stream.chunks())
            if chunks:
                start, end, opened, high, low, close, volume = (
                    np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in _COLUMNS
                )
                self._held = BarColumns(start, end, opened, high, low, close, volume)
        return self._held

    def at(self, ns: int) -> BarRow | None:
        """The bar that covers a moment."""
        if self._stream is None:
            return None
        found = list(chain.from_iterable(self._slices(ns - self._stream.feed.timeframe.ns + 1, ns + 1)))
        return found[-1] if found and found[-1].end_ns > ns else None

    def _slices(self, start_ns: int, end_ns: int) -> Iterator[list[BarRow]]:
        count = 0
        for bars in self._chunks():
            if int(bars.start_ns[0]) >= end_ns:
                return
            first, stop = np.searchsorted(bars.start_ns, (start_ns, end_ns)).tolist()
            if stop > first:
                yield self._rows(bars[first:stop], count + first)
            count += len(bars)

    def _chunks(self) -> Iterable[BarColumns]:
        if self._held is not None:
            return [self._held]
        return self._stream.chunks() if self._stream is not None else ()

    def _rows(self, bars: BarColumns, first: int) -> list[BarRow]:
        assert self._stream is not None  # noqa: S101 - only bars that were read get here
        price = self._stream.feed.contract.instrument.price
        prices = ([price(p) for p in column.tolist()] for column in (bars.open, bars.high, bars.low, bars.close))
        numbers = range(first, first + len(bars))
        spans = (bars.start_ns.tolist(), bars.end_ns.tolist())
        return list(map(BarRow, numbers, *spans, *prices, bars.volume.tolist()))


def _identity(described: Mapping[str, Any]) -> object:
    """What must be the same for bars to be the same: the file's hash, or all that a generator was told."""
    return described.get("sha256") or {key: value for key, value in described.items() if key != "finer"}
