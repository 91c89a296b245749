"""Engine scenarios: locks, flat times, guards, exits over the whole position, and what a strategy sees."""

from datetime import UTC, datetime, time, timedelta

import pytest
from desk import START, at, bar_file, plugin_file, run

from barstep import Observer, RiskDecision, RiskRule, Strategy, hookimpl

FLAT = [(400, 402, 398, 400)] * 6
DAY = timedelta(days=1)


def risk_at(actions, **hooks):
    """A risk rule that does `actions[n](ctx)` when bar n is complete."""

    class Watch(RiskRule):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index in actions:
                actions[bar.index](ctx)

    return Watch


def days(*tables, minutes=1):
    """Bars of several trading days, each from noon on, `minutes` long."""
    length = timedelta(minutes=minutes)
    return [(START + day * DAY + n * length, *bar) for day, table in enumerate(tables) for n, bar in enumerate(table)]


# -- lock, flatten, guards ---------------------------------------------------------------------------------------


def test_lock_cancels_entries_keeps_exits_and_denies_what_opens(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(2, stop_loss_ticks=6), ctx.buy(1, limit=390)), 2: lambda ctx: (ctx.buy(), ctx.sell())})
    bars = [*FLAT[:3], (400, 401, 390, 392), *FLAT]
    ran = run(tmp_path, bars, plan, risk_at({1: lambda ctx: ctx.lock("session", "enough")}))
    assert ran.fills == ["1 open buy 2 @ 401 R6", "3 open sell 1 @ 399 R6", "3 path sell 1 @ 394 R8"]
    assert "#2 buy 1/1 limit cancelled: enough" in ran.orders
    assert "#-1 buy 1/1 market denied: watch: enough" in ran.orders


def test_a_lock_for_the_session_ends_with_it(tmp_path):
    plan = at({1: lambda ctx: ctx.buy(), 3: lambda ctx: ctx.buy()})
    ran = run(tmp_path, days(FLAT[:3], FLAT[:3]), plan, risk_at({0: lambda ctx: ctx.lock("session", "enough")}))
    assert ran.fills == ["4 open buy 1 @ 401 R6"]


def test_a_lock_until_a_time(tmp_path):
    until = START + timedelta(minutes=3)
    plan = at({n: lambda ctx: ctx.buy() for n in range(1, 5)})
    ran = run(tmp_path, FLAT, plan, risk_at({0: lambda ctx: ctx.lock(until, "pause")}))
    assert ran.fills[0] == "3 open buy 1 @ 401 R6", "bar 2 ends at 12:03, and its order arrives in bar 3"


def test_a_lock_for_good(tmp_path):
    plan = at({n: lambda ctx: ctx.buy() for n in (1, 4, 5)})
    seen = []
    watch = risk_at({0: lambda ctx: ctx.lock(None, "over"), 5: lambda ctx: seen.append(ctx.account.locked)})
    ran = run(tmp_path, days(FLAT[:3], FLAT[:3]), plan, watch)
    assert (ran.fills, ran.result.denied_orders, seen) == ([], 3, [True])


def test_flatten_closes_everything_at_the_close_with_the_forced_slip(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(2, stop_loss_ticks=50), ctx.buy(1, limit=390)), 3: lambda ctx: ctx.buy()})
    ran = run(tmp_path, FLAT, plan, risk_at({2: lambda ctx: ctx.flatten("margin")}))
    assert ran.fills == ["1 open buy 2 @ 401 R6", "2 hooks sell 2 @ 398 R18", "4 open buy 1 @ 401 R6"]
    assert ran.table("fills")["reason"].to_list() == ["", "margin", ""]


