"""R25b: several contracts on one clock and one account."""

from datetime import timedelta

import pytest
from desk import FLAT, START, hours, plugin_file, run, trader, two

from barstep import Observer, RiskDecision, RiskRule, Strategy, hookimpl
from barstep.domain.errors import ConfigError
from barstep.indicators import SMA

# -- R25b: several contracts -------------------------------------------------------------------------------------


def test_r25b_bars_of_equal_time_in_the_order_of_the_configuration(tmp_path):
    heard = []

    class Listener(Observer):
        @hookimpl
        def on_bar(self, bar, ctx):
            heard.append(f"{bar.contract.instrument.name} {bar.start:%M}")

    plans = [trader("TWO", {0: lambda ctx: ctx.buy()})(tmp_path), trader("ONE", {0: lambda ctx: ctx.sell(2)})(tmp_path)]
    data = two(tmp_path, FLAT[:3], FLAT[:3])
    ran = run(tmp_path, None, *plans, Listener, data=data)
    assert heard == ["ONE 00", "TWO 00", "ONE 01", "TWO 01", "ONE 02", "TWO 02"]
    assert ran.fills == ["1 open sell 2 @ 399 R6", "1 open buy 1 @ 401 R6"]
    assert ran.result.net_pnl == 0


def test_r25b_each_strategy_sees_its_own_contract(tmp_path):
    seen = []
    one = trader(
        "ONE", {0: lambda ctx: ctx.buy(2), 2: lambda ctx: seen.append(("ONE", ctx.position.size, len(ctx.bars(9))))}
    )
    two_ = trader(
        "TWO", {0: lambda ctx: ctx.sell(1), 2: lambda ctx: seen.append(("TWO", ctx.position.size, len(ctx.bars(9))))}
    )
    run(tmp_path, None, one(tmp_path), two_(tmp_path), data=two(tmp_path, FLAT, FLAT))
    assert seen == [("ONE", 2, 3), ("TWO", -1, 3)]


