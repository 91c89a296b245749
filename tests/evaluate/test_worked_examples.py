"""The worked examples of the reference on account rules, through the kernels."""

from datetime import timedelta

import numpy as np
import pytest
from days import FIRST, day_of, marks

from barstep.domain.instrument import MICROS, micros
from barstep.rules import load_plan
from barstep.rules.account_limits import NEVER, Limits, limits_of
from barstep.rules.attempts import MAX_LOSS, OPEN, DayTable, walk_attempts
from barstep.rules.day import day_numbers
from barstep.rules.walk import Account

TRAILS = {"eod_trailing": "end_of_day", "intraday_trailing": "equity", "static": "static"}


def limits_from(case):
    rule = case["drawdown"]
    return Limits(
        start=micros(case["start"]),
        distance=micros(rule["amount"]),
        trail=TRAILS[rule["type"]],
        lock=NEVER if rule["lock_at"] is None else micros(rule["lock_at"]),
        live=rule["checked"] == "intraday",
        touch=rule["touch_is_breach"],
    )


def days_from(case):
    found, before = [], 0
    for number, each in enumerate(case["days"]):
        rows = marks(each["marks"], case["start"])
        found.append(day_of(number, rows, (before, before, 0)))
        before = rows[-1][2]
    return found


def test_floors_and_breaches_of_every_drawdown(worked):
    for case in worked["drawdown"]:
        account = Account(limits_from(case))
        for told, day in zip(case["days"], days_from(case), strict=True):
            assert account.floor == micros(told["floor_at_open"]), case["id"]
            bars = account.day(day)
            if "floor_after_each_mark" in told:
                assert bars.floor.tolist() == [micros(f) for f in told["floor_after_each_mark"]], case["id"]
            if told["breach"] is None:
                assert account.status == "open", case["id"]
                assert account.floor == micros(told["floor_after_close"]), case["id"]
                continue
            failure = account.failure
            assert failure is not None, case["id"]
            bar = int(np.flatnonzero(day.end_ns == failure.end_ns)[0])
            assert bar == told["breach"].get("mark_index", len(told["marks"]) - 1), case["id"]
            assert (failure.rule, failure.equity, failure.level) == (
                "max_loss_limit", micros(told["breach"]["equity"]), micros(told["breach"]["floor"]),
            ), case["id"]  # fmt: skip
            assert failure.day == FIRST + timedelta(days=told["day"] - 1)


def test_the_vectorised_kernel_ends_every_drawdown_on_the_same_day(worked):
    for case in worked["drawdown"]:
        limits, days = limits_from(case), days_from(case)
        table = DayTable.of([day_numbers(day, limits) for day in days])
        found = walk_attempts(table, np.arange(len(days))[None, :], limits)
        last = case["days"][-1]
        assert found.cause[0] == (OPEN if last["breach"] is None else MAX_LOSS), case["id"]
        assert found.days[0] == len(days), case["id"]


def test_daily_loss_limit(worked):
    for case in worked["daily_loss"]:
        start = case["day_start_balance"]
        limits = Limits(
            start=micros(start), distance=micros(start - case["mll_floor"]), daily=micros(case["daily_loss_limit"])
        )
        day = day_of(0, marks(case["equity_marks"], start))
        account = Account(limits)
        bars = account.day(day)
        want = case["expected"]
        assert len(bars.end_ns) == want.get("mark_index", len(case["equity_marks"]) - 1) + 1, case["id"]
        if want["outcome"] == "account_failed":
            assert account.failure is not None, case["id"]
            assert account.failure.level == micros(want["level"]), case["id"]
        else:
            assert account.status == "open", case["id"]
            assert bool(account.days[0].stopped_ns) == (want["outcome"] == "day_stopped"), case["id"]
            if want["outcome"] == "day_stopped":
                assert account.balance == micros(want["level"]), case["id"]


def test_consistency(worked):
    for case in worked["consistency"]:
        target = case["profit_target"]
        limits = Limits(
            start=0,
            target=None if target is None else micros(target),
            share=(round(case["limit"] * 100), 100),
        )
        account, before = Account(limits), 0
        for number, net in enumerate(case["daily_net"]):
            account.day(day_of(number, marks([before + net]), (before, before, 0)))
            before += net
        assert account.profit == micros(case["total"])
        assert account.best_day == micros(case["best_day"])
        assert account.needed / MICROS == pytest.approx(case["total_needed"], abs=0.005)
        assert account.best_day / account.profit == pytest.approx(case["best_day_share"], abs=5e-7)
        if target is not None:
            assert (account.status == "passed") == case["passes"], case["id"]
        assert (account.profit >= account.needed) == case["passes"], case["id"]


def test_payouts(worked):
    for case in worked["payout"]:
        plan = load_plan(f"topstep-express-funded-{case['size'].lower()}")
        if case["dll_bought_with_combine"]:
            from barstep.rules import adjusted

            plan = adjusted(plan, {"dll": "bought"})[0]
        limits = limits_of(plan, case["path"])
        assert limits.payout is not None
        days = limits.payout.days
        # the balance grows evenly until the days that are asked for are there, so that the best day is no hindrance
        nets = [micros(case["balance"]) // days] * days
        nets[-1] += micros(case["balance"]) - sum(nets)
        table = DayTable(
            np.array(nets), np.zeros(days, np.int64), np.array(nets), np.full(days, NEVER), np.ones(days, bool)
        )
        found = walk_attempts(table, np.arange(days)[None, :], limits)
        fee = limits.payout.transfer_fee
        assert found.payouts[0] == 1, case
        assert found.first_payout[0] == days, case
        assert found.paid[0] == micros(case["trader_share"]) - fee, case
        assert found.profit[0] == micros(case["balance_after"]), case
