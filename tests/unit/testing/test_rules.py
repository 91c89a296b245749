"""assert_rule: one rule, one order, one state."""

from __future__ import annotations

import pytest

from barstep import RiskDecision, RiskRule, hookimpl, option
from barstep.testing import assert_rule


class Cap(RiskRule):
    contracts: int = option(2, ge=0)

    @hookimpl
    def on_risk(self, order, ctx):
        room = self.contracts - ctx.exposure(order)
        return None if order.opens <= room else RiskDecision.resize(max(0, room), f"at most {self.contracts}")


class Loss(RiskRule):
    usd: float = 5

    @hookimpl
    def on_risk(self, order):
        return RiskDecision.deny("too much lost") if self.lost > self.usd else None

    @hookimpl
    def on_start(self, ctx):
        self.lost = 0.0

    @hookimpl
    def on_trade(self, trade, ctx):
        self.lost -= trade.net_pnl


LOST = """
    400 402 398 400 | buy 1 sl 6
    400 401 390 391 |
"""


def test_the_three_answers():
    assert_rule(Cap, "buy 2", allows=True)
    order = assert_rule(Cap(contracts=2), "buy 3", resizes=2, reason="at most 2")
    assert (order.size, order.asked, order.opens) == (2, 3, 3)
    assert assert_rule(Cap(contracts=0), "buy 1", denies=True).status == "denied"


def test_a_position_is_part_of_the_state():
    assert_rule(Cap, "buy 1", position=2, denies=True)
    assert_rule(Cap, "buy 3", position=1, resizes=1)
    assert_rule(Cap, "sell 5", position=-1, resizes=1)
    assert_rule(Cap, "sell 2", position=2, allows=True)


def test_a_table_leads_to_a_state_whose_orders_the_rule_is_not_asked_about():
    assert_rule(Loss, "buy 1", after=LOST, denies=True, reason="too much lost")
    assert_rule(Loss(usd=100), "buy 1", after=LOST, allows=True)
    assert_rule(Cap(contracts=0), "sell 1", after="400 402 398 400 | buy 3\n400 402 398 400", allows=True)


def test_a_rule_is_left_as_it_was():
    rule = Cap()
    assert_rule(rule, "buy 1", allows=True)
    assert "on_risk" not in vars(rule)


def test_a_rule_that_locks_denies():
    class Lock(RiskRule):
        @hookimpl
        def on_bar(self, bar, ctx):
            ctx.lock("session", "no more today")

    assert_rule(Lock, "buy 1", denies=True, reason="no more today")


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"allows": True}, "Cap, buy 3: it was resized to 2: .*at most 2.*; expected allows"),
        ({"resizes": 1}, "resized to 2: .*; expected resizes=1"),
        ({"denies": True}, "expected denies"),
        ({"resizes": 2, "reason": "margin"}, "expected a reason with 'margin'"),
    ],
)
def test_a_wrong_expectation_fails_and_tells_what_was(expected, told):
    with pytest.raises(AssertionError, match=told):
        assert_rule(Cap, "buy 3", **expected)


def test_an_order_that_says_nothing_of_the_rule_fails():
    with pytest.raises(AssertionError, match="the venue rejected it: stop price"):
        assert_rule(Cap, "buy 1 stop 390", allows=True)
    with pytest.raises(AssertionError, match="it asked for no order"):
        assert_rule(Cap, "close", allows=True)
    with pytest.raises(AssertionError, match="it asked for no order"):
        assert_rule(Cap, "close", after="400 402 398 400 | buy 1 limit 300", allows=True)

    class Fails(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("floor", basis="equity", level=9_999, action="fail")

    with pytest.raises(AssertionError, match=r"never asked for: the account failed before \(floor\)"):
        assert_rule(Fails, "buy 1", after=LOST, allows=True)


def test_exactly_one_expectation():
    for given in ({}, {"allows": True, "denies": True}):
        with pytest.raises(TypeError, match="exactly one"):
            assert_rule(Cap, "buy 1", **given)
