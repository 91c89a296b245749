"""Each measure against an implementation that is not ours: empyrical, published figures, or plain arithmetic."""

from __future__ import annotations

import json
import math
import random
import statistics as plain
import warnings
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest

from barstep.stats.ambiguity import readings
from barstep.stats.bootstrap import intervals
from barstep.stats.breakdown import breakdown
from barstep.stats.costs import COSTS, Fills
from barstep.stats.days import DAYS, DayMeter, Days, percentiles
from barstep.stats.equity import EQUITY, Curve, EquityMeter, drawdowns
from barstep.stats.trades import COLUMNS, TRADES, Trades

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    empyrical = pytest.importorskip("empyrical")

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "data" / "reference" / "expected.json"
START = 50_000
MICROS = 1_000_000


def some_trades(count: int, seed: int = 4) -> list[dict[str, float]]:
    rng = random.Random(seed)
    return [
        {
            "net": round(rng.gauss(5, 120), 2) if n % 17 else 0.0,
            "fees": 3.78 * (n % 3 + 1),
            "worst": -round(rng.random() * 200, 2),
            "best": round(rng.random() * 300, 2),
            "bars": rng.randrange(60),
            "size": n % 3 + 1,
            "ambiguous": n % 7 == 0,
            "minutes": rng.randrange(500),
            "risk": 0 if n % 4 == 0 else 100.0 * (n % 3 + 1),
        }
        for n in range(count)
    ]


def as_trades(rows: list[dict[str, float]]) -> Trades:
    scale = {"minutes": 60_000_000_000, "bars": 1, "size": 1, "ambiguous": 1}
    names = ("net", "fees", "worst", "best", "bars", "size", "ambiguous", "minutes", "risk")
    columns = [[round(row[name] * scale.get(name, MICROS)) for row in rows] for name in names]
    return Trades.of(np.array(columns, np.int64).reshape(COLUMNS, -1))


def streak(flags: list[bool]) -> int:
    return max(accumulate(flags, lambda run, flag: run + 1 if flag else 0, initial=0))


def test_measures_of_trades_by_plain_arithmetic() -> None:
    rows = some_trades(211)
    net = [row["net"] for row in rows]
    wins, losses = [x for x in net if x > 0], [x for x in net if x < 0]
    gross = [row["net"] + row["fees"] for row in rows]
    size, minutes = [row["size"] for row in rows], [row["minutes"] for row in rows]
    multiples = [row["net"] / row["risk"] for row in rows if row["risk"]]
    doubtful = [row["net"] for row in rows if row["ambiguous"]]
    expected = {
        "gross_pnl": sum(gross),
        "closed_pnl": sum(net),
        "win_rate": len(wins) / 211,
        "profit_factor": sum(wins) / -sum(losses),
        "expectancy": plain.fmean(net),
        "median_trade": plain.median(net),
        "trade_deviation": plain.stdev(net),
        "average_win": plain.fmean(wins),
        "average_loss": plain.fmean(losses),
        "payoff": plain.fmean(wins) / -plain.fmean(losses),
        "best_trade": max(net),
        "worst_trade": min(net),
        "longest_win_streak": streak([x > 0 for x in net]),
        "longest_loss_streak": streak([x < 0 for x in net]),
        "average_mae": plain.fmean(row["worst"] for row in rows),
        "average_mfe": plain.fmean(row["best"] for row in rows),
        "excursion_ratio": sum(row["best"] for row in rows) / -sum(row["worst"] for row in rows),
        "average_bars_held": plain.fmean(row["bars"] for row in rows),
        "average_minutes_held": plain.fmean(minutes),
        "median_minutes_held": plain.median(minutes),
        "longest_minutes_held": max(minutes),
        "sqn": math.sqrt(211) * plain.fmean(net) / plain.pstdev(net),
        "average_r": plain.fmean(multiples),
        "r_deviation": plain.stdev(multiples),
        "best_r": max(multiples),
        "worst_r": min(multiples),
        "r_trades": len(multiples) / 211,
        "cost_per_contract": sum(row["fees"] for row in rows) / sum(size),
        "break_even_cost": sum(gross) / sum(size),
        "ambiguous_trades": len(doubtful) / 211,
        "ambiguous_profit": sum(map(abs, doubtful)) / sum(map(abs, net)),
    }
    assert TRADES.values(as_trades(rows)) == pytest.approx(expected)


