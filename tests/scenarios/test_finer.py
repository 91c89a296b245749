"""Finer bars inside a bar (R21): tables as elsewhere, and for some bars the finer ones they are made of."""

import pytest
from table import Finer, buy, cap, floor, play, sell

BOUGHT = "1 open buy 1 @ 401 R6"
V8 = [(400, 408, 394, 402)]
UP_FIRST = [(400, 408, 399, 407), (407, 407, 394, 402)]
DOWN_FIRST = [(400, 401, 394, 395), (395, 408, 395, 402)]


def decided(played):
    """Of each fill: certainty, resolution and seconds into its bar."""
    return [
        (f.certainty, f.resolution, (f.at_ns - f.bar_start_ns) / 1e9 if f.resolution else None) for f in played.records
    ]


@pytest.mark.parametrize(
    ("inside", "out", "second"),
    [(UP_FIRST, "1 path sell 1 @ 405 R7", 1), (DOWN_FIRST, "1 path sell 1 @ 396 R8", 1)],
    ids=["target first", "stop first"],
)
def test_a_bracket_that_one_bar_leaves_open_is_decided(inside, out, second):
    played = play(V8, buy(sl=4, tp=4), finer=Finer({1: inside}))
    assert played.fills == [BOUGHT, out]
    assert played.ambiguous == []
    assert decided(played) == [("certain", "", None), ("magnified", "1s", second)]


def test_a_finer_bar_may_be_ambiguous_itself():
    inside = [(400, 402, 399, 400), (400, 408, 394, 402)]
    played = play(V8, buy(sl=4, tp=4), finer=Finer({1: inside}))
    assert played.fills == [BOUGHT, "1 path sell 1 @ 396 R8"]
    assert decided(played)[1] == ("ambiguous", "1s", 2)
    assert [(bar.resolution, bar.at_ns - bar.end_ns) for bar in played.ambiguous] == [("1s", -58 * 10**9)]
    assert [(path, chosen) for path, _, chosen in played.outcomes] == [("A", False), ("B", True)]


def test_a_gap_between_finer_bars_is_paid():
    inside = [(400, 401, 398, 398), (393, 394, 392, 394)]
    played = play([(400, 401, 392, 394)], buy(), sell(stop=396), finer=Finer({1: inside}))
    assert played.fills == [BOUGHT, "1 open sell 1 @ 392 R8"]
    assert decided(played) == [("certain", "", None), ("magnified", "1s", 1)]


def test_an_order_arrives_in_the_first_finer_bar_only():
    inside = [(400, 401, 399, 400), (395, 396, 394, 395)]
    played = play([(400, 401, 394, 395)], buy(limit=398), finer=Finer({1: inside}))
    assert played.fills == ["1 open buy 1 @ 398 R7"], "resting, and so at its limit (gap_price)"
    assert [fill.arriving for fill in played.records] == [False]
    played = play([(400, 401, 394, 395)], buy(limit=398), finer=Finer({1: inside}), gap_price="open")
    assert played.fills == ["1 open buy 1 @ 395 R7"]


def test_a_target_in_a_later_finer_bar_needs_no_same_bar_guard():
    inside = [(400, 401, 396, 401), (401, 406, 401, 406), (406, 412, 406, 410)]
    played = play([(400, 412, 396, 410)], buy(stop=404, sl=6, tp=4), finer=Finer({1: inside}))
    assert played.fills == ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 409 R7"]
    assert played.ambiguous == []


def test_the_same_bar_guard_looks_at_one_finer_bar():
    inside = [(400, 401, 396, 401), (401, 412, 397, 410)]
    played = play([(400, 412, 396, 410)], buy(stop=404, sl=6, tp=4), finer=Finer({1: inside}))
    assert played.fills == ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 398 R17b"]


def test_a_trailing_stop_follows_the_finer_bars():
    inside = [(400, 403, 400, 402), (402, 402, 401, 401), (401, 409, 401, 408), (408, 408, 402, 403)]
    bars = [(400, 409, 400, 403)]
    assert play(bars, buy(), sell(trail=4), finer=Finer({1: inside})).fills == [BOUGHT, "1 path sell 1 @ 404 R10"]


def test_children_that_wait_for_the_next_bar_wait_for_a_whole_one():
    bars = [(400, 412, 396, 410), (410, 411, 396, 397)]
    inside = {1: [(400, 406, 396, 406), (406, 412, 406, 410)], 2: [(410, 411, 396, 397)]}
    played = play(bars, buy(stop=404, sl=6, tp=4), finer=Finer(inside), children="next_bar")
    assert played.fills == ["1 path buy 1 @ 405 R8", "2 open sell 1 @ 409 R7"]


def test_a_guard_acts_in_its_finer_bar():
    bars = [(400, 410, 392, 405)]
    inside = [(400, 400, 392, 394), (394, 410, 394, 405)]
    played = play(bars, buy(tp=8), guards=[floor(-6)], finer=Finer({1: inside}))
    assert played.fills == [BOUGHT, "1 path sell 1 @ 393 R19"]
    assert played.exchange.failed == "floor"
    inside = [(400, 410, 400, 402), (402, 405, 392, 405)]
    played = play(bars, buy(tp=8), guards=[floor(-6), cap(50)], finer=Finer({1: inside}))
    assert played.fills == [BOUGHT, "1 path sell 1 @ 409 R7"]
    assert played.breaches == []


