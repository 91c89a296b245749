"""A chunk computed ahead gives, bit for bit, what updating bar by bar gives, also for the bars after it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.domain.bar import BarColumns
from barstep.indicators import EMA, RSI, SMA, Highest

TICKS = [(1, 4), (1, 10), (1, 64), (5, 1)]
CLOSES = st.lists(st.integers(-50_000, 50_000), min_size=1, max_size=40)


def columns(closes: list[int]) -> BarColumns:
    x = np.array(closes, dtype=np.int64)
    time = np.arange(len(x), dtype=np.int64)
    return BarColumns(time, time + 1, x, x + 2, x - 3, x, np.abs(x))


def update(indicator: SMA, closes: list[int]) -> list[float]:
    found = []
    for x in closes:
        indicator.update(x, x + 2, x - 3, x, abs(x), False)
        found.append(indicator.value)
    return found


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 12),
    st.sampled_from(["close", "high", "low", "volume"]),
    st.sampled_from(TICKS),
    CLOSES,
    CLOSES,
    CLOSES,
)
def test_an_sma_ahead_is_the_sma_updated(n, source, tick, before, ahead, after):
    before = before * n  # an indicator is asked only once it is ready
    one, two = SMA(n, source), SMA(n, source)
    one.bind(*tick)
    two.bind(*tick)
    update(one, before)
    update(two, before)
    assert one.ahead(columns(ahead)) == update(two, ahead)
    assert update(one, after) == update(two, after)


def test_numbers_too_large_for_exact_floats_are_left_to_update():
    sma = SMA(2)
    sma.bind(1, 4)
    update(sma, [1, 1])
    assert sma.ahead(columns([2**61, 2**61])) is None
    assert update(sma, [3])[-1] == 0.5, "and nothing of the chunk was taken in"


@pytest.mark.parametrize("indicator", [EMA(3), RSI(3), Highest(3)])
def test_the_others_are_updated_bar_by_bar(indicator):
    indicator.bind(1, 4)
    assert indicator.ahead(columns([1, 2, 3])) is None
