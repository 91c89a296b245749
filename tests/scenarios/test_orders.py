"""R4 to R11: when an order becomes eligible, and at which price each kind of order fills."""

import pytest
from table import buy, floor, play, sell

QUIET = (400, 404, 398, 402)


# -- R4, R5: when ------------------------------------------------------------------------------------------------


def test_r4_an_order_arrives_in_the_next_bar_and_rests_from_then_on():
    bars = [(405, 407, 404, 406), (398, 400, 397, 399)]
    resting = play(bars, buy(limit=402))
    arriving = play(bars, buy(limit=402, bar=2))
    assert resting.fills == ["2 open buy 1 @ 402 R7"], "a resting limit gets its own price"
    assert arriving.fills == ["2 open buy 1 @ 399 R7"], "an arriving one gets what the market gives, plus the slip"
    assert [played.records[0].arriving for played in (resting, arriving)] == [False, True]


def test_r4_latency_delays_the_first_eligible_bar():
    bars = [(405, 406, 395, 405), (398, 403, 397, 400)]
    assert play(bars, buy(), latency_bars=1).fills == ["2 open buy 1 @ 399 R6"]
    assert play(bars, buy(stop=405, bar=2), latency_bars=1).fills == []
    late = play(bars, buy(limit=402), latency_bars=1)
    assert late.fills == ["2 open buy 1 @ 399 R7"], "bar 2 is the bar it arrives in"


def test_r4_ids_are_acceptance_numbers_and_refused_orders_count_down():
    played = play([QUIET], buy(name="a"), buy(0, name="b"), sell(limit=410, name="c"), sell(-1, name="d"))
    assert {name: order.id for name, order in played.named.items()} == {"a": 1, "b": -1, "c": 2, "d": -2}


def test_r4_children_that_wait_for_the_next_bar_rest_at_its_open():
    bars = [(400, 412, 396, 410), (415, 416, 413, 414)]
    played = play(bars, buy(stop=404, sl=6, tp=4), children="next_bar")
    assert played.fills[-1] == "2 open sell 1 @ 409 R7", "an arriving limit would have got 414"


def test_r5_nothing_fills_on_a_bar_without_volume():
    bars = [(400, 404, 398, 402), (402, 403, 399, 400)]
    thin = [0, 50]
    assert play(bars, buy(), volume=thin).fills == ["2 open buy 1 @ 403 R6"]
    assert play(bars, buy(stop=403), volume=thin).fills == ["2 path buy 1 @ 404 R8"]
    assert play(bars, buy(limit=404), volume=thin).fills == ["2 open buy 1 @ 404 R7"], "its arriving bar has passed"


def test_r5_a_guard_waits_for_volume_too():
    bars = [(400, 402, 400, 401), (401, 402, 380, 381), (382, 383, 381, 382)]
    played = play(bars, buy(), guards=[floor(-6)], volume=[50, 0, 50])
    assert played.fills == ["1 open buy 1 @ 401 R6", "3 open sell 1 @ 380 R19"]


# -- R6: market --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "paid"), [(buy, 403), (sell, 397)])
def test_r6_market_orders_pay_the_slip_at_the_open(side, paid):
    assert play([QUIET], side(), market_slip_ticks=3).records[0].price_ticks == paid


def test_r6_current_close_fills_while_the_order_is_given():
    played = play([QUIET, (410, 412, 409, 411)], buy(bar=2, name="entry"), market_fill="current_close")
    assert played.fills == ["1 hooks buy 1 @ 403 R6"], "the close of the bar that is complete, plus the slip"
    assert played.named["entry"].status == "filled"
    assert played.equity == [0, 8]


def test_r6_children_of_a_fill_at_the_close_rest_at_the_next_open():
    bars = [QUIET, (410, 412, 409, 411)]
    entry = buy(bar=2, tp=4)
    assert play(bars, entry, market_fill="current_close").fills[-1] == "2 open sell 1 @ 407 R7"
    assert play(bars, entry, profile="playground").fills == ["1 hooks buy 1 @ 402 R6", "2 open sell 1 @ 410 R7"]


@pytest.mark.parametrize(
    ("order", "fill"),
    [
        (buy(limit=405, bar=2), "1 hooks buy 1 @ 402 R7"),
        (buy(limit=402, bar=2), "1 hooks buy 1 @ 402 R7"),
        (buy(stop=400, bar=2), "1 hooks buy 1 @ 402 R8"),
        (sell(stop=402, bar=2), "1 hooks sell 1 @ 402 R8"),
    ],
)
def test_playground_limits_and_stops_already_true_fill_at_the_close(order, fill):
    assert play([QUIET, QUIET], order, profile="playground").fills == [fill]


def test_playground_limits_not_yet_true_rest():
    assert play([QUIET, QUIET], buy(limit=398, bar=2), profile="playground").fills == ["2 path buy 1 @ 398 R7"]


