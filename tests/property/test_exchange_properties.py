"""What must hold of the exchange for any bars and orders (fill model, property tests to have)."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import oracle
from test_exchange_against_oracle import ask, bars, guards, options
from versus import ours, same_ids

CASES = st.randoms(use_true_random=False)
EXAMPLES = settings(max_examples=250, deadline=None)
FAILED, LOCKED, EQUITY = 2, 3, 4


def case(random: Random, **changed):
    table = bars(random)
    asks = sorted((ask(random, table) for _ in range(random.randint(1, 4))), key=lambda each: each.bar)
    return table, asks, replace(options(random), **changed), guards(random)


def moved(asks, move):
    """Asks with every price moved; distances stay."""
    prices = ("limit", "stop", "ref")
    return [replace(a, **{n: move(getattr(a, n)) for n in prices if getattr(a, n) is not None}) for a in asks]


@EXAMPLES
@given(CASES, st.integers(-300, 5000))
def test_a_shift_of_all_prices_changes_no_money(random, shift):
    table, asks, chosen, watched = case(random)
    here = ours(table, asks, chosen, watched)
    there = ours([tuple(p + shift for p in bar) for bar in table], moved(asks, lambda p: p + shift), chosen, watched)
    assert [(*fill[:4], fill[4] + shift) for fill in here[0]] == there[0]
    assert here[1:] == there[1:]


@EXAMPLES
@given(CASES)
def test_mirrored_prices_and_sides_give_mirrored_fills(random):
    """Only the tie of the nearest extreme has no mirror image: those bars are left out."""
    mirror = {"ohlc": "olhc", "olhc": "ohlc", "candle_colour": None}
    table, asks, chosen, watched = case(random)
    assume(mirror.get(chosen.intrabar, chosen.intrabar) is not None)
    assume(all(high - open_ != open_ - low for open_, high, low, _ in table))
    there = replace(chosen, intrabar=mirror.get(chosen.intrabar, chosen.intrabar))
    turned = [(1000 - open_, 1000 - low, 1000 - high, 1000 - close) for open_, high, low, close in table]
    sides = [replace(each, side=-each.side) for each in moved(asks, lambda p: 1000 - p)]
    one, two = ours(table, asks, chosen, watched), ours(turned, sides, there, watched)
    assert [(bar, number, -side, size, 1000 - price) for bar, number, side, size, price in one[0]] == two[0]
    assert one[1:5] == two[1:5]
    assert one[5] == -two[5]


@EXAMPLES
@given(CASES)
def test_an_order_that_can_never_trigger_changes_nothing(random):
    table, asks, chosen, watched = case(random)
    assume(not watched)  # a guard that acts cancels it, as it should
    idle = oracle.Ask("limit", 1, 1, limit=-10_000, bar=asks[-1].bar)
    one, two = ours(table, asks, chosen), ours(table, [*asks, idle], chosen)
    assert same_ids(one[0]) == same_ids(two[0])
    assert one[1:6] == two[1:6]
    assert one[6] + 1 == two[6]


@EXAMPLES
@given(CASES)
def test_the_pessimistic_outcome_of_a_bar_is_never_better_than_either_path(random):
    table, asks, chosen, watched = case(random)
    asks = [replace(each, bar=1) for each in asks if each.kind != "trailing_stop" or each.bar == 1]

    def played(path: str):
        return ours(table[:1], asks, replace(chosen, intrabar=path, latency_bars=0), watched)

    def rank(outcome):
        return not outcome[FAILED], not outcome[LOCKED], outcome[EQUITY][-1]

    assert rank(played("pessimistic")) <= min(rank(played("ohlc")), rank(played("olhc")))


@EXAMPLES
@given(CASES)
def test_a_bar_walked_along_a_path_is_the_same_bar_cut_in_three(random):
    """Under `ohlc`, o-h-l-c is o-h, h-l, l-c; orders rest from the second piece on, so none may arrive late."""
    table, asks, chosen, watched = case(random, children="path", latency_bars=0, trail_update="path")
    assume(not any(guard.action == "fail" for guard in watched))
    asks = [replace(each, bar=1) for each in asks if each.kind != "trailing_stop" or each.bar == 1]
    chosen = replace(chosen, clamp_slippage=False, gap_price="limit")
    open_, high, low, close = table[0]
    pieces = [(open_, high, open_, high), (high, high, low, low), (low, close, low, close)]
    whole = ours([table[0]], asks, replace(chosen, intrabar="ohlc"), watched)
    cut = ours(pieces, asks, replace(chosen, intrabar="candle_colour"), watched)
    assert [fill[1:] for fill in whole[0]] == [fill[1:] for fill in cut[0]]
    assert whole[EQUITY][-1] == cut[EQUITY][-1]
    assert whole[5:] == cut[5:]


@EXAMPLES
@given(CASES)
def test_fills_lie_inside_the_bar_but_for_slippage(random):
    """With resting limits filled at the open when it gaps; at their own price they may lie outside, for the worse."""
    table, asks, chosen, watched = case(random, gap_price="open")
    slip = max(chosen.market_slip_ticks, chosen.stop_slip_ticks, chosen.forced_slip_ticks)
    for bar, _, _, _, price in ours(table, asks, chosen, watched)[0]:
        _, high, low, _ = table[bar - 1]
        assert low - slip <= price <= high + slip