def days_of(count: int, seed: int = 9) -> tuple[list[float], Days]:
    rng = random.Random(seed)
    pnl = [round(rng.gauss(20, 400), 2) if n % 9 else 0.0 for n in range(count)]
    close = np.array([round((START + x) * MICROS) for x in accumulate(pnl)], np.int64)
    return pnl, Days(START * MICROS, close, close - 100 * MICROS)


def test_measures_of_days_by_empyrical() -> None:
    pnl, days = days_of(260)
    found = DAYS.values(days)
    returns = np.array(pnl) / START
    assert found["sharpe"] == pytest.approx(empyrical.sharpe_ratio(returns))
    assert found["sortino"] == pytest.approx(empyrical.sortino_ratio(returns))
    assert found["tail_ratio"] == pytest.approx(empyrical.tail_ratio(returns))
    closes = np.array([START, *(days.close / MICROS)])
    compounded = np.diff(closes) / closes[:-1]
    peak_share = max(1 - x / max(closes[: n + 1]) for n, x in enumerate(closes))
    assert -empyrical.max_drawdown(compounded) == pytest.approx(peak_share)
    assert found["ulcer_index"] == pytest.approx(
        100 * math.sqrt(plain.fmean((1 - x / max(closes[: n + 1])) ** 2 for n, x in enumerate(closes) if n))
    )


def test_measures_of_days_by_plain_arithmetic() -> None:
    pnl, days = days_of(70)
    found = DAYS.values(days)
    closes = [float(START), *(days.close / MICROS).tolist()]
    average, spread = plain.fmean(pnl), plain.pstdev(pnl)
    fall = max(max(closes[: n + 1]) - x for n, x in enumerate(closes))
    assert {
        name: found[name] for name in DAYS.measures if name not in ("sharpe", "sortino", "tail_ratio", "ulcer_index")
    } == (
        pytest.approx(
            {
                "days": 70,
                "average_day": average,
                "day_deviation": plain.stdev(pnl),
                "best_day": max(pnl),
                "worst_day": min(pnl),
                "winning_days": sum(x > 0 for x in pnl) / sum(x != 0 for x in pnl),
                "day_skew": plain.fmean(((x - average) / spread) ** 3 for x in pnl),
                "day_kurtosis": plain.fmean(((x - average) / spread) ** 4 for x in pnl) - 3,
                "calmar": 252 * average / fall,
                "drawdown_static": max(0.0, START - min(closes[1:]) + 100),
                "drawdown_end_of_day": max(max(closes[: n + 1]) - closes[n + 1] + 100 for n in range(70)),
                "drawdown_of_closes": fall,
            }
        )
    )
    assert percentiles(days)["50"] == pytest.approx(plain.median(pnl))


def a_curve() -> Curve:
    """Three days of three bars: up to a peak inside a bar, down through two days, and back."""
    rows = [  # close, low, high
        (100, 90, 130), (120, 100, 125), (110, 105, 160),
        (80, 70, 115), (60, 40, 85), (90, 60, 95),
        (105, 90, 108), (112, 100, 118), (150, 110, 165),
    ]  # fmt: skip
    close, low, high = (np.array(column, np.int64) * MICROS for column in zip(*rows, strict=True))
    end_ns = np.array([day * 86_400 + hour * 3_600 for day in range(3) for hour in (1, 2, 3)], np.int64) * 10**9
    return Curve(
        100 * MICROS, 0, end_ns, close, low, high, np.array([1, 0, 2, -3, 0, 0, 0, 1, 0]), np.repeat(range(3), 3)
    )


