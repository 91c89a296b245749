"""Each hook through a whole run: when it is called, what it is given, what it may do there."""

from __future__ import annotations

import pytest
from desk import FLAT, START, at, days, run

from barstep import Observer, PluginError, RiskDecision, RiskRule, Strategy, hookimpl

HEARD: list[str] = []


class Listener(Observer):
    """Writes down every call in the order of arrival."""

    @hookimpl
    def on_start(self, ctx):
        HEARD.append("start")

    @hookimpl
    def on_session_start(self, session, ctx):
        HEARD.append(f"session {session.date:%d}")

    @hookimpl
    def on_bar(self, bar, ctx):
        HEARD.append(f"bar {bar.index}")

    @hookimpl
    def on_fill(self, fill, ctx):
        HEARD.append(f"fill {fill.side} {fill.price:g}")

    @hookimpl
    def on_trade(self, trade, ctx):
        HEARD.append(f"trade {trade.net_pnl:g}")

    @hookimpl
    def on_order(self, order, ctx):
        HEARD.append(f"order {order.id} {order.status}")

    @hookimpl
    def on_session_end(self, session, ctx):
        HEARD.append(f"over {session.date:%d}")

    @hookimpl
    def on_stop(self, ctx):
        HEARD.append("stop")


@pytest.fixture(autouse=True)
def _fresh():
    HEARD.clear()


def heard(tmp_path, bars, *plugins, **more) -> list[str]:
    run(tmp_path, bars, *plugins, Listener, **more)
    return list(HEARD)


def test_the_hooks_of_a_replay_in_their_order(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(), 1: lambda ctx: ctx.close()})
    assert heard(tmp_path, days(FLAT[:2], FLAT[:1]), plan) == [
        "start", "session 02", "bar 0", "order 1 working",
        "fill buy 401", "order 1 filled", "bar 1", "order 2 working", "over 02",
        "session 03", "fill sell 399", "trade -2", "order 2 filled", "bar 2", "over 03", "stop",
    ]  # fmt: skip


def test_on_start_comes_before_the_first_bar_and_takes_no_orders(tmp_path):
    made = []

    class Eager(Strategy):
        @hookimpl
        def on_start(self, ctx):
            made.extend([ctx.bar, ctx.bars(5), ctx.account.balance, ctx.buy().status])
            with pytest.raises(RuntimeError, match="there is no clock yet"):
                _ = ctx.now

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    run(tmp_path, FLAT, Eager)
    assert made == [None, [], 10_000.0, "rejected"]


def test_on_session_start_orders_are_eligible_at_the_sessions_first_open(tmp_path):
    class Opener(Strategy):
        @hookimpl
        def on_session_start(self, session, ctx):
            assert ctx.now >= session.open
            ctx.buy()

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    assert run(tmp_path, days(FLAT[:2], FLAT[:2]), Opener).fills == ["0 open buy 1 @ 401 R6", "2 open buy 1 @ 401 R6"]


def test_on_bar_sees_the_complete_bar_and_nothing_after_it(tmp_path):
    seen = []

    class Looker(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            seen.append((bar.close, ctx.bar.close, [b.index for b in ctx.bars(10)], ctx.now == bar.end))

    run(tmp_path, [(400 + n, 402 + n, 398 + n, 401 + n) for n in range(3)], Looker)
    assert seen == [(401, 401, [0], True), (402, 402, [0, 1], True), (403, 403, [0, 1, 2], True)]


def test_on_risk_is_asked_only_about_what_opens(tmp_path):
    asked = []

    class Asked(RiskRule):
        @hookimpl
        def on_risk(self, order, ctx):
            asked.append((order.side, order.size, order.opens))
            return RiskDecision.resize(2, "two at most")

    plan = at({0: lambda ctx: ctx.buy(3, stop_loss_ticks=50), 2: lambda ctx: ctx.close(), 4: lambda ctx: ctx.sell(1)})
    ran = run(tmp_path, FLAT, plan, Asked)
    assert asked == [("buy", 3, 3), ("sell", 1, 1)], "neither the bracket's stop nor the close"
    assert ran.fills[0] == "1 open buy 2 @ 401 R6"


def test_on_fill_comes_before_on_bar_and_its_orders_arrive_in_the_next_bar(tmp_path):
    class Reactor(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 0:
                ctx.buy()

        @hookimpl
        def on_fill(self, fill, ctx):
            if fill.opened:
                ctx.close(reason="at once")

    ran = run(tmp_path, FLAT, Reactor)
    assert ran.fills == ["1 open buy 1 @ 401 R6", "2 open sell 1 @ 399 R6"]
    assert ran.table("trades")["exit_reason"].to_list() == ["at once"]


def test_on_trade_tells_of_each_closed_round_trip(tmp_path):
    closed = []

    class Books(Observer):
        @hookimpl
        def on_trade(self, trade, ctx):
            closed.append((trade.size, trade.entry.price, trade.exit.price, trade.net_pnl, trade.bars, len(ctx.trades)))

    plan = at({0: lambda ctx: ctx.buy(3), 1: lambda ctx: ctx.sell(1), 2: lambda ctx: ctx.sell(4)})
    run(tmp_path, FLAT, plan, Books)
    assert closed == [(1, 401, 399, -2, 1, 1), (2, 401, 399, -4, 2, 2)], "and the flip's opening part is no trade"


def test_on_order_tells_of_refusals_too(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(0), ctx.buy(1, limit=390, expires=1))})
    calls = [call for call in heard(tmp_path, FLAT, plan) if call.startswith("order")]
    assert calls == ["order -1 rejected", "order 1 working", "order 1 expired"]


