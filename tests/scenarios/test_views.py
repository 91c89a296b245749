"""What a strategy sees of bars, positions and the account, and what a run leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
from desk import FLAT, START, at, days, run

from barstep import Observer, Strategy, hookimpl

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


def test_size_for_risk_and_round_price(tmp_path):
    seen = []
    plan = at(
        {0: lambda ctx: seen.extend([ctx.size_for_risk(500, 12), ctx.size_for_risk(100, 300), ctx.round_price(6000.4)])}
    )
    run(tmp_path, [(6000, 6000, 6000, 6000)] * 2, plan, instrument="ES", start=datetime(2025, 6, 3, 15, tzinfo=UTC))
    assert seen == [3, 0, 6000.5]


# -- what is left behind ------------------------------------------------------------------------------------------


def test_an_ambiguous_bar_is_stored_with_all_its_outcomes(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(stop_loss_ticks=4, take_profit_ticks=4)})
    ran = run(tmp_path, [FLAT[0], (400, 408, 394, 402), FLAT[0]], plan)
    rows = ran.table("ambiguous").select("bar_index", "path", "chosen", "equity", "fills").rows()
    assert rows == [
        (1, "A", False, 10_004, "buy 1 at 401 (R6), sell 1 at 405 (R7)"),
        (1, "B", True, 9_995, "buy 1 at 401 (R6), sell 1 at 396 (R8)"),
    ]
    assert (ran.result.ambiguous_bars, ran.table("trades")["ambiguous"].to_list()) == (1, [True])
    assert "100% of the trades were decided in ambiguous bars" in ran.result.warnings[0]


def test_equity_of_each_bar_with_its_extremes(tmp_path):
    ran = run(tmp_path, [FLAT[0], (400, 404, 398, 402), (402, 410, 401, 409)], at({0: lambda ctx: ctx.buy(2)}), fees=1)
    rows = ran.table("equity").select("balance", "equity", "low", "high", "position").rows()
    assert rows == [
        (10_000, 10_000, 10_000, 10_000, 0),
        (9_998, 10_000, 9_992, 10_004, 2),
        (9_998, 10_014, 9_998, 10_016, 2),
    ]


def test_two_runs_have_one_digest(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(2, stop_loss_ticks=1), 2: lambda ctx: ctx.sell(1)})
    first, second = run(tmp_path, FLAT, plan), run(tmp_path, FLAT, plan)
    assert first.result.digest == second.result.digest
    other = run(tmp_path, FLAT, plan, fees=1)
    assert other.result.digest != first.result.digest, "the final balance is part of it"
