"""Rules that judge entries or keep them out for a while: caps in lots, cool-down, curves, switches."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk import FLAT, at, bar_file, buys, days, entry, reasons, run, trader

import barstep
from barstep import ConfigError

MINI = {"name": "BIG", "tick_size": "1", "tick_value": "10", "lot_weight_tenths": 10}
MICRO = {"name": "SMALL", "tick_size": "1", "tick_value": "1", "lot_weight_tenths": 1}
UP = [(400 + n, 402 + n, 399 + n, 401 + n) for n in range(8)]
DOWN = [(400 - 2 * n, 401 - 2 * n, 397 - 2 * n, 398 - 2 * n) for n in range(8)]


def both(tmp_path, first, second):
    made = []
    for instrument, bars in ((MINI, first), (MICRO, second)):
        source = bar_file(bars, tmp_path / f"{instrument['name']}.csv")
        made.append({"instrument": instrument, "timeframe": "1m", "source": source})
    return made


def test_micros_and_minis_share_one_cap(tmp_path):
    """Two minis and 25 micros of three lots: ten micros are left, then none."""
    big = trader("BIG", {0: lambda ctx: ctx.buy(2)})(tmp_path)
    small = trader("SMALL", {1: lambda ctx: ctx.buy(25), 2: lambda ctx: ctx.buy(1)})(tmp_path)
    ran = run(tmp_path, None, big, small, entry("position_cap", lots=3), data=both(tmp_path, FLAT, FLAT))
    assert "#2 buy 10/25 market filled: resized: position_cap: at most 3 lots" in ran.orders
    assert reasons(ran) == ["position_cap: at most 3 lots"]


def test_working_orders_of_another_contract_count(tmp_path):
    big = trader("BIG", {0: lambda ctx: ctx.buy(2, limit=300)})(tmp_path)
    small = trader("SMALL", {1: lambda ctx: ctx.sell(25)})(tmp_path)
    ran = run(tmp_path, None, big, small, entry("position_cap", lots=3), data=both(tmp_path, FLAT, FLAT))
    assert any(order.startswith("#2 sell 10/25") for order in ran.orders)


def test_each_contract_counts_as_one_where_the_plan_says_so(tmp_path):
    rule = entry("position_cap", lots=3, weights="contracts")
    ran = run(tmp_path, FLAT, buys(0, size=20), rule, instrument=MICRO)
    assert ran.orders[0].startswith("#1 buy 3/20")


def test_a_cap_of_one_instrument_and_one_that_is_closed(tmp_path):
    ran = run(tmp_path, FLAT, buys(0, size=20), entry("position_cap", contracts={"SMALL": 4}), instrument=MICRO)
    assert ran.orders[0] == "#1 buy 4/20 market filled: resized: position_cap: at most 4 of SMALL"
    ran = run(tmp_path, FLAT, buys(0), entry("position_cap", contracts={"SMALL": 0}), instrument=MICRO)
    assert reasons(ran) == ["position_cap: at most 0 of SMALL"]


@pytest.mark.parametrize(("tie", "lots"), [("upper", 3), ("lower", 2)])
def test_the_scaling_plan_follows_the_close_of_the_day_before(tmp_path, tie, lots):
    """+20 on day one stands exactly on the third row; the second row is reached by a tie in both readings."""
    first = [(400,) * 4, (400,) * 4, (400, 420, 400, 420), (420,) * 4, (420,) * 4]
    trades = at(
        {0: lambda ctx: ctx.buy(9), 1: lambda ctx: ctx.sell(ctx.position.size - 1), 2: lambda ctx: ctx.close(),
         5: lambda ctx: ctx.buy(9)}
    )  # fmt: skip
    rule = entry("position_cap", lots=3, scaling=[[0, 2], [10, 2], [20, 3]], scaling_tie=tie)
    exact = {"market_slip_ticks": 0}
    ran = run(
        tmp_path,
        days(first, [(420,) * 4] * 3),
        trades,
        rule,
        instrument={**MICRO, "lot_weight_tenths": 10},
        fills=exact,
    )
    assert [order.split(" ")[2] for order in ran.orders if "/9 " in order] == ["2/9", f"{lots}/9"]


def test_a_scaling_plan_that_is_no_table(tmp_path):
    with pytest.raises(ConfigError, match=r"scaling takes rows \[USD, lots\] with rising USD"):
        run(tmp_path, FLAT, buys(0), entry("position_cap", scaling=[[10, 2], [0, 3]]))
    with pytest.raises(ConfigError, match=r"contracts.CL: got x, expected a whole number >= 0"):
        run(tmp_path, FLAT, buys(0), entry("position_cap", contracts={"CL": "x"}))
    with pytest.raises(ConfigError, match=r"contracts: got a list, expected a mapping, each value a whole number >= 0"):
        run(tmp_path, FLAT, buys(0), entry("position_cap", contracts=["4"]))


def test_an_entry_is_cut_to_what_its_stop_may_lose(tmp_path):
    rule = entry("max_loss_per_trade", usd=100)
    ran = run(tmp_path, FLAT, buys(0, size=20, stop_loss_ticks=9), rule)
    assert ran.orders[0].startswith("#1 buy 11/20 market filled: resized: max_loss_per_trade: its stop may")
    ran = run(tmp_path, FLAT, buys(0), rule)
    assert reasons(ran) == ["max_loss_per_trade: no stop: give stop_loss_ticks, so that it can lose at most 100 USD"]
    ran = run(tmp_path, FLAT, buys(0, stop_loss_ticks=101), rule)
    assert reasons(ran) == ["max_loss_per_trade: its stop may lose at most 100 USD"]


def test_losses_in_a_row_cool_down(tmp_path):
    lose = {n: (lambda ctx: ctx.buy()) if n % 2 == 0 else (lambda ctx: ctx.close()) for n in range(8)}
    lose[10] = lambda ctx: ctx.buy()
    bars = DOWN + [(380, 381, 379, 380)] * 6
    ran = run(tmp_path, bars, at(lose), entry("cool_down", losses=2, minutes=4))
    assert reasons(ran) == ["cool_down: 2 losses in a row", "cool_down: 2 losses in a row"], "at bars 4 and 6"
    assert ran.fills[-1].startswith("11 open buy"), "four minutes later it trades again"


def test_a_win_ends_the_row_and_a_day_too(tmp_path):
    trades = {0: "buy", 1: "close", 2: "sell", 3: "close", 4: "buy", 5: "close", 6: "buy"}
    plan = at({bar: (lambda ctx, word=word: getattr(ctx, word)()) for bar, word in trades.items()})
    ran = run(tmp_path, DOWN, plan, entry("cool_down", losses=2, minutes=None))
    assert reasons(ran) == []
    table = days(DOWN[:5], DOWN[:5])
    trades = {0: "buy", 1: "close", 5: "buy", 6: "close", 8: "buy"}
    each = at({bar: (lambda ctx, word=word: getattr(ctx, word)()) for bar, word in trades.items()})
    assert reasons(run(tmp_path, table, each, entry("cool_down", losses=2, minutes=None))) == []
    assert len(reasons(run(tmp_path, table, each, entry("cool_down", losses=2, minutes=None, each_day=False)))) == 1


def test_a_kill_switch_closes_and_keeps_closed(tmp_path):
    switch = tmp_path / "KILL"

    class Puller(barstep.Observer):
        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 2:
                switch.touch()

    rule = entry("kill_switch", file=str(switch))
    ran = run(tmp_path, FLAT, buys(0, 4), rule, Puller)
    assert ran.fills == ["1 open buy 1 @ 401 R6", "3 hooks sell 1 @ 398 R18"]
    assert reasons(ran) == ["kill_switch: kill switch: KILL is there; kill_switch: kill switch: KILL is there"]
    again = run(tmp_path, FLAT, buys(0), rule)
    assert again.fills == [], "it survives a restart"


def test_a_bad_curve_pauses_for_some_days_and_resumes(tmp_path):
    """After losses on two days the third and the fourth pause; two more losing days, and the seventh pauses."""
    table = days(*[DOWN[:4]] * 7)
    plan = at(
        {4 * day: lambda ctx: ctx.buy() for day in range(7)}
        | {4 * day + 1: lambda ctx: ctx.close() for day in range(7)}
    )
    ran = run(tmp_path, table, plan, entry("equity_curve_filter", average=3, pause=2))
    assert [fill.split(" ")[0] for fill in ran.fills if "buy" in fill] == ["1", "5", "17", "21"]
    assert reasons(ran) == ["equity_curve_filter: equity below its average of 3 days"] * 3


def waves(shift: int = 0, sign: int = 1) -> list[tuple[int, int, int, int]]:
    closes = [400 + sign * ((7 * n + shift) % 11) for n in range(16)]
    return [(close, close + 1, close - 1, close) for close in closes]


@pytest.mark.parametrize(
    ("second", "side", "allowed"),
    [(waves(), "buy", 1), (waves(), "sell", 25), (waves(sign=-1), "sell", 1), (waves(sign=-1), "buy", 25)],
)
def test_contracts_that_move_together_share_a_cap(tmp_path, second, side, allowed):
    big = trader("BIG", {11: lambda ctx: ctx.buy(2)})(tmp_path)
    small = trader("SMALL", {13: lambda ctx: getattr(ctx, side)(25)})(tmp_path)
    rule = entry("correlation_cap", lots=2.1, bars=10)
    ran = run(tmp_path, None, big, small, rule, data=both(tmp_path, waves(), second))
    assert any(
        f"{side} {allowed}/25 " in order or (allowed == 25 and f"{side} 21/25 " in order) for order in ran.orders
    )


def test_with_few_common_bars_they_are_taken_to_move_together(tmp_path):
    big = trader("BIG", {0: lambda ctx: ctx.buy(2)})(tmp_path)
    small = trader("SMALL", {2: lambda ctx: ctx.buy(25)})(tmp_path)
    ran = run(tmp_path, None, big, small, entry("correlation_cap", lots=2.5), data=both(tmp_path, waves(), waves(3)))
    assert any("buy 5/25 " in order for order in ran.orders)


def test_flat_before_an_early_close(tmp_path):
    """3 July 2013: the equity indices close at 12:15 in Chicago; 15 minutes before that all is closed."""
    start = datetime(2013, 7, 3, 16, 50, tzinfo=UTC)
    es = {"instrument": "ES", "timeframe": "1m"}
    source = bar_file([(1600.0,) * 4] * 25, tmp_path / "es.csv", start)
    trades = at({0: lambda ctx: ctx.buy(), 15: lambda ctx: ctx.buy()})
    for minutes, closed in ((15, True), (None, False)):
        rule = entry("trading_hours", flat_by="15:10", before_early_close=minutes)
        ran = run(tmp_path, None, trades, rule, data={**es, "source": source})
        rows = [row for row in ran.table("fills").iter_rows(named=True) if row["rule"] == "R18"]
        assert [row["bar_end"] for row in rows] == ([datetime(2013, 7, 3, 17, 0, tzinfo=UTC)] if closed else [])
        assert (reasons(ran) == ["trading_hours: flat by 12:00 until the next session"]) == closed


def test_flat_before_trading_pauses_for_a_holiday(tmp_path):
    """26 May 2025: the equity indices pause at 12:00 in Chicago and go on at 17:00, all in the trading day of the 27th."""
    start = datetime(2025, 5, 26, 16, 40, tzinfo=UTC)
    source = bar_file([(6000.0,) * 4] * 19, tmp_path / "es.csv", start)
    evening = bar_file([(6000.0,) * 4] * 3, tmp_path / "evening.csv", datetime(2025, 5, 26, 22, 0, tzinfo=UTC))
    with (tmp_path / "es.csv").open("a") as file:
        file.writelines(Path(evening).read_text().splitlines(keepends=True)[1:])
    data = {"instrument": "ES", "timeframe": "1m", "source": source}
    trades = at({0: lambda ctx: ctx.buy(), 6: lambda ctx: ctx.buy(), 19: lambda ctx: ctx.buy()})
    for minutes, closed in ((15, datetime(2025, 5, 26, 16, 45)), (None, datetime(2025, 5, 26, 16, 59))):
        ran = run(
            tmp_path, None, trades, entry("trading_hours", flat_by="15:10", before_early_close=minutes), data=data
        )
        rows = [row for row in ran.table("fills").iter_rows(named=True) if row["rule"] == "R18"]
        assert [row["bar_end"].replace(tzinfo=None) for row in rows] == [closed]
        assert (reasons(ran) == ["trading_hours: flat by 15:10 until the next session"]) == (minutes == 15)
        assert ran.fills[-1] == "20 open buy 1 @ 6000.25 R6", "the evening is free to trade"


ORDERED = [
    ("max_loss_limit", {"usd": 25}), ("daily_loss_limit", {"usd": 12}), ("daily_profit_cap", {"usd": 30}),
    ("position_cap", {"lots": 3}), ("max_loss_per_trade", {"usd": 40}), ("cool_down", {"losses": 2, "minutes": 3}),
    ("no_trade_windows", {"windows": ["12:05-12:08"]}), ("max_trades", {"trades": 4}),
]  # fmt: skip


def test_the_order_of_the_rules_does_not_matter(tmp_path):
    class Busy(barstep.Strategy):
        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            (ctx.buy if bar.index % 3 else ctx.sell)(1 + bar.index % 5, stop_loss_ticks=6 + bar.index % 4)

    table = days(UP + DOWN, DOWN + UP)
    seen = set()
    for turn in range(len(ORDERED)):
        rules = [entry(use, **options) for use, options in ORDERED[turn:] + ORDERED[:turn]]
        result = run(tmp_path, table, Busy, *rules, account={"balance": 10_000, "fees": 1, "on_fail": "reset"}).result
        risk = {**result.risk, "breaches": sorted(map(json.dumps, result.risk["breaches"]))}
        seen.add((result.digest, json.dumps(risk)))
    assert len(seen) == 1
    assert result.fills > 5