def test_a_guard_that_locks_the_day(tmp_path):
    class Limit(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("day limit", basis="day", level=-6, action="lock")

    bars = days([*FLAT[:2], (401, 402, 390, 400), *FLAT[:2]], FLAT[:3])
    ran = run(tmp_path, bars, at({n: lambda ctx: ctx.set_position(1) for n in (0, 3, 5)}), Limit)
    assert ran.fills == ["1 open buy 1 @ 401 R6", "2 path sell 1 @ 393 R19", "6 open buy 1 @ 401 R6"]
    assert ran.result.denied_orders == 1
    assert [(breach["guard"], breach["action"]) for breach in ran.result.risk["breaches"]] == [("day limit", "lock")]


def test_a_guard_that_fails_the_account_ends_the_run(tmp_path):
    class Limit(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("loss limit", level=ctx.account.balance - 6, action="fail")

    bars = [*FLAT[:2], (401, 402, 390, 400), *FLAT]
    ran = run(tmp_path, bars, at({0: lambda ctx: ctx.buy()}), Limit)
    assert (ran.result.status, ran.result.bars, ran.result.risk["failed"]) == ("done", 3, "loss limit")
    assert ran.result.final_balance == 10_000 - 8


def test_guards_by_the_bundled_rules(tmp_path):
    bars = [*FLAT[:2], (401, 402, 390, 400), *FLAT]
    for name, failed in (("daily_loss_limit", ""), ("max_loss_limit", "max_loss_limit")):
        limit = ("risk", {"use": name, "options": {"usd": 6}})
        ran = run(tmp_path, bars, at({0: lambda ctx: ctx.buy()}), limit)
        assert ran.fills[-1] == "2 path sell 1 @ 393 R19"
        assert ran.result.risk["failed"] == failed


def test_the_maximum_loss_limit_trails_the_end_of_the_day_and_locks_at_the_start(tmp_path):
    """+8 on day one lifts the floor from -20 to -12 on day two; +30 on day two would lift it to 0, never above."""
    seen = []

    class Watch(Observer):
        @hookimpl
        def on_bar(self, bar, ctx):
            seen.append(round(ctx.account.floor - 10_000))

    first = [(400, 402, 398, 400), (400, 410, 399, 410), (410, 411, 409, 410)]
    second = [(410, 411, 409, 410), (410, 450, 410, 450), (450, 451, 449, 450)]
    plan = at({0: lambda ctx: ctx.buy(), 1: lambda ctx: ctx.close(), 3: lambda ctx: ctx.buy(), 4: lambda ctx: ctx.close()})
    limit = ("risk", {"use": "max_loss_limit", "options": {"usd": 20}})
    run(tmp_path, days(first, second, FLAT[:2]), plan, limit, Watch)
    assert seen == [-20] * 3 + [-12] * 3 + [0] * 2


# -- R18: flat by a time -----------------------------------------------------------------------------------------


def hours(**options):
    return ("risk", {"use": "trading_hours", "options": options})


def test_r18_flat_at_the_last_bar_that_ends_by_the_time(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(stop_loss_ticks=50), ctx.buy(limit=390)), 4: lambda ctx: ctx.buy()})
    ran = run(tmp_path, FLAT, plan, hours(flat_by="12:04"))
    assert ran.fills == ["1 open buy 1 @ 401 R6", "3 settle sell 1 @ 398 R18"]
    assert ran.orders[-1].startswith("#-1 buy 1/1 market denied: trading_hours: flat by 12:04")
    assert ran.result.warnings == []


def test_r18_bars_that_straddle_the_time_warn_once(tmp_path):
    bars = days(FLAT, FLAT, minutes=5)
    plan = at({0: lambda ctx: ctx.buy(), 6: lambda ctx: ctx.buy()})
    ran = run(tmp_path, bars, plan, hours(flat_by="12:12"), timeframe="5m")
    assert ran.fills == [
        "1 open buy 1 @ 401 R6",
        "1 settle sell 1 @ 398 R18",
        "7 open buy 1 @ 401 R6",
        "7 settle sell 1 @ 398 R18",
    ]
    assert len(ran.result.warnings) == 1
    assert "2m bars would be exact (R18)" in ran.result.warnings[0]


def test_r18_a_missing_bar_before_the_time(tmp_path):
    times = [0, 1, 2, 5, 6]
    bars = [(START + timedelta(minutes=m), 400, 402, 398, 400) for m in times]
    ran = run(tmp_path, bars, at({0: lambda ctx: ctx.buy()}), hours(flat_by="12:04"))
    assert ran.fills[-1] == "2 settle sell 1 @ 398 R18", "no bar ends between 12:03 and 12:06"


