"""Many attempts: against arithmetic, against a closed form, and what an interval must do."""

from dataclasses import replace
from math import ceil, sqrt

import numpy as np
import pytest
from days import day_of, days_of

from barstep.domain.instrument import MICROS
from barstep.evaluate.bootstrap import block_length, draw_days, draw_replicates
from barstep.evaluate.odds import MONTH, Draw, Source, Stages, odds
from barstep.rules import Fees, adjusted, load_plan
from barstep.rules.account_limits import NEVER, Limits, limits_of
from barstep.rules.attempts import DayTable, walk_attempts
from barstep.rules.day import day_numbers

PLAN = load_plan("topstep-combine-50k")
FUNDED = load_plan("topstep-express-funded-50k")


def table(nets, lows=None):
    net = np.array(nets, np.int64) * MICROS
    low = np.minimum(net, 0) if lows is None else np.array(lows, np.int64) * MICROS
    return DayTable(net, low, np.maximum(net, 0), np.full(len(net), NEVER), np.ones(len(net), bool))


def drawn(nets, stages, **draw):
    days = table(nets)
    source = Source(1, days, days if stages.funded else None, 0)
    return odds([source], stages, Draw(**{"attempts": 2000, "days": 60, "funded_days": 30, "seed": 3, **draw}))[0]


def test_one_distinct_day_is_arithmetic():
    """600 a day: the target of 3,000 on day 5, then a payout of half the balance on every fifth winning day."""
    stages = Stages(limits_of(PLAN), limits_of(FUNDED), PLAN.fees)
    found = drawn([600] * 7, stages)
    assert (found.pass_share, *found.pass_interval) == (1.0, 1.0, 1.0)
    assert set(found.days_to_pass.values()) == {5.0}
    assert found.causes["passed"] == 1.0
    assert found.attempt_cost == 49.0
    assert found.pass_cost == 49.0 + 149.0
    balance, paid = 0.0, 0.0
    for day in range(1, 31):
        balance += 600
        if day % 5 == 0:
            gross = min(balance / 2, 2000)
            balance -= gross
            paid += gross * 0.9 - 30
    assert found.funded is not None
    assert found.funded.paid == pytest.approx(paid, abs=0.001)
    assert (found.funded.payouts, found.funded.paid_share, found.funded.lost) == (6.0, 1.0, 0.0)
    assert set(found.funded.days_to_payout.values()) == {5.0}
    assert found.value == pytest.approx(paid - 198, abs=0.001)
    assert found.gains == 1.0


def scaled(nets, lots, most):
    """Days at 0 to `most` times their size, beside what was held at most at the recorded size, in mini lots."""
    rows = table([net * times for times in range(most + 1) for net in nets])
    return rows._replace(lots=np.array([round(lot * 10) for lot in lots], np.int64), most=most)


@pytest.mark.parametrize(("tie", "third"), [("upper", 4), ("lower", 3)])
def test_a_scaling_plan_sizes_the_days_of_a_funded_account(tie, third):
    """One lot that wins 500: two lots are allowed below 1,500, three from there, five from 2,000: the tie is a switch."""
    plan = adjusted(FUNDED, {"scaling_tie": tie})[0]
    limits = replace(limits_of(plan), payout=None)
    for size, days, want in ((4, 1, 2 * 500), (4, 2, 4 * 500), (4, 3, (4 + third) * 500), (1, 3, 1500)):
        found = walk_attempts(scaled([500], [1], size), np.zeros((1, days), int), limits)
        assert found.profit[0] == want * MICROS, (size, days)
        assert found.reduced[0] == (0 if size == 1 else sum(times < size for times in (2, 2, third)[:days]))


def test_a_day_that_no_row_allows_is_sat_out():
    limits = replace(limits_of(FUNDED), payout=None)
    found = walk_attempts(scaled([500, -50], [2.1, 0.3], 3), np.array([[0, 1, 0]]), limits)
    assert (found.profit[0], found.reduced[0]) == (3 * -50 * MICROS, 2)


