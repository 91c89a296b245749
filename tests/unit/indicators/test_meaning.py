"""What each indicator says, against worked numbers and plain definitions."""

from fractions import Fraction
from itertools import pairwise
from math import isnan, nan
from statistics import pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep.indicators import ATR, EMA, RSI, SMA, Bollinger, Highest, Indicator, Lowest, SessionVWAP, StdDev

PRICES = [100, 104, 103, 108, 101, 99, 99, 105, 110, 107, 96, 98]  # in ticks of 0.25
calm = settings(deadline=None)  # a slow machine is no failure
closes_of = st.lists(st.integers(-1000, 100_000), min_size=1, max_size=60)
tick_sizes = st.sampled_from([(1, 4), (1, 100), (1, 10), (1, 32), (5, 1), (1, 2_000_000), (1, 1)])


def same(found, expected, rel=None):
    """Equal floats, or close ones where `rel` is given; NaN equals NaN."""
    assert len(found) == len(expected)
    wanted = expected if rel is None else pytest.approx(expected, rel=rel, nan_ok=True)
    assert all(a == b or (isnan(a) and isnan(b)) for a, b in zip(found, expected, strict=True)) or found == wanted


class TestAverages:
    def test_sma_is_the_mean_in_price_units(self, lab):
        same(lab.values(SMA(3), lab.closes(100, 104, 105, 107)), [nan, nan, 25.75, 316 / 12])

    @calm
    @given(st.data(), closes_of, tick_sizes)
    def test_sma_is_the_exact_mean_rounded_once(self, lab, data, closes, tick):
        n = data.draw(st.integers(1, len(closes)))
        exact = [float(Fraction(sum(closes[i - n : i]) * tick[0], n * tick[1])) for i in range(n, len(closes) + 1)]
        same(lab.values(SMA(n), lab.closes(*closes), tick), [nan] * (n - 1) + exact)

    @calm
    @given(st.integers(1, 40), st.integers(1, 40), st.integers(-1000, 100_000), tick_sizes)
    def test_equal_means_are_equal_floats(self, lab, fast, slow, price, tick):
        rows = lab.closes(*[price] * 40)
        assert lab.values(SMA(fast), rows, tick)[-1] == lab.values(SMA(slow), rows, tick)[-1]

    def test_sources_read_their_column_and_volume_is_in_contracts(self, lab):
        rows = [lab.Row(8, 20, 4, 12, 7), lab.Row(16, 24, 8, 20, 8)]
        found = {name: lab.values(SMA(2, source=name), rows)[-1] for name in ("open", "high", "low", "close", "volume")}
        assert found == {"open": 3.0, "high": 5.5, "low": 1.5, "close": 4.0, "volume": 7.5}

    def test_ema_starts_with_the_sma_on_bar_n(self, lab):
        found = lab.values(EMA(3), lab.closes(100, 104, 105, 113, 113))
        same(found, [nan, nan, 25.75, 27.0, 27.625])

    @calm
    @given(closes_of, st.integers(1, 20), tick_sizes)
    def test_ema_can_be_retraced_from_what_the_user_sees(self, lab, closes, n, tick):
        prices = [x * tick[0] / tick[1] for x in closes]
        found, seed = (
            lab.values(EMA(n), lab.closes(*closes), tick),
            lab.values(SMA(n), lab.closes(*closes), tick),
        )
        expected = seed[:n]
        for price in prices[n:]:
            expected.append(expected[-1] + 2 / (n + 1) * (price - expected[-1]))
        same(found, expected)

    def test_ema_of_a_constant_is_that_constant(self, lab):
        assert set(lab.values(EMA(7), lab.closes(*[12_345] * 50), (1, 10))[6:]) == {1234.5}


class TestBands:
    def test_std_dev_is_that_of_the_population(self, lab):
        assert lab.values(StdDev(4), lab.closes(2, 4, 4, 6), (1, 1))[-1] == 2**0.5

    @calm
    @given(st.data(), st.lists(st.integers(-1000, 100_000), min_size=1, max_size=60), tick_sizes)
    def test_std_dev_against_the_standard_library(self, lab, data, closes, tick):
        n = data.draw(st.integers(1, len(closes)))
        prices = [Fraction(x * tick[0], tick[1]) for x in closes]
        expected = [float(pstdev(prices[i - n : i])) for i in range(n, len(closes) + 1)]
        same(lab.values(StdDev(n), lab.closes(*closes), tick), [nan] * (n - 1) + expected, rel=1e-14)

    def test_no_movement_far_from_zero_is_exactly_no_deviation(self, lab):
        rows = lab.closes(*[10**9] * 30, 10**9 + 1, *[10**9] * 30)
        assert lab.values(StdDev(20), rows)[-1] == 0.0

    def test_bollinger_is_the_sma_and_its_deviations(self, lab):
        rows, bands = lab.closes(*PRICES), Bollinger(5, 1.5)
        middle, deviation = lab.values(SMA(5), rows), lab.values(StdDev(5), rows)
        same(lab.values(bands, rows), middle)
        same(lab.values(bands, rows, name="middle"), middle)
        same(
            lab.values(bands, rows, name="upper"),
            [m + 1.5 * d for m, d in zip(middle, deviation, strict=True)],
        )
        same(
            lab.values(bands, rows, name="lower"),
            [m - 1.5 * d for m, d in zip(middle, deviation, strict=True)],
        )


