"""The order in which points are played: neighbours on all axes together, so that indicators they share are computed once.

A box of points is cut in two along its longest axis, again and again, as in a k-d tree: any stretch of the order is a few
boxes that are nearly cubes, and n points of two axes need some 2 sqrt(n) values of them instead of n.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Box = Sequence[range]

_SMALL = 8
"""Points of a box that need not be cut."""


def near(box: Box) -> Iterator[tuple[int, ...]]:
    """All points of a box, neighbours together."""
    if prod(map(len, box)) <= _SMALL:
        yield from product(*box)
        return
    for half in _halves(box):
        yield from near(half)


def turn(point: Sequence[int], box: Box) -> tuple[list[bool], Sequence[int]]:
    """What to sort some points of a box by, to have them as `near` does."""
    found = []
    while prod(map(len, box)) > _SMALL:
        first, second = _halves(box)
        found.append(all(place in values for place, values in zip(point, second, strict=True)))
        box = second if found[-1] else first
    return found, point


def _halves(box: Box) -> tuple[Box, Box]:
    """A box cut across its longest axis."""
    axis = max(range(len(box)), key=lambda place: len(box[place]))
    values = box[axis]
    middle = len(values) // 2
    before, after = box[:axis], box[axis + 1 :]
    return (*before, values[:middle], *after), (*before, values[middle:], *after)