def test_odds_follow_the_scaling_plan_after_a_pass():
    """1,000 a day at two lots: five lots of the Combine are enough, the funded account begins with two of them."""
    plain, rows = table([2000]), scaled([1000], [2], 2)
    source = Source(2, plain, rows, 0)
    found = odds([source], Stages(limits_of(PLAN), limits_of(FUNDED), PLAN.fees), Draw(50, 10, 3, 1))[0]
    assert found.funded is not None
    assert found.funded.reduced_days == pytest.approx(2 / 3), "four lots are allowed once 2,000 are won"
    alone = odds(
        [Source(1, scaled([1000], [2], 1), None, 0)], Stages(limits_of(FUNDED), None, FUNDED.fees), Draw(50, 6, 3, 1)
    )[0]
    assert alone.funded is not None
    assert alone.funded.reduced_days == 0, "at its own size every day fits"


def test_a_losing_day_alone_fails_and_costs():
    """-450 a day breaches 2,000 on day 5; every attempt costs one month, and there is no price of a pass."""
    found = drawn([-450] * 7, Stages(limits_of(PLAN), limits_of(FUNDED), PLAN.fees))
    assert (found.pass_share, found.pass_cost, found.funded) == (0.0, None, None)
    assert found.causes["max_loss_limit"] == 1.0
    assert (found.attempt_cost, found.value, found.gains) == (49.0, -49.0, 0.0)


def test_months_that_begin_are_paid_for_and_a_reset_replaces_the_first():
    fees = Fees(once=10.0, monthly=100.0, reset=40.0, activation=7.0)
    found = drawn([40] * 7, Stages(Limits(start=0, target=3000 * MICROS), None, fees), days=100)
    assert set(found.days_to_pass.values()) == {75.0}
    assert found.attempt_cost == 10 + 100 * ceil(75 / MONTH)
    assert found.pass_cost == found.attempt_cost + 7
    half = drawn([100, -100] * 5, Stages(Limits(100 * MICROS, 100 * MICROS, target=100 * MICROS), None, fees), block=1)
    p = half.pass_share
    assert half.pass_cost == pytest.approx(110 / p + (1 / p - 1) * (40 - 110) + 7)


def test_no_price_no_cost():
    found = drawn([600] * 7, Stages(limits_of(PLAN), limits_of(FUNDED), Fees()))
    assert (found.attempt_cost, found.pass_cost, found.value) == (None, None, None)


