"""Many bars as few: neighbours put together with the first open, the highest high, the lowest low and the last close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(slots=True)
class Groups:
    """How rows are put together: group g has the rows from `first[g]` up to `first[g + 1]`.

    Attributes:
        first: The first row of each group, shape (g,).
        total: Rows in all.
    """

    first: Ints
    total: int

    @property
    def sizes(self) -> Ints:
        """Rows of each group, shape (g,)."""
        return np.diff(np.append(self.first, self.total))

    @property
    def last(self) -> Ints:
        """The last row of each group, shape (g,)."""
        return np.append(self.first[1:], self.total) - 1

    @property
    def centres(self) -> Floats:
        """The middle of each group in rows, shape (g,)."""
        return (self.first + self.last) / 2

    def highest(self, values: NDArray[Any]) -> NDArray[Any]:
        """The largest value of each group."""
        return np.maximum.reduceat(values, self.first) if len(self.first) else values[:0]

    def lowest(self, values: NDArray[Any]) -> NDArray[Any]:
        """The smallest value of each group."""
        return np.minimum.reduceat(values, self.first) if len(self.first) else values[:0]


def even_groups(total: int, most: int) -> Groups:
    """At most `most` groups of one size over all rows; the last may be smaller."""
    step = max(1, -(-total // most))
    return Groups(np.arange(0, total, step), total)


def fine_groups(total: int, most: int, near: Ints, around: int) -> Groups:
    """Single rows near given ones and groups elsewhere: at most about `most` in all.

    Args:
        total: Rows.
        most: Groups that may be made.
        near: Rows that matter, ascending.
        around: Rows on each side of them that stay single; halved until they take less than half of `most`.
    """
    if total <= most:
        return Groups(np.arange(total), total)
    single = np.zeros(total, bool)
    while around:
        marks = np.zeros(total + 1, np.int64)
        np.add.at(marks, np.maximum(near - around, 0), 1)
        np.add.at(marks, np.minimum(near + around + 1, total), -1)
        single = np.cumsum(marks[:-1]) > 0
        if int(single.sum()) <= most // 2:
            break
        around //= 2
        single[:] = False
    rest = max(1, most - int(single.sum()))
    step = -(-total // rest)
    rows = np.arange(total)
    begins = single | (rows % step == 0)
    begins[1:] |= single[:-1]
    return Groups(np.flatnonzero(begins), total)
