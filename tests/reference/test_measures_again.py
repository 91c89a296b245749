"""Every measure of real runs against a second computation that shares nothing with the first.

`second_reading.py` makes trades, excursions, equity inside bars and trading days from bars and fills. `second_formulas.py` is a
table with one formula for each measure, in plain Python or by empyrical. A measure that is not in that table fails
`test_each_measure_has_its_second_formula`.
"""

from __future__ import annotations

import random
import statistics as plain
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from second_formulas import AGAIN, Plain, quantile
from second_reading import CHICAGO, MICROS, Market, Round, SecondReading, market, nanos

import barstep
from barstep.runs.statistics import GROUPS, Statistics

REPO = Path(__file__).resolve().parents[2]
BRACKETS = str(REPO / "tests" / "reference" / "brackets.py")
RESTLESS = {"use": str(REPO / "tests" / "conformance" / "restless.py:Restless")}
STRICT = {"use": str(REPO / "tests" / "conformance" / "restless.py:Strict")}
NQ, NQ_5M, ES_5M = (
    "NQ_1m_2022-01-16_2022-01-28.parquet", "NQ_5m_2021-12-05_2022-01-28.parquet", "ES_5m_2021-12-05_2022-01-28.parquet",
)  # fmt: skip
SAMPLE = REPO / "framework" / "barstep" / "data" / "samples" / "ES_1m_2013-09-01_2013-09-03.csv.gz"
PRODUCTS = {"ES": ("EP", 0.25, 12.5), "NQ": ("ENQ", 0.25, 5.0)}
"""The product in a contract's id, the tick, and USD of a tick."""


class Case(NamedTuple):
    """A run: files by instrument, timeframe, strategy, and what else its configuration has."""

    files: dict[str, str]
    strategy: dict[str, Any]
    timeframe: str = "1m"
    fills: dict[str, Any] | None = None
    account: dict[str, Any] | None = None
    risk: tuple[dict[str, Any], ...] = ()
    end: str = "2022-01-28"


CASES = {
    "the packaged bars": Case({"ES": str(SAMPLE)}, RESTLESS, end="2013-09-03"),
    "brackets, pessimistic": Case({"NQ": NQ}, {"use": BRACKETS}),
    "brackets, optimistic": Case({"NQ": NQ}, {"use": BRACKETS}, fills={"intrabar": "optimistic"}),
    "brackets, up first": Case({"NQ": NQ}, {"use": BRACKETS}, fills={"intrabar": "ohlc"}),
    "brackets, down first": Case({"NQ": NQ}, {"use": BRACKETS}, fills={"intrabar": "olhc"}),
    "everything, pessimistic": Case({"NQ": NQ}, RESTLESS, end="2022-01-19"),
    "everything, optimistic": Case({"NQ": NQ}, RESTLESS, fills={"intrabar": "optimistic"}, end="2022-01-19"),
    "everything, at the close": Case({"NQ": NQ}, RESTLESS, fills={"profile": "playground"}, end="2022-01-19"),
    "guards and locks": Case({"NQ": NQ}, RESTLESS, risk=(STRICT,), account={"balance": 50_000, "fees": "topstepx"}),
    "attempts that begin anew": Case(
        {"ES": ES_5M}, {"use": BRACKETS, "options": {"every": 5}}, "5m",
        account={"plan": "topstep-combine-50k", "on_fail": "reset", "fees": "topstepx"},
    ),
    "two contracts": Case(
        {"ES": ES_5M, "NQ": NQ_5M}, {"use": "spread", "contract": ["ES", "NQ"], "options": {"lookback": 60}}, "5m"
    ),
    "no trade": Case({"NQ": NQ}, {"use": BRACKETS, "options": {"every": 90_000}}, end="2022-01-18"),
    "one day": Case({"NQ": NQ}, {"use": BRACKETS}, end="2022-01-18"),
}  # fmt: skip


class Played(NamedTuple):
    """A run, its statistics, and its second reading."""

    result: Any
    found: Statistics
    again: SecondReading


