"""What the kernel's entry points take: columns of one kind each, all of them contiguous, and whole numbers."""

from __future__ import annotations

from typing import NamedTuple


class Takes(NamedTuple):
    """One argument.

    Attributes:
        dtype: numpy's name of the numbers.
        dims: Dimensions of the array; 0 for one number.
        written: Whether the function writes to it; all else is left as it is.
    """

    dtype: str
    dims: int = 1
    written: bool = False


NUMBER = Takes("int64", 0)
NUMBERS = Takes("int64")
ROWS = Takes("int64", 2)
PRICES = Takes("int32")
FLAGS = Takes("bool")
REALS = Takes("float64")
WIDTHS = Takes("uint64")
TEXTS = Takes("uint8", 2)
TEXT = Takes("uint8")


def out(takes: Takes) -> Takes:
    """The same as something that is written to."""
    return takes._replace(written=True)
