from datetime import UTC, datetime

from barstep_weekly.weekly_loss import WeeklyLoss

from barstep.testing import assert_rule, assert_table

SATURDAY = datetime(2024, 1, 6, 12, tzinfo=UTC)

WEEK = """
    open high low close | orders     | what happens
    400  402  398 400   | buy 2 sl 6 |
    400  401  390 391   | buy 1      | open buy 2 @ 401 R6; path sell 2 @ 394 R8; \
denied buy 1: weekly_loss: the week has lost 14.00 USD, at most 14.00
    new day
    391  392  390 391   | sell 1     | denied sell 1: weekly_loss: the week has lost 14.00 USD, at most 14.00
    new day
    391  392  390 391   | sell 1     |
    391  392  390 391   |            | open sell 1 @ 390 R6
"""


def test_nothing_opens_until_monday():
    assert_table(WEEK, WeeklyLoss(usd=14), start=SATURDAY)


def test_a_smaller_loss_changes_nothing():
    after = "400 402 398 400 | buy 1 sl 6\n400 401 390 391"
    assert_rule(WeeklyLoss(usd=8), "buy 1", after=after, allows=True)
    assert_rule(WeeklyLoss(usd=7), "buy 1", after=after, denies=True, reason="lost 7.00 USD")
    assert_rule(WeeklyLoss(usd=7), "buy 1", after=after, account={"fees": "0.25"}, denies=True, reason="lost 7.50 USD")


def test_reducing_is_always_allowed():
    assert_rule(WeeklyLoss(usd=1), "sell 2", position=2, allows=True)