def test_drawdowns_on_three_bases_with_their_times() -> None:
    hour, day = 3_600 * 10**9, 86_400 * 10**9
    found = drawdowns(a_curve())
    assert [(fall.usd, fall.since_ns, fall.lowest_ns, fall.recovered_ns) for fall in found.values()] == [
        (60, day + hour, day + 2 * hour, 2 * day + hour),  # from 100; that bar's high was 115
        (70, day + hour, day + 2 * hour, 2 * day + 2 * hour),  # from 110, where the first day ended
        (120, 3 * hour, day + 2 * hour, 2 * day + 3 * hour),  # from 160 inside the third bar
    ]
    assert found["intraday"].days_down == pytest.approx(23 / 24)
    assert found["intraday"].days_to_recover == pytest.approx(25 / 24)
    assert EQUITY.values(a_curve()) == pytest.approx(
        {"max_drawdown": 120, "longest_below_peak": 2.0, "exposure": 4 / 9, "largest_position": 3}
    )


def test_what_streams_by_equals_what_is_computed_at_once() -> None:
    curve = a_curve()
    meter, days = EquityMeter(curve.start), DayMeter(curve.start)
    opens = np.arange(3) * 86_400 * 10**9
    for part in (slice(0, 2), slice(2, 7), slice(7, 9)):
        meter.add(curve.end_ns[part], curve.low[part], curve.high[part], curve.position[part])
        days.add(opens, curve.end_ns[part], curve.close[part], curve.low[part])
    assert meter.measures() == EQUITY.headlines(curve)
    assert (days.days().close / MICROS).tolist() == [110, 90, 150]
    found = DAYS.values(days.days())
    assert (found["drawdown_static"], found["drawdown_end_of_day"]) == (60, 70)


@pytest.mark.parametrize("seed", range(5))
def test_drawdowns_by_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    close = 100_000 + np.cumsum(rng.integers(-50, 51, 60))
    low, high = close - rng.integers(0, 40, 60), close + rng.integers(0, 40, 60)
    day = np.repeat(range(6), 10)
    curve = Curve(100_000, 0, np.arange(1, 61), close, low, high, np.zeros(60, np.int64), day)
    intraday = end_of_day = static = 0
    peak = day_peak = 100_000
    for n in range(60):
        static = max(static, 100_000 - low[n])
        intraday, end_of_day = max(intraday, peak - low[n]), max(end_of_day, day_peak - low[n])
        peak = max(peak, high[n])
        day_peak = max(day_peak, close[n]) if n % 10 == 9 else day_peak
    assert [round(fall.usd * MICROS) for fall in drawdowns(curve).values()] == [static, end_of_day, intraday]


def test_costs() -> None:
    columns = ([1, 2, 3], [1, 0, -2], [12_500_000] * 3, [1_890_000, 3_780_000, 5_670_000])
    found = COSTS.values(Fills(*(np.array(column, np.int64) for column in columns)))
    assert found == pytest.approx(
        {
            "contracts_traded": 6,
            "fees_paid": 11.34,
            "slippage_paid": 12.5 - 75,
            "slippage_per_contract": -62.5 / 6,
        }
    )


def test_the_published_figures_of_other_engines() -> None:
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED} is not there")
    published = json.loads(PUBLISHED.read_text())
    run = published["backtrader_sma15_cross_futures"]
    pairs = zip(run["buy_fills"], run["sell_fills"], strict=False)
    rows = [{**some_trades(1)[0], "net": (float(out) - float(into)) * 10 - 4, "fees": 4} for into, out in pairs]
    assert len(rows) == run["sqn_11_closed_trades"]["trades"]
    assert str(TRADES.values(as_trades(rows))["sqn"]).startswith(run["sqn_11_closed_trades"]["sqn_first_digits"])
    case = published["pyalgotrade_spy_2011_01_03"]
    fills, some = case["fills"], case["cases"][0]
    closed = [(fills[a[0]], fills[b[0]]) for a, b in list(pairwise(some["orders"]))[::2]][: some["closed_trades"]]
    found = TRADES.values(as_trades([{**some_trades(1)[0], "net": out - into, "fees": 0} for into, out in closed]))
    assert len(closed) == some["closed_trades"]
    assert found["expectancy"] == pytest.approx(some["pnl_mean"], abs=0.005)
    assert found["trade_deviation"] == pytest.approx(some["pnl_std_ddof1"], abs=0.005)
    assert (found["average_win"], found["average_loss"]) == pytest.approx(
        (some["winner_mean"], some["loser_mean"]), abs=0.005
    )
    assert found["win_rate"] == some["winners"] / some["closed_trades"]


