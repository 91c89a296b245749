"""Packed columns give their numbers back, and few bars still have every extreme."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.report.groups import even_groups, fine_groups
from barstep.report.packing import packed, words


@given(values=st.lists(st.integers(-(2**45), 2**45), max_size=40))
@settings(max_examples=60, deadline=None)
def test_whole_numbers_come_back(unpacked: Callable[..., list[float]], values: list[int]) -> None:
    assert unpacked(packed(values)) == values


def test_cents_and_words_come_back(unpacked: Callable[..., list[float]]) -> None:
    assert unpacked(packed([50_000.0, 49_971.22, -3.5], 0.01)) == pytest.approx([50_000.0, 49_971.22, -3.5])
    column = words(["stop", "target", "stop"])
    assert [column["texts"][int(place)] for place in unpacked(column["at"])] == ["stop", "target", "stop"]


@given(st.integers(1, 400), st.integers(1, 50), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_even_groups_keep_extremes_and_rows(total: int, most: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(-50, 50, total)
    groups = even_groups(total, most)
    parts = np.split(values, groups.first[1:])
    assert len(parts) <= most
    assert groups.sizes.sum() == total
    assert groups.highest(values).tolist() == [part.max() for part in parts]
    assert groups.lowest(values).tolist() == [part.min() for part in parts]
    assert values[groups.last].tolist() == [part[-1] for part in parts]


def test_bars_near_trades_stay_single() -> None:
    near = np.array([1_000, 55_000])
    groups = fine_groups(100_000, 2_000, near, 100)
    single = set(groups.first[groups.sizes == 1].tolist())
    assert {*range(900, 1_101), *range(54_900, 55_101)} <= single
    assert len(groups.first) <= 2_500
    assert groups.sizes.sum() == 100_000
    assert fine_groups(500, 2_000, near[:1] // 10, 100).sizes.max() == 1


def test_too_many_trades_get_fewer_single_bars_each() -> None:
    near = np.arange(0, 100_000, 100)
    groups = fine_groups(100_000, 10_000, near, 100)
    assert len(groups.first) <= 12_000
    assert set(near.tolist()) <= set(groups.first[groups.sizes == 1].tolist())
