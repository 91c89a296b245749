"""Exact numpy pieces of the array forms.

Window sums are int64, so a quotient of two of them is what Python's `int / int` gives as long as both fit in
the 53 bits of a double. An array form asks `exact` first and leaves larger numbers to the bar by bar form.
"""

from __future__ import annotations

from itertools import accumulate, chain
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_EXACT = 2**53  # up to here every integer is a double


def exact(*magnitudes: int) -> bool:
    """True when integers of these sizes lose nothing as doubles."""
    return max(magnitudes) <= _EXACT


def largest(x: NDArray[np.int64]) -> int:
    """The largest absolute value in `x`, 0 when it is empty."""
    return max(abs(int(x.min())), abs(int(x.max()))) if x.size else 0


def window_sums(x: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The sums of each n neighbours: len(x) - n + 1 of them, none when x is shorter than n.

    The running total may pass 64 bits: it wraps, and the differences are right all the same.
    """
    totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(x, dtype=np.int64)))
    return totals[n:] - totals[:-n]


def window_maxima(x: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The largest of each n neighbours: len(x) - n + 1 of them, none when x is shorter than n.

    It takes log2(n) passes: maxima of 2, 4, 8 ... neighbours, then of two such runs that overlap.
    """
    if len(x) < n:
        return x[:0]
    width = 1
    while 2 * width <= n:
        x = np.maximum(x[:-width], x[width:])
        width *= 2
    rest = n - width
    return np.maximum(x[:-rest], x[rest:]) if rest else x


def recursion(
    seed: NDArray[np.float64], later: NDArray[np.float64], step: Callable[[float, float], float]
) -> NDArray[np.float64]:
    """The one seed, then `step(value before, x)` for each later x; nothing while there is no seed."""
    if not seed.size:
        return seed
    values = continued(float(seed[0]), later, step)
    return np.fromiter(chain(seed.tolist(), values), np.float64, 1 + len(later))


def continued(value: float, later: NDArray[np.float64], step: Callable[[float, float], float]) -> list[float]:
    """`step(value before, x)` for each x, begun with `value`."""
    return list(accumulate(later.tolist(), step, initial=value))[1:]


def right_aligned(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """`values` at the end of an array of `length`, NaN before them."""
    out = np.full(length, nan)
    out[length - len(values) :] = values
    return out


def rows_of(*lines: NDArray[np.float64]) -> list[Any]:
    """The values of several lines, a tuple a bar."""
    return list(zip(*(line.tolist() for line in lines), strict=True))
