"""Two walks and a slow one agree: bar by bar, on reduced days, for any limits; and what must hold for each of them."""

import numpy as np
from days import days_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from slow import slow_walk

from barstep.domain.instrument import MICROS
from barstep.rules.account_limits import NEVER, Limits
from barstep.rules.attempts import CAUSES, DayTable, trace_attempts, walk_attempts
from barstep.rules.day import day_numbers
from barstep.rules.walk import Account

STEP = st.integers(-6, 6)


@st.composite
def day_tables(draw, flat=True):
    """Days of bars in whole USD, few enough levels that touches happen; each day ends flat when `flat`."""
    table, close, balance, position = [], 0, 0, 0
    for _ in range(draw(st.integers(1, 5))):
        rows = []
        bars = draw(st.integers(1, 5))
        for bar in range(bars):
            close += draw(STEP)
            low, high = close - draw(st.integers(0, 4)), close + draw(st.integers(0, 4))
            position = draw(st.integers(0, 2))
            if flat and bar == bars - 1:
                position = 0
            balance = close if position == 0 else balance + draw(st.integers(-3, 3))
            rows.append((low, high, close, balance, position))
        table.append(rows)
    return days_of(table)


@st.composite
def some_limits(draw):
    start = draw(st.sampled_from([0, 50])) * MICROS
    trail = draw(st.sampled_from(["static", "end_of_day", "balance", "equity"]))
    lock = draw(st.sampled_from([None, 0, 1, 3]))
    daily = draw(st.sampled_from([None, 2, 5]))
    target = draw(st.sampled_from([None, 4, 8]))
    return Limits(
        start=start,
        distance=draw(st.sampled_from([None, 3, 6, 10])) and draw(st.sampled_from([3, 6, 10])) * MICROS,
        trail=trail,
        lock=NEVER if lock is None else start + lock * MICROS,
        live=trail in ("balance", "equity") or draw(st.booleans()),
        touch=draw(st.booleans()),
        daily=None if daily is None else daily * MICROS,
        daily_fails=draw(st.booleans()),
        target=None if target is None else target * MICROS,
        share=draw(st.sampled_from([None, (1, 2), (11, 20)])),
        inclusive=draw(st.booleans()),
        min_days=draw(st.integers(0, 2)),
        max_days=draw(st.sampled_from([None, 3])),
    )


def walked(days, limits, cost, kind=False):
    account, floors = Account(limits, cost, kind), []
    for number, day in enumerate(days):
        bars = account.day(day)
        floors += bars.floor.tolist()
        if account.status != "open":
            where = (number, len(bars.end_ns) - 1)
            return account, floors, where
    return account, floors, None


@given(day_tables(flat=False), some_limits(), st.integers(0, 2), st.booleans())
@settings(max_examples=300, deadline=None)
def test_bar_by_bar_equals_the_slow_walk(days, limits, cost, kind):
    account, floors, where = walked(days, limits, cost * MICROS, kind)
    slow = slow_walk(days, limits, cost * MICROS, kind)
    assert account.status == slow.status
    if account.status == "failed":
        assert account.failure is not None
        assert account.failure.rule == slow.rule
        assert where == slow.where
    else:
        assert account.balance == slow.balance
        assert [day.net for day in account.days] == slow.nets
        assert account.floor == (slow.floor if slow.floor is not None else -NEVER)
    assert floors[: len(slow.floors)] == [-NEVER if floor is None else floor for floor in slow.floors]


