"""The order gate: what risk rules see, how their answers combine, and what is sent nevertheless."""

from itertools import permutations

import pytest
from desk import at, rule, run

from barstep import Observer, PluginError, RiskDecision, Strategy, hookimpl

FLAT = [(400, 402, 398, 400)] * 5


NO = rule(lambda order, ctx: RiskDecision.deny("no news trading"))
ONE = rule(lambda order, ctx: RiskDecision.resize(1, "one at a time"))


def test_a_denied_order_never_reaches_the_book(tmp_path):
    ran = run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(2)}), NO)
    assert ran.fills == []
    assert ran.orders == ["#-1 buy 2/2 market denied: rule: no news trading"]
    assert (ran.result.denied_orders, ran.result.rejected_orders) == (1, 0)
    assert ran.result.risk["denials"] == {"rule": 1}


def test_a_resized_order_is_sent_smaller_and_says_why(tmp_path):
    ran = run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(3)}), ONE)
    assert ran.fills == ["1 open buy 1 @ 401 R6"]
    assert ran.orders[0] == "#1 buy 1/3 market filled: resized: rule: one at a time"
    assert ran.verdicts(1) == [("rule", 1, "one at a time")]


def test_the_strategy_is_told_at_once(tmp_path):
    seen = []
    run(tmp_path, FLAT, at({0: lambda ctx: seen.append(ctx.buy(2))}), NO)
    assert (seen[0].status, seen[0].is_open, seen[0].size) == ("denied", False, 2)


def test_a_resize_never_makes_an_order_larger(tmp_path):
    ran = run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(2)}), rule(lambda order, ctx: RiskDecision.resize(9, "more")))
    assert ran.fills == ["1 open buy 2 @ 401 R6"]


def test_the_smallest_size_wins_and_any_denial_beats_it(tmp_path):
    two = rule(lambda order, ctx: RiskDecision.resize(2, "two"))
    three = rule(lambda order, ctx: RiskDecision.resize(3, "three"))
    assert run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(5)}), three, two).fills == ["1 open buy 2 @ 401 R6"]
    assert run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(5)}), two, NO, three).fills == []


def test_rules_judge_only_what_opens(tmp_path):
    asked = []
    watcher = rule(lambda order, ctx: asked.append((order.side, order.size, order.opens)))
    plan = {
        0: lambda ctx: ctx.buy(2, stop_loss_ticks=50),  # opens 2
        1: lambda ctx: ctx.sell(1),  # reduces
        2: lambda ctx: ctx.sell(3),  # closes 1, opens 2
        3: lambda ctx: ctx.close(),
    }
    ran = run(tmp_path, FLAT, at(plan), watcher)
    assert asked == [("buy", 2, 2), ("sell", 3, 2)]
    assert len(ran.fills) == 4


def test_working_orders_count_in_the_worst_case(tmp_path):
    opens = []
    watcher = rule(lambda order, ctx: opens.append((order.opens, ctx.exposure(order))))
    plan = {0: lambda ctx: (ctx.buy(2, limit=390), ctx.buy(1, stop=420), ctx.sell(2))}
    run(tmp_path, FLAT, at(plan), watcher)
    assert opens == [(2, 0), (1, 2), (2, 0)]


def test_of_an_oco_group_only_the_largest_counts(tmp_path):
    opens = []
    watcher = rule(lambda order, ctx: opens.append(ctx.exposure(order)))

    def pair_then_one(ctx):
        ctx.oco(ctx.buy(2, limit=390), ctx.buy(3, stop=420))
        ctx.buy(1)

    run(tmp_path, FLAT, at({0: pair_then_one}), watcher)
    assert opens == [0, 2, 3]