def rsi(gain, loss):
    return 100 - 100 / (1 + gain / loss) if loss else 100.0


class TestRsi:
    @calm
    @given(st.lists(st.integers(9_900, 10_100), min_size=2, max_size=60), st.integers(1, 20))
    def test_simple_smoothing_is_the_templates(self, lab, closes, n):
        changes = [b - a for a, b in pairwise(closes)]
        expected = [nan] * n
        for i in range(n, len(closes)):
            last = changes[i - n : i]
            expected.append(rsi(sum(x for x in last if x > 0) / n, sum(-x for x in last if x < 0) / n))
        found = lab.values(RSI(n, smoothing="simple"), lab.closes(*closes))
        assert found == pytest.approx(expected[: len(closes)], abs=1e-10, nan_ok=True)

    @calm
    @given(st.lists(st.integers(9_900, 10_100), min_size=2, max_size=60), st.integers(1, 20))
    def test_wilder_smoothing_starts_with_plain_means(self, lab, closes, n):
        changes = [b - a for a, b in pairwise(closes)]
        ups, downs = [max(x, 0) for x in changes], [max(-x, 0) for x in changes]
        expected = [nan] * n
        gain, loss = sum(ups[:n]) / n, sum(downs[:n]) / n
        for i in range(n, len(closes)):
            if i > n:
                gain, loss = (gain * (n - 1) + ups[i - 1]) / n, (loss * (n - 1) + downs[i - 1]) / n
            expected.append(rsi(gain, loss))
        found = lab.values(RSI(n), lab.closes(*closes))
        assert found == pytest.approx(expected[: len(closes)], abs=1e-9, nan_ok=True)

    @pytest.mark.parametrize("smoothing", ["wilder", "simple"])
    @pytest.mark.parametrize(
        ("closes", "expected"),
        [([5, 5, 5, 5], 100.0), ([5, 6, 7, 8], 100.0), ([8, 7, 6, 5], 0.0), ([5, 6, 5, 5], 50.0)],
        ids=["no movement", "only up", "only down", "as much up as down"],
    )
    def test_edges(self, lab, smoothing, closes, expected):
        same(lab.values(RSI(3, smoothing), lab.closes(*closes)), [nan, nan, nan, expected])

    @calm
    @given(st.integers(1, 500))
    def test_a_level_of_thirty_is_thirty_to_the_last_bit(self, lab, size):
        closes = [10_000, 10_000 + 3 * size, 10_000 - 4 * size]
        assert lab.values(RSI(2, "simple"), lab.closes(*closes), (1, 10))[-1] == 30.0


class TestRanges:
    def test_true_range_counts_gaps_and_the_first_bar_is_its_height(self, lab):
        rows = [
            lab.Row(10, 14, 8, 10),
            lab.Row(20, 22, 18, 20),
            lab.Row(12, 13, 11, 12),
            lab.Row(12, 13, 11, 12),
        ]
        assert lab.values(ATR(1), rows, (1, 1)) == [6.0, 12.0, 9.0, 2.0]

    def test_atr_starts_with_the_mean_and_goes_on_in_wilders_way(self, lab):
        rows = [
            lab.Row(10, 14, 8, 10),
            lab.Row(20, 22, 18, 20),
            lab.Row(12, 13, 11, 12),
            lab.Row(12, 13, 11, 12),
        ]
        same(lab.values(ATR(3), rows, (1, 1)), [nan, nan, 9.0, (9.0 * 2 + 2) / 3])

    @calm
    @given(st.data(), closes_of, st.booleans(), tick_sizes)
    def test_highest_and_lowest_are_max_and_min(self, lab, data, closes, exclude, tick):
        n = data.draw(st.integers(1, len(closes)))
        rows = [lab.Row(x, x + 3, x - 2, x) for x in closes]
        windows = [closes[i - n : i] for i in range(n, len(closes) + 1 - exclude)]
        wait = [nan] * (n - 1 + exclude)
        high = [(max(window) + 3) * tick[0] / tick[1] for window in windows]
        low = [(min(window) - 2) * tick[0] / tick[1] for window in windows]
        same(lab.values(Highest(n, exclude_current=exclude), rows, tick), wait + high)
        same(lab.values(Lowest(n, exclude_current=exclude), rows, tick), wait + low)

    def test_a_breakout_compares_with_the_bars_before(self, lab):
        closes = lab.closes(10, 11, 12, 13)
        same(
            lab.values(Highest(3, source="close", exclude_current=True), closes, (1, 1)),
            [nan, nan, nan, 12.0],
        )
        same(lab.values(Highest(3, source="close"), closes, (1, 1)), [nan, nan, 12.0, 13.0])