@pytest.mark.parametrize(("up", "of", "down", "target"), [(1, 2, 5, 5), (11, 20, 6, 8), (9, 20, 4, 3)])
def test_gamblers_ruin(up, of, down, target):
    """Steps of one up or down from independent days: the chance to reach the target first is known (Feller, XIV.2)."""
    p = up / of
    ratio = (1 - p) / p
    exact = down / (down + target) if p == 0.5 else (1 - ratio**down) / (1 - ratio ** (down + target))
    limits = Limits(start=0, distance=down * MICROS, target=target * MICROS)
    found = drawn([1] * up + [-1] * (of - up), Stages(limits, None, Fees()), attempts=10_000, days=600, block=1)
    assert found.causes["open"] < 1e-3
    assert abs(found.pass_share - exact) < 4 * sqrt(exact * (1 - exact) / 10_000)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Sources of 60 independent days, each judged on its own: about 95 of 100 intervals hold the true chance."""
    down, target, p = 4, 4, 0.55
    ratio = (1 - p) / p
    exact = (1 - ratio**down) / (1 - ratio ** (down + target))
    limits = Limits(start=0, distance=down * MICROS, target=target * MICROS)
    rng, held = np.random.default_rng(5), 0
    for _ in range(40):
        nets = np.where(rng.random(60) < p, 1, -1).tolist()
        found = drawn(nets, Stages(limits, None, Fees()), attempts=500, days=80, block=1)
        held += found.pass_interval.low <= exact <= found.pass_interval.high
    assert 34 <= held <= 40


def test_the_interval_narrows_with_more_source_days_and_not_with_more_attempts():
    limits = Limits(start=0, distance=8 * MICROS, target=8 * MICROS)
    nets = np.where(np.random.default_rng(2).random(400) < 0.53, 1, -1).tolist()

    def width(days, attempts):
        low, high = drawn(nets[:days], Stages(limits, None, Fees()), attempts=attempts, days=200, block=1).pass_interval
        return high - low

    assert width(400, 2000) < 0.6 * width(40, 2000)
    assert width(40, 8000) > 0.8 * width(40, 500)


def test_the_same_seed_gives_the_same_figures_and_another_others():
    stages = Stages(limits_of(PLAN), limits_of(FUNDED), PLAN.fees)
    nets = np.random.default_rng(4).integers(-500, 600, 80).tolist()
    assert drawn(nets, stages) == drawn(nets, stages)
    assert drawn(nets, stages).pass_share != drawn(nets, stages, seed=4).pass_share


def test_sizes_share_their_drawn_days_and_twice_the_size_is_half_the_account():
    """Every level half as far away at size 1 is the same as size 2: the rules know money only."""
    nets = np.random.default_rng(6).integers(-300, 340, 90)
    limits = Limits(start=0, distance=2000 * MICROS, target=2000 * MICROS)
    halved = Limits(start=0, distance=1000 * MICROS, target=1000 * MICROS)
    draw = Draw(attempts=3000, days=60, funded_days=1, seed=1)
    one, two = odds([Source(k, table(nets * k), None, 0) for k in (1, 2)], Stages(limits, None, Fees()), draw)
    alone = odds([Source(1, table(nets), None, 0)], Stages(halved, None, Fees()), draw)[0]
    assert two.pass_share == alone.pass_share
    assert two.pass_interval == alone.pass_interval
    assert two.pass_share != one.pass_share


def test_a_soft_daily_limit_cuts_days_anew_at_each_size():
    """At twice the size the day touches the limit and ends there; at once the size it recovers."""
    plan = adjusted(PLAN, {"dll": "bought"})[0]
    day = days_of([[(-600, 0, -600, 0, 1), (-600, 400, 400, 400, 0)]])[0]
    limits = limits_of(plan)
    cost = 7 * MICROS
    one, two = day_numbers(day, limits, cost), day_numbers(day.times(2), limits, cost)
    assert (one.net, one.stopped) == (400 * MICROS, False)
    assert (two.net, two.stopped) == (-1000 * MICROS - 2 * cost, True)
    assert two.low == -1200 * MICROS


def test_a_ledger_that_was_stopped_already_keeps_its_own_result():
    day = day_of(0, [(-1003, 0, -1003, -1003, 0), (-1003, -1003, -1003, -1003, 0)])
    numbers = day_numbers(day, Limits(start=0, daily=1000 * MICROS), cost=50 * MICROS)
    assert (numbers.net, numbers.stopped) == (-1003 * MICROS, True)


def test_blocks_are_runs_of_days_in_a_circle():
    order = draw_days(np.random.default_rng(1), 10, 4, 500, 11)
    assert order.shape == (500, 11)
    inside = np.ones(10, bool)
    inside[3::4] = False  # a new block may begin there
    assert ((np.diff(order, axis=1) % 10 == 1) | ~inside).all()
    assert set(np.unique(order)) == set(range(10))
    counts = np.bincount(order.ravel(), minlength=10)
    assert counts.min() > 0.8 * counts.mean()
    assert [block_length(n) for n in (1, 8, 27, 120, 1000)] == [1, 2, 3, 5, 10]


def test_a_set_of_source_days_is_drawn_before_its_attempts():
    order = draw_replicates(np.random.default_rng(1), 30, 1, 50)
    of_first_set = np.unique(order[:200])
    assert len(of_first_set) < 28  # about 63 % of the days are in one set
    assert len(np.unique(order)) == 30