def test_a_denied_flip_still_closes(tmp_path):
    plan = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(5, stop_loss_ticks=9)}
    no_shorts = rule(lambda order, ctx: RiskDecision.deny("no shorts") if order.side == "sell" else None)
    ran = run(tmp_path, FLAT, at(plan), no_shorts)
    assert ran.fills == ["1 open buy 2 @ 401 R6", "2 open sell 2 @ 399 R6"]
    closing = ran.table("orders").row(1, named=True)
    assert (closing["size"], closing["asked"], closing["opens"], closing["reduce_only"]) == (2, 5, 3, True)
    assert closing["reason"] == "opening part denied: rule: no shorts"
    assert ran.result.denied_orders == 0, "it was sent in part"


def test_a_resized_flip_closes_all_and_opens_less_in_one_order(tmp_path):
    plan = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(5)}
    ran = run(tmp_path, FLAT, at(plan), rule(lambda order, ctx: RiskDecision.resize(2, "two")))
    assert ran.fills == ["1 open buy 2 @ 401 R6", "2 open sell 4 @ 399 R6"]
    assert ran.table("fills")["position_after"].to_list() == [2, -2]


FLIP = {0: lambda ctx: ctx.buy(2), 2: lambda ctx: ctx.sell(6, tag="flip")}
CUT = rule(lambda order, ctx: RiskDecision.resize(1, "at most one short") if order.side == "sell" else None, "Cut")
NEWS = rule(lambda order, ctx: RiskDecision.deny("news") if order.side == "sell" else None, "News")
LATE = rule(lambda order, ctx: RiskDecision.deny("too late") if order.side == "sell" else None, "Late")


def test_three_rules_in_every_order_of_registration(tmp_path):
    """Two deny and one resizes an order that flips: the closing part is sent, all reasons are kept, nothing else differs."""
    seen = set()
    for rules in permutations([CUT, NEWS, LATE]):
        ran = run(tmp_path, FLAT, at(FLIP), *rules)
        assert ran.fills == ["1 open buy 2 @ 401 R6", "3 open sell 2 @ 399 R6"]
        assert ran.verdicts(2) == [("late", 0, "too late"), ("news", 0, "news"), ("cut", 1, "at most one short")]
        assert ran.orders[1] == (
            "#2 sell 2/6 market filled: opening part denied: late: too late; news: news; cut: at most one short"
        )
        seen.add((ran.result.digest, ran.table("orders").write_json()))
    assert len(seen) == 1


def test_a_reducing_order_passes_every_denial(tmp_path):
    after = {"deny": False}
    gate = rule(lambda order, ctx: RiskDecision.deny("shut") if after["deny"] else None)

    def out(ctx):
        after["deny"] = True
        ctx.sell(1, limit=401)
        ctx.protect(stop=390)

    ran = run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(2), 1: out}), gate)
    assert ran.fills == ["1 open buy 2 @ 401 R6", "2 path sell 1 @ 401 R7"]


def test_a_change_that_adds_exposure_is_judged_again(tmp_path):
    answers = []

    def grow(ctx):
        order = ctx.orders[0]
        answers.append((ctx.modify(order, size=3), order.size, order.reason))
        answers.append((ctx.modify(order, size=1), order.size))
        answers.append((ctx.modify(order, limit=390), order.limit))

    limit_two = rule(
        lambda order, ctx: RiskDecision.deny("at most two") if ctx.exposure(order) + order.opens > 2 else None
    )
    run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(2, limit=380), 1: grow}), limit_two)
    assert answers[0][:2] == (False, 2)
    assert "at most two" in answers[0][2]
    assert answers[1:] == [(True, 1), (True, 390)]


def test_the_bundled_position_cap_counts_what_works(tmp_path):
    plan = {0: lambda ctx: (ctx.buy(2, limit=390), ctx.buy(5), ctx.buy(1))}
    cap = ("risk", {"use": "max_position", "options": {"contracts": 3}})
    ran = run(tmp_path, FLAT, at(plan), cap)
    assert ran.fills == ["1 open buy 1 @ 401 R6"]
    assert sorted(ran.orders) == [
        "#-1 buy 1/1 market denied: max_position: at most 3 contracts",
        "#1 buy 2/2 limit cancelled: end of data",
        "#2 buy 1/5 market filled: resized: max_position: at most 3 contracts",
    ]


