"""Lines over bars, and positions from pairs of them."""

import numpy as np

from barstep.engine.array.kernel.jit import entry_point, helper
from barstep.engine.array.kernel.layout import KEEP
from barstep.engine.array.kernel.takes import NUMBER, NUMBERS, REALS, out

BLOCK, PART = 4096, np.uint64(1024)
SMALL = 1 << 16
"""Contracts that hardly a wish goes beyond; a power of two."""


@entry_point(REALS, REALS, NUMBER, out(NUMBERS))
def crossover(fast, slow, size, out):
    """`size` where fast is above slow, `-size` where it is below, KEEP where they are equal or one is not ready."""
    for i in range(len(fast)):
        above, below = fast[i] > slow[i], fast[i] < slow[i]
        out[i] = size if above else (-size if below else np.int64(KEEP))


@entry_point(NUMBERS, NUMBER, NUMBER)
def first_outside(values, least, most):
    """The first row whose value is neither KEEP nor from `least` to `most`; -1 when there is none."""
    near = min(-least, most)
    for start in range(0, len(values), BLOCK):
        end = min(start + BLOCK, len(values))
        if near >= SMALL and all_small(values, start, end):
            continue
        for i in range(start, end):
            if (values[i] < least and values[i] != KEEP) or values[i] > most:
                return i
    return -1


@helper
def all_small(values, start, end):
    """Whether all values of some rows lie between -SMALL and SMALL, by the bits that they have in common: no branches."""
    bits = np.uint64(0)
    for i in range(np.uint64(start), np.uint64(end)):
        bits |= np.uint64(values[i] + SMALL)
    return bits < np.uint64(2 * SMALL)


@entry_point(NUMBERS, NUMBER, NUMBER, NUMBER, out(REALS))
def moving_mean(values, n, numerator, divisor, out):
    """Means of each n neighbours as `SMA.compute` gives them, bit for bit: a whole sum, one division. NaN before the n-th.

    Sums hang on one another and quotients do not: taken apart, the processor divides several at once.
    """
    total, first = 0, min(n, len(values))
    for i in range(first):
        total += values[i]
        out[i] = np.nan
    if first < n:
        return
    out[n - 1] = total * numerator / divisor
    by, back, end = float(divisor), np.uint64(n), np.uint64(len(values))
    start = back
    while start < end:
        stop = min(start + PART, end)
        for i in range(start, stop):
            total += values[i] - values[i - back]
            out[i] = total * numerator
        for i in range(start, stop):
            out[i] /= by
        start = stop