def test_r6_no_fill_at_the_close_of_a_bar_without_volume():
    played = play([QUIET, (410, 412, 409, 411)], buy(bar=2), market_fill="current_close", volume=[0, 50])
    assert played.fills == ["2 open buy 1 @ 411 R6"]


# -- R7: limit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "new_day", "paid"),
    [("limit", (), 398), ("open", (), 390), ("auction", (), 398), ("auction", (2,), 390), ("limit", (2,), 398)],
)
def test_r7_a_gap_through_a_resting_limit(mode, new_day, paid):
    bars = [(400, 404, 399, 402), (390, 393, 388, 392)]
    played = play(bars, buy(limit=398), gap_price=mode, sessions=new_day)
    assert played.fills == [f"2 open buy 1 @ {paid} R7"]


def test_r7_a_gap_through_a_resting_sell_limit():
    bars = [(400, 401, 396, 398), (410, 412, 407, 408)]
    assert play(bars, sell(limit=402)).fills == ["2 open sell 1 @ 402 R7"]
    assert play(bars, sell(limit=402), gap_price="open").fills == ["2 open sell 1 @ 410 R7"]


@pytest.mark.parametrize(
    ("price", "fill"),
    [
        (402, "1 open buy 1 @ 401 R7"),
        (401, "1 open buy 1 @ 401 R7"),
        (400, "1 path buy 1 @ 400 R7"),  # the open stands at the limit, not a tick through it
        (399, "1 path buy 1 @ 399 R7"),
        (398, None),  # the low only touches it
    ],
)
def test_r7_an_arriving_limit_at_every_distance(price, fill):
    assert play([QUIET], buy(limit=price)).fills == ([fill] if fill else [])


def test_r7_ticks_to_trade_through_are_an_option():
    bars = [(400, 404, 396, 402)]
    assert play(bars, buy(limit=398), limit_through_ticks=2).fills == ["1 path buy 1 @ 398 R7"]
    assert play(bars, buy(limit=398), limit_through_ticks=3).fills == []


# -- R8: stop ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "status"),
    [
        (buy(stop=401, name="s"), "working"),
        (buy(stop=400, name="s"), "rejected"),
        (buy(stop=395, name="s"), "rejected"),
        (sell(stop=399, name="s"), "working"),
        (sell(stop=400, name="s"), "rejected"),
        (buy(stop=400, limit=405, name="s"), "rejected"),
    ],
)
def test_r8_a_stop_the_last_close_has_reached_is_refused(order, status):
    played = play([(400, 400, 400, 400)], order, wrong_side_stop="refuse", finish=False)
    assert played.named["s"].status == status
    assert ("already reached by the last close 400" in played.named["s"].reason) == (status == "rejected")


def test_r8_or_triggers_at_the_open():
    assert play([QUIET], buy(stop=395)).fills == ["1 open buy 1 @ 401 R8"]
    assert play([(397, 404, 396, 402)], buy(stop=398, bar=1)).fills == ["1 path buy 1 @ 399 R8"]


@pytest.mark.parametrize(("side", "level", "paid"), [(buy, 404, 411), (sell, 396, 389)])
def test_r8_a_gap_through_a_stop_fills_at_the_open_plus_the_slip(side, level, paid):
    away = 410 if side is buy else 390
    played = play([(400, 403, 397, 400), (away, 412, 388, 400)], side(stop=level))
    assert played.fills == [f"2 open {'buy' if side is buy else 'sell'} 1 @ {paid} R8"]


def test_r8_a_stop_triggers_on_touch_and_may_pay_beyond_the_bar():
    assert play([QUIET], buy(stop=404)).fills == ["1 path buy 1 @ 405 R8"]
    assert play([QUIET], buy(stop=404), clamp_slippage=True).fills == ["1 path buy 1 @ 404 R8"]
    gap = [QUIET, (410, 410, 405, 406)]
    assert play(gap, buy(stop=405)).fills == ["2 open buy 1 @ 411 R8"]
    assert play(gap, buy(stop=405), clamp_slippage=True).fills == ["2 open buy 1 @ 410 R8"]


def test_r8_clamping_is_for_stops_only():
    assert play([(400, 400, 400, 400)], buy(), clamp_slippage=True).fills == ["1 open buy 1 @ 401 R6"]


# -- R9: stop-limit ----------------------------------------------------------------------------------------------


def test_r9_triggered_at_the_open_within_the_limit():
    bars = [(400, 401, 399, 400), (406, 407, 405, 406)]
    assert play(bars, buy(stop=404, limit=408)).fills == ["2 open buy 1 @ 407 R9"]
    assert play(bars, buy(stop=404, limit=406)).fills == ["2 open buy 1 @ 406 R9"], "never worse than the limit"
    assert play(bars, buy(stop=404, limit=405)).fills == []