def test_r18_an_early_close_before_the_time(tmp_path):
    """3 July 2025: trading ends at 12:15 in Chicago, long before 15:10, and goes on at 17:00 for the 7th."""
    noon = datetime(2025, 7, 3, 17, 12, tzinfo=UTC)
    evening = datetime(2025, 7, 6, 22, 0, tzinfo=UTC)
    bars = [(start + n * timedelta(minutes=1), 6000, 6001, 5999, 6000) for start in (noon, evening) for n in range(3)]
    ran = run(tmp_path, bars, at({0: lambda ctx: ctx.buy()}), hours(flat_by="15:10"), instrument="ES")
    assert ran.fills == ["1 open buy 1 @ 6000.25 R6", "2 settle sell 1 @ 5999.5 R18"]


def test_r18_the_last_bar_of_the_data_that_ends_at_the_flat_time(tmp_path):
    ran = run(tmp_path, FLAT[:4], at({0: lambda ctx: ctx.buy()}), hours(flat_by="12:04"))
    assert ran.fills == ["1 open buy 1 @ 401 R6", "3 settle sell 1 @ 398 R18"]


def test_r18_the_earliest_of_several_times_counts(tmp_path):
    class Early(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.flat_by(time(12, 3))

    ran = run(tmp_path, FLAT, at({0: lambda ctx: ctx.buy()}), hours(flat_by="12:05"), Early)
    assert ran.fills[-1] == "2 settle sell 1 @ 398 R18"


def test_entries_only_in_a_window(tmp_path):
    plan = at({n: lambda ctx: ctx.buy() for n in range(5)})
    ran = run(tmp_path, FLAT, plan, hours(entries_from="12:02", entries_until="12:04"))
    assert [fill.split()[0] for fill in ran.fills] == ["2", "3"], "bars 1 and 2 end at 12:02 and 12:03"


def test_r5_nothing_fills_outside_the_session(tmp_path):
    """ES rests from 16:00 to 17:00 in Chicago; a bar that a file has there is no chance to fill."""
    before = datetime(2025, 6, 3, 20, 58, tzinfo=UTC)
    bars = [(before + n * timedelta(minutes=1), 6000, 6001, 5990, 6000) for n in range(4)]
    bars += [(datetime(2025, 6, 3, 22, 0, tzinfo=UTC), 6010, 6011, 6009, 6010)]
    ran = run(tmp_path, bars, at({1: lambda ctx: ctx.buy()}), instrument="ES")
    assert ran.fills == ["4 open buy 1 @ 6010.25 R6"]


# -- exits over the whole position -------------------------------------------------------------------------------


def test_protect_covers_the_position_and_replaces_what_was_set(tmp_path):
    plan = at({
        0: lambda ctx: ctx.buy(2),
        1: lambda ctx: ctx.protect(stop=390, target=420),
        2: lambda ctx: ctx.buy(1),
        3: lambda ctx: ctx.protect(stop=395, target=405),
    })  # fmt: skip
    ran = run(tmp_path, [*FLAT[:5], (400, 407, 399, 406)], plan)
    assert ran.fills[-1] == "5 path sell 3 @ 405 R7"
    assert [order for order in ran.orders if "replaced" in order or "OCO" in order] == [
        "#2 sell 2/2 stop cancelled: replaced",
        "#3 sell 2/2 limit cancelled: replaced",
        "#5 sell 3/3 stop cancelled: OCO: order 6 filled",
    ]


def test_protect_dies_with_the_position(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(), 1: lambda ctx: ctx.protect(trail_ticks=30), 2: lambda ctx: ctx.close()})
    ran = run(tmp_path, FLAT, plan)
    assert "#2 sell 1/1 trailing_stop cancelled: position closed" in ran.orders


def test_protect_does_nothing_while_flat(tmp_path):
    answers = []
    run(tmp_path, FLAT, at({0: lambda ctx: answers.append(ctx.protect(stop=390))}))
    assert answers == [[]]


def test_cancel_entries_leaves_exits(tmp_path):
    counts = []
    plan = at({
        0: lambda ctx: ctx.buy(2, stop_loss_ticks=20),
        1: lambda ctx: (ctx.buy(limit=380), ctx.buy(stop=430), ctx.sell(limit=430)),
        2: lambda ctx: (counts.append(ctx.cancel_entries()), counts.append([o.id for o in ctx.orders])),
    })  # fmt: skip
    run(tmp_path, FLAT, plan)
    assert counts == [2, [2, 5]], "the stop and the sell limit stay"


