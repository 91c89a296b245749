"""R19: floors and caps on equity, on the day's result and on one position's open result, watched inside the bar."""

import pytest
from table import buy, cancel, cap, floor, play, sell

CALM = (400, 402, 400, 401)
FALL = (401, 402, 385, 390)


@pytest.mark.parametrize("action", ["fail", "lock", "flatten"])
def test_a_floor_closes_at_the_breach_less_the_forced_slip(action):
    played = play([CALM, FALL], buy(sl=50), guards=[floor(-6, action)])
    assert played.fills == ["1 open buy 1 @ 401 R6", "2 path sell 1 @ 393 R19"]
    assert (played.working, played.position) == ([], 0)
    assert [(breach.guard.name, breach.guard.action) for breach in played.breaches] == [("floor", action)]
    assert bool(played.exchange.failed) == (action == "fail")
    assert (played.records[-1].reason, played.trades[0].exit_reason) == ("floor", "floor")


def test_a_breach_is_told_once_when_a_bar_without_volume_follows():
    quiet = (390, 391, 389, 390)
    played = play([CALM, FALL, quiet], buy(), buy(bar=3), guards=[floor(-6, "flatten")], volume=[100, 100, 0])
    assert len(played.breaches) == 1


def test_a_short_is_closed_on_the_way_up():
    assert play([(400, 412, 399, 405)], sell(), guards=[floor(-6)]).fills[-1] == "1 path buy 1 @ 407 R19"


def test_a_cap_takes_the_profit():
    played = play([CALM, (401, 412, 400, 411)], buy(), guards=[cap(6, "flatten")])
    assert played.fills[-1] == "2 path sell 1 @ 405 R19"
    assert played.equity == [0, 4]


def test_the_level_itself_is_a_breach():
    assert play([CALM, (401, 401, 396, 397)], buy(), guards=[floor(-6)]).breaches == []
    assert len(play([CALM, (401, 401, 395, 397)], buy(), guards=[floor(-6)]).breaches) == 1
    assert play([CALM, (401, 406, 400, 402)], buy(), guards=[cap(6)]).breaches == []
    assert len(play([CALM, (401, 407, 400, 402)], buy(), guards=[cap(6)]).breaches) == 1


def test_between_two_ticks_of_equity_the_first_breached_tick_counts():
    played = play([CALM, FALL], buy(4), guards=[floor(-10)])
    assert played.fills[-1] == "2 path sell 4 @ 396 R19", "-8 at 399 is inside, -12 at 398 is not"


def test_fees_count():
    played = play([CALM, FALL], buy(), guards=[floor(-6)], fee=1)
    assert played.fills[-1] == "2 path sell 1 @ 394 R19"
    assert played.equity[-1] == 394 - 401 - 2


def test_the_day_counts_from_the_equity_it_began_with():
    bars = [(400, 401, 396, 396), (396, 397, 388, 392)]
    assert play(bars, buy(), guards=[floor(-6, "lock")], sessions=[2]).fills[-1] == "2 path sell 1 @ 393 R19"
    played = play(bars, buy(), guards=[floor(-6, "lock", "day")], sessions=[2])
    assert played.fills[-1] == "2 path sell 1 @ 388 R19", "5 were lost the day before"


def test_a_position_floor_counts_from_the_entry():
    bars = [(400, 401, 399, 400), (391, 392, 390, 391), (391, 393, 380, 385)]
    played = play(bars, buy(), sell(bar=2), buy(bar=3), guards=[floor(-6, "flatten", "position")])
    assert played.fills[1:] == ["2 open sell 1 @ 389 R19", "3 open buy 1 @ 392 R6", "3 path sell 1 @ 384 R19"]


def test_a_position_floor_acts_for_each_position_anew():
    bars = [CALM, FALL, (400, 401, 385, 390)]
    played = play(bars, buy(), buy(bar=3), guards=[floor(-6, "flatten", "position")])
    assert [fill for fill in played.fills if "R19" in fill] == ["2 path sell 1 @ 393 R19", "3 path sell 1 @ 393 R19"]


def test_a_floor_that_trails_stays_a_distance_below_the_best_equity():
    bars = [(400, 410, 400, 410), (410, 410, 395, 396)]
    played = play(bars, buy(), guards=[floor(-12, trail=12)])
    assert played.fills[-1] == "2 path sell 1 @ 396 R19", "+9 at 410 made it -3, which is 398"


