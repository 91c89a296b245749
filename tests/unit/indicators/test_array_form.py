"""The array form of every indicator equals the bar by bar form to the last bit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.indicators import (
    ATR,
    EMA,
    MACD,
    RMA,
    RSI,
    SMA,
    Above,
    Bollinger,
    Cross,
    Donchian,
    Highest,
    Keltner,
    LinearRegressionSlope,
    Lowest,
    SessionVWAP,
    StdDev,
)
from barstep.indicators.base import SOURCES

few = settings(max_examples=25, deadline=None)  # times six scales times each indicator
sources = st.sampled_from(SOURCES)
lengths = st.integers(1, 9) | st.integers(10, 40)
widths = st.floats(0.01, 10)
tick_sizes = st.sampled_from([(1, 4), (1, 100), (1, 10), (1, 32), (5, 1), (1, 2_000_000), (3, 7)])

KINDS = {
    "SMA": st.builds(SMA, lengths, sources),
    "EMA": st.builds(EMA, lengths, sources),
    "StdDev": st.builds(StdDev, lengths, sources),
    "Bollinger": st.builds(Bollinger, lengths, widths, sources),
    "Highest": st.builds(Highest, lengths, sources, st.booleans()),
    "Lowest": st.builds(Lowest, lengths, sources, st.booleans()),
    "RSI": st.builds(RSI, lengths, st.sampled_from(["wilder", "simple"])),
    "ATR": st.builds(ATR, lengths),
    "SessionVWAP": st.builds(SessionVWAP),
    "RMA": st.builds(RMA, lengths, sources),
    "LinearRegressionSlope": st.builds(LinearRegressionSlope, st.integers(2, 30), sources),
    "MACD": st.builds(MACD, st.integers(1, 5), st.integers(6, 15), st.integers(1, 9), sources),
    "Keltner": st.builds(Keltner, lengths, widths, lengths),
    "Donchian": st.builds(Donchian, lengths, st.booleans()),
}
_parts = st.builds(SMA, lengths, sources) | st.builds(EMA, lengths) | st.builds(SessionVWAP) | st.builds(RSI, lengths)
SIGNALS = {kind.__name__: st.builds(kind, _parts, _parts | st.integers(-5, 20)) for kind in (Above, Cross)}


@st.composite
def tables(draw, Row, around, span, most):  # noqa: N803
    """Rows whose prices lie in [around - span, around + span], volumes in [0, most]."""
    price = st.integers(around - span, around + span)
    row = st.tuples(price, price, price, price, st.integers(0, most), st.booleans())
    rows = draw(st.lists(row, min_size=draw(st.integers(0, 60)), max_size=60))
    made = []
    for a, b, c, d, volume, new in rows:
        low, open_, close, high = sorted((a, b, c, d))
        made.append(Row(open_, high, low, close, volume, new) if a < b else Row(close, high, low, open_, volume, new))
    return made


SCALES = {
    "an index future": (60_000, 4_000, 20_000),
    "a handful of prices": (100, 2, 3),
    "around zero": (0, 50, 5),
    "on both sides of 53 bits": (2**47, 2**22, 2**20),
    "past 53 bits": (10**12, 10**11, 10**12),
    "past 63 bits": (2**61, 2**60, 2**60),
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_both_forms_agree_to_the_last_bit(lab, kind, scale, data):
    indicator = data.draw(KINDS[kind])
    tick = data.draw(tick_sizes)
    rows = data.draw(tables(lab.Row, *SCALES[scale]))
    columns, new = lab.columns(rows)
    assert lab.bits(indicator_values(indicator, columns, tick, new)) == lab.bits(lab.values(indicator, rows, tick))


def indicator_values(indicator, columns, tick, new):
    """The array form, which must leave the indicator as it was."""
    before = (indicator.ready, str(indicator.value))
    values = indicator.compute(columns, *tick, new)
    assert (indicator.ready, str(indicator.value)) == before
    assert values.dtype == "float64"
    assert values.shape == (len(columns),)
    return values


@pytest.mark.parametrize("kind", ["Bollinger", "Keltner", "Donchian", "MACD"])
@pytest.mark.parametrize("scale", SCALES)
@few
@given(data=st.data())
def test_all_lines_agree(lab, scale, kind, data):
    made, tick = data.draw(KINDS[kind]), data.draw(tick_sizes)
    rows = data.draw(tables(lab.Row, *SCALES[scale]))
    columns, new = lab.columns(rows)
    for name, line in made.compute_lines(columns, *tick, new)._asdict().items():
        assert lab.bits(line) == lab.bits(lab.values(made, rows, tick, name))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", SIGNALS)
@few
@given(data=st.data())
def test_signals_agree(lab, kind, scale, data):
    signal, tick = data.draw(SIGNALS[kind]), data.draw(tick_sizes)
    rows = data.draw(tables(lab.Row, *SCALES[scale]))
    columns, new = lab.columns(rows)
    by_bar = []
    signal.bind(*tick)
    for row in rows:
        signal.update(row.open, row.high, row.low, row.close, row.volume, row.new)
        by_bar.append(signal.value)
    assert indicator_values(signal, columns, tick, new).tolist() == by_bar


def test_long_series_keep_the_bits(lab):
    """Sums that run for thousands of bars drift by nothing."""
    walk, rows = 60_000, []
    for i in range(5_000):
        walk += (i * i * 7919) % 23 - 11
        rows.append(lab.Row(walk, walk + i % 9, walk - i % 7, walk + i % 5, i % 1300, i % 400 == 0))
    columns, new = lab.columns(rows)
    made = [
        SMA(200),
        StdDev(50),
        Bollinger(20, 2),
        Highest(50),
        Lowest(77, exclude_current=True),
        RSI(14, "simple"),
    ]
    made += [RMA(14), LinearRegressionSlope(50), MACD(), Keltner(20), Donchian(55)]
    for indicator in [*made, RSI(14), EMA(60), ATR(14), SessionVWAP()]:
        assert lab.bits(indicator.compute(columns, 1, 4, new)) == lab.bits(lab.values(indicator, rows))