def test_on_session_end_comes_after_the_sessions_last_bar(tmp_path):
    calls = heard(tmp_path, days(FLAT[:2], FLAT[:2]), at({}))
    assert calls.index("over 02") == calls.index("bar 1") + 1
    assert calls[-2:] == ["over 03", "stop"]


def test_on_stop_comes_also_after_an_error_which_stays_the_runs_error(tmp_path):
    class Raises(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            raise ValueError("the first")

        @hookimpl
        def on_stop(self, ctx):
            raise KeyError("the second")

    with pytest.raises(PluginError, match="the first") as caught:
        heard(tmp_path, FLAT, Raises)
    assert caught.value.hook == "on_bar"
    assert "12:01:00 UTC" in str(caught.value)
    assert any("then on_stop failed too" in note and "the second" in note for note in caught.value.__notes__)


def test_an_error_before_the_first_bar_says_so(tmp_path):
    class Raises(Strategy):
        @hookimpl
        def on_start(self, ctx):
            ctx.note("early")
            raise ValueError("at once")

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    with pytest.raises(PluginError, match="before the first bar: ValueError: at once"):
        run(tmp_path, FLAT, Raises)


def test_a_note_before_the_first_bar_carries_its_start(tmp_path):
    class Notes(Strategy):
        @hookimpl
        def on_start(self, ctx):
            ctx.note("ready")

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    assert run(tmp_path, FLAT, Notes).table("notes").row(0)[0] == START


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda ctx: ctx.buy(1, stop_loss_ticks=0), "stop_loss_ticks 0: expected a whole number of ticks, 1 or more"),
        (lambda ctx: ctx.buy(1, trail_ticks=4, limit=3), "trail_ticks does not go together with limit: leave one out"),
        (lambda ctx: ctx.sell(1, limit=410, join=True), "join does not go together with limit: leave one out"),
        (lambda ctx: ctx.sell(1, trail_ticks=4, stop=390), "trail_ticks does not go together with stop: leave one out"),
    ],
)
def test_words_that_make_no_order_are_rejected_not_ignored(tmp_path, ask, says):
    ran = run(tmp_path, FLAT, at({0: ask}))
    assert ran.fills == []
    assert ran.orders[0].endswith(f"rejected: {says}")


def test_set_position_does_not_count_a_reduce_only_order_that_cannot_reduce(tmp_path):
    plan = at({0: lambda ctx: (ctx.buy(1, reduce_only=True), ctx.set_position(2))})
    assert run(tmp_path, FLAT, plan).fills == ["1 open buy 2 @ 401 R6"]


def test_set_position_counts_a_close_that_is_under_way(tmp_path):
    plan = at({0: lambda ctx: ctx.buy(2), 1: lambda ctx: (ctx.close(), ctx.set_position(0), ctx.set_position(-1))})
    ran = run(tmp_path, FLAT, plan)
    assert ran.fills == ["1 open buy 2 @ 401 R6", "2 open sell 2 @ 399 R6", "2 open sell 1 @ 399 R6"]