@pytest.fixture(scope="module", params=CASES)
def played(
    request: pytest.FixtureRequest, shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Played:
    case = CASES[request.param]
    files = [SAMPLE if file == str(SAMPLE) else shared(file) for file in case.files.values()]
    data = [
        {"instrument": name, "timeframe": case.timeframe, "source": str(file), "end": case.end}
        for name, file in zip(case.files, files, strict=True)
    ]
    account = case.account or {"balance": 500_000, "fees": "topstepx"}
    config = {
        "version": 1, "name": "again", "data": data if len(data) > 1 else data[0], "account": account,
        "fills": case.fills or {}, "strategies": [case.strategy], "risk": list(case.risk),
    }  # fmt: skip
    result = barstep.run(config, out=tmp_path_factory.mktemp("again") / "run")
    return Played(result, result.statistics(), read(result, case, files))


def read(result: Any, case: Case, files: list[Path]) -> SecondReading:
    last = datetime.fromisoformat(result.end)  # an attempt that fails for good ends a run before its data do
    markets: list[Market] = []
    for name, file in zip(case.files, files, strict=True):
        found = pl.read_csv(file, try_parse_dates=True) if file == SAMPLE else pl.read_parquet(file)
        bars = found.filter(pl.col("t").dt.epoch("s") < last.timestamp())
        markets.append(market(bars, *PRODUCTS[name], 60 * int(case.timeframe[:-1])))
    fills = case.fills or {}
    through = 0 if fills.get("profile") == "playground" else 1
    start = round(result.start_balance * MICROS)
    return SecondReading(result.folder, markets, start, fills.get("intrabar", "pessimistic"), through)


def test_each_measure_has_its_second_formula() -> None:
    assert set(AGAIN) == {name for group in GROUPS for name in group.measures}


def test_each_measure_of_a_real_run(played: Played) -> None:
    run = Plain(played.again)
    expected = {name: formula(run) for name, formula in AGAIN.items()}
    found = played.found.measures
    assert {name for name in expected if expected[name] is None} == {name for name in found if found[name] is None}
    known = {name: value for name, value in expected.items() if value is not None}
    assert {name: found[name] for name in known} == pytest.approx(known, rel=1e-9, abs=1e-9)
    assert played.result.metrics == {name: pytest.approx(found[name]) for name in played.result.metrics}


MONEY = ("gross_pnl", "fees", "net_pnl", "mae", "mfe")


def test_each_trade_to_the_micro_dollar(played: Played) -> None:
    """Sizes, fills and money of every trade; MAE and MFE from the prices that the path visited between its two fills."""
    kept = played.result.table("trades").rows(named=True)
    assert len(kept) == len(played.again.trades)
    for row, again in zip(kept, played.again.trades, strict=True):
        money = (again.gross, again.fees, again.net, again.mae, again.mfe)
        assert tuple(round(row[name] * MICROS) for name in MONEY) == money, row
        assert (row["entry_order"], row["exit_order"], row["size"]) == (
            again.entry["order_id"], again.exit["order_id"], again.size,
        )  # fmt: skip
        assert (round((row["risk"] or 0) * MICROS), row["ambiguous"]) == (again.risk, again.ambiguous), row


def test_equity_inside_each_bar(played: Played) -> None:
    added = {
        nanos(datetime.fromisoformat(each["time"])): round(each["usd"] * MICROS)
        for each in played.result.risk.get("adjustments", [])
    }
    given, moments, rows = 0, sorted(added), []
    for row in played.result.table("equity").rows(named=True):
        end = nanos(row["time"])
        given = sum(added[moment] for moment in moments[: bisect_left(moments, end)])
        rows.append((end, *(round(row[name] * MICROS) - given for name in ("equity", "low", "high")), row["position"]))
    assert rows == [(bar.end, bar.close, bar.low, bar.high, bar.position) for bar in played.again.bars]


def test_breakdowns(played: Played) -> None:
    ends = [bar.end for bar in played.again.bars]

    def weekday(trade: Round) -> str:
        return f"{played.again.bars[bisect_left(ends, nanos(trade.entry['bar_end']))].day:%A}"

    def regular(trade: Round) -> str:
        local = trade.entry["time"].astimezone(CHICAGO)
        if f"{local:%A}" != weekday(trade):  # evenings, and holidays with a short session
            return "overnight"
        return "regular" if (8, 30) <= (local.hour, local.minute) < (15, 0) else "overnight"

    of = {
        "hour": lambda trade: f"{trade.entry['time'].astimezone(CHICAGO):%H}:00",
        "weekday": weekday,
        "session": regular,
        "direction": lambda trade: "long" if trade.entry["side"] == "buy" else "short",
        "tag": lambda trade: trade.entry["tag"] or "",  # null in the file where there is none
    }
    for by, value in of.items():
        groups: dict[str, list[float]] = defaultdict(list)
        for trade in played.again.trades:
            groups[value(trade)].append(trade.net / MICROS)
        found = played.found.breakdowns[by]
        assert {part.value: (part.trades, part.net_pnl, part.win_rate, part.expectancy) for part in found} == {
            name: pytest.approx((len(net), sum(net), sum(x > 0 for x in net) / len(net), plain.fmean(net)))
            for name, net in groups.items()
        }, by


def test_drawdowns_with_their_times(played: Played) -> None:
    bars, start = played.again.bars, played.again.start
    ends = {day: list(group)[-1].close for day, group in groupby(bars, key=lambda bar: bar.day)}
    levels: dict[str, list[int]] = {"static": [start] * len(bars), "end_of_day": [], "intraday": []}
    peak = day_peak = start
    day = bars[0].day
    for bar in bars:
        if bar.day != day:
            day_peak, day = max(day_peak, ends[day]), bar.day
        levels["end_of_day"].append(day_peak)
        levels["intraday"].append(peak)
        peak = max(peak, bar.high)
    for basis, level in levels.items():
        found = played.found.drawdowns[basis]
        depth = [high - bar.low for high, bar in zip(level, bars, strict=True)]
        lowest = depth.index(max(depth))
        if depth[lowest] <= 0:
            assert (found.usd, found.lowest_ns) == (0, None)
            continue
        before = [bar.end for bar in bars[:lowest] if bar.high >= level[lowest]]
        after = [bar.end for bar in bars[lowest + 1 :] if bar.high >= level[lowest]]
        assert round(found.usd * MICROS) == depth[lowest]
        assert (found.since_ns, found.lowest_ns, found.recovered_ns) == (
            before[-1] if before else played.again.begin, bars[lowest].end, after[0] if after else None,
        )  # fmt: skip


def test_percentiles_of_days_and_both_readings(played: Played) -> None:
    run, found = Plain(played.again), played.found
    assert found.day_percentiles == {
        str(share): pytest.approx(quantile(run.days, share / 100)) for share in (5, 25, 50, 75, 95)
    }
    outcomes: dict[Any, list[tuple[float, bool]]] = defaultdict(list)
    for row in played.again.outcomes:
        outcomes[row["contract"], row["at"]].append((row["equity"], row["chosen"]))
    low = high = played.result.net_pnl
    for each in outcomes.values():
        kept = next(equity for equity, chosen in each if chosen)
        low -= kept - min(equity for equity, _ in each)
        high += max(equity for equity, _ in each) - kept
    assert found.readings == pytest.approx((low, high, len(outcomes)), abs=1e-6)


DRAWN = ("win_rate", "profit_factor", "expectancy", "payoff", "sqn", "average_r", "average_day", "sharpe", "sortino")


def test_intervals_are_what_other_draws_give(played: Played) -> None:
    """A circular block bootstrap of our own, with other random numbers: bounds agree within what 1,000 draws leave open."""
    run, found = Plain(played.again), played.found.intervals
    assert (
        set(found)
        <= set(DRAWN)
        == {name for group in GROUPS for name, measure in group.measures.items() if measure.interval}
    )
    dice = random.Random(7)
    for name in set(found) & {"win_rate", "expectancy", "average_day"}:
        sample = {"win_rate": [float(x > 0) for x in run.net], "expectancy": run.net, "average_day": run.days}[name]
        block = max(1, round(len(sample) ** (1 / 3)))
        step = (max(sample) - min(sample)) / len(sample)
        means = []
        for _ in range(1000):
            drawn: list[float] = []
            while len(drawn) < len(sample):
                start = dice.randrange(len(sample))
                drawn += [sample[(start + more) % len(sample)] for more in range(block)]
            means.append(plain.fmean(drawn[: len(sample)]))
        bounds = quantile(means, 0.025), quantile(means, 0.975)
        assert found[name] == pytest.approx(bounds, abs=0.15 * (bounds[1] - bounds[0]) + step), name


def test_these_runs_have_what_is_hard(played: Played, request: pytest.FixtureRequest) -> None:
    case, fills, trades = request.node.callspec.params["played"], played.again.fills, played.again.trades
    if case.startswith("everything"):
        assert {fill["rule"] for fill in fills} >= {"R6", "R7", "R8", "R9", "R10", "R11"}
        assert any(fill["opened"] and fill["closed"] for fill in fills), "a flip"
        assert any(fill["closed"] and fill["position_after"] and not fill["opened"] for fill in fills), "a part closed"
        assert len({id(trade.entry) for trade in trades}) < len(trades), "an entry closed in parts"
        assert any(fill["opened"] < abs(fill["position_after"]) for fill in fills if fill["opened"]), "an addition"
    if case == "everything, pessimistic":
        assert any(fill["rule"] == "R17b" for fill in fills)
    if case.startswith("brackets"):
        reasons = {row["exit_reason"] for row in played.result.table("trades").rows(named=True)}
        assert {"stop", "target", "trail"} <= reasons
    if case.endswith("istic"):
        assert played.again.kept
    if case == "attempts that begin anew":
        assert played.result.risk["adjustments"]
        assert any(fill["rule"] == "R19" for fill in fills)
