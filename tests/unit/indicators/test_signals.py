"""Signals say what they say, and a strategy may declare their parts besides."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.indicators import RSI, SMA, Above, Cross, SessionVWAP

calm = settings(deadline=None)


def play(signal, rows, tick=(1, 1)):
    """(ready, value) after each bar."""
    signal.bind(*tick)
    found = []
    for row in rows:
        signal.update(row.open, row.high, row.low, row.close, row.volume, row.new)
        found.append((signal.ready, signal.value))
    return found


def values(signal, rows, tick=(1, 1)):
    return [value for _, value in play(signal, rows, tick)]


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([5, 15], [0, 1]),
        ([15, 5, 15], [0, -1, 1]),
        ([5, 10, 15], [0, 0, 1]),
        ([15, 10, 15], [0, 0, 0]),
        ([15, 10, 10, 5, 5], [0, 0, 0, -1, 0]),
        ([10, 15, 10, 15], [0, 0, 0, 0]),
    ],
    ids=["above", "there and back", "over a tie", "a touch is no crossing", "over two ties", "begun on a tie"],
)
def test_a_cross_of_the_close_and_a_level(lab, closes, expected):
    assert values(Cross(SMA(1), 10), lab.closes(*closes)) == expected


def test_above_is_strictly_above(lab):
    assert values(Above(SMA(1), 10), lab.closes(9, 10, 11, 10, 12)) == [0, 0, 1, 0, 1]


def test_both_wait_for_both_parts_and_are_zero_until_then(lab):
    rows = lab.closes(1, 2, 3, 4)
    assert play(Above(SMA(1), SMA(3)), rows) == [(False, 0), (False, 0), (True, 1), (True, 1)]
    assert play(Cross(SMA(1), SMA(3)), rows) == [(False, 0), (False, 0), (True, 0), (True, 0)]
    assert Cross(SMA(1), SMA(3)).value == 0.0
    assert not Cross(SMA(1), SMA(3)).ready


@calm
@given(st.lists(st.integers(90, 110), min_size=1, max_size=60), st.integers(1, 6), st.integers(1, 12))
def test_crosses_are_where_the_means_change_sides(lab, closes, fast, slow):
    rows = lab.closes(*closes)
    quick, steady = lab.values(SMA(fast), rows), lab.values(SMA(slow), rows)
    side, expected = 0, []
    for a, b in zip(quick, steady, strict=True):
        now = (a > b) - (a < b)
        expected.append(now if now and side and now != side else 0)
        side = now or side
    assert values(Cross(SMA(fast), SMA(slow)), rows, (1, 4)) == expected


def test_parts_may_be_declared_besides(lab):
    """A signal keeps copies: what is updated outside is not its own."""
    rows = lab.closes(*[5, 9, 4, 12, 7, 1, 8, 3] * 3)
    quick, steady = SMA(2), SMA(4)
    shared = Cross(quick, steady)
    for part in (quick, steady):
        part.bind(1, 1)
    expected = values(Cross(SMA(2), SMA(4)), rows)
    shared.bind(1, 1)
    found = []
    for row in rows:
        for each in (quick, steady, shared):
            each.update(row.open, row.high, row.low, row.close, row.volume, row.new)
        found.append(shared.value)
    assert found == expected
    assert {1.0, -1.0} <= set(found)


def test_parts_keep_their_own_units(lab):
    """Volume is in contracts beside prices in points."""
    rows = [lab.Row(40, 40, 40, 40, volume) for volume in (9, 10, 11)]
    assert values(Above(SMA(1, source="volume"), SMA(1)), rows, (1, 4)) == [0, 0, 1]


def test_a_session_without_a_trade_is_not_ready_again(lab):
    rows = [lab.Row(8, 8, 8, 8, 1, True), lab.Row(9, 9, 9, 9, 0, True), lab.Row(9, 12, 6, 12, 5)]
    assert play(Above(SMA(1), SessionVWAP()), rows) == [(True, 0), (False, 0), (True, 1)]


@pytest.mark.parametrize("kind", [Above, Cross])
def test_parts_are_indicators_or_a_level(kind):
    with pytest.raises(ValueError, match=f"{kind.__name__}: the first must be an indicator such as SMA.10., got 10"):
        kind(10, SMA(3))
    for level in ("30", None, float("nan"), True):
        with pytest.raises(ValueError, match=f"{kind.__name__}: the second must be an indicator or a number, got"):
            kind(RSI(14), level)