def test_the_strictest_guard_wins():
    guards = [floor(-9, "flatten", name="wide"), floor(-5, "lock", name="tight"), cap(20, name="cap")]
    for order in (guards, guards[::-1]):
        played = play([CALM, FALL], buy(), guards=order)
        assert played.fills[-1] == "2 path sell 1 @ 394 R19"
        assert [breach.guard.name for breach in played.breaches] == ["tight"]


def test_at_one_level_failing_goes_before_locking():
    played = play([CALM, FALL], buy(), guards=[floor(-6, "lock", name="day"), floor(-6, "fail", name="end")])
    assert played.exchange.failed == "end"
    assert played.fills[-1] == "2 path sell 1 @ 393 R19"
    assert played.records[-1].reason == "end"


def test_all_orders_are_cancelled_entries_too():
    played = play([CALM, FALL], buy(), buy(limit=380, name="low"), guards=[floor(-6, "lock")], finish=False)
    assert (played.named["low"].status, played.named["low"].reason) == ("cancelled", "floor")


def test_a_stop_out_at_the_floor_fails_the_account_though_it_is_flat():
    played = play([(400, 401, 395, 396)], buy(sl=4), guards=[floor(-5)])
    assert played.fills[-1] == "1 path sell 1 @ 396 R8"
    assert played.exchange.failed == "floor"


def test_a_failed_account_takes_no_more_orders():
    played = play([CALM, FALL], buy(), guards=[floor(-6)], finish=False)
    late = buy(name="late").make()
    played.exchange.accept(late)
    assert (late.status, late.reason) == ("rejected", "the account has failed (floor)")


def test_a_guard_inside_one_bar_beats_the_recovery_at_its_close():
    played = play([(400, 410, 390, 409)], buy(), guards=[floor(-6)], intrabar="ohlc")
    assert played.equity == [-8], "410 first, then the floor, and the close no longer matters"


def test_orders_born_of_the_breached_bar_do_not_come_back():
    played = play([CALM, FALL, CALM], buy(sl=30, tp=30), guards=[floor(-6, "flatten")], finish=False)
    assert played.working == []


def test_a_guard_that_is_already_breached_acts_at_the_next_open():
    played = play([CALM, (396, 398, 394, 397)], buy(), guards=[floor(-3)])
    assert played.fills[-1] == "2 open sell 1 @ 394 R19"


def test_a_removed_guard_does_nothing():
    played = play([CALM, FALL], buy(limit=300, name="x"), cancel("x", bar=2), guards=[floor(-6)], finish=False)
    exchange = played.exchange
    exchange.remove_guard("", "floor")
    assert exchange.floor() is None


CLIMB = [(400, 408, 400, 408), (408, 415, 408, 415), (415, 421, 415, 421)]
LEVEL = [(421, 422, 420, 421), (421, 422, 419, 420)]


def test_a_trailing_floor_of_the_day_starts_anew_with_the_day():
    """Day one is 20 ahead at best, which lifts its floor to +10; day two begins at 0 and may lose 10 again."""
    guard = floor(-10, "lock", "day", trail=10)
    played = play(CLIMB + LEVEL, buy(), sell(bar=4), buy(bar=5), guards=[guard], sessions=[5])
    assert played.breaches == []
    assert played.fills[-1] == "5 open buy 1 @ 422 R6"
    assert played.position == 1


def test_a_trailing_floor_of_a_position_starts_anew_with_each_position():
    guard = floor(-10, "flatten", "position", trail=10)
    played = play(CLIMB + LEVEL, buy(), sell(bar=4), buy(bar=5), guards=[guard])
    assert played.breaches == []
    assert played.position == 1


def test_a_trailing_floor_of_a_position_protects_its_profit():
    bars = [*CLIMB, (421, 422, 408, 409)]
    played = play(bars, buy(), guards=[floor(-10, "flatten", "position", trail=10)], intrabar="ohlc")
    assert played.fills[-1] == "4 path sell 1 @ 410 R19", "422 is 21 ahead; at 412 ten of them are gone"


def test_every_breach_of_a_position_floor_is_reported():
    bars = [CALM, FALL, (400, 401, 385, 390)]
    played = play(bars, buy(), buy(bar=3), guards=[floor(-6, "flatten", "position")])
    assert len(played.breaches) == 2
