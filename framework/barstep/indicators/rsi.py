"""Relative strength index."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from barstep.indicators.arrays import exact, largest, recursion, right_aligned, window_sums
from barstep.indicators.base import Indicator, bar_count

if TYPE_CHECKING:
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

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`; only Wilder's recursion is a plain loop."""
        n, kept, close = self.n, self.n - 1, columns.close
        if not exact(200 * n * largest(close)):
            return super().compute(columns, numerator, denominator, new_session)
        changes = np.diff(close)
        rises = np.maximum(changes, 0)
        falls = rises - changes
        if not self._wilder:
            values = _strength(window_sums(rises, n), window_sums(falls, n))
            return right_aligned(values, len(close))
        gains, losses = window_sums(rises[:n], n), window_sums(falls[:n], n)
        means = [
            recursion(seed / n, later[n:].astype(np.float64), lambda mean, x: (mean * kept + x) / n)
            for seed, later in ((gains, rises), (losses, falls))
        ]
        values = _strength(*means)
        values[:1] = _strength(gains, losses)
        return right_aligned(values, len(close))


def _strength(
    gain: NDArray[np.int64] | NDArray[np.float64], loss: NDArray[np.int64] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """`100 * gain / (gain + loss)`, and 100 where there is no loss."""
    values = np.full(len(gain), 100.0)
    np.divide(100 * gain, gain + loss, out=values, where=loss > 0)
    return values
