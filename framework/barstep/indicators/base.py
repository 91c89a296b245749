"""What every indicator is: bound to a tick size, updated with each bar, read as plain attributes."""

from __future__ import annotations

from collections import deque
from copy import copy, deepcopy
from math import isfinite, nan
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from barstep.domain.bar import view
from barstep.indicators.arrays import right_aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns

SOURCES = ("open", "high", "low", "close", "volume")
"""The columns of a bar that an indicator can read, in the order `update` takes them."""


class Indicator:
    """A value kept up to date bar by bar.

    An indicator of your own overrides `reset` (make the state here, never in `__init__`) and `update`; its
    array form follows by itself.

    Attributes:
        value: In price units unless the class says otherwise; NaN until `ready`.
        ready: True once enough bars have been seen.
        lines: Names of its lines when it has more than `value`, which is the first of them.
    """

    __slots__ = ("_den", "_num", "ready", "value")

    lines: ClassVar[tuple[str, ...]] = ()
    value: float
    ready: bool

    def __init__(self) -> None:
        self.value = nan
        self.ready = False

    def bind(self, numerator: int, denominator: int) -> None:
        """Start afresh on an instrument whose price is `ticks * numerator / denominator`."""
        self._num = numerator
        self._den = denominator
        self.value = nan
        self.ready = False
        self.reset()

    def reset(self) -> None:
        """Make the state that `update` works on; `bind` calls this."""

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar.

        Args:
            open: First price in whole ticks, a plain int like all prices here.
            high: Highest price in ticks.
            low: Lowest price in ticks.
            close: Last price in ticks.
            volume: Contracts traded.
            new_session: True on the first bar of a trading day.
        """
        raise NotImplementedError

    def ahead(self, columns: BarColumns) -> Sequence[Any] | None:  # noqa: ARG002 - see the classes that can
        """`value` after each bar of the next chunk, equal bit for bit to what `update` gives, as if they had passed.

        Asked only of one that is ready. `value` itself is left alone: who asked has it set, bar by bar, so that nobody
        reads it early. One with several lines gives a tuple a bar, in the order of `lines`. Returns None, with nothing
        changed, where it has to be updated bar by bar, which is always right.
        """
        return None

    def show(self, value: Any) -> None:
        """Have the values that `ahead` gave for the bar that is complete now."""
        self.value = value

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, equal bit for bit to what `update` gives; no state changes.

        Args:
            columns: Bars from the first on, m of them.
            numerator: Of the tick size, as in `bind`.
            denominator: Of the tick size.
            new_session: m flags, as in `update`.

        Returns:
            m values, NaN where the indicator is not ready.
        """
        return self._replay(columns, numerator, denominator, new_session, "value")

    def _replay(
        self,
        columns: BarColumns,
        numerator: int,
        denominator: int,
        new_session: NDArray[np.bool_],
        *names: str,
    ) -> NDArray[np.float64]:
        """The named attributes after each bar, found by updating a copy: shape (m,), or (m, names)."""
        twin = copy(self)
        twin.bind(numerator, denominator)
        update, read = twin.update, attrgetter(*names)
        values = []
        lists = [getattr(columns, name).tolist() for name in SOURCES]
        for open_, high, low, close, volume, new in zip(*lists, new_session.tolist(), strict=True):
            update(open_, high, low, close, volume, new)
            values.append(read(twin))
        shape = (-1, len(names)) if len(names) > 1 else (-1,)
        return np.array(values, dtype=np.float64).reshape(shape)


class WindowIndicator(Indicator):
    """An indicator of the last n values of one column.

    Attributes:
        n: Number of bars.
        source: `open`, `high`, `low`, `close` or `volume`; of volume, the value is in contracts.
    """

    __slots__ = ("_column", "_missing", "_on_close", "n", "source")

    def __init__(self, n: int, source: str = "close") -> None:
        super().__init__()
        self.n = bar_count(self, n)
        if source not in SOURCES:
            expected = ", ".join(SOURCES)
            raise ValueError(f"{type(self).__name__}: source must be one of {expected}, got {source!r}")
        self.source = source
        self._column = SOURCES.index(source)
        self._on_close = source == "close"

    def bind(self, numerator: int, denominator: int) -> None:
        """Start afresh on an instrument whose price is `ticks * numerator / denominator`."""
        super().bind(*self._scale(numerator, denominator))

    def _scale(self, numerator: int, denominator: int) -> tuple[int, int]:
        return (1, 1) if self.source == "volume" else (numerator, denominator)


class RollingIndicator(WindowIndicator):
    """A window indicator that depends on nothing but the window: n values in, one out.

    A class of this kind gives `update`, `_windows` for many windows at once, and `_resume`.
    """

    __slots__ = ("_ring",)

    _ring: deque[int]

    def reset(self) -> None:
        """Forget all bars."""
        self._ring = deque([0] * self.n, maxlen=self.n)
        self._missing = self.n
        self._resume()

    def _resume(self) -> None:
        """Make the running sums anew from the ring."""
        raise NotImplementedError

    def _windows(self, x: NDArray[np.int64], numerator: int, denominator: int) -> NDArray[np.float64] | None:
        """The value of each n neighbours of `x`, or None when the numbers are too large to be exact."""
        raise NotImplementedError

    def ahead(self, columns: BarColumns) -> Sequence[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`, from the window and the chunk in one piece."""
        x = np.concatenate((np.array(self._ring, np.int64), getattr(columns, self.source)))
        values = self._windows(x, self._num, self._den)
        if values is None:
            return None
        self._ring.extend(x[-self.n :].tolist())
        self._resume()
        return view(values[1:])

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`, in numpy."""
        x: NDArray[np.int64] = getattr(columns, self.source)
        values = self._windows(x, *self._scale(numerator, denominator))
        if values is None:
            return super().compute(columns, numerator, denominator, new_session)
        return right_aligned(values, len(x))


def together(
    parts: tuple[Indicator, ...], columns: BarColumns
) -> tuple[tuple[Any, ...], list[NDArray[np.float64]]] | None:
    """The parts of an indicator after the next chunk, and each one's `value` over it; None when one of them cannot.

    The parts that are given stay as they are: one may have taken the chunk in when another cannot.
    """
    if any(type(part).ahead is Indicator.ahead for part in parts):
        return None
    later, found = deepcopy(parts), []
    for part in later:
        rows = part.ahead(columns)
        if rows is None:
            return None
        part.show(rows[-1])
        found.append(np.array([row[0] for row in rows] if part.lines else rows))
    return later, found


def bar_count(owner: Indicator, n: int, name: str = "n") -> int:
    """`n` itself when it is a number of bars; a ValueError names the indicator and the argument it was meant for."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"{type(owner).__name__}: {name} must be a whole number of bars, 1 or more, got {n!r}")
    return n


def width(owner: Indicator, k: float, unit: str) -> float:
    """`k` as a float when it is a number above 0; a ValueError names the indicator and what k counts."""
    if isinstance(k, bool) or not isinstance(k, (int, float)) or not isfinite(k) or k <= 0:
        raise ValueError(f"{type(owner).__name__}: k must be a number of {unit} above 0, got {k!r}")
    return float(k)
