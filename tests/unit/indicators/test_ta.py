"""TA-Lib through the adapter: its own values in both forms, nothing of the future, and errors that say what there is."""

import subprocess
import sys
from copy import deepcopy

import numpy as np
import pytest

from barstep.indicators import ATR, EMA, MACD, RSI, SMA, TA, Bollinger, Cross, LinearRegressionSlope

talib = pytest.importorskip("talib", reason="the extra ta is not installed")
if not hasattr(talib, "InsufficientHistory"):
    pytest.skip("TA-Lib is older than 0.8", allow_module_level=True)
from talib import abstract  # noqa: E402

TICK = (1, 4)
BARS = 600
NEEDS_MORE = {"MAVP"}  # a column that bars do not have


@pytest.fixture(scope="module")
def series(lab):
    """A seeded walk as rows, columns and float columns by TA-Lib's names."""
    draw = np.random.default_rng(11)
    close = 16_000 + np.cumsum(draw.integers(-9, 10, BARS))
    open_ = close + draw.integers(-4, 5, BARS)
    high, low = (
        np.maximum(open_, close) + draw.integers(0, 5, BARS),
        np.minimum(open_, close) - draw.integers(0, 5, BARS),
    )
    volume = draw.integers(0, 900, BARS)
    rows = [lab.Row(*map(int, row)) for row in zip(open_, high, low, close, volume, strict=True)]
    columns, new = lab.columns(rows)
    floats = {name: getattr(columns, name) / 4 for name in ("open", "high", "low", "close")}
    return rows, columns, new, floats | {"volume": volume.astype(float)}


def by_bar(indicator, rows):
    indicator.bind(*TICK)
    found = []
    for row in rows:
        indicator.update(row.open, row.high, row.low, row.close, row.volume, row.new)
        found.append(indicator.value)
    return np.array(found)


def theirs(name, floats, **parameters):
    """TA-Lib's own answer for all bars at once: one array for each line."""
    told = abstract.Function(name)(floats, **parameters)
    return [np.asarray(line, dtype=float) for line in (told if isinstance(told, list) else [told])]


@pytest.mark.parametrize("name", sorted(set(talib.get_functions()) - NEEDS_MORE))
def test_every_function_gives_ta_libs_values_in_both_forms(lab, series, name):
    rows, columns, new, floats = series
    lookback = abstract.Function(name).lookback
    for output, expected in zip(abstract.Function(name).output_names, theirs(name, floats), strict=True):
        made = TA(name, output=output)
        found = by_bar(made, rows)
        assert made.ready
        assert np.isnan(found[:lookback]).all()
        assert lab.bits(found[lookback:]) == lab.bits(expected[lookback:])
        assert lab.bits(made.compute(columns, *TICK, new)) == lab.bits(found)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RSI", {"timeperiod": 2}),
        ("RSI", {"timeperiod": 14, "source": "open"}),
        ("SMA", {"timeperiod": 30, "source": "volume"}),
        ("BBANDS", {"timeperiod": 9, "nbdevup": 3, "matype": 1, "output": "lowerband"}),
        ("STOCH", {"slowk_matype": 8, "slowk_period": 5, "output": "slowd"}),
    ],
)
def test_parameters_reach_ta_lib(lab, series, name, options):
    rows, columns, new, floats = series
    given = {key: value for key, value in options.items() if key not in ("source", "output")}
    read = {**floats, "close": floats[options.get("source", "close")]}
    place = abstract.Function(name).output_names.index(options.get("output", abstract.Function(name).output_names[0]))
    defaults = abstract.Function(name).parameters
    exact = {key: type(defaults[key])(value) for key, value in given.items()}
    expected = theirs(name, read, **exact)[place]
    made = TA(name, **options)
    assert lab.bits(by_bar(made, rows)) == lab.bits(expected) == lab.bits(made.compute(columns, *TICK, new))


@pytest.mark.parametrize("name", ["RSI", "MACD", "SAR", "HT_TRENDMODE", "OBV", "CDLHARAMI", "LINEARREG"])
def test_a_value_does_not_depend_on_what_follows(lab, series, name):
    _, columns, new, _ = series
    made = TA(name)
    whole = made.compute(columns, *TICK, new)
    for size in (1, 40, 333, BARS):
        assert lab.bits(made.compute(columns[:size], *TICK, new[:size])) == lab.bits(whole[:size])


def test_prices_too_large_for_doubles_take_the_bar_by_bar_form(lab):
    rows = lab.closes(*(2**60 + (i * 7919) % 1000 for i in range(40)))
    columns, new = lab.columns(rows)
    made = TA("SMA", timeperiod=5)
    assert lab.bits(made.compute(columns, 3, 7, new)) == lab.bits(lab.values(made, rows, (3, 7)))


