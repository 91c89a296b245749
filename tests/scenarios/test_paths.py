"""R13 to R17: who goes first at the open and in the path, and which path counts."""

import pytest
from table import buy, cap, floor, play, sell

QUIET = (400, 404, 398, 402)
BOTH_WAYS = [(400, 408, 394, 402)]  # V8's bar: four up and four down are both inside
LONG = buy(sl=4, tp=4)
STOPPED, TAKEN = "1 path sell 1 @ 396 R8", "1 path sell 1 @ 405 R7"

# -- R13: the open -----------------------------------------------------------------------------------------------


def test_r13_market_then_stop_then_stop_limit_then_limit():
    bars = [(390, 391, 389, 390), (400, 401, 399, 400)]
    orders = [sell(limit=398, bar=2), buy(stop=395, limit=405, bar=2), buy(stop=396, bar=2), buy(bar=2)]
    assert play(bars, *orders).fills == [
        "2 open buy 1 @ 401 R6",
        "2 open buy 1 @ 401 R8",
        "2 open buy 1 @ 401 R9",
        "2 open sell 1 @ 399 R7",
    ]


def test_r13_equal_kinds_by_id():
    played = play([(400, 400, 400, 400)], buy(2, name="first"), sell(2, name="second"))
    assert [record.order.id for record in played.records] == [1, 2]


def test_r13_trailing_stops_rank_with_stops():
    bars = [(400, 400, 398, 400), (390, 391, 389, 390)]
    played = play(bars, buy(2), sell(trail=3), sell(stop=396))
    assert [record.rule for record in played.records] == ["R6", "R10", "R8"]


def test_r13_guards_are_tested_before_any_order():
    bars = [(400, 402, 400, 401), (390, 391, 389, 390)]
    played = play(bars, buy(), sell(stop=396), guards=[floor(-6)])
    assert played.fills == ["1 open buy 1 @ 401 R6", "2 open sell 1 @ 388 R19"]


def test_r13_guards_are_tested_after_every_fill():
    played = play([(400, 400, 400, 400)], buy(10), sell(10), guards=[floor(-10)])
    assert played.fills == ["1 open buy 10 @ 401 R6", "1 open sell 10 @ 398 R19"], "the slip alone breaches it"


# -- R14 to R16: the path ----------------------------------------------------------------------------------------


def test_r15_all_orders_at_one_level_are_served():
    played = play([(400, 406, 398, 402)], buy(stop=404), buy(stop=404), buy(stop=404))
    assert played.fills == ["1 path buy 1 @ 405 R8"] * 3


def test_r15_a_stop_goes_before_a_limit_at_one_level():
    played = play([QUIET], sell(limit=403), buy(stop=404))
    assert played.fills == ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 403 R7"]


def test_r15_levels_at_the_end_of_a_leg_are_reached():
    assert play([QUIET], buy(limit=399)).fills == ["1 path buy 1 @ 399 R7"]
    assert play([QUIET], sell(stop=398)).fills == ["1 path sell 1 @ 397 R8"]


def test_r15_a_floor_goes_before_a_stop_and_a_cap_after_a_limit():
    at_stop = play([(400, 401, 390, 392)], buy(sl=6), guards=[floor(-6)])
    assert at_stop.fills[-1] == "1 path sell 1 @ 393 R19"
    at_limit = play([(400, 408, 400, 407)], buy(tp=4), guards=[cap(5)])
    assert at_limit.fills[-1] == TAKEN
    assert at_limit.breaches == []


def test_r16_orders_born_in_the_path_are_active_from_there_on():
    up_then_down = [(400, 406, 397, 398)]
    played = play(up_then_down, buy(stop=404, sl=7), intrabar="ohlc")
    assert played.fills == ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 397 R8"]
    assert [record.leg for record in played.records] == [1, 2]


def test_r16_the_trailing_stop_has_moved_when_the_path_turns():
    bars = [(400, 402, 400, 401), (401, 409, 400, 402)]
    played = play(bars, buy(), sell(trail=6), intrabar="ohlc")
    assert played.fills[-1] == "2 path sell 1 @ 402 R10", "409 made it 403"


# -- R17: which path ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "close", "out"),
    [
        ("pessimistic", 402, STOPPED),
        ("optimistic", 402, TAKEN),
        ("ohlc", 402, TAKEN),
        ("olhc", 402, STOPPED),
        ("candle_colour", 402, STOPPED),
        ("candle_colour", 400, STOPPED),
        ("candle_colour", 399, TAKEN),
        ("nearest_extreme", 402, STOPPED),
        ("adverse", 402, STOPPED),
    ],
)
def test_r17_each_choice_for_a_long(mode, close, out):
    assert play([(400, 408, 394, close)], LONG, intrabar=mode).fills[-1] == out


@pytest.mark.parametrize(
    ("bar", "out"),
    [((400, 405, 394, 400), "1 path buy 1 @ 404 R8"), ((400, 407, 394, 400), "1 path buy 1 @ 395 R7")],
)
def test_r17_nearest_extreme_goes_to_the_nearer_end_first(bar, out):
    assert play([bar], sell(sl=5, tp=4), intrabar="nearest_extreme", stop_slip_ticks=0).fills[-1] == out


