"""The lowest and highest prices of some bars.

Rows are unsigned here: of those numba knows that they do not count from the end. With that, and prices that stay int32, LLVM
looks at several bars at once.
"""

import numpy as np

from barstep.engine.array.kernel.jit import helper


@helper
def extremes(lows, highs, first, until):
    """The lowest low and the highest high of the bars [first, until), one or more."""
    row, end = np.uint64(first), np.uint64(until)
    low, high = lows[row], highs[row]
    for i in range(row, end):
        low, high = min(low, lows[i]), max(high, highs[i])
    return low, high
