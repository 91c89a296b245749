"""Points are played with their neighbours: all of them, once, and few values of each axis at a time."""

from __future__ import annotations

import random

import pytest

from barstep.batch.order import near, turn

BOXES = [(range(25), range(40)), (range(3), range(17), range(5)), (range(100),), (range(1), range(1)), ()]


@pytest.mark.parametrize("box", BOXES, ids=str)
def test_every_point_comes_once_and_sorting_gives_the_same_order(box: tuple[range, ...]) -> None:
    points = list(near(box))
    size = 1
    for values in box:
        size *= len(values)
    assert len(points) == len(set(points)) == size
    mixed = random.Random(1).sample(points, len(points))
    assert sorted(mixed, key=lambda point: turn(point, box)) == points


def test_a_stretch_of_points_needs_few_values() -> None:
    points = list(near((range(100), range(100))))
    needed = [
        len({one for one, _ in part}) + len({two for _, two in part})
        for part in (points[start : start + 64] for start in range(0, len(points), 64))
    ]
    assert max(needed) <= 32  # 65 in a plain order
