"""A chunk computed ahead gives, bit for bit, what updating bar by bar gives, also for the bars after it."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.domain.bar import BarColumns
from barstep.indicators import (
    ATR,
    EMA,
    MACD,
    RMA,
    RSI,
    SMA,
    TA,
    Above,
    Bollinger,
    Cross,
    Donchian,
    Highest,
    Indicator,
    Keltner,
    LinearRegressionSlope,
    Lowest,
    SessionVWAP,
    StdDev,
)

TICKS = [(1, 4), (1, 10), (1, 64), (5, 1)]
CLOSES = st.lists(st.integers(-50_000, 50_000) | st.integers(0, 5), min_size=1, max_size=40)
n = st.integers(1, 12)
source = st.sampled_from(["close", "high", "low", "volume"])
averages = st.builds(SMA, n, source) | st.builds(EMA, n) | st.builds(RMA, n)
KINDS = {
    "SMA": st.builds(SMA, n, source),
    "EMA": st.builds(EMA, n, source),
    "RMA": st.builds(RMA, n, source),
    "StdDev": st.builds(StdDev, n, source),
    "slope": st.builds(LinearRegressionSlope, st.integers(2, 12), source),
    "Highest": st.builds(Highest, n, source, st.booleans()),
    "Lowest": st.builds(Lowest, n, source, st.booleans()),
    "RSI": st.builds(RSI, n, st.sampled_from(["wilder", "simple"])),
    "ATR": st.builds(ATR, n),
    "Bollinger": st.builds(Bollinger, n, st.floats(0.5, 4), source),
    "Keltner": st.builds(Keltner, n, st.floats(0.5, 4), n),
    "Donchian": st.builds(Donchian, n, st.booleans()),
    "MACD": st.builds(MACD, st.integers(1, 3), st.integers(4, 7), st.integers(1, 7), source),
    "a cross of channels": st.builds(Cross, st.builds(Donchian, n), st.builds(Bollinger, n)),
    "Above": st.builds(Above, averages, averages | st.integers(0, 5)),
    "Cross": st.builds(Cross, averages, averages | st.integers(0, 5)),
    "a cross of ranges": st.builds(Cross, st.builds(ATR, n), st.builds(StdDev, n)),
}


def columns(closes: list[int]) -> BarColumns:
    x = np.array(closes, dtype=np.int64)
    time = np.arange(len(x), dtype=np.int64)
    return BarColumns(time, time + 1, x, x + 2, x - 3, x, np.abs(x))


def update(indicator: Indicator, closes: list[int]) -> list[float]:
    found = []
    for x in closes:
        indicator.update(x, x + 2, x - 3, x, abs(x), False)
        found.append(seen(indicator))
    return found


def seen(indicator: Indicator) -> float | tuple[float, ...]:
    if indicator.lines:
        assert repr(indicator.value) == repr(getattr(indicator, indicator.lines[0]))
        return tuple(getattr(indicator, name) for name in indicator.lines)
    return indicator.value


def same_after_a_chunk(made: Indicator, tick: tuple[int, int], before: list[int], *parts: list[int]) -> None:
    """One is updated all the way; the other takes each part as a chunk, or bar by bar, in turns."""
    whole, chunked = made, type(made).__new__(type(made))
    for name in {name for kind in type(made).__mro__ for name in getattr(kind, "__slots__", ())}:
        if hasattr(made, name):
            setattr(chunked, name, getattr(made, name))
    for each in (whole, chunked):
        each.bind(*tick)
        update(each, before)
        assert each.ready
    for turn, part in enumerate(parts):
        expected = update(whole, part)
        if turn % 3 == 2:
            assert update(chunked, part) == expected
            continue
        before_it = seen(chunked)
        assert list(chunked.ahead(columns(part))) == expected
        assert seen(chunked) == before_it, "a hook could have read it too early"
        chunked.show(expected[-1])  # who asked has each shown in turn
        assert seen(chunked) == seen(whole)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_ahead_is_what_updating_gives(kind, data):
    made, tick = data.draw(KINDS[kind]), data.draw(st.sampled_from(TICKS))
    before = (data.draw(CLOSES) * 14)[: max(14, data.draw(st.integers(14, 60)))]
    same_after_a_chunk(made, tick, before, *(data.draw(CLOSES) for _ in range(4)))


@pytest.mark.parametrize("name", ["RSI", "MACD", "OBV", "CDLENGULFING", "ATR", "SAR"])
def test_a_function_of_ta_lib_goes_on_in_a_chunk(name):
    pytest.importorskip("talib", reason="the extra ta is not installed")
    walk = np.cumsum(np.random.default_rng(3).integers(-9, 10, 200)).tolist()
    same_after_a_chunk(TA(name), (1, 4), walk[:60], walk[60:100], walk[100:120], walk[120:140], walk[140:])


@pytest.mark.parametrize(
    "indicator",
    [
        SMA(2),
        EMA(2),
        RMA(2),
        RSI(2),
        ATR(2),
        Highest(2),
        StdDev(2),
        LinearRegressionSlope(2),
        Bollinger(2),
        Keltner(2, 2, 2),
        Donchian(2),
        MACD(1, 2, 2),
    ],
)
def test_numbers_too_large_for_exact_floats_are_left_to_update(indicator):
    indicator.bind(1, 4)
    update(indicator, [1] * 9)
    twin = deepcopy(indicator)
    assert indicator.ahead(columns([2**60, -(2**60)])) is None
    assert update(indicator, [1, 5, 3]) == update(twin, [1, 5, 3]), "and nothing of the chunk was taken in"


def test_a_session_average_is_updated_bar_by_bar():
    vwap = SessionVWAP()
    vwap.bind(1, 4)
    update(vwap, [1, 2, 3])
    assert vwap.ahead(columns([1, 2, 3])) is None


def test_a_signal_of_one_that_cannot_is_updated_bar_by_bar_and_nothing_is_lost():
    one, two = Cross(SMA(2), SessionVWAP()), Cross(SMA(2), SessionVWAP())
    closes = np.cumsum(np.random.default_rng(5).integers(-9, 10, 100)).tolist()
    for each in (one, two):
        each.bind(1, 4)
        update(each, closes[:20])
    assert one.ahead(columns(closes[20:50])) is None
    found = update(one, closes[20:])
    assert found == update(two, closes[20:])
    assert {1.0, -1.0} <= set(found)
