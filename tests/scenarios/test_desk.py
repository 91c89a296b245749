"""Engine scenarios: locks, guards, flat times, and exits over the whole position."""

from datetime import UTC, datetime, time, timedelta

import pytest
from desk import FLAT, START, at, bar_file, days, hours, risk_at, run, trader, two

from barstep import Observer, RiskRule, hookimpl

# -- lock, flatten, guards ---------------------------------------------------------------------------------------


def test_lock_cancels_entries_keeps_exits_and_denies_what_opens(tmp_path):
    plan = at(
        {0: lambda ctx: (ctx.buy(2, stop_loss_ticks=6), ctx.buy(1, limit=390)), 2: lambda ctx: (ctx.buy(), ctx.sell())}
    )
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
    plan = at(
        {0: lambda ctx: ctx.buy(), 1: lambda ctx: ctx.close(), 3: lambda ctx: ctx.buy(), 4: lambda ctx: ctx.close()}
    )
    limit = ("risk", {"use": "max_loss_limit", "options": {"usd": 20}})
    run(tmp_path, days(first, second, FLAT[:2]), plan, limit, Watch)
    assert seen == [-20] * 3 + [-12] * 3 + [0] * 2


# -- R18: flat by a time -----------------------------------------------------------------------------------------


def test_r18_flat_at_the_last_bar_that_ends_by_the_time(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(stop_loss_ticks=50), ctx.buy(limit=390)), 4: lambda ctx: ctx.buy()})
    ran = run(tmp_path, FLAT, plan, hours(flat_by="12:04"))
    assert ran.fills == ["1 open buy 1 @ 401 R6", "3 settle sell 1 @ 398 R18"]
    assert ran.orders[-1].startswith("#-1 buy 1/1 market denied: trading_hours: flat by 12:04")
    assert ran.result.warnings == []


def test_r19_the_slip_of_a_flat_time_may_reach_a_floor(tmp_path):
    """Bought at 401, closed at 400 less 2: the account stands at the floor with nothing held, and fails there and then."""
    table = days([(400, 400, 400, 400)] * 9, [(400, 400, 400, 400)] * 3)
    limit = ("risk", {"use": "max_loss_limit", "options": {"usd": 3, "lock": None}})
    ran = run(tmp_path, table, at({0: lambda ctx: ctx.buy(1)}), hours(flat_by="12:05"), limit)
    assert ran.fills[-1] == "4 settle sell 1 @ 398 R18"
    breach = ran.result.risk["breaches"][0]
    assert ran.result.risk["failed"] == "max_loss_limit"
    assert (breach["action"], breach["time"]) == ("fail", "2024-01-02T12:05:00+00:00")
    assert ran.result.bars == 5


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
    (told,) = [text for text in ran.result.warnings if "straddle" in text]  # another tells the hole between the days
    assert "2m bars would be exact (R18)" in told


def test_r18_a_missing_bar_before_the_time(tmp_path):
    times = [0, 1, 2, 5, 6]
    bars = [(START + timedelta(minutes=m), 400, 402, 398, 400) for m in times]
    ran = run(tmp_path, bars, at({0: lambda ctx: ctx.buy()}), hours(flat_by="12:04"))
    assert ran.fills[-1] == "2 settle sell 1 @ 398 R18", "no bar ends between 12:03 and 12:06"


@pytest.mark.parametrize("fills", [None, {"market_fill": "current_close"}])
def test_r18_nothing_opens_between_the_last_bar_and_the_time(tmp_path, fills):
    """No bar ends between 12:03 and 12:06: what is asked for at 12:03 would fill, and be held, after the flat time."""
    times = [0, 1, 2, 5, 6]
    bars = [(START + timedelta(minutes=m), 400, 402, 398, 400) for m in times]
    plan = at({0: lambda ctx: ctx.buy(), 2: lambda ctx: ctx.sell(2)})
    ran = run(tmp_path, bars, plan, hours(flat_by="12:04"), fills=fills)
    assert ran.fills[-1] == "2 settle sell 1 @ 398 R18"
    assert ran.orders[-1] == "#-1 sell 2/2 market denied: trading_hours: flat by 12:04 until the next session"


def test_r18_nothing_opens_in_a_bar_that_straddles_the_time(tmp_path):
    bars = days(FLAT, FLAT, minutes=5)
    plan = at({1: lambda ctx: ctx.buy(), 2: lambda ctx: ctx.buy(), 6: lambda ctx: ctx.buy(limit=380)})
    ran = run(tmp_path, bars, plan, hours(flat_by="12:12"), timeframe="5m")
    assert ran.fills == []
    assert [order.split(": ")[-1] for order in ran.orders] == ["flat by 12:12 until the next session"] * 2 + [
        "flat time"
    ]


def test_r18_a_thin_contract_waits_for_the_time_while_another_trades(tmp_path):
    thick, thin = [FLAT[0]] * 7, [FLAT[0]] * 4
    both = two(tmp_path, thick, thin)
    stamps = [START + timedelta(minutes=m) for m in (0, 1, 5, 6)]
    both[1]["source"] = bar_file([(when, *bar) for when, bar in zip(stamps, thin, strict=True)], tmp_path / "thin.csv")
    plan = {2: lambda ctx: (ctx.buy(contract="TWO"), ctx.buy(contract="ONE"))}
    ran = run(tmp_path, None, trader("ONE", plan)(tmp_path), hours(flat_by="12:04"), data=both)
    assert [fill.split(" @")[0] for fill in ran.fills] == ["3 open buy 1", "3 settle sell 1"]
    assert "denied: trading_hours: flat by 12:04" in next(order for order in ran.orders if "denied" in order)


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


def test_r7_the_first_bar_of_a_session_is_its_auction(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(limit=398)})
    bars = days([(400, 404, 399, 402)] * 2, [(390, 393, 388, 392)])
    assert run(tmp_path, bars, plan, fills={"gap_price": "auction"}).fills == ["2 open buy 1 @ 390 R7"]


def test_expiry_with_the_session_in_a_run(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(limit=395, expires="session"), ctx.buy(limit=396))})
    ran = run(tmp_path, days(FLAT[:2], [(400, 401, 390, 400)]), plan)
    assert ran.fills == ["2 path buy 1 @ 396 R7"]
    assert "#1 buy 1/1 limit expired" in ran.orders
