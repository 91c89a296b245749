import pytest
from barstep_weekly.range_slippage import RangeSlippage

from barstep.testing import make_bar, make_contract, make_pending_fill, play_table


@pytest.mark.parametrize(("share", "ticks"), [(0, 1), (0.05, 1), (0.1, 2), (1, 20)])
def test_a_share_of_the_range_of_the_bar_before(share, ticks):
    bar = make_bar(5000, 5004, 4999, 5002, contract=make_contract("ES"))
    assert RangeSlippage(share=share).ticks(make_pending_fill(bar=bar)) == ticks


def test_before_the_first_bar_it_is_the_usual():
    assert RangeSlippage().ticks(make_pending_fill("stop", usual=3)) == 3


def test_in_a_run():
    played = play_table("400 410 390 400 | buy 1 |\n400 401 399 400 | |", RangeSlippage(share=0.2))
    assert str(played) == "400 410 390 400 |\n400 401 399 400 | open buy 1 @ 404 R6"
