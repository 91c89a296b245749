"""R22 to R25 and expiry: partial fills, cancels and changes, off-grid prices, the end of the data."""

from datetime import UTC, datetime

import pytest
from table import buy, cancel, change, play, sell

QUIET = (400, 404, 398, 402)
RISING = [(400, 401, 399, 400), (402, 403, 401, 402), (404, 405, 403, 404)]

# -- R22: participation ------------------------------------------------------------------------------------------


def test_r22_an_order_takes_its_share_of_each_bar():
    played = play(RISING, buy(25), participation=0.1)
    assert played.fills == ["1 open buy 10 @ 401 R6", "2 open buy 10 @ 403 R6", "3 open buy 5 @ 405 R6"]
    order = played.records[0].order
    assert (order.status, order.filled, order.average_price) == ("filled", 25, (4010 + 4030 + 2025) / 25)


def test_r22_all_orders_share_in_event_order():
    played = play(RISING, buy(6), buy(6), participation=0.1)
    assert played.fills == ["1 open buy 6 @ 401 R6", "1 open buy 4 @ 401 R6", "2 open buy 2 @ 403 R6"]


def test_r22_the_share_is_rounded_down():
    assert play(RISING, buy(9), participation=0.1, volume=[19, 29, 9]).fills == [
        "1 open buy 1 @ 401 R6",
        "2 open buy 2 @ 403 R6",
    ]


def test_r22_the_rest_of_a_limit_rests():
    bars = [(400, 401, 397, 398), (398, 400, 396, 399), (399, 401, 398, 400)]
    played = play(bars, buy(15, limit=398), participation=0.1, finish=False)
    assert played.fills == ["1 path buy 10 @ 398 R7", "2 path buy 5 @ 398 R7"]


def test_r22_children_grow_with_their_parent():
    bars = [(400, 401, 399, 400), (400, 401, 399, 400), (400, 401, 399, 400)]
    first = play(bars[:1], buy(15, sl=10, tp=20), participation=0.1, finish=False)
    assert first.working == ["#1 buy market x5", "#2 sell stop 391 x10", "#3 sell limit 421 x10"]
    both = play(bars, buy(15, sl=10, tp=20), participation=0.1, finish=False)
    assert both.working == ["#2 sell stop 391 x15", "#3 sell limit 421 x15"]


def test_r22_a_partial_exit_shrinks_the_sibling():
    bars = [(400, 401, 399, 400), (400, 401, 399, 400), (409, 410, 408, 409)]
    played = play(bars, buy(15, sl=10, tp=7), participation=0.1, finish=False, volume=[150, 100, 100])
    assert played.fills[-1] == "3 open sell 10 @ 408 R7"
    assert played.working == ["#2 sell stop 391 x5", "#3 sell limit 408 x5"]


def test_r22_a_stop_that_found_no_volume_fills_at_the_next_open():
    bars = [(400, 401, 399, 400), (400, 401, 395, 396), (394, 395, 393, 394)]
    played = play(bars, buy(12), sell(12, stop=397), participation=0.1, volume=[120, 100, 100])
    assert played.fills[1:] == ["2 path sell 10 @ 396 R8", "3 open sell 2 @ 393 R8"]


def test_r22_the_share_is_exact_in_decimals():
    """0.29 of 100 contracts are 29; binary fractions make it 28.999... (P1: no floating point inside the simulator)."""
    assert play(RISING, buy(40), participation=0.29).fills[0] == "1 open buy 29 @ 401 R6"


# -- R23: cancel and amend ---------------------------------------------------------------------------------------


def test_r23_a_cancelled_order_does_not_fill():
    played = play([(400, 404, 399, 402), QUIET], buy(limit=399, name="x"), cancel("x", bar=2))
    assert played.fills == []
    assert (played.named["x"].status, played.refusals) == ("cancelled", [])


def test_r23_a_market_order_that_waits_can_be_cancelled():
    played = play([QUIET], buy(name="x"), cancel("x", bar=1))
    assert played.fills == []
    assert played.named["x"].status == "cancelled"


def test_r23_a_cancel_is_as_late_as_an_order():
    bars = [(400, 404, 399, 402), (401, 404, 400, 402), (401, 404, 398, 402)]
    on_time = play(bars, buy(limit=399, name="x"), cancel("x", bar=3))
    late = play(bars, buy(limit=399, name="x"), cancel("x", bar=3), latency_bars=1)
    in_time = play(bars, buy(limit=399, name="x"), cancel("x", bar=2), latency_bars=1)
    assert (on_time.fills, late.fills, in_time.fills) == ([], ["3 path buy 1 @ 399 R7"], [])