def test_r17_adverse_is_against_the_position_and_nearest_when_flat():
    long_first = [(400, 401, 399, 400), (400, 405, 394, 400)]
    assert (
        play(long_first, buy(), sell(stop=395), sell(limit=404), intrabar="adverse").fills[1]
        == "2 path sell 1 @ 394 R8"
    )
    short_first = play(long_first, sell(), buy(stop=405), buy(limit=395), intrabar="adverse").fills
    assert short_first[1] == "2 path buy 1 @ 406 R8"
    flat = play([(400, 405, 394, 400)], buy(stop=404, oco="p"), sell(stop=396, oco="p"), intrabar="adverse").fills
    assert flat == ["1 path buy 1 @ 405 R8"], "the high is nearer"


def test_r17_a_tie_of_the_extremes_goes_down_first():
    played = play([(400, 405, 395, 400)], buy(stop=404, oco="p"), sell(stop=396, oco="p"), intrabar="nearest_extreme")
    assert played.fills == ["1 path sell 1 @ 395 R8"]


def test_r17_every_outcome_of_an_ambiguous_bar_is_kept():
    assert play(BOTH_WAYS, LONG).outcomes == [("A", 4, False), ("B", -5, True)]
    assert play(BOTH_WAYS, LONG, intrabar="optimistic").outcomes == [("A", 4, True), ("B", -5, False)]
    assert play(BOTH_WAYS, LONG, intrabar="ohlc").outcomes == []


def test_r17_certain_where_both_paths_agree():
    played = play([(400, 408, 396, 402)], buy(sl=10, tp=4))
    assert played.outcomes == []
    assert {record.certainty for record in played.records} == {"certain"}


def test_r17_a_failed_account_is_worse_than_less_equity():
    """Up first ends at +4 with the account failed, down first at -5 with the account alive: the failure counts."""
    played = play(BOTH_WAYS, buy(sl=4), guards=[cap(6, "fail")])
    assert played.outcomes == [("A", 4, True), ("B", -5, False)]
    assert played.exchange.failed == "cap"


def test_r17_so_is_a_locked_day():
    played = play(BOTH_WAYS, buy(sl=4), guards=[cap(6, "lock")])
    assert played.outcomes == [("A", 4, True), ("B", -5, False)]
    flattened = play(BOTH_WAYS, buy(sl=4), guards=[cap(6, "flatten")])
    assert flattened.outcomes == [("A", 4, False), ("B", -5, True)]


def test_r17_fees_count_in_the_comparison():
    """Up first buys 3 below the close; down first never trades. With 5 of fees the trade is the worse outcome."""
    bars, order = [(400, 408, 400, 406)], buy(stop=404, limit=403)
    assert play(bars, order).outcomes == [("A", 3, False), ("B", 0, True)]
    assert play(bars, order, fee=5).outcomes == [("A", -2, True), ("B", 0, False)]


# -- R17b: the same-bar guard ------------------------------------------------------------------------------------


def test_r17b_the_stop_is_filled_instead_of_the_target():
    played = play([(400, 412, 396, 410)], buy(stop=404, sl=6, tp=4))
    assert played.fills == ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 398 R17b"]
    assert played.outcomes == [("A", 4, False), ("B", 4, False), ("A R17b", -7, False), ("B R17b", -7, True)]
    assert played.working == []


def test_r17b_only_when_the_stop_lies_inside_the_bar():
    played = play([(400, 412, 399, 410)], buy(stop=404, sl=7, tp=4))
    assert played.fills[-1] == "1 path sell 1 @ 409 R7"
    assert played.ambiguous == []


def test_r17b_only_when_the_parent_filled_in_the_path():
    """At the open the entry came before everything else in the bar, so the two paths say all there is to say."""
    played = play([(404, 412, 399, 410)], buy(sl=5, tp=4))
    assert played.outcomes == [("A", 4, False), ("B", -6, True)]
    assert played.fills == ["1 open buy 1 @ 405 R6", "1 path sell 1 @ 399 R8"]


def test_r17b_with_a_trailing_stop_as_sibling():
    played = play([(400, 412, 396, 410)], buy(stop=404, trailing_sl=6, tp=4))
    assert played.records[-1].rule == "R17b"
    assert played.ambiguous


def test_r17b_is_not_for_bars_after_the_entry():
    bars = [(400, 404, 400, 404), (404, 410, 396, 405)]
    assert play(bars, buy(stop=404, sl=6, tp=4), intrabar="ohlc").fills[-1] == "2 path sell 1 @ 409 R7"
    rules = {record.rule for record in play(bars, buy(stop=404, sl=6, tp=4)).records}
    assert rules == {"R8"}, "a stop in a later bar is an ordinary stop"


# -- what a trade went through ------------------------------------------------------------------------------------


def test_excursions_follow_the_chosen_path_and_stop_at_the_exit():
    held = play([QUIET, (402, 410, 401, 409), (405, 420, 300, 400)], buy(), sell(bar=3)).trades[0]
    assert (held.mae, held.mfe, held.bars) == (-3, 9, 2), "398 and 410; bar 3 counts only up to its open"
    stopped = play(BOTH_WAYS, LONG).trades[0]
    assert (stopped.mae, stopped.mfe) == (-5, 0), "down first: 408 came too late"
    taken = play(BOTH_WAYS, LONG, intrabar="ohlc").trades[0]
    assert taken.mfe == 5, "up first: the limit at 405 needs 406"


def test_a_trade_stands_behind_by_its_slip_at_the_open():
    """Bought at 401 while the price is 400: the guards see -1 there (R13), and so should the excursion."""
    assert play(BOTH_WAYS, LONG, guards=[floor(-1)]).fills[-1] == "1 open sell 1 @ 398 R19"
    assert play(BOTH_WAYS, LONG, intrabar="ohlc").trades[0].mae == -1