def test_a_copy_goes_its_own_way(series):
    rows = series[0]
    one = TA("RSI")
    by_bar(one, rows[:100])
    two = deepcopy(one)
    for each in (one, two):
        for row in rows[100:150]:
            each.update(row.open, row.high, row.low, row.close, row.volume, False)
    assert one.value == two.value
    assert set(by_bar(Cross(TA("RSI"), 50), rows)) == {-1.0, 0.0, 1.0}


class TestOurs:
    """Our own indicators against TA-Lib's, which begin differently where the recursion has no last word."""

    @pytest.mark.parametrize(
        ("ours", "their", "bars"),
        [
            (SMA(20), TA("SMA", timeperiod=20), 0),
            (EMA(20), TA("EMA", timeperiod=20), 0),
            (RSI(14), TA("RSI", timeperiod=14), 0),
            (LinearRegressionSlope(14), TA("LINEARREG_SLOPE", timeperiod=14), 0),
            (Bollinger(20), TA("BBANDS", timeperiod=20, output="middleband"), 0),
            (MACD(), TA("MACD"), 250),
            (ATR(14), TA("ATR", timeperiod=14), 450),
        ],
        ids=lambda value: value if isinstance(value, int) else type(value).__name__,
    )
    def test_values(self, series, ours, their, bars):
        rows = series[0]
        one, two = by_bar(ours, rows)[bars:], by_bar(their, rows)[bars:]
        assert np.array_equal(np.isnan(one), np.isnan(two))
        assert np.nanmax(np.abs(one - two)) < 1e-8

    @pytest.mark.parametrize(("name", "output"), [("signal", "macdsignal"), ("histogram", "macdhist")])
    def test_lines_of_the_macd(self, series, name, output):
        rows, columns, new, _ = series
        ours = getattr(MACD().compute_lines(columns, *TICK, new), name)
        assert np.abs(ours - by_bar(TA("MACD", output=output), rows))[300:].max() < 1e-8

    @pytest.mark.parametrize(("name", "output"), [("upper", "upperband"), ("lower", "lowerband")])
    def test_lines_of_the_bands(self, series, name, output):
        rows, columns, new, _ = series
        ours = getattr(Bollinger(20, 2).compute_lines(columns, *TICK, new), name)
        assert np.nanmax(np.abs(ours - by_bar(TA("BBANDS", timeperiod=20, output=output), rows))) < 1e-6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("RSII",), "TA: got function 'RSII', TA-Lib has {n} of them, see talib.get_functions(); did you mean RSI"),
        (("rsi",), "TA: got function 'rsi', TA-Lib has {n} of them, see talib.get_functions(); did you mean RSI"),
        (
            ("RSI", {"period": 14}),
            "RSI: got parameter 'period', TA-Lib has timeperiod; did you mean timeperiod?",
        ),
        (("BOP", {"timeperiod": 3}), "BOP: got parameter 'timeperiod', TA-Lib has none"),
        (("RSI", {"timeperiod": 2.5}), "RSI: timeperiod must be a whole number such as 14, got 2.5"),
        (("RSI", {"timeperiod": True}), "RSI: timeperiod must be a whole number such as 14, got True"),
        (("BBANDS", {"nbdevup": "2"}), "BBANDS: nbdevup must be a number such as 2.0, got '2'"),
        (("RSI", {"timeperiod": 0}), "RSI: TA-Lib does not take timeperiod=0: a value is outside its range"),
        (
            ("MACD", {"output": "signal"}),
            "MACD: got output 'signal', TA-Lib has macd, macdsignal, macdhist; did you mean macdsignal?",
        ),
        (("RSI", {"source": "hlc3"}), "RSI: source must be one of open, high, low, close, volume, got 'hlc3'"),
        (
            ("ATR", {"source": "open"}),
            "ATR: source is for functions of one price, and this one reads more than that",
        ),
        (("MAVP",), "MAVP: it reads close, periods, and bars have only open, high, low, close, volume"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_a_mistake_is_told_in_one_line(arguments, said):
    name, options = (*arguments, {})[:2]
    with pytest.raises(ValueError) as error:
        TA(name, **options)
    assert str(error.value).startswith(said.replace("{n}", str(len(talib.get_functions()))))
    assert "\n" not in str(error.value)


def test_the_library_is_imported_by_the_first_ta_and_asked_for_where_it_is_missing():
    code = (
        "import sys, barstep.indicators as i; assert 'talib' not in sys.modules; sys.modules['talib'] = None\n"
        "try: i.TA('RSI')\nexcept ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "TA(...) needs TA-Lib 0.8 or later: pip install 'barstep[ta]'\n"