class TestSessionVwap:
    def test_typical_price_weighted_by_volume(self, lab):
        rows = [lab.Row(0, 8, 4, 6, 10, new=True), lab.Row(0, 20, 10, 12, 30)]
        assert lab.values(SessionVWAP(), rows, (1, 1)) == [6.0, (18 * 10 + 42 * 30) / (3 * 40)]

    def test_each_session_starts_anew(self, lab):
        rows = [lab.Row(0, 8, 4, 6, 10, new=True), lab.Row(0, 20, 10, 12, 30, new=True)]
        assert lab.values(SessionVWAP(), rows, (1, 1)) == [6.0, 14.0]

    def test_it_waits_until_the_session_has_traded(self, lab):
        rows = [lab.Row(0, 8, 4, 6, v, new) for v, new in ((0, True), (5, False), (0, False), (0, True), (2, False))]
        same(lab.values(SessionVWAP(), rows, (1, 1)), [nan, 6.0, 6.0, nan, 6.0])


class TestIndicator:
    def test_one_of_your_own_has_both_forms(self, lab):
        class Body(Indicator):
            def reset(self):
                self.bars = 0

            def update(self, open, high, low, close, volume, new_session):
                self.bars += 1
                self.value, self.ready = (close - open) * self._num / self._den / self.bars, True

        body, rows = Body(), [lab.Row(4, 8, 4, 8), lab.Row(4, 8, 4, 6)]
        assert lab.values(body, rows) == [1.0, 0.25]
        columns, new = lab.columns(rows)
        assert body.compute(columns, 1, 4, new).tolist() == [1.0, 0.25]
        assert body.value == 0.25

    def test_binding_again_starts_afresh(self, lab):
        bands, rows = Bollinger(3), lab.closes(*PRICES)
        first = lab.values(bands, rows)
        bands.bind(1, 4)
        assert not bands.ready
        assert all(isnan(x) for x in (bands.value, bands.middle, bands.upper, bands.lower))
        same(lab.values(bands, rows), first)

    def test_nothing_is_ready_before_the_first_bar(self):
        for made in (
            SMA(1),
            EMA(1),
            RSI(1),
            ATR(1),
            Highest(1),
            Lowest(1),
            StdDev(1),
            Bollinger(1),
            SessionVWAP(),
        ):
            assert not made.ready
            assert isnan(made.value)


class TestOptions:
    @pytest.mark.parametrize("make", [SMA, EMA, RSI, ATR, Highest, Lowest, StdDev, Bollinger])
    @pytest.mark.parametrize("n", [0, -3, 2.0, "10", None, True])
    def test_n_is_a_number_of_bars(self, make, n):
        with pytest.raises(ValueError, match="whole number of bars, 1 or more, got") as error:
            make(n)
        assert str(error.value) == f"{make.__name__}: n must be a whole number of bars, 1 or more, got {n!r}"

    @pytest.mark.parametrize("k", [0, -1.0, float("nan"), float("inf"), "2", None, True])
    def test_k_is_above_zero(self, k):
        with pytest.raises(ValueError, match="k must be a number of standard deviations above 0, got"):
            Bollinger(20, k)

    @pytest.mark.parametrize("make", [SMA, EMA, Highest, Lowest, StdDev])
    def test_source_is_a_column(self, make):
        with pytest.raises(ValueError, match="must be one of open, high, low, close, volume, got 'hlc3'"):
            make(3, source="hlc3")

    def test_smoothing_has_two_forms(self):
        with pytest.raises(ValueError, match="smoothing must be wilder or simple, got 'sma'"):
            RSI(14, smoothing="sma")