def test_nothing_to_measure() -> None:
    none = TRADES.values(as_trades([]))
    assert {name for name, value in none.items() if value is not None} == {
        "gross_pnl", "closed_pnl", "longest_win_streak", "longest_loss_streak",
    }  # fmt: skip
    empty = Days(START, np.array([], np.int64), np.array([], np.int64))
    assert DAYS.values(empty)["sharpe"] is None
    assert percentiles(empty) == {}
    assert intervals(TRADES, as_trades([])) == intervals(TRADES, as_trades(some_trades(1))) == {}


def test_one_day_makes_no_yearly_ratio() -> None:
    found = DAYS.values(Days(START, np.array([START + 5]), np.array([START])))
    assert (found["sharpe"], found["sortino"], found["calmar"]) == (None, None, None)


def test_equal_results_have_no_spread_and_no_ratio() -> None:
    """Twelve times -232.56 has a mean that is off by rounding: a ratio to that would be of the order of 10 to the 15."""
    alike = as_trades([{**row, "net": -232.56, "risk": 200} for row in some_trades(12)])
    found = TRADES.values(alike)
    assert (found["trade_deviation"], found["r_deviation"], found["sqn"]) == (0, 0, None)
    days = np.cumsum(np.full(12, -232_560_000)) + START * MICROS
    daily = DAYS.values(Days(START * MICROS, days, days))
    assert (daily["day_deviation"], daily["sharpe"], daily["day_skew"], daily["day_kurtosis"]) == (0, None, None, None)
    one_wins = as_trades(
        [{**row, "net": 342.44 if n in (3, 6, 9) else -232.56} for n, row in enumerate(some_trades(15))]
    )
    assert all(abs(bound) < 1e6 for bound in intervals(TRADES, one_wins).get("sqn", ()))


def test_intervals_are_the_same_each_time_and_hold_the_figure() -> None:
    sample = as_trades(some_trades(200))
    found = intervals(TRADES, sample, draws=200)
    assert found == intervals(TRADES, sample, draws=200) != intervals(TRADES, sample, draws=200, seed=1)
    values = TRADES.values(sample)
    assert all(low < values[name] < high for name, (low, high) in found.items())
    low, high = found["expectancy"]
    error = values["trade_deviation"] / math.sqrt(200)
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.25)  # what the normal law says of a mean
    winners = as_trades([{**row, "net": abs(row["net"]) + 1} for row in some_trades(40)])
    assert "profit_factor" not in intervals(TRADES, winners, draws=50)


def test_breakdown_and_readings() -> None:
    rows = [{**row, "net": net} for row, net in zip(some_trades(4), (10, -5, 20, 0), strict=True)]
    parts = breakdown(as_trades(rows), np.array(["long", "short", "long", "short"]), ("short", "long", "never"))
    assert [(p.value, p.trades, p.net_pnl, p.win_rate, p.provisional) for p in parts] == [
        ("short", 2, -5, 0, True),
        ("long", 2, 30, 1, True),
    ]
    kept = np.array([True, False, False, True, False])
    low, high, bars = readings(1_000.0, np.array([7, 7, 9, 9, 9]), np.array([50.0, 80, 10, 30, 95]), kept)
    assert (low, high, bars) == (1_000 - 0 - 20, 1_000 + 30 + 65, 2)
    assert readings(5.0, np.array([], np.int64), np.array([]), np.array([], bool)) == (5.0, 5.0, 0)


def test_a_bar_that_ends_where_a_day_opens_belongs_to_the_day_before() -> None:
    meter = DayMeter(0)
    open_ns = int((datetime(2020, 1, 2) + timedelta(days=1)).timestamp()) * 10**9
    opens = np.array([open_ns - 86_400 * 10**9, open_ns])
    ends = np.array([open_ns - 1, open_ns, open_ns + 1])
    meter.add(opens, ends, np.array([1, 2, 3]), np.array([1, 2, 3]))
    assert meter.days().close.tolist() == [2, 3]
