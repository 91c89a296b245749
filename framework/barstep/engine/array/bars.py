"""A contract's bars as columns: what `positions(bars)` sees, and what the kernel plays."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.domain.bar import BarColumns
from barstep.domain.errors import DataError
from barstep.engine.array.compiled import installed, kernel
from barstep.indicators import SMA
from barstep.indicators.arrays import exact, largest

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from fractions import Fraction

    from numpy.typing import NDArray

    from barstep.domain.bar import BarStream, Feed
    from barstep.domain.session import Session
    from barstep.indicators import Indicator

    Locate = Callable[[NDArray[np.int64]], tuple[list[Session], NDArray[np.int64], NDArray[np.bool_]]]

CACHE_BYTES = 32 << 20
"""How much the indicators of one set of bars may hold in memory: 11 lines over 350,000 bars; the one that was asked for longest
ago makes room. A grid plays neighbouring points together and asks for few others.
"""

_NAMES = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


class ArrayBars:
    """All bars of a run, one value a bar in each column; every column is read-only.

    Attributes:
        feed: Contract, timeframe and zone.
        open_ticks, high_ticks, low_ticks, close_ticks: Prices in whole ticks, int64, shape (n,).
        volume: Contracts, int64.
        start_ns, end_ns: Start and end of each bar, UTC nanoseconds, int64.
        new_session: True on the first bar of each trading day.
        tick_size: In points.
    """

    def __init__(
        self, feed: Feed, columns: BarColumns, new_session: NDArray[np.bool_], *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self.feed = feed
        self.chunk = columns
        self.tick_size = float(feed.contract.instrument.tick_size)
        self.start_ns, self.end_ns = _fixed(columns.start_ns), _fixed(columns.end_ns)
        self.open_ticks, self.high_ticks = _fixed(columns.open), _fixed(columns.high)
        self.low_ticks, self.close_ticks = _fixed(columns.low), _fixed(columns.close)
        self.volume = _fixed(columns.volume)
        self.new_session: NDArray[np.bool_] = _fixed(new_session)
        self.columns = tuple(
            _fixed(np.ascontiguousarray(p, np.int32)) for p in (columns.open, columns.high, columns.low, columns.close)
        )
        self._limit, self._held = cache_bytes, 0
        self._cache: OrderedDict[Hashable, NDArray[np.float64]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def read(
        cls, stream: BarStream, locate: Locate
    ) -> tuple[ArrayBars, list[Session], NDArray[np.int64], NDArray[np.bool_]]:
        """All bars of a stream, their sessions, the session of each bar, and whether it lies in a stretch of trading."""
        parts = list(stream.chunks())
        if not parts:
            raise DataError(f"{stream.feed.contract.name}: no bars; choose other dates")
        columns = _columns([np.concatenate([getattr(part, name) for part in parts]) for name in _NAMES])
        sessions, index, inside = locate(columns.start_ns)
        return cls(stream.feed, columns, np.diff(index, prepend=-1) != 0), sessions, index, inside

    def __len__(self) -> int:
        return len(self.end_ns)

    @property
    def open(self) -> NDArray[np.float64]:
        """First prices, in points on the tick grid."""
        return self._points("open")

    @property
    def high(self) -> NDArray[np.float64]:
        """Highest prices, in points."""
        return self._points("high")

    @property
    def low(self) -> NDArray[np.float64]:
        """Lowest prices, in points."""
        return self._points("low")

    @property
    def close(self) -> NDArray[np.float64]:
        """Last prices, in points."""
        return self._points("close")

    def indicator(self, indicator: Indicator, name: str = "value") -> NDArray[np.float64]:
        """An indicator's value after each bar, NaN until it is ready: bit for bit what `ctx.indicator` shows in `on_bar`.

        The same indicator with the same arguments is computed once for all points of a grid that share these bars.

        Args:
            indicator: A new one, such as `SMA(10)`.
            name: Another attribute of it, such as `upper`.
        """
        return self._once((type(indicator), _arguments(indicator), name), lambda: self._compute(indicator, name))

    def forget(self) -> None:
        """Empty the cache of indicators and prices."""
        with self._lock:
            self._cache.clear()
            self._held = 0

    def head(self, rows: int) -> ArrayBars:
        """The first bars, as they looked when no later ones were known."""
        return ArrayBars(self.feed, self.chunk[:rows], self.new_session[:rows], cache_bytes=0)

    def save(self, folder: Path) -> None:
        """Write the columns into a folder from which other processes open them without a copy."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NAMES:
            np.save(folder / f"{name}.npy", getattr(self.chunk, name))
        np.save(folder / "new_session.npy", self.new_session)

    @classmethod
    def open_saved(cls, folder: Path, feed: Feed) -> ArrayBars:
        """Bars that `save` wrote, memory-mapped: all processes of a machine share one copy."""
        columns = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in _NAMES]
        return cls(feed, _columns(columns), np.load(folder / "new_session.npy", mmap_mode="r"))

    def _compute(self, indicator: Indicator, name: str) -> NDArray[np.float64]:
        tick = self.feed.contract.instrument.tick_size
        if type(indicator) is SMA and installed():
            return self._mean(indicator, tick)
        ask = (self.chunk, tick.numerator, tick.denominator, self.new_session)
        if name == "value":
            return indicator.compute(*ask)
        lines: Any = getattr(indicator, "compute_lines", None)
        return indicator._replay(*ask, name) if lines is None else getattr(lines(*ask), name)

    def _mean(self, mean: SMA, tick: Fraction) -> NDArray[np.float64]:
        """The commonest indicator, compiled: in a grid it would take longer than the runs."""
        values: NDArray[np.int64] = getattr(self.chunk, mean.source)
        top, below = (1, 1) if mean.source == "volume" else (tick.numerator, tick.denominator)
        if not exact(mean.n * largest(values) * top, mean.n * below):
            return mean.compute(self.chunk, top, below, self.new_session)
        out = np.empty(len(self))
        kernel().moving_mean(_fixed(values), mean.n, top, mean.n * below, out)
        return out

    def _points(self, name: str) -> NDArray[np.float64]:
        tick = self.feed.contract.instrument.tick_size
        return self._once(name, lambda: getattr(self.chunk, name) * tick.numerator / tick.denominator)

    def _once(self, key: Hashable, make: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """A value from the cache, or made and kept while there is room."""
        with self._lock:
            found = self._cache.get(key)
            if found is not None:
                self._cache.move_to_end(key)
                return found
        made = _fixed(make())
        with self._lock:
            if key not in self._cache and made.nbytes <= self._limit:
                self._cache[key] = made
                self._held += made.nbytes
                while self._held > self._limit:
                    self._held -= self._cache.popitem(last=False)[1].nbytes
        return made


def _fixed(values: NDArray[Any]) -> NDArray[Any]:
    """The same values as a plain array that nobody can change: one kind of array for the kernel, whatever they lie in."""
    view = np.ascontiguousarray(values).view(np.ndarray)
    if isinstance(view.base, np.ndarray):
        view.base.flags.writeable = False  # else the flag of the view could be set again
    view = view[:]
    view.flags.writeable = False
    return view


def _arguments(indicator: Indicator) -> Hashable:
    """What tells one new indicator from another of its class: all it holds but its value."""
    names = {name for cls in type(indicator).__mro__ for name in getattr(cls, "__slots__", ())}
    names |= set(getattr(indicator, "__dict__", ()))
    held = [(name, getattr(indicator, name)) for name in sorted(names - {"value", "ready"}) if hasattr(indicator, name)]
    try:
        hash(tuple(held))
    except TypeError:
        return id(indicator)
    return tuple(held)


def _columns(given: list[NDArray[np.int64]]) -> BarColumns:
    start_ns, end_ns, opens, highs, lows, closes, volume = given
    return BarColumns(start_ns, end_ns, opens, highs, lows, closes, volume)
