"""Moving average convergence/divergence."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.indicators.arrays import continued, recursion, right_aligned, rows_of
from barstep.indicators.averages import EMA
from barstep.indicators.base import Indicator, bar_count, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class MacdLines(NamedTuple):
    """The three lines of a MACD, one value per bar."""

    macd: NDArray[np.float64]
    signal: NDArray[np.float64]
    histogram: NDArray[np.float64]


class MACD(Indicator):
    """Moving average convergence/divergence in price units, ready on bar slow + signal - 1 (34 as it stands).

    `macd = EMA(fast) - EMA(slow)`, both to the last bit, each begun with its own SMA. `signal` is an exponential mean
    of `macd`: the plain mean of its first values, then `signal + 2 / (n + 1) * (macd - signal)`;
    `histogram = macd - signal`. TA-Lib begins the fast mean later, on the slow one's first bar: its values differ at
    first, and by less than a billionth of the price some 250 bars on.
    Source: Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005.

    Args:
        fast: Bars of the fast mean.
        slow: Bars of the slow mean, more than `fast`.
        signal: Values of `macd` in the signal line.
        source: `open`, `high`, `low`, `close` or `volume`.

    Attributes:
        macd, signal, histogram: The lines, NaN until all are ready; `value` is `macd`.
    """

    __slots__ = (
        "_alpha", "_fast", "_missing", "_slow", "_total", "fast", "histogram", "macd", "signal", "signal_n", "slow",
        "source",
    )  # fmt: skip

    lines = ("macd", "signal", "histogram")

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9, source: str = "close") -> None:
        super().__init__()
        self.fast = bar_count(self, fast, "fast")
        self.slow = bar_count(self, slow, "slow")
        self.signal_n = bar_count(self, signal, "signal")
        if fast >= slow:
            raise ValueError(f"MACD: fast must be smaller than slow, got fast={fast} and slow={slow}")
        self.source = EMA(slow, source).source
        self.macd = self.signal = self.histogram = nan

    def _means(self) -> tuple[EMA, EMA]:
        return EMA(self.fast, self.source), EMA(self.slow, self.source)

    def reset(self) -> None:
        """Forget all bars."""
        self.macd = self.signal = self.histogram = nan
        self._fast, self._slow = self._means()
        for mean in (self._fast, self._slow):
            mean.bind(self._num, self._den)
        self._alpha = 2 / (self.signal_n + 1)
        self._missing = self.signal_n
        self._total = 0.0

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        self._fast.update(open, high, low, close, volume, new_session)
        self._slow.update(open, high, low, close, volume, new_session)
        if not self._slow.ready:
            return
        macd = self._fast.value - self._slow.value
        if self.ready:
            signal = self.signal
            self.signal = signal = signal + self._alpha * (macd - signal)
        else:
            self._total += macd
            self._missing -= 1
            if self._missing:
                return
            self.ready = True
            self.signal = signal = self._total / self.signal_n
        self.value = self.macd = macd
        self.histogram = macd - signal

    def ahead(self, columns: BarColumns) -> list[tuple[float, float, float]] | None:
        """The lines after each bar of the next chunk, as `Indicator.ahead`."""
        taken = together((self._fast, self._slow), columns)
        if taken is None:
            return None
        (self._fast, self._slow), (fast, slow) = taken
        macd = fast - slow
        signal = np.array(continued(self.signal, macd, self._step()))
        return rows_of(macd, signal, macd - signal)

    def show(self, value: tuple[float, float, float]) -> None:
        """Have the lines that `ahead` gave for the bar that is complete now."""
        self.macd, self.signal, self.histogram = value
        self.value = value[0]

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """The `macd` line after each bar, as `Indicator.compute`; `compute_lines` gives all three."""
        return self.compute_lines(columns, numerator, denominator, new_session).macd

    def compute_lines(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> MacdLines:
        """All three lines after each bar, equal bit for bit to what `update` gives."""
        fast, slow = (mean.compute(columns, numerator, denominator, new_session) for mean in self._means())
        n = self.signal_n
        macd = (fast - slow)[self.slow - 1 :]
        seed = np.cumsum(macd[:n])[n - 1 :] / n
        signal = recursion(seed, macd[n:], self._step())
        macd = macd[n - 1 :]
        return MacdLines(*(right_aligned(line, len(columns)) for line in (macd, signal, macd - signal)))

    def _step(self) -> Callable[[float, float], float]:
        alpha = 2 / (self.signal_n + 1)
        return lambda value, x: value + alpha * (x - value)
