"""Scenario tables as authors of plugins write them: read, played, compared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from barstep import (
    ConfigError,
    FeeModel,
    Observer,
    PluginError,
    RiskDecision,
    RiskRule,
    SlippageModel,
    Strategy,
    hookimpl,
    option,
)
from barstep.testing import assert_table, play_table

FLAT = "400 402 398 400"


class Cap(RiskRule):
    contracts: int = option(2, ge=0)

    @hookimpl
    def on_start(self, ctx):
        self.asked = []

    @hookimpl
    def on_risk(self, order, ctx):
        self.asked.append(order.opens)
        room = self.contracts - ctx.exposure(order)
        return None if order.opens <= room else RiskDecision.resize(max(0, room), "enough")


TABLE = """
    # a bracket is stopped out, and the next day the cap cuts an order
    open high low close | orders            | what happens
    400  402  398 400   | buy 2 sl 6; buy 1 | denied buy 1: cap: enough
    400  403  399 402   |                   | open buy 2 @ 401 R6
    402  402  393 394   |                   | path sell 2 @ 394 R8
    new day
    394  396  392 395   | sell 3            | resized sell 3 to 2: cap: enough
    395  396  392 395   | buy 1 stop 390    | open sell 2 @ 394 R6; rejected buy 1 stop: stop price 390 is already \
