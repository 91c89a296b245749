"""Averages, slopes and channels against plain definitions worked out with other tools."""

from fractions import Fraction
from itertools import pairwise
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.indicators import ATR, EMA, MACD, RMA, Donchian, Highest, Keltner, LinearRegressionSlope, Lowest

PRICES = [100, 104, 103, 108, 101, 99, 99, 105, 110, 107, 96, 98]  # in ticks of 0.25
calm = settings(deadline=None)
closes_of = st.lists(st.integers(-1000, 100_000), min_size=1, max_size=60)
tick_sizes = st.sampled_from([(1, 4), (1, 100), (1, 10), (1, 32), (5, 1)])


def bars(lab, closes):
    return [lab.Row(x, x + 3, x - 2, x) for x in closes]


def near(found, expected, rel=1e-12, scale=1.0):
    assert len(found) == len(expected)
    assert found == pytest.approx(expected, rel=rel, abs=rel * scale, nan_ok=True)


class TestRma:
    def test_by_hand(self, lab):
        found = lab.values(RMA(3), lab.closes(100, 104, 105, 113, 101))
        assert found[2:] == [25.75, (25.75 * 2 + 28.25) / 3, (((25.75 * 2 + 28.25) / 3) * 2 + 25.25) / 3]
        assert all(isnan(x) for x in found[:2])

    @calm
    @given(closes_of, st.integers(1, 20), tick_sizes)
    def test_it_is_the_recursion_in_fractions(self, lab, closes, n, tick):
        prices = [Fraction(x * tick[0], tick[1]) for x in closes]
        expected, value = [nan] * min(n - 1, len(closes)), None
        for i in range(n, len(prices) + 1):
            value = sum(prices[:n]) / n if value is None else value + (prices[i - 1] - value) / n
            expected.append(float(value))
        near(lab.values(RMA(n), lab.closes(*closes), tick), expected, scale=1e5 * tick[0] / tick[1])

    def test_the_average_true_range_is_that_of_the_ranges(self, lab):
        rows = bars(lab, PRICES)
        ranges = [5] + [max(b + 3, a) - min(b - 2, a) for a, b in pairwise(PRICES)]
        near(lab.values(ATR(4), rows), lab.values(RMA(4), lab.closes(*ranges)))


class TestSlope:
    @calm
    @given(st.data(), st.lists(st.integers(-1000, 100_000), min_size=2, max_size=60), tick_sizes)
    def test_it_is_the_least_squares_line_rounded_once(self, lab, data, closes, tick):
        n = data.draw(st.integers(2, len(closes)))
        middle = Fraction(n - 1, 2)
        spread = sum((i - middle) ** 2 for i in range(n))
        expected = [nan] * (n - 1)
        for end in range(n, len(closes) + 1):
            window = [Fraction(x * tick[0], tick[1]) for x in closes[end - n : end]]
            mean = sum(window) / n
            expected.append(float(sum((i - middle) * (x - mean) for i, x in enumerate(window)) / spread))
        found = lab.values(LinearRegressionSlope(n), lab.closes(*closes), tick)
        assert found[n - 1 :] == expected[n - 1 :]

    def test_a_straight_line_has_its_own_slope(self, lab):
        assert set(lab.values(LinearRegressionSlope(9), lab.closes(*range(100, 400, 3)), (1, 10))[8:]) == {0.3}

    def test_against_numpy_polyfit(self, lab):
        found = lab.values(LinearRegressionSlope(5), lab.closes(*PRICES))
        expected = [np.polyfit(range(5), np.array(PRICES[i : i + 5]) / 4, 1)[0] for i in range(len(PRICES) - 4)]
        near(found, [nan] * 4 + expected, rel=1e-10)

    def test_a_line_needs_two_points(self):
        with pytest.raises(ValueError, match="a line needs n of 2 bars or more, got 1"):
            LinearRegressionSlope(1)