def test_set_position_counts_what_is_on_its_way(tmp_path):
    answers = []
    plan = at({
        0: lambda ctx: (ctx.set_position(3), answers.append(ctx.set_position(3)), ctx.set_position(-1)),
        2: lambda ctx: answers.append(ctx.set_position(-1)),
        3: lambda ctx: ctx.set_position(0),
    })  # fmt: skip
    ran = run(tmp_path, FLAT, plan)
    assert answers == [None, None]
    assert ran.fills == ["1 open buy 3 @ 401 R6", "1 open sell 4 @ 399 R6", "4 open buy 1 @ 401 R6"]


def test_oco_between_orders_of_a_strategy(tmp_path):
    plan = at({0: lambda ctx: ctx.oco(ctx.buy(stop=404), ctx.sell(stop=396))})
    ran = run(tmp_path, [FLAT[0], (400, 405, 399, 404), *FLAT[:2]], plan)
    assert ran.fills == ["1 path buy 1 @ 405 R8"]


# -- what a strategy sees ----------------------------------------------------------------------------------------


def test_the_position_view(tmp_path):
    seen = []

    class Looks(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 0:
                ctx.buy(1)
            elif bar.index == 1:
                ctx.buy(3)
            elif bar.index == 2:
                ctx.sell(2)
            elif bar.index == 4:
                ctx.close()
            p = ctx.position
            seen.append((p.size, p.average_price, p.entries, p.last_entry_price, p.bars_held, p.open_pnl))

    bars = [FLAT[0], (400, 402, 398, 400), (410, 412, 408, 410), (410, 412, 408, 410), (410, 412, 408, 410), FLAT[0]]
    run(tmp_path, bars, Looks)
    assert seen == [
        (0, 0, 0, None, 0, 0),
        (1, 401, 1, 401, 0, -1),
        (4, (401 + 3 * 411) / 4, 2, 411, 1, 9 - 3),
        (2, (401 + 3 * 411) / 4, 2, 411, 1, -2),  # first in, first out: two of 411 are left, the average stands
        (2, (401 + 3 * 411) / 4, 2, 411, 2, -2),
        (0, 0, 0, None, 0, 0),
    ]


def test_the_account_view(tmp_path):
    seen = []

    class Looks(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 0:
                ctx.buy()
            elif bar.index == 1:
                ctx.close()
            a = ctx.account
            seen.append((a.balance, a.equity, a.day_pnl, a.floor, a.headroom))

    bars = days([FLAT[0], (400, 410, 398, 408), (404, 406, 402, 404)], [FLAT[0]])
    run(tmp_path, bars, Looks, ("risk", {"use": "max_loss_limit", "options": {"usd": 100}}), fees=1)
    assert seen == [
        (10_000, 10_000, 0, 9_900, 100),
        (9_999, 10_006, 6, 9_900, 106),
        (10_000, 10_000, 0, 9_900, 100),
        (10_000, 10_000, 0, 9_900, 100),
    ]


def test_past_bars_and_the_clock(tmp_path):
    seen = {}

    class Looks(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            seen[bar.index] = ([b.close for b in ctx.bars(3)], ctx.bar.close == bar.close, ctx.now, ctx.bar_index)

    run(tmp_path, [(n, n, n, n) for n in range(400, 405)], Looks)
    assert [seen[n][0] for n in range(5)] == [[400], [400, 401], [400, 401, 402], [401, 402, 403], [402, 403, 404]]
    for n, (_, same, now, index) in seen.items():
        assert (same, now, index) == (True, START + timedelta(minutes=n + 1), n)


def test_no_more_past_bars_than_are_kept(tmp_path):
    def look(ctx):
        with pytest.raises(ValueError, match=r"data\.history is 1000"):
            ctx.bars(1001)

    run(tmp_path, FLAT, at({3: look}))


def test_sessions_begin_and_end_around_their_bars(tmp_path):
    heard = []

    class Listener(Observer):
        @hookimpl
        def on_session_start(self, session, ctx):
            heard.append(f"start {session.date} {ctx.now:%H:%M}")

        @hookimpl
        def on_bar(self, bar, ctx):
            heard.append(f"bar {bar.index}")

        @hookimpl
        def on_session_end(self, session, ctx):
            heard.append(f"end {session.date} {ctx.now:%H:%M}")

    run(tmp_path, days(FLAT[:1], FLAT[:1]), at({}), Listener)
    assert heard[:3] == ["start 2024-01-02 12:00", "bar 0", "end 2024-01-02 12:01"]
    assert heard[3:] == ["start 2024-01-03 12:00", "bar 1", "end 2024-01-03 12:01"]


# -- R25b: several contracts -------------------------------------------------------------------------------------


def two(tmp_path, first, second):
    """Two contracts on one clock: ONE has a tick value of 1 USD, TWO of 10."""
    made = []
    for name, bars, value in (("ONE", first, "1"), ("TWO", second, "10")):
        path = bar_file(bars, tmp_path / f"{name}.csv")
        made.append({"instrument": {"name": name, "tick_size": "1", "tick_value": value}, "timeframe": "1m", "source": path})
    return made


def trader(name, actions):
    """The configuration entry of a strategy on one contract."""
    return lambda folder: ("strategies", {"use": plugin_file(at(actions), folder), "contract": name})


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
    one = trader("ONE", {0: lambda ctx: ctx.buy(2), 2: lambda ctx: seen.append(("ONE", ctx.position.size, len(ctx.bars(9))))})
    two_ = trader("TWO", {0: lambda ctx: ctx.sell(1), 2: lambda ctx: seen.append(("TWO", ctx.position.size, len(ctx.bars(9))))})
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


# -- exits stay, whatever is locked; several contracts ------------------------------------------------------------


def test_a_lock_makes_a_working_flip_reduce_only(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(5, limit=405)})
    bars = [*FLAT[:4], (400, 408, 399, 406)]
    ran = run(tmp_path, bars, plan, risk_at({2: lambda ctx: ctx.lock("session", "enough")}))
    assert ran.fills == ["1 open buy 2 @ 401 R6", "4 path sell 2 @ 405 R7"]


def test_a_lock_denies_a_change_that_adds(tmp_path):
    answers = []

    def grow(ctx):
        order = ctx.orders[0]
        answers.extend([ctx.modify(order, size=4), order.size, ctx.modify(order, limit=406), order.limit])

    plan = at({0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(2, limit=405), 3: grow})
    run(tmp_path, FLAT, plan, risk_at({2: lambda ctx: ctx.lock("session", "enough")}))
    assert answers[2:] == [True, 406], "an exit may move"


def test_a_bracket_child_can_be_moved(tmp_path):
    entry = []
    plan = at({
        0: lambda ctx: entry.append(ctx.buy(stop_loss_ticks=20, take_profit_ticks=30)),
        2: lambda ctx: ctx.modify(entry[0].children[0], stop=399),
    })  # fmt: skip
    bars = [FLAT[0], (400, 404, 400, 403), (403, 404, 402, 403), (403, 404, 398, 400)]
    ran = run(tmp_path, bars, plan)
    assert ran.fills[-1] == "3 path sell 1 @ 398 R8"
    assert "#3 sell 1/1 limit cancelled: OCO: order 2 filled" in ran.orders


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


def test_r7_the_first_bar_of_a_session_is_its_auction(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(limit=398)})
    bars = days([(400, 404, 399, 402)] * 2, [(390, 393, 388, 392)])
    assert run(tmp_path, bars, plan, fills={"gap_price": "auction"}).fills == ["2 open buy 1 @ 390 R7"]


def test_expiry_with_the_session_in_a_run(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(limit=395, expires="session"), ctx.buy(limit=396))})
    ran = run(tmp_path, days(FLAT[:2], [(400, 401, 390, 400)]), plan)
    assert ran.fills == ["2 path buy 1 @ 396 R7"]
    assert "#1 buy 1/1 limit expired" in ran.orders


def test_size_for_risk_and_round_price(tmp_path):
    seen = []
    plan = at({0: lambda ctx: seen.extend([ctx.size_for_risk(500, 12), ctx.size_for_risk(100, 300), ctx.round_price(6000.4)])})
    run(tmp_path, [(6000, 6000, 6000, 6000)] * 2, plan, instrument="ES", start=datetime(2025, 6, 3, 15, tzinfo=UTC))
    assert seen == [3, 0, 6000.5]
