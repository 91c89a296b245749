"""Relative strength index."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from barstep.domain.bar import view
from barstep.indicators.arrays import continued, exact, largest, recursion, right_aligned, window_sums
from barstep.indicators.base import Indicator, bar_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns

_SMOOTHINGS = ("wilder", "simple")


class RSI(Indicator):
    """Relative strength index of the close, 0 to 100, ready on bar n + 1 (after n changes).

    `value = 100 * gain / (gain + loss)`, which is `100 - 100 / (1 + gain / loss)` with fewer roundings.
    `gain` and `loss` are the average rise and fall from close to close. Where the average fall is 0 the value
    is 100, also when nothing moved at all.

    With `smoothing="wilder"` the first value comes from the plain means of the first n changes; then, in
    floats and in this order, `gain = (gain * (n - 1) + rise) / n`, and likewise `loss`. With
    `smoothing="simple"` the means are plain ones of the last n changes, as in the playground's RSI template.
    Plain means are kept as integer sums of ticks, so that equal ratios give equal values.

    Args:
        n: Number of changes.
        smoothing: `wilder` or `simple`.
    """

    __slots__ = ("_changes", "_close", "_floats", "_gain", "_loss", "_missing", "_wilder", "n", "smoothing")

    _close: int | None
    _gain: float
    _loss: float

    def __init__(self, n: int = 14, smoothing: str = "wilder") -> None:
        super().__init__()
        self.n = bar_count(self, n)
        if smoothing not in _SMOOTHINGS:
            raise ValueError(f"RSI: smoothing must be wilder or simple, got {smoothing!r}")
        self.smoothing = smoothing
        self._wilder = smoothing == "wilder"

    def reset(self) -> None:
        """Forget all bars."""
        self._changes = deque([0] * self.n, maxlen=self.n)
        self._close = None
        self._gain = 0  # integer sums of ticks; averages once Wilder's recursion runs
        self._loss = 0
        self._missing = self.n
        self._floats = float(self.n), float(self.n - 1)

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        previous = self._close
        self._close = close
        if previous is None:
            return
        change = close - previous
        rise = change if change > 0 else 0
        if self._wilder and self.ready:
            n, kept = self._floats
            gain = self._gain = (self._gain * kept + rise) / n
            loss = self._loss = (self._loss * kept + (rise - change)) / n
        else:
            old = self._changes[0]
            self._changes.append(change)
            old_rise = old if old > 0 else 0
            gain = self._gain = self._gain + rise - old_rise
            loss = self._loss = self._loss + (rise - change) - (old_rise - old)
        if not self.ready:
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
            if self._wilder:
                self._gain, self._loss = gain / self.n, loss / self.n
        self.value = 100 * gain / (gain + loss) if loss else 100.0

    def ahead(self, columns: BarColumns) -> Sequence[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`; only Wilder's recursion is a plain loop."""
        n, before = self.n, self._close
        if before is None or not exact(200 * n * max(largest(columns.close), abs(before))):
            return None
        changes, rises, falls = _changes(np.concatenate((np.array([before], np.int64), columns.close)))
        if self._wilder:
            gains, losses = (
                np.array(continued(mean, later.astype(np.float64), self._step()))
                for mean, later in ((self._gain, rises), (self._loss, falls))
            )
            self._gain, self._loss = float(gains[-1]), float(losses[-1])
            values = _strength(gains, losses)
        else:
            changes = np.concatenate((np.array(self._changes, np.int64), changes))
            rises = np.maximum(changes, 0)
            up, down = window_sums(rises, n)[1:], window_sums(rises - changes, n)[1:]
            self._changes.extend(changes[-n:].tolist())
            self._gain, self._loss = int(up[-1]), int(down[-1])
            values = _strength(up, down)
        self._close = int(columns.close[-1])
        return view(values)

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; only Wilder's recursion is a plain loop."""
        n, close = self.n, columns.close
        if not exact(200 * n * largest(close)):
            return super().compute(columns, numerator, denominator, new_session)
        _, rises, falls = _changes(close)
        if not self._wilder:
            values = _strength(window_sums(rises, n), window_sums(falls, n))
            return right_aligned(values, len(close))
        gains, losses = window_sums(rises[:n], n), window_sums(falls[:n], n)
        means = [
            recursion(seed / n, later[n:].astype(np.float64), self._step())
            for seed, later in ((gains, rises), (losses, falls))
        ]
        values = _strength(*means)
        values[:1] = _strength(gains, losses)
        return right_aligned(values, len(close))

    def _step(self) -> Callable[[float, float], float]:
        n, kept = self.n, self.n - 1
        return lambda mean, change: (mean * kept + change) / n


def _changes(close: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """From close to close: changes, rises and falls."""
    changes = np.diff(close)
    rises = np.maximum(changes, 0)
    return changes, rises, rises - changes


def _strength(
    gain: NDArray[np.int64] | NDArray[np.float64], loss: NDArray[np.int64] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """`100 * gain / (gain + loss)`, and 100 where there is no loss."""
    values = np.full(len(gain), 100.0)
    np.divide(100 * gain, gain + loss, out=values, where=loss > 0)
    return values
