"""What a first user ran into: each of these once gave a wrong number, a crash or silence."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from desk import FLAT, at, run, trader, two

import barstep
from barstep import ConfigError, PluginError, RiskRule, Strategy, hookimpl

BOTH = [(400, 402, 398, 400), (400, 408, 394, 402), (402, 403, 401, 402)]
"""Bar 1 reaches a stop at 396 and a target at 405."""


def test_an_account_guard_acts_inside_the_bar_of_either_contract(tmp_path):
    """Both fall by one a bar; ONE is worth 1 USD a tick and TWO 10. The day stands at -22 inside TWO's bar 2."""
    falling = [(400 - n, 400 - n, 399 - n, 399 - n) for n in range(8)]

    class Limit(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("limit", basis="day", level=-22, action="lock")

    buy = {0: lambda ctx: ctx.buy()}
    data = two(tmp_path, falling, falling)
    slips = {"market_slip_ticks": 0, "forced_slip_ticks": 0}
    one, other = trader("ONE", buy)(tmp_path), trader("TWO", buy)(tmp_path)
    ran = run(tmp_path, None, one, other, Limit, data=data, fills=slips)
    assert ran.fills[2:] == ["2 path sell 1 @ 397 R19", "2 settle sell 1 @ 397 R19"]
    assert ran.result.net_pnl == -22


def test_a_stop_without_volume_does_not_hang_on_its_target(tmp_path):
    bars = [(5000, 5000, 5000, 5000), (5000, 5003, 4997, 5000), (5000, 5001, 4999, 5000)]
    plan = at({0: lambda ctx: ctx.buy(1, limit=4999, stop_loss_ticks=2, take_profit_ticks=3)})
    ran = run(tmp_path, bars, plan, fills={"participation": 0.01})
    assert ran.fills[0] == "1 path buy 1 @ 4999 R7"


def test_the_chosen_outcome_of_an_ambiguous_bar_is_what_was_booked(tmp_path):
    ran = run(tmp_path, BOTH, at({0: lambda ctx: ctx.buy(1, stop_loss_ticks=4, take_profit_ticks=4)}))
    outcomes = {row["path"]: row for row in ran.table("ambiguous").iter_rows(named=True)}
    assert ran.fills == ["1 open buy 1 @ 401 R6", "1 path sell 1 @ 396 R8"]
    assert outcomes["B"]["chosen"]
    assert outcomes["B"]["fills"] == "buy 1 at 401 (R6), sell 1 at 396 (R8)"
    assert outcomes["A"]["fills"] == "buy 1 at 401 (R6), sell 1 at 405 (R7)"


@pytest.mark.parametrize(
    ("ask", "fills"),
    [
        (lambda ctx: ctx.buy(1), {"profile": "playground", "at_end": "close"}),
        (lambda ctx: ctx.buy(1, stop_loss_ticks=4, take_profit_ticks=4), {}),
        (lambda ctx: ctx.buy(1, stop_loss=420.0), {}),
    ],
)
def test_every_order_is_one_row_with_the_size_it_had(tmp_path, ask, fills):
    orders = run(tmp_path, BOTH, at({0: ask}), fills=fills).table("orders")
    assert orders["id"].is_unique().all()
    assert (orders["asked"] == 1).all()
    assert (orders["size"] == 1).all()


def test_a_flat_time_holds_on_a_holiday_that_belongs_to_the_next_day(tmp_path):
    """Labor Day 2013: trading halts at 10:30 in Chicago, and the day's bars belong to 3 September."""
    plan = at({1000: lambda ctx: ctx.buy()})
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    hours = ("risk", {"use": "trading_hours", "options": {"flat_by": "15:10"}})
    fills = run(tmp_path, None, plan, hours, data=data).table("fills")
    assert fills["rule"].to_list() == ["R6", "R18"]
    assert fills["bar_end"][1] == datetime(2013, 9, 2, 15, 30, tzinfo=UTC)


def test_entries_from_a_time_are_counted_in_the_trading_day(tmp_path):
    plan = at({10: lambda ctx: ctx.buy(), 2000: lambda ctx: ctx.buy()})
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    hours = ("risk", {"use": "trading_hours", "options": {"entries_from": "08:30"}})
    ran = run(tmp_path, None, plan, hours, data=data)
    assert [order.split(":")[0] for order in ran.orders] == ["#-1 buy 1/1 market denied", "#1 buy 1/1 market filled"]


def test_a_second_close_does_nothing(tmp_path):
    made = []
    plan = at({0: lambda ctx: ctx.buy(), 1: lambda ctx: made.extend([ctx.close(), ctx.close(), ctx.set_position(1)])})
    ran = run(tmp_path, FLAT, plan)
    assert made[1] is None
    assert ran.fills == ["1 open buy 1 @ 401 R6", "2 open sell 1 @ 399 R6", "2 open buy 1 @ 401 R6"]


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda ctx: ctx.buy(1.5), "size 1.5: expected a whole number"),
        (lambda ctx: ctx.buy("1"), "size '1': expected a whole number"),
        (lambda ctx: ctx.buy(True), "size True: expected a whole number"),
        (lambda ctx: ctx.buy(10**12), "size 1000000000000: expected at most 1,000,000"),
        (lambda ctx: ctx.buy(1, limit=float("nan")), "limit nan: expected a price; is the indicator ready?"),
        (lambda ctx: ctx.buy(1, limit=1e300), "limit 1e+300: expected a price"),
        (lambda ctx: ctx.buy(1, limit="400"), "limit '400': expected a price"),
        (lambda ctx: ctx.buy(1, stop=True), "stop True: expected a price"),
        (lambda ctx: ctx.buy(1, trail_ticks=2.5), "trail_ticks 2.5: expected a whole number"),
        (lambda ctx: ctx.buy(1, stop_loss_ticks=2.5), "stop_loss_ticks 2.5: expected a whole number"),
    ],
)
def test_what_is_no_number_is_rejected_and_the_run_goes_on(tmp_path, ask, says):
    ran = run(tmp_path, FLAT, at({0: ask, 1: lambda ctx: ctx.buy(tag=None)}))
    assert ran.result.rejected_orders == 1
    assert f"rejected: {says}" in ran.orders[0]
    assert ran.fills == ["2 open buy 1 @ 401 R6"]


