"""R12: stops and targets that an entry brings, reduce-only orders, and orders that cancel each other."""

import pytest
from table import buy, play, sell

QUIET = (400, 404, 398, 402)


def test_children_are_set_from_the_fill_price_and_numbered_stop_first():
    played = play([QUIET], buy(2, sl=5, tp=9), sell(limit=420), finish=False)
    assert played.working == ["#2 sell limit 420", "#3 sell stop 396 x2", "#4 sell limit 410 x2"]
    entry = played.records[0].order
    assert [(child.id, child.parent, child.reduce_only) for child in entry.children] == [(3, 1, True), (4, 1, True)]


def test_children_at_absolute_prices():
    bars = [(400, 404, 398, 402), (403, 410, 402, 409)]
    played = play(bars, buy(sl_price=396, tp_price=408), finish=False)
    assert played.fills == ["1 open buy 1 @ 401 R6", "2 path sell 1 @ 408 R7"]
    assert [child.stop or child.limit for child in played.records[0].order.children] == [396, 408]
    assert played.trades[0].exit_reason == "target"


def test_short_brackets_are_the_mirror():
    played = play([(400, 403, 391, 395)], sell(sl=6, tp=7))
    assert played.fills == ["1 open sell 1 @ 399 R6", "1 path buy 1 @ 392 R7"]


def test_a_trailing_child_starts_at_the_fill_price():
    played = play([(400, 408, 400, 401)], buy(trailing_sl=4, tp=20))
    assert played.fills == ["1 open buy 1 @ 401 R6", "1 path sell 1 @ 403 R10"]
    assert (played.trades[0].exit_reason, played.working) == ("trail", [])


def test_the_first_child_to_fill_cancels_the_other_at_that_instant():
    played = play([(400, 408, 399, 402)], buy(sl=10, tp=4), finish=False)
    target, stop = played.records[-1].order, played.records[0].order.children[0]
    assert (target.status, stop.status, stop.reason) == ("filled", "cancelled", "OCO: order 3 filled")


def test_a_child_keeps_its_size_and_is_cut_to_the_position_when_it_fills():
    bars = [QUIET, (402, 403, 400, 401), (400, 401, 390, 391)]
    before = play(bars[:2], buy(3, sl=6), sell(2, bar=2), finish=False)
    assert before.working == ["#2 sell stop 395 x3"]
    played = play(bars, buy(3, sl=6), sell(2, bar=2))
    assert played.fills[-1] == "3 path sell 1 @ 394 R8"
    assert played.position == 0
    assert played.records[-1].order.status == "filled"


def test_flat_by_any_means_cancels_all_children():
    played = play([QUIET, QUIET], buy(sl=9, tp=9), sell(bar=2), finish=False)
    assert played.position == 0
    assert played.working == []
    assert {child.reason for child in played.records[0].order.children} == {"position closed"}


def test_a_reversal_cancels_earlier_children_and_brings_its_own():
    played = play([QUIET, QUIET], buy(sl=9, tp=9), sell(2, sl=7, bar=2), finish=False)
    assert played.position == -1
    assert played.working == ["#5 buy stop 406"], "399 plus 7, sized to the part that opened"


def test_only_the_part_that_opens_or_adds_gets_children():
    closing = play([QUIET, QUIET], sell(2), buy(2, sl=9, bar=2), finish=False)
    assert (closing.position, closing.working) == (0, [])
    adding = play([QUIET, QUIET], buy(2, sl=9), buy(1, sl=5, bar=2), finish=False)
    assert adding.working == ["#2 sell stop 392 x2", "#4 sell stop 396"]


def test_each_entry_has_its_own_pair():
    bars = [QUIET, QUIET, (402, 407, 401, 406)]
    played = play(bars, buy(sl=20, tp=5), buy(sl=30, tp=9, bar=2), finish=False)
    assert played.fills[-1] == "3 path sell 1 @ 406 R7"
    assert played.working == ["#5 sell stop 371", "#6 sell limit 410"]


def test_a_stop_reached_at_the_instant_of_the_fill_fills_at_once():
    played = play([QUIET], buy(stop=403, sl=1))
    assert played.fills == ["1 path buy 1 @ 404 R8", "1 path sell 1 @ 402 R8"]


# -- reduce only -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [
    sell(reduce_only=True, name="x"), sell(stop=399, reduce_only=True, name="x"), sell(limit=402, reduce_only=True, name="x"),
    sell(stop=399, limit=390, reduce_only=True, name="x"), sell(stop=399, limit=399, reduce_only=True, name="x"),
])  # fmt: skip
def test_reduce_only_with_nothing_to_reduce_is_cancelled_when_its_level_is_reached(order):
    played = play([QUIET], order, finish=False)
    assert played.fills == []
    assert (played.named["x"].status, played.named["x"].reason) == ("cancelled", "nothing left to reduce")


def test_reduce_only_waits_until_its_level_is_reached():
    played = play([QUIET], sell(limit=410, reduce_only=True), finish=False)
    assert played.working == ["#1 sell limit 410"]


def test_reduce_only_never_reverses():
    played = play([QUIET, QUIET], buy(2), sell(5, reduce_only=True, bar=2, name="out"))
    assert played.fills[-1] == "2 open sell 2 @ 399 R6"
    assert (played.position, played.named["out"].status) == (0, "filled")


def test_reduce_only_on_the_side_of_the_position_is_cancelled():
    played = play([QUIET, QUIET], buy(2), buy(1, reduce_only=True, bar=2, name="more"))
    assert (played.position, played.named["more"].status) == (2, "cancelled")


# -- OCO between free orders -------------------------------------------------------------------------------------


def test_oco_between_free_orders():
    played = play(
        [(400, 406, 399, 405)], buy(stop=404, oco="pair"), sell(stop=396, oco="pair", name="lower"), finish=False
    )
    assert played.fills == ["1 path buy 1 @ 405 R8"]
    assert (played.named["lower"].status, played.named["lower"].reason) == ("cancelled", "OCO: order 1 filled")


def test_oco_of_three():
    orders = [buy(stop=404, oco="g"), sell(stop=396, oco="g"), buy(limit=390, oco="g")]
    assert play([(400, 406, 399, 405)], *orders, finish=False).working == []


def test_oco_when_both_are_true_at_the_open():
    bars = [QUIET, (410, 412, 409, 411)]
    played = play(bars, sell(limit=406, oco="pair"), buy(stop=405, oco="pair"), finish=False)
    assert played.fills == ["2 open buy 1 @ 411 R8"], "stops before limits, whatever their ids"
    assert played.working == []


def test_a_stop_limit_that_only_triggers_leaves_its_partner_alone():
    bars = [(400, 400, 399, 400), (410, 412, 409, 411)]
    played = play(bars, buy(stop=404, limit=405, oco="pair"), sell(limit=420, oco="pair"), finish=False)
    assert played.fills == []
    assert len(played.working) == 2


def test_a_reduce_only_order_that_finds_nothing_leaves_its_partner_alone():
    played = play([QUIET], sell(limit=402, reduce_only=True, oco="pair"), sell(limit=420, oco="pair"), finish=False)
    assert played.working == ["#2 sell limit 420"]