def test_r23_what_is_gone_cannot_be_cancelled_or_changed():
    played = play([QUIET, QUIET], buy(name="x"), cancel("x", bar=2), change("x", bar=2, size=2))
    assert played.refusals == ["not working", "order 1 is filled, not working"]


GAP = [(405, 407, 404, 406), (398, 400, 397, 399)]


@pytest.mark.parametrize(
    ("terms", "fill"),
    [
        ({"size": 1}, "2 open buy 1 @ 402 R7"),  # smaller: it keeps resting
        ({"size": 3}, "2 open buy 3 @ 399 R7"),  # larger: arriving again
        ({"limit": 403}, "2 open buy 2 @ 399 R7"),  # another price: arriving again
        ({"limit": 402}, "2 open buy 2 @ 402 R7"),  # the same price is no change
    ],
)
def test_r23_a_change_of_price_or_a_larger_size_makes_it_arriving(terms, fill):
    played = play(GAP, buy(2, limit=402, name="x"), change("x", bar=2, **terms))
    assert played.fills == [fill]
    assert played.records[0].order.id == 1


def test_r23_a_change_is_as_late_as_an_order():
    bars = [(405, 407, 404, 406), (405, 407, 404, 406), (400, 404, 399, 402)]
    late = play(bars, buy(limit=398, name="x"), change("x", bar=3, limit=402), latency_bars=1)
    assert late.fills == []
    in_time = play(bars, buy(limit=398, name="x"), change("x", bar=2, limit=402), latency_bars=1)
    assert in_time.fills == ["3 open buy 1 @ 401 R7"]


def test_r23_stops_and_trails_move():
    bars = [(400, 402, 399, 401), (401, 403, 396, 402)]
    moved = play(bars, buy(), sell(stop=390, name="s"), change("s", bar=2, stop=398))
    assert moved.fills[1] == "2 path sell 1 @ 397 R8"
    tighter = play(bars, buy(), sell(trail=20, name="t"), change("t", bar=2, trail=4))
    assert tighter.fills[1] == "2 path sell 1 @ 397 R10", "402 was the best price so far, 403 may come after"


CLOSING = [(405, 407, 404, 406), (405, 407, 404, 406), (407, 409, 406, 408)]


@pytest.mark.parametrize(
    ("order", "terms", "fill"),
    [
        (buy(2, limit=402, name="x"), {"limit": 407}, ["1 hooks buy 2 @ 406 R7"]),  # as one that is placed now
        (buy(2, limit=402, name="x"), {"limit": 405}, ["2 open buy 2 @ 405 R7"]),  # not marketable: it rests
        (buy(2, limit=402, name="x"), {"size": 3}, []),
        (buy(2, stop=412, name="x"), {"stop": 405}, ["1 hooks buy 2 @ 406 R8"]),
        (sell(2, limit=412, name="x"), {"limit": 400, "size": 1}, ["1 hooks sell 1 @ 406 R7"]),
    ],
)
def test_r23_at_the_current_close_a_changed_order_arrives_at_once(order, terms, fill):
    options = {"market_fill": "current_close", "market_slip_ticks": 0, "stop_slip_ticks": 0, "limit_through_ticks": 0}
    played = play(CLOSING, order, change("x", bar=2, **terms), finish=False, **options)
    assert played.fills == fill


def test_r23_at_the_current_close_a_late_change_arrives_at_the_close_it_is_due():
    options = {"market_fill": "current_close", "latency_bars": 1}
    played = play(CLOSING, buy(limit=402, name="x"), change("x", bar=2, limit=410), finish=False, **options)
    assert played.fills == ["2 hooks buy 1 @ 407 R7"]
    assert played.working == []


@pytest.mark.parametrize(
    ("order", "terms", "why"),
    [
        (buy(limit=390, name="x"), {"stop": 410}, "a limit order has no stop to change here"),
        (buy(stop=410, name="x"), {"limit": 410}, "a stop order has no limit to change here"),
        (buy(limit=390, name="x"), {"size": 0}, "expected a whole number of contracts"),
        (buy(limit=390, name="x"), {"limit": 390.5}, "use 390 or 391"),
        (sell(stop=390, name="x"), {"stop": 402}, "already reached by the last close"),
    ],
)
def test_r23_senseless_changes_are_refused_and_change_nothing(order, terms, why):
    played = play([QUIET, QUIET], order, change("x", bar=2, **terms), wrong_side_stop="refuse", finish=False)
    assert why in played.refusals[0]
    assert len(played.working) == 1
    assert played.named["x"].limit in (390, None)