def test_numbers_of_numpy_are_numbers(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(np.int64(2), limit=np.float32(398), stop_loss_ticks=np.int32(50))})
    bars = [*FLAT[:2], (400, 401, 396, 400), *FLAT]
    assert run(tmp_path, bars, plan).fills == ["2 path buy 2 @ 398 R7"]


def test_orders_that_chase_each_other_end_the_run_and_name_the_plugin(tmp_path):
    class Chaser(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            ctx.buy()

        @hookimpl
        def on_fill(self, fill, ctx):
            ctx.buy()

    with pytest.raises(PluginError, match=r"plugin chaser, .* more than 10000 events between two bars") as caught:
        run(tmp_path, FLAT, Chaser, fills={"profile": "playground"})
    assert any("marked failed" in note for note in caught.value.__notes__)


def test_a_check_that_raises_something_else_names_its_plugin(tmp_path):
    class Broken(Strategy):
        def check(self):
            raise TypeError("none of a user's doing")

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    with pytest.raises(PluginError, match="plugin broken, function check"):
        run(tmp_path, FLAT, Broken)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("    @hookimpl\n    async def on_bar(self, bar, ctx):\n        pass\n", "would never run"),
        ("    @hookimpl\n    def on_bar(self, bar, ctx):\n        yield\n", "would never run"),
        ("    n = option(3)\n    @hookimpl\n    def on_bar(self, bar):\n        pass\n", "n needs a type"),
    ],
)
def test_plugins_that_would_stay_silent_are_refused(tmp_path, body, says):
    path = tmp_path / "quiet.py"
    path.write_text(f"from barstep import Strategy, hookimpl, option\n\n\nclass Quiet(Strategy):\n{body}")
    with pytest.raises(ConfigError, match=says):
        run(tmp_path, FLAT, ("strategies", {"use": str(path)}))


def test_days_without_a_trading_day_of_their_own_are_explained():
    run_file = {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": "sample", "start": "2013-09-01", "end": "2013-09-02"},
        "strategies": [],
    }
    with pytest.raises(ConfigError, match=r"no trading day from 2013-09-01 to 2013-09-02: .* trading day 2013-09-03"):
        barstep.run(run_file)


def test_an_order_is_not_linked_to_itself(tmp_path):
    def link(ctx):
        order = ctx.buy(1, limit=390)
        with pytest.raises(ValueError, match="an order with itself"):
            ctx.oco(order, order)

    run(tmp_path, FLAT, at({0: link}))


@pytest.mark.parametrize("size", [10**12, -(10**12), 1.5])
def test_set_position_takes_the_same_numbers_as_an_order(tmp_path, size):
    ran = run(tmp_path, FLAT, at({0: lambda ctx: ctx.set_position(size)}))
    assert ran.result.rejected_orders == 1
    assert ran.fills == []
