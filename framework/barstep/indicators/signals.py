"""Signals: one indicator compared with another, or with a level."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

from copy import copy
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from barstep.domain.bar import view
from barstep.indicators.base import Indicator, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class _Level(Indicator):
    """A constant, in the shape of an indicator."""

    __slots__ = ("level",)

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def reset(self) -> None:
        self.value, self.ready = self.level, True

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Nothing changes."""

    def ahead(self, columns: BarColumns) -> list[float]:
        return [self.level] * len(columns)

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        return np.full(len(columns), self.level)


class _Signal(Indicator):
    """A comparison of the values of `a` and `b`: it keeps copies of both, so that they may be declared besides."""

    __slots__ = ("_left", "_right", "a", "b")

    def __init__(self, a: Indicator, b: Indicator | float) -> None:
        super().__init__()
        name = type(self).__name__
        if not isinstance(a, Indicator):
            raise ValueError(f"{name}: the first must be an indicator such as SMA(10), got {a!r}")
        if not isinstance(b, Indicator):
            if isinstance(b, bool) or not isinstance(b, (int, float)) or not isfinite(b):
                raise ValueError(f"{name}: the second must be an indicator or a number, got {b!r}")
            b = _Level(float(b))
        self.a, self.b = a, b
        self.value = 0.0

    def reset(self) -> None:
        """Forget all bars."""
        self.value = 0.0
        self._left, self._right = copy(self.a), copy(self.b)
        for part in (self._left, self._right):
            part.bind(self._num, self._den)

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        left, right = self._left, self._right
        left.update(open, high, low, close, volume, new_session)
        right.update(open, high, low, close, volume, new_session)
        self.ready = left.ready and right.ready
        self.value = self._judge(left.value, right.value) if self.ready else 0.0

    def ahead(self, columns: BarColumns) -> Sequence[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`, where both parts can do it."""
        taken = together((self._left, self._right), columns)
        if taken is None:
            return None
        (self._left, self._right), found = taken
        return view(self._judge_all(*found))

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`: 0 where the signal is not ready."""
        twin = copy(self)
        twin.bind(numerator, denominator)
        values = [part.compute(columns, numerator, denominator, new_session) for part in (self.a, self.b)]
        return twin._judge_all(*values)

    def _judge(self, a: float, b: float) -> float:
        """The signal after the next pair of values."""
        raise NotImplementedError

    def _judge_all(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """The signal after each of the next pairs of values; NaN compares as neither above nor below."""
        raise NotImplementedError


class Above(_Signal):
    """1.0 while `a` is above `b`, 0.0 while it is not, and until both are ready.

    `if self.above.value:` is one read and one truth test a bar. `SMA(1)` is the close itself.

    Args:
        a: An indicator; its `value` is compared.
        b: Another, or a number.
    """

    __slots__ = ()

    def _judge(self, a: float, b: float) -> float:
        return 1.0 if a > b else 0.0

    def _judge_all(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return (a > b).astype(np.float64)


class Cross(_Signal):
    """1.0 on the bar on which `a` comes above `b`, -1.0 on the one on which it comes below, else 0.0.

    It comes above when it is above and was below when the two last differed: bars on which they are equal count for
    neither side, so a touch is no crossing. The first bar on which they differ is none either.

    Args:
        a: An indicator; its `value` is compared.
        b: Another, or a number.
    """

    __slots__ = ("_side",)

    def reset(self) -> None:
        """Forget all bars."""
        super().reset()
        self._side = 0.0

    def _judge(self, a: float, b: float) -> float:
        side = 1.0 if a > b else -1.0 if a < b else 0.0
        if side == 0.0 or side == self._side:
            return 0.0
        before, self._side = self._side, side
        return side if before else 0.0

    def _judge_all(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        sides = (a > b).astype(np.float64) - (a < b)
        rows = np.flatnonzero(sides)
        known = sides[rows]
        before = np.concatenate(([self._side], known))[:-1]
        values = np.zeros(len(sides))
        crossed = (known != before) & (before != 0)
        values[rows[crossed]] = known[crossed]
        if known.size:
            self._side = float(known[-1])
        return values