# -- R24: off-grid prices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order",
    [
        buy(limit=399.5, name="x"),
        sell(stop=395.25, name="x"),
        buy(sl_price=390.5, name="x"),
        buy(tp_price=410.5, name="x"),
    ],
)
def test_r24_off_grid_prices_are_refused_with_the_two_nearest(order):
    played = play([QUIET], order)
    assert played.named["x"].status == "rejected"
    below = int(
        order.prices.get("limit") or order.prices.get("stop") or order.bracket.get("stop") or order.bracket["target"]
    )
    assert f"use {below} or {below + 1}" in played.named["x"].reason


@pytest.mark.parametrize(
    ("order", "working"),
    [
        (buy(limit=395.5), 395),
        (sell(limit=405.5), 406),
        (buy(stop=405.5), 406),
        (sell(stop=395.5), 395),
    ],
)
def test_r24_or_rounded_to_the_worse_side(order, working):
    played = play([QUIET], order, off_grid="conservative", finish=False)
    assert [w.level for w in played.exchange.markets[0].book.live] == [working]


def test_r24_the_order_shows_the_price_it_works_at():
    played = play([QUIET], buy(limit=395.5, name="x"), off_grid="conservative", finish=False)
    assert played.named["x"].limit == 395


@pytest.mark.parametrize("terms", [{"sl": 0}, {"sl": -1}, {"sl": 4, "trailing_sl": 4}, {"sl": 4, "sl_price": 390},
                                   {"sl_price": 410, "tp_price": 390}])  # fmt: skip
def test_senseless_brackets_are_refused(terms):
    assert play([QUIET], buy(name="x", **terms)).named["x"].status == "rejected"


# -- R25: the end of the data ------------------------------------------------------------------------------------


def test_r25_close_at_the_last_close_less_the_market_slip():
    played = play([QUIET], buy(2, sl=50), at_end="close")
    assert played.fills == ["1 open buy 2 @ 401 R6", "1 end sell 2 @ 401 R25"]
    assert played.working == []
    assert played.trades[0].exit_reason == "end of data"


def test_r25_mark_leaves_the_position_and_cancels_the_orders():
    played = play([QUIET], buy(), buy(limit=300, name="low"))
    assert (played.position, played.equity, played.working) == (1, [1], [])
    assert (played.named["low"].status, played.named["low"].reason) == ("cancelled", "end of data")


# -- expiry ------------------------------------------------------------------------------------------------------

SLOW = [(400, 402, 399, 401), (400, 402, 399, 401), (400, 402, 395, 401)]


@pytest.mark.parametrize(
    ("expires", "fills"),
    [
        (None, ["3 path buy 1 @ 396 R7"]),
        (3, ["3 path buy 1 @ 396 R7"]),
        (2, []),
        (1, []),
        ("session", ["3 path buy 1 @ 396 R7"]),
        (datetime(1970, 1, 1, 0, 3, tzinfo=UTC), []),  # bar 3 starts at 00:03
        (datetime(1970, 1, 1, 0, 3, 1, tzinfo=UTC), ["3 path buy 1 @ 396 R7"]),
    ],
)
def test_expiry_by_bars_and_by_time(expires, fills):
    played = play(SLOW, buy(limit=396, expires=expires, name="x"))
    assert played.fills == fills
    assert played.named["x"].status == ("filled" if fills else "expired")


def test_expiry_with_the_session():
    played = play(SLOW, buy(limit=396, expires="session", name="x"), buy(limit=396), sessions=[3])
    assert (len(played.fills), played.named["x"].status) == (1, "expired")


def test_expiry_counts_eligible_bars():
    assert play(SLOW, buy(limit=396, expires=1), latency_bars=2).fills == ["3 path buy 1 @ 396 R7"]


@pytest.mark.parametrize("expires", [0, -1, True, "day", datetime(2024, 1, 1)])
def test_senseless_expiries_are_refused(expires):
    assert play([QUIET], buy(limit=396, expires=expires, name="x")).named["x"].status == "rejected"
