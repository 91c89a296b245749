"""Lines over bars, and positions from pairs of them."""

import numpy as np

from barstep.engine.array.kernel.jit import entry_point
from barstep.engine.array.kernel.layout import KEEP


@entry_point
def crossover(fast, slow, size, out):
    """`size` where fast is above slow, `-size` where it is below, KEEP where they are equal or one is not ready."""
    for i in range(len(fast)):
        above, below = fast[i] > slow[i], fast[i] < slow[i]
        out[i] = size if above else (-size if below else np.int64(KEEP))


@entry_point
def first_outside(values, least, most):
    """The first row whose value is neither KEEP nor from `least` to `most`; -1 when there is none."""
    for i in range(len(values)):
        if (values[i] < least and values[i] != KEEP) or values[i] > most:
            return i
    return -1


@entry_point
def moving_mean(values, n, numerator, divisor, out):
    """Means of each n neighbours as `SMA.compute` gives them, bit for bit: a whole sum, one division. NaN before the n-th."""
    total, first = 0, min(n, len(values))
    for i in range(first):
        total += values[i]
        out[i] = np.nan
    if first == n:
        out[n - 1] = total * numerator / divisor
    for i in range(first, len(values)):
        total += values[i] - values[i - n]
        out[i] = total * numerator / divisor