@given(day_tables(), some_limits(), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_reduced_days_equal_the_slow_walk(days, limits, cost):
    """The vectorised kernel sees three attempts at once: from the first day, from the second, and the first alone."""
    table = DayTable.of([day_numbers(day, limits, cost * MICROS) for day in days])
    count = len(days)
    orders = [list(range(count)), [*range(1, count), -1], [0] + [-1] * (count - 1)]
    found = walk_attempts(table, np.array(orders), limits)
    if limits.max_days is not None:
        limits_by_days = 2  # 3 calendar days are 2 trading days
    for row, order in enumerate(orders):
        lived = [days[k] for k in order if k >= 0]
        if limits.max_days is not None:
            slow = slow_walk(lived, without_time(limits), cost * MICROS)
            ended = len(slow.nets) + (slow.status == "failed")
            if (slow.status == "open" and len(lived) >= limits_by_days) or ended > limits_by_days:
                assert (CAUSES[found.cause[row]], found.days[row]) == ("max_days", limits_by_days)
                continue
        else:
            slow = slow_walk(lived, limits, cost * MICROS)
        want = slow.rule if slow.status == "failed" else slow.status
        assert CAUSES[found.cause[row]] == want
        assert found.days[row] == len(slow.nets) + (slow.status == "failed")
        if slow.status != "failed":
            assert found.profit[row] == slow.balance - limits.start


def without_time(limits):
    from dataclasses import replace

    return replace(limits, max_days=None)


@given(day_tables(flat=False), some_limits(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_floor_never_falls_and_never_passes_its_lock(days, limits, kind):
    _, floors, _ = walked(days, limits, MICROS, kind)
    assert floors == sorted(floors)
    if limits.distance is not None and limits.trail != "static":
        assert max(floors) <= max(limits.lock, limits.first_floor)


@given(day_tables(flat=False), some_limits())
@settings(max_examples=300, deadline=None)
def test_the_kinder_reading_never_ends_earlier_by_the_loss_limit(days, limits):
    harsh, _, where = walked(days, limits, MICROS)
    kind, _, later = walked(days, limits, MICROS, kind=True)
    if kind.failure is not None and kind.failure.rule == "max_loss_limit":
        assert harsh.status in ("failed", "passed")
        assert where is not None
        assert later is not None
        assert where <= later


@given(day_tables(flat=False), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_a_day_at_a_size_is_its_numbers_times_the_size(days, size):
    """Without a daily limit every number of a day is linear in the size."""
    limits = Limits(start=0, distance=10 * MICROS, trail="end_of_day")
    for day in days:
        one, many = day_numbers(day, limits), day_numbers(day.times(size), limits)
        assert [many.net, many.low, many.high] == [one.net * size, one.low * size, one.high * size]


@given(day_tables(flat=False), st.sampled_from([3, 5, 8]), st.integers(-4, 12), st.integers(0, 6))
@settings(max_examples=200, deadline=None)
def test_the_reduction_of_a_trailing_day_is_exact(days, distance, peak, lock):
    """A day on any account: touched bar by bar exactly when its few numbers say so, the floor after it the same."""
    for trail in ("equity", "balance"):
        for locked in (lock * MICROS, NEVER):
            limits = Limits(start=0, distance=distance * MICROS, trail=trail, lock=locked)
            day = days[0]
            account = Account(limits)
            opened = max(peak, 0) * MICROS
            account.floor = limits.next_floor(account.floor, opened)
            before = account.floor
            assume(before < 0)  # an account whose floor is at its equity has failed already
            numbers = day_numbers(day, limits)
            account.day(day)
            touched = numbers.low <= before or (numbers.deep < NEVER and numbers.deep <= limits.lock)
            assert (account.status == "failed") == touched
            if not touched:
                assert account.floor == limits.next_floor(before, numbers.high)


@given(day_tables(), some_limits())
@settings(max_examples=200, deadline=None)
def test_a_trace_is_what_shorter_and_shorter_attempts_come_to(days, limits):
    table = DayTable.of([day_numbers(day, limits, 0) for day in days])
    order = np.array([list(range(len(days))), [0] * len(days), [*range(1, len(days)), -1]])
    traced = trace_attempts(table, order, limits)
    assert traced.shape == (3, len(days) + 1)
    for length in range(len(days) + 1):
        assert traced[:, length].tolist() == walk_attempts(table, order[:, :length], limits).profit.tolist()


def test_a_trace_stays_where_its_attempt_ended():
    limits = Limits(start=50 * MICROS, distance=20 * MICROS, target=30 * MICROS)
    net, low = np.array([10, -25]) * MICROS, np.array([0, -40]) * MICROS
    table = DayTable(net, low, net, np.array([NEVER, NEVER]), np.array([True, True]))
    traced = trace_attempts(table, np.array([[0, 0, 0, 1], [0, 1, 0, 0]]), limits)
    assert (traced // MICROS).tolist() == [[0, 10, 20, 30, 30], [0, 10, -30, -30, -30]]  # passed; failed at its lowest