# -- when orders are taken ---------------------------------------------------------------------------------------


def test_orders_are_refused_before_the_first_and_after_the_last_bar(tmp_path):
    made = {}

    class Eager(Strategy):
        @hookimpl
        def on_start(self, ctx):
            made["start"] = ctx.buy()

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

        @hookimpl
        def on_stop(self, ctx):
            made["stop"] = ctx.buy()

    ran = run(tmp_path, FLAT, Eager)
    assert [made[when].status for when in ("start", "stop")] == ["rejected", "rejected"]
    assert ran.fills == []
    assert ran.result.rejected_orders == 2, "the one from on_stop too"


def test_an_order_from_the_sessions_start_is_eligible_at_that_bars_open(tmp_path):
    class Opening(Strategy):
        @hookimpl
        def on_session_start(self, session, ctx):
            ctx.buy(stop_loss_ticks=20)

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    assert run(tmp_path, FLAT, Opening).fills == ["0 open buy 1 @ 401 R6"]


def test_the_sequence_of_hooks_for_a_round_trip(tmp_path):
    heard = []

    class Listener(Observer):
        @hookimpl
        def on_order(self, order, ctx):
            heard.append(f"order {order.id} {order.status}")

        @hookimpl
        def on_fill(self, fill, ctx):
            heard.append(f"fill {fill.order.id}")

        @hookimpl
        def on_trade(self, trade, ctx):
            heard.append(f"trade {trade.net_pnl:g}")

        @hookimpl
        def on_bar(self, bar, ctx):
            heard.append(f"bar {bar.index}")

    bars = [(400, 402, 398, 400), (400, 408, 399, 402)]
    run(tmp_path, bars, at({0: lambda ctx: ctx.buy(stop_loss_ticks=10, take_profit_ticks=4)}), Listener)
    assert heard == [
        "bar 0",
        "order 1 working",
        "fill 1",
        "order 1 filled",
        "order 2 cancelled",  # the children are born here; an order shows what it is at the end of the bar
        "order 3 filled",
        "fill 3",
        "trade 4",
        "order 3 filled",
        "order 2 cancelled",
        "bar 1",
    ]


def test_on_fill_at_the_close_comes_after_the_hook_that_asked(tmp_path):
    heard = []

    class Chain(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            heard.append(f"bar {bar.index}")
            if bar.index == 1:
                order = ctx.buy()
                heard.append(f"{order.status} {ctx.position.size}")

        @hookimpl
        def on_fill(self, fill, ctx):
            heard.append(f"fill at {fill.price:g}")
            if fill.side == "buy":
                ctx.sell()

    run(tmp_path, FLAT[:3], Chain, fills={"market_fill": "current_close"})
    assert heard == ["bar 0", "bar 1", "filled 1", "fill at 401", "fill at 399", "bar 2"]


def test_a_strategy_error_names_plugin_hook_and_bar(tmp_path):
    with pytest.raises(PluginError, match=r"hook on_bar .* bar ending 2024-01-02 12:03:00 UTC: ZeroDivisionError"):
        run(tmp_path, FLAT, at({2: lambda ctx: 1 / 0}))


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (lambda order: order.opens / 2, "TypeError: resize: got 1.0 contracts, expected a whole number"),
        (lambda order: -1, "ValueError: resize: got -1 contracts, expected 0 or more"),
    ],
)
def test_a_size_that_is_none_is_the_plugins_error(tmp_path, size, told):
    bad = rule(lambda order, ctx: RiskDecision.resize(size(order), "half"))
    with pytest.raises(PluginError, match=told):
        run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy(2)}), bad)