def test_participation_is_a_share_of_each_finer_bar():
    inside = [(400, 402, 399, 401, 25), (401, 403, 400, 402, 9), (402, 404, 398, 402, 40)]
    played = play(
        [(400, 404, 398, 402)], buy(9), finer=Finer({1: inside}), participation=0.1, volume=[74], finish=False
    )
    assert played.fills == ["1 open buy 2 @ 401 R6", "1 open buy 4 @ 403 R6"]
    assert played.working == ["#1 buy market x3"]


def test_a_clamped_stop_stays_inside_its_finer_bar():
    inside = [(396, 397, 396, 397), (397, 400, 390, 400)]
    bars = [(400, 400, 400, 400), (396, 400, 390, 400)]
    played = play(bars, buy(), sell(stop=398), finer=Finer({2: inside}), clamp_slippage=True)
    assert played.fills == [BOUGHT, "2 open sell 1 @ 396 R8"]


def test_the_auction_is_the_first_finer_bar_of_a_session():
    bars = [(400, 404, 399, 402), (390, 393, 388, 392)]
    inside = {2: [(390, 393, 390, 391), (391, 392, 388, 392)]}
    played = play(bars, buy(limit=398), finer=Finer(inside), sessions=[2], gap_price="auction")
    assert played.fills == ["2 open buy 1 @ 390 R7"]
    late = {1: [(400, 404, 399, 402)], 2: [(400, 401, 400, 401), (390, 393, 388, 392)]}
    bars = [(400, 404, 399, 402), (400, 401, 388, 392)]
    played = play(bars, buy(limit=398), finer=Finer(late), sessions=[2], gap_price="auction")
    assert played.fills == ["2 open buy 1 @ 398 R7"]


def test_what_a_trade_went_through_is_counted_from_the_finer_bars():
    inside = [(400, 402, 399, 401), (401, 404, 395, 403), (403, 408, 402, 407), (407, 407, 390, 391)]
    played = play([(400, 408, 390, 391)], buy(tp=6), finer=Finer({1: inside}))
    assert [(trade.worst_ticks, trade.best_ticks) for trade in played.trades] == [(-6, 7)]


# -- when finer bars are not read, and when they cannot be used ---------------------------------------------------


@pytest.mark.parametrize(
    "orders",
    [[], [buy()], [buy(limit=390)], [buy(sl=20, tp=20)], [buy(), sell(trail=30)], [buy(bar=2, stop=404)]],
    ids=["no order", "market", "far limit", "far bracket", "far trail", "not eligible"],
)
def test_a_bar_with_nothing_to_decide_does_not_read_them(orders):
    finer = Finer({1: UP_FIRST})
    play(V8, *orders, finer=finer)
    assert finer.asked == []


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ([], "there are no 1s bars with trades in it"),
        ([(401, 408, 394, 402)], "its open is 400, that of the 1s bars 401"),
        ([(400, 407, 394, 402)], "its high is 408, that of the 1s bars 407"),
        ([(400, 408, 395, 402)], "its low is 394, that of the 1s bars 395"),
        ([(400, 408, 394, 401)], "its close is 402, that of the 1s bars 401"),
        ([(400, 408, 394, 402, 99)], "its volume is 100, that of the 1s bars 99"),
        ([(400, 408, 394, 402, 1)] * 61, "one of the 1s bars runs beyond its end"),
    ],
    ids=["missing", "open", "high", "low", "close", "volume", "too long"],
)
def test_finer_bars_that_do_not_agree_are_flagged_and_the_bar_decides(inside, reason):
    played = play(V8, buy(sl=4, tp=4), finer=Finer({1: inside}), volume=[100])
    assert [(bar.bar_index, bar.reason) for bar in played.mismatches] == [(1, reason)]
    assert played.fills == [BOUGHT, "1 path sell 1 @ 396 R8"]
    assert decided(played) == [("certain", "", None), ("ambiguous", "", None)]
    assert len(played.ambiguous) == 1


def test_finer_bars_outside_the_trading_hours_are_not_used():
    played = play(V8, buy(sl=4, tp=4), finer=Finer({1: UP_FIRST}, outside=frozenset({1})))
    assert [bar.reason for bar in played.mismatches] == ["some of the 1s bars lie outside the trading hours"]


def test_a_mismatch_is_told_once_and_the_next_bar_starts_afresh():
    bars = [*V8, (402, 410, 396, 404)]
    finer = Finer({2: [(402, 410, 401, 409), (409, 409, 396, 404)]})
    played = play(bars, buy(sl=4, tp=4), buy(sl=4, tp=4, bar=2), finer=finer)
    assert [bar.bar_index for bar in played.mismatches] == [1]
    assert played.fills[2:] == ["2 open buy 1 @ 403 R6", "2 path sell 1 @ 407 R7"]


@pytest.mark.parametrize("mode", ["ohlc", "olhc"])
def test_finer_bars_along_a_path_are_that_path(mode):
    bars = [(400, 412, 391, 405), (405, 409, 396, 400)]
    turns = {"ohlc": lambda o, h, low, c: (o, h, low, c), "olhc": lambda o, h, low, c: (o, low, h, c)}[mode]
    inside = {
        number: [(p, max(p, r), min(p, r), r) for p, r in zip(turns(*bar), turns(*bar)[1:], strict=False)]
        for number, bar in enumerate(bars, 1)
    }
    orders = [buy(stop=404, sl=6, tp=4), sell(limit=410, sl=5), buy(limit=395, trailing_sl=6), sell(2, stop=399, tp=3)]
    whole = play(bars, *orders, intrabar=mode)
    split = play(bars, *orders, finer=Finer(inside), intrabar=mode)
    assert [fill.split(" ", 2)[2] for fill in split.fills] == [fill.split(" ", 2)[2] for fill in whole.fills]
    assert split.equity == whole.equity
    assert len(whole.fills) > 4
