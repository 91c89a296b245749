"""What `positions` returns: helpers, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from barstep.arrays import KEEP, WithBracket, crossover, when_changed
from barstep.engine.array.signals import wants_of


def test_crossover_is_the_side_of_the_fast_line_and_keeps_where_there_is_none() -> None:
    fast, slow = np.array([np.nan, 1.0, 2.0, 2.0, 3.0]), np.array([1.0, np.nan, 1.0, 2.0, 4.0])
    assert crossover(fast, slow, 2).tolist() == [KEEP, KEEP, 2, KEEP, -2]


def test_when_changed_asks_only_where_the_wish_is_another() -> None:
    wanted = np.array([KEEP, 1, 1, KEEP, 1, 0, 0, -1], np.int64)
    assert when_changed(wanted).tolist() == [KEEP, 1, KEEP, KEEP, KEEP, 0, KEEP, -1]
    assert wanted[2] == 1, "the array given is left alone"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (np.zeros(4), "positions: got float64 values, expected whole numbers"),
        (
            np.array([1.0, np.nan, 1.0, 1.0]),
            "positions: got NaN in row 1, expected whole numbers; KEEP says that nothing",
        ),
        (None, "positions: got None, expected an array"),
        (np.zeros(3, np.int64), r"positions: got the shape \(3,\), expected \(4,\)"),
        (np.array([0, 2_000_000, 0, 0]), "positions: got 2000000 in row 1"),
        (np.array([0, 0, 2**63, 0], np.uint64), "positions: got 9223372036854775808 in row 2"),
        (WithBracket(np.zeros(4, np.int64), stop_loss_ticks=-1), "stop_loss_ticks: got -1 in row 0"),
        (WithBracket(np.zeros(4, np.int64), stop_loss_ticks=np.zeros(2, np.int64)), r"expected \(1,\) or \(4,\)"),
        (WithBracket(np.zeros(4, np.int64), np.full(4, KEEP)), "stop_loss_ticks: got -9223372036854775808 in row 0"),
        (WithBracket(np.zeros(4, np.int64), 3, 0, 4), "a bracket has one stop"),
    ],
)
def test_what_the_lane_does_not_take_is_told(answer: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        wants_of(answer, 4)


@pytest.mark.parametrize("row", [0, 4095, 4096, 20_000, 29_999])
@pytest.mark.parametrize("wrong", [1_000_001, -1_000_001, 2**63 - 1, -(2**63) + 1])
def test_one_wish_too_large_among_many_is_found(row: int, wrong: int) -> None:
    wanted = np.resize(np.array([0, 3, -70_000, KEEP, 1_000_000, -1_000_000], np.int64), 30_000)
    wanted[:12_000] = 1
    assert len(wants_of(wanted, 30_000).positions) == 30_000
    wanted[row] = wrong
    with pytest.raises(ValueError, match=f"positions: got {wrong} in row {row:,}, expected -1,000,000 to 1,000,000"):
        wants_of(wanted, 30_000)