reached by the last close 395: a buy stop must lie above it
"""


def test_a_table_is_played_and_compared():
    played = assert_table(TABLE, Cap)
    assert [(f.side, f.size, f.price) for f in played.fills] == [("buy", 2, 401), ("sell", 2, 394), ("sell", 2, 394)]
    assert (played.balance, played.equity, played.failed, played.bars) == (10_000 - 14, 10_000 - 14 - 2, "", 5)
    assert [order.reason for order in played.denied] == ["cap: enough"]
    assert played.fills[2].bar_start_ns - played.fills[1].bar_start_ns == (86_400 - 60) * 10**9, (
        "the same time next day"
    )


def test_a_difference_shows_both_tables():
    with pytest.raises(AssertionError) as caught:
        assert_table(TABLE.replace("denied buy 1: cap: enough", ""), Cap)
    told = str(caught.value)
    assert "expected:\n400 402 398 400 |\n" in told
    assert "happened:\n400 402 398 400 | denied buy 1: cap: enough\n" in told
    assert "first at bar 0" in told


def test_a_table_that_compares_nothing_is_refused():
    with pytest.raises(ValueError, match="has no last column"):
        assert_table(f"{FLAT} | buy 1 |\n{FLAT} | ")


def test_an_instance_is_played_as_it_is_and_its_options_count():
    rule = Cap(contracts=1)
    played = play_table(f"{FLAT} | buy 3 |", rule)
    assert rule.asked == [3]
    assert played.plugins["cap"] is rule
    assert str(played) == f"{FLAT} | resized buy 3 to 1: cap: enough"


def test_options_out_of_bounds_and_bad_classes_are_refused_as_in_a_run_file():
    with pytest.raises(ConfigError, match=r"risk\[0\].options.contracts: got -1, expected a whole number >= 0"):
        play_table(FLAT, Cap(contracts=-1))

    class Silent(Observer):
        def on_bar(self, bar, ctx):
            pass

    with pytest.raises(ConfigError, match="named like a hook but not marked"):
        play_table(FLAT, Silent)


def test_bundled_plugins_go_by_name_and_sections_by_key():
    cut = {"use": "max_position", "options": {"contracts": 1}}
    played = play_table(
        f"{FLAT} | buy 2 |\n{FLAT} | |", cut, account={"fees": "1.25"}, fills={"market_slip_ticks": 2}, instrument="ES",
        start=datetime(2024, 1, 3, 15, tzinfo=UTC),
    )  # fmt: skip
    assert [(f.size, f.price, f.fees) for f in played.fills] == [(1, 400.5, 1.25)]


def test_a_strategy_of_ones_own_takes_the_place_of_orders():
    class Buys(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            ctx.note(f"{bar.close:g}")
            if bar.index == 0:
                ctx.buy(tag="first")

    played = play_table(f"{FLAT}\n{FLAT}", Buys)
    assert (str(played), played.notes) == (
        f"{FLAT} |\n{FLAT} | open buy 1 @ 401 R6",
        [("buys", "400"), ("buys", "400")],
    )
    with pytest.raises(ValueError, match="orders and there is a strategy besides"):
        play_table(f"{FLAT} | buy 1 |", Buys)


def test_the_same_table_through_a_gateway():
    class Two(FeeModel):
        def fee(self, contract, side, size):
            return 2

    class Three(SlippageModel):
        def ticks(self, fill):
            return 3

    text = f"{FLAT} | buy 2 sl 6 |\n400 403 390 392 | |"
    here, there = (play_table(text, Two, Three, Cap, broker={"kind": kind}) for kind in ("embedded", "helpers"))
    assert str(here) == str(there) == f"{FLAT} |\n400 403 390 392 | open buy 2 @ 403 R6; path sell 2 @ 394 R8"
    assert here.balance == there.balance == 10_000 - 18 - 8


@pytest.mark.parametrize(
    ("ask", "did"),
    [
        ("buy 1 limit 399", "path buy 1 @ 399 R7"),
        ("sell 2 stop 399", "path sell 2 @ 398 R8"),
        ("position -2", "open sell 2 @ 399 R6"),
        ("buy 1 limit 390 tag x; cancel x", ""),
        ("buy 1 sl 3 tp 9", "open buy 1 @ 401 R6; path sell 1 @ 397 R8"),
        ("buy 1 trailing 3", "open buy 1 @ 401 R6; path sell 1 @ 397 R10"),
        ("sell 1 trail 1", "path sell 1 @ 398 R10"),
        ("sell 1 reduce", ""),
        ("close", ""),
    ],
)
def test_what_an_order_may_say(ask, did):
    assert play_table(f"400 400 400 400 | {ask} |\n400 402 397 402 | |").happened[1] == list(
        filter(None, did.split("; "))
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "no bars"),
        ("400 402 398", "line 1 of the table, '400 402 398': 3 figures, expected open high low close"),
        ("400 402 x 400", "'400 402 x 400', expected prices"),
        (
            f"\n{FLAT} | bye 1 |",
            "line 2 of the table, .* 'bye 1', expected buy N, sell N, position N, close or cancel TAG",
        ),
        (f"{FLAT} | buy 1 limt 398 |", "'limt 398' of 'buy 1 limt 398', expected a value behind one of limit, stop"),
        (f"{FLAT} | buy 1 sl |", "'sl' of 'buy 1 sl', expected a value"),
    ],
)
def test_mistakes_in_a_table_name_the_line(table, told):
    with pytest.raises(ValueError, match=told):
        play_table(table)


def test_bars_are_checked_as_a_files_are():
    with pytest.raises(Exception, match="low is above open or close"):
        play_table("400 402 401 400")


def test_what_a_plugin_raises_names_it():
    class Breaks(RiskRule):
        @hookimpl
        def on_risk(self, order, ctx):
            return 1 / 0

    with pytest.raises(
        PluginError, match=r"plugin breaks, hook on_risk at .*test_tables.py:\d+, bar ending 2024-01-02"
    ):
        play_table(f"{FLAT} | buy 1 |", Breaks)


def test_guards_and_failed_accounts_are_told():
    class Floor(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("floor", basis="equity", level=9_995, action="fail")

    played = assert_table(
        """
        400 402 398 400 | buy 1 |
        400 401 390 391 |       | open buy 1 @ 401 R6; path sell 1 @ 394 R19 (floor); guard floor: fail
        391 392 390 391 |       |
        """,
        Floor,
    )
    assert (played.failed, played.bars) == ("floor", 2)


def test_classes_that_were_typed_into_a_session():
    names = {}
    exec(TYPED, names)  # noqa: S102
    with pytest.raises(PluginError, match=r"plugin typed, function fee at .*, bar ending .*: ZeroDivisionError"):
        play_table(f"{FLAT} | buy 1 |\n{FLAT}", names["Typed"])


TYPED = """
from barstep import FeeModel
__name__ = "__main__"
class Typed(FeeModel):
    def fee(self, contract, side, size):
        return 1 / 0
"""


def test_other_things_than_plugins_are_refused():
    with pytest.raises(TypeError, match="int is no plugin: expected a class that inherits one of Strategy"):
        play_table(FLAT, int)