def test_r25b_the_account_is_one_and_guards_see_the_other_at_its_last_close(tmp_path):
    """TWO stands 10 USD down (401 to 400); ONE may lose 20 more before the floor of -30."""

    class Limit(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("floor", level=ctx.account.balance - 30, action="lock")

    crash = [FLAT[0], FLAT[0], (400, 401, 370, 380), FLAT[0]]
    calm = [(400, 401, 400, 400)] * 4
    one = trader("ONE", {0: lambda ctx: ctx.buy()})
    other = trader("TWO", {0: lambda ctx: ctx.buy()})
    ran = run(tmp_path, None, one(tmp_path), other(tmp_path), Limit, data=two(tmp_path, crash, calm))
    assert ran.fills == [
        "1 open buy 1 @ 401 R6",
        "1 open buy 1 @ 401 R6",
        "2 path sell 1 @ 379 R19",  # 381 is 20 below the entry
        "1 settle sell 1 @ 398 R19",  # TWO's bar 2 is yet to come: it closes at the close of its bar 1
    ]
    assert ran.result.net_pnl == (379 - 401) + 10 * (398 - 401)


def test_r25b_a_contract_without_a_bar_at_a_time_waits(tmp_path):
    gap = [(START, 400, 402, 398, 400), (START + timedelta(minutes=3), 410, 412, 408, 410)]
    one = trader("ONE", {})
    other = trader("TWO", {0: lambda ctx: ctx.buy()})
    ran = run(tmp_path, None, one(tmp_path), other(tmp_path), data=two(tmp_path, FLAT, gap))
    assert ran.fills == ["1 open buy 1 @ 411 R6"]


def test_a_rule_that_denies_one_contract_leaves_the_other(tmp_path):
    class NoTwo(RiskRule):
        @hookimpl
        def on_risk(self, order, ctx):
            return RiskDecision.deny("not TWO") if order.contract.instrument.name == "TWO" else None

    one, other = trader("ONE", {0: lambda ctx: ctx.buy()}), trader("TWO", {0: lambda ctx: ctx.buy()})
    ran = run(tmp_path, None, one(tmp_path), other(tmp_path), NoTwo, data=two(tmp_path, FLAT, FLAT))
    assert (ran.fills, ran.result.denied_orders) == (["1 open buy 1 @ 401 R6"], 1)


def test_r18_closes_every_contract(tmp_path):
    one, other = trader("ONE", {0: lambda ctx: ctx.buy()}), trader("TWO", {0: lambda ctx: ctx.sell()})
    ran = run(tmp_path, None, one(tmp_path), other(tmp_path), hours(flat_by="12:03"), data=two(tmp_path, FLAT, FLAT))
    assert ran.fills[2:] == ["2 settle sell 1 @ 398 R18", "2 settle buy 1 @ 402 R18"]


def test_flatten_closes_every_contract(tmp_path):
    one, other = trader("ONE", {0: lambda ctx: ctx.buy()}), trader("TWO", {0: lambda ctx: ctx.sell()})

    class Out(RiskRule):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 2 and bar.contract.instrument.name == "TWO":
                ctx.flatten("enough")

    ran = run(tmp_path, None, one(tmp_path), other(tmp_path), Out, data=two(tmp_path, FLAT, FLAT))
    assert ran.fills[2:] == ["2 hooks sell 1 @ 398 R18", "2 hooks buy 1 @ 402 R18"]


def test_r4_an_order_for_the_other_contract_cannot_fill_in_a_bar_that_began_before_it(tmp_path):
    """ONE's bar 0 ends at 12:01. What is asked for then may fill in TWO's bar of 12:01, not in that of 12:00."""
    rising = [(price, price, price, price) for price in range(100, 106)]
    one, other = trader("ONE", {0: lambda ctx: ctx.buy(contract="TWO")}), trader("TWO", {})
    ran = run(tmp_path, None, one(tmp_path), other(tmp_path), data=two(tmp_path, FLAT, rising))
    assert ran.fills == ["1 open buy 1 @ 102 R6"]


def test_a_strategy_hears_only_its_own_contract_also_when_nobody_trades_the_other(tmp_path):
    heard = []

    class Listener(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            heard.append(bar.contract.instrument.name)

    entry = ("strategies", {"use": plugin_file(Listener, tmp_path), "contract": "ONE"})
    run(tmp_path, None, entry, data=two(tmp_path, FLAT[:2], FLAT[:2]))
    assert heard == ["ONE", "ONE"]


# -- one strategy on several contracts ---------------------------------------------------------------------------


def pair(strategy, tmp_path, contracts=("ONE", "TWO")):
    return ("strategies", {"use": plugin_file(strategy, tmp_path), "contract": list(contracts)})


def test_a_strategy_on_two_contracts_hears_both_and_each_session_once(tmp_path):
    heard = []

    class Both(Strategy):
        @hookimpl
        def on_start(self, ctx):
            heard.append(" ".join(contract.instrument.name for contract in ctx.contracts))

        @hookimpl
        def on_session_start(self, session, ctx):
            heard.append("session starts")

        @hookimpl
        def on_bar(self, bar, ctx):
            heard.append(f"{bar.contract.instrument.name} {bar.index}")
            if bar.index == 0 and bar.contract.instrument.name == "TWO":
                ctx.buy(2)
                ctx.sell(1, contract="TWO")

        @hookimpl
        def on_fill(self, fill, ctx):
            heard.append(f"{fill.side} {fill.size} {fill.contract.instrument.name}")

        @hookimpl
        def on_session_end(self, session, ctx):
            heard.append("session ends")

    data = two(tmp_path, FLAT[:3], FLAT[:3])
    ran = run(tmp_path, None, pair(Both, tmp_path), data=data)
    assert heard == [
        "ONE TWO", "session starts", "ONE 0", "TWO 0", "buy 2 ONE", "ONE 1", "sell 1 TWO", "TWO 1", "ONE 2", "TWO 2",
        "session ends",
    ]  # fmt: skip
    assert ran.fills == ["1 open buy 2 @ 401 R6", "1 open sell 1 @ 399 R6"]


def test_what_a_context_says_of_another_contract(tmp_path):
    seen = {}

    class Both(Strategy):
        @hookimpl
        def on_start(self, ctx):
            self.own, self.other = ctx.indicator(SMA(2)), ctx.indicator(SMA(2), contract="TWO")

        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.contract.instrument.name != "TWO":
                return
            if bar.index == 0:
                ctx.set_position(3, contract="TWO")
                ctx.buy(1, limit=300)
                ctx.sell(1, limit=900, contract="TWO")
            if bar.index == 2:
                other = ctx.contracts[1]
                seen["positions"] = (ctx.position.size, ctx.positions["TWO"].size, ctx.positions[other.name].size)
                seen["bars"] = ([b.close for b in ctx.bars(2)], [b.close for b in ctx.bars(2, contract=other)])
                seen["indicators"] = (self.own.value, self.other.value)
                seen["orders"] = ([o.limit for o in ctx.orders], [o.limit for o in ctx.orders_of("TWO")])
                seen["again"] = ctx.set_position(3, contract="TWO")
                ctx.close(contract="TWO")
            if bar.index == 3:
                seen["closed"] = ctx.positions["TWO"].size
                seen["unknown"] = "THREE" in ctx.positions

    ones = [(price, price, price, price) for price in (400, 402, 404, 406, 408)]
    twos = [(price, price, price, price) for price in (500, 501, 502, 503, 504)]
    run(tmp_path, None, pair(Both, tmp_path), data=two(tmp_path, ones, twos))
    assert seen == {
        "positions": (0, 3, 3),
        "bars": ([402, 404], [501, 502]),
        "indicators": (403, 501.5),
        "orders": ([300], [900]),
        "again": None,
        "closed": 0,
        "unknown": False,
    }


def test_a_contract_has_one_strategy_also_where_that_trades_several(tmp_path):
    class Both(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    data = two(tmp_path, FLAT, FLAT)
    with pytest.raises(ConfigError, match=r"got a second strategy on TWO, expected one strategy on a contract"):
        run(tmp_path, None, pair(Both, tmp_path), pair(Both, tmp_path, ["TWO"]), data=data)
    with pytest.raises(ConfigError, match=r"expected contracts in the order in which data has them"):
        run(tmp_path, None, pair(Both, tmp_path, ["TWO", "ONE"]), data=data)
    with pytest.raises(ConfigError, match=r"strategies\[0\].contract\[1\]: got THREE, expected one of ONE, TWO"):
        run(tmp_path, None, pair(Both, tmp_path, ["ONE", "THREE"]), data=data)