def test_r9_triggered_in_the_path():
    assert play([QUIET], buy(stop=403, limit=408)).fills == ["1 path buy 1 @ 404 R9"]
    assert play([QUIET], buy(stop=403, limit=403)).fills == ["1 path buy 1 @ 403 R9"]
    assert play([QUIET], sell(stop=399, limit=396)).fills == ["1 path sell 1 @ 398 R9"]


def test_r9_triggered_beyond_its_limit_it_rests_as_a_limit():
    bars = [(400, 408, 400, 406), (405, 406, 402, 403)]
    played = play(bars, buy(stop=404, limit=403))
    assert played.fills == ["2 path buy 1 @ 403 R9"]
    assert not played.records[0].arriving
    gap = [(400, 408, 400, 406), (398, 399, 397, 398)]
    assert play(gap, buy(stop=404, limit=403)).fills == ["2 open buy 1 @ 403 R9"]


# -- R10: trailing stop ------------------------------------------------------------------------------------------


def test_r10_the_level_follows_inside_the_bar_or_only_on_the_close():
    bars = [(400, 408, 398, 406), (405, 407, 402, 402)]
    assert play(bars, buy(), sell(trail=4)).fills[1] == "1 path sell 1 @ 403 R10"
    at_close = play(bars, buy(), sell(trail=4), trail_update="bar_close")
    assert at_close.fills[1] == "2 path sell 1 @ 401 R10", "396 through bar 1, 402 from its close on"


def test_r10_it_follows_the_open_after_the_check():
    played = play([(400, 401, 399, 400), (410, 410, 405, 408)], buy(), sell(trail=4, name="t"))
    assert played.fills == ["1 open buy 1 @ 401 R6", "2 path sell 1 @ 405 R10"], "410 at the open makes it 406"
    assert not played.ambiguous


def test_r10_a_gap_beyond_its_level():
    played = play([(400, 406, 400, 406), (395, 396, 394, 395)], buy(), sell(trail=8))
    assert played.fills[1] == "2 open sell 1 @ 394 R10"


def test_r10_a_trailing_entry_starts_at_the_last_close_and_follows_down():
    bars = [(400, 400, 398, 399), (399, 403, 398, 401)]
    assert play(bars, buy(trail=4)).fills == ["2 path buy 1 @ 403 R10"], "398 made it 402"


def test_r10_the_order_shows_where_it_stands():
    played = play([(406, 408, 405, 407)], sell(trail=4, name="t"), finish=False)
    assert played.named["t"].stop == 404
    assert played.working == ["#1 sell trailing_stop 404"]


# -- R11: join ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bars", "order", "fill"),
    [
        ([QUIET, (403, 404, 401, 403)], buy(join=True, bar=2), "2 path buy 1 @ 402 R11"),
        ([QUIET, (403, 404, 402, 403)], buy(join=True, bar=2), None),
        ([QUIET, (401, 404, 401, 403)], buy(join=True, bar=2), "2 open buy 1 @ 402 R11"),
        ([QUIET, (402, 403, 400, 401)], sell(join=True, bar=2), "2 path sell 1 @ 402 R11"),
    ],
)
def test_r11_joining_is_a_limit_at_the_last_close_and_says_it_is_approximate(bars, order, fill):
    played = play(bars, order)
    assert played.fills == ([fill] if fill else [])
    assert {record.certainty for record in played.records} <= {"approximate"}


# -- R20, R26: what is booked ------------------------------------------------------------------------------------


def test_r20_fifo_money_fees_and_reversal():
    bars = [(400, 401, 399, 400), (410, 411, 409, 410), (420, 421, 419, 420)]
    played = play(bars, buy(), buy(bar=2), sell(3, bar=3), fee=2)
    assert played.fills == ["1 open buy 1 @ 401 R6", "2 open buy 1 @ 411 R6", "3 open sell 3 @ 419 R6"]
    assert [(trade.gross_pnl, trade.fees) for trade in played.trades] == [(18, 4), (8, 4)]
    last = played.records[-1]
    assert (last.closed, last.opened, last.realised_pnl, last.fees, last.position_after) == (2, 1, 26, 6, -1)
    assert played.equity == [-1 - 2, 9 - 1 - 4, 18 + 8 - 1 - 10]


def test_r20_the_average_price_is_not_moved_by_a_reduction():
    bars = [(400, 401, 399, 400), (410, 411, 409, 410), (420, 421, 419, 420)]
    ledger = play(bars, buy(), buy(bar=2), sell(bar=3)).exchange.markets[0].ledger
    assert (ledger.average, ledger.position, ledger.realised) == (406, 1, 18)


def test_r26_a_fill_says_where_and_why():
    played = play([(400, 403, 395, 397)], buy(), sell(stop=396))
    entry, out = played.records
    assert (entry.bar_index, entry.phase, entry.leg, entry.level_ticks, entry.arriving) == (1, "open", 0, 400, True)
    assert (out.phase, out.leg, out.level_ticks, out.price_ticks, out.rule) == ("path", 2, 396, 395, "R8")
    assert out.certainty == "certain"