class TestMacd:
    @calm
    @given(closes_of, tick_sizes, st.integers(1, 4), st.integers(1, 8), st.integers(1, 6))
    def test_lines_are_those_of_the_definition(self, lab, closes, tick, fast, more, n):
        slow, rows = fast + more, lab.closes(*closes)
        macd = np.subtract(lab.values(EMA(fast), rows, tick), lab.values(EMA(slow), rows, tick))
        signal = [nan] * min(slow + n - 2, len(closes))
        for i in range(slow + n - 2, len(closes)):
            if i == slow + n - 2:
                signal.append(float(np.mean(macd[slow - 1 : i + 1].astype(np.longdouble))))
            else:
                signal.append(float(signal[-1] + np.longdouble(2) / (n + 1) * (macd[i] - signal[-1])))
        macd = np.where(np.isnan(signal), nan, macd)
        made = MACD(fast, slow, n)
        assert lab.bits(np.array(lab.values(made, rows, tick))) == lab.bits(macd)
        assert lab.bits(np.array(lab.values(made, rows, tick, "macd"))) == lab.bits(macd)
        scale = 1e5 * tick[0] / tick[1]
        near(lab.values(made, rows, tick, "signal"), signal, scale=scale)
        near(lab.values(made, rows, tick, "histogram"), list(macd - np.array(signal)), scale=scale)

    def test_ready_on_bar_34(self, lab):
        found = lab.values(MACD(), lab.closes(*range(100, 140)))
        assert [isnan(x) for x in found] == [True] * 33 + [False] * 7

    def test_of_a_straight_line(self, lab):
        """An EMA lags a line by (n - 1) / 2 steps from its SMA seed on: the gap of two is half the difference of n."""
        found = lab.values(MACD(), lab.closes(*range(100, 140)), (1, 1))
        near(found[33:], [7.0] * 7)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"fast": 26, "slow": 12}, "MACD: fast must be smaller than slow, got fast=26 and slow=12"),
            ({"signal": 0}, "MACD: signal must be a whole number of bars, 1 or more, got 0"),
            ({"source": "hl2"}, "source must be one of open, high, low, close, volume, got 'hl2'"),
        ],
    )
    def test_options(self, options, said):
        with pytest.raises(ValueError, match=said):
            MACD(**options)


class TestKeltner:
    @calm
    @given(closes_of, tick_sizes, st.integers(1, 9), st.integers(1, 9), st.floats(0.5, 4))
    def test_an_ema_and_its_ranges(self, lab, closes, tick, n, atr, k):
        rows, made = bars(lab, closes), Keltner(n, k, atr)
        reach = k * np.array(lab.values(ATR(atr), rows, tick))
        middle = np.where(np.isnan(reach), nan, lab.values(EMA(n), rows, tick))
        for name, expected in {"middle": middle, "upper": middle + reach, "lower": middle - reach}.items():
            assert lab.bits(np.array(lab.values(made, rows, tick, name))) == lab.bits(expected)

    @pytest.mark.parametrize("k", [0, -1.0, nan, "2", None, True])
    def test_k_is_above_zero(self, k):
        with pytest.raises(ValueError, match="Keltner: k must be a number of average true ranges above 0, got"):
            Keltner(20, k)

    def test_atr_is_a_number_of_bars(self):
        with pytest.raises(ValueError, match="Keltner: atr must be a whole number of bars, 1 or more, got 0"):
            Keltner(20, atr=0)


class TestDonchian:
    @calm
    @given(closes_of, tick_sizes, st.integers(1, 9), st.booleans())
    def test_highest_high_and_lowest_low(self, lab, closes, tick, n, exclude):
        rows, made = bars(lab, closes), Donchian(n, exclude)
        upper = np.array(lab.values(Highest(n, exclude_current=exclude), rows, tick))
        lower = np.array(lab.values(Lowest(n, exclude_current=exclude), rows, tick))
        for name, expected in {"middle": (upper + lower) / 2, "upper": upper, "lower": lower}.items():
            assert lab.bits(np.array(lab.values(made, rows, tick, name))) == lab.bits(expected)

    def test_a_breakout_compares_with_the_bars_before(self, lab):
        channel = Donchian(3, exclude_current=True)
        assert lab.values(channel, bars(lab, [10, 11, 12, 20]), (1, 1), "upper")[-1] == 15.0
        assert lab.values(channel, bars(lab, [10, 11, 12, 20]), (1, 1), "lower")[-1] == 8.0


@pytest.mark.parametrize("made", [Keltner(3), Donchian(3), MACD(2, 3, 2), RMA(3), LinearRegressionSlope(3)])
def test_binding_again_starts_afresh(lab, made):
    rows = bars(lab, PRICES)
    first = lab.values(made, rows)
    made.bind(1, 4)
    assert not made.ready
    assert all(isnan(getattr(made, name)) for name in ("value", "upper", "signal", "histogram") if hasattr(made, name))
    assert lab.bits(np.array(lab.values(made, rows))) == lab.bits(np.array(first))
