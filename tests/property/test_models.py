"""Fee and slippage models that say what the fill options say change nothing, and others keep the exchange's promises."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from test_exchange_properties import CASES, EQUITY, FAILED, LOCKED, case
from versus import ours

from barstep.domain.instrument import MICROS
from barstep.sim.models import Models

EXAMPLES = settings(max_examples=400, deadline=None)


def told(fee, slip):
    return lambda market: market.use(Models(market, fee, slip, 7))


def by_side(contract, side, size):
    """Micro-dollars of whole dollars, so that `equity // MICROS` loses nothing."""
    return MICROS * ((2 if side == "sell" else 1) + (size > 1))


def by_order(fill):
    return fill.random.randrange(4)


@EXAMPLES
@given(CASES, st.integers(0, 3))
def test_models_that_answer_as_usual_change_nothing(random, fee):
    table, asks, chosen, watched = case(random)
    plain = ours(table, asks, chosen, watched, fee)
    usual = ours(table, asks, chosen, watched, prepare=told(lambda *_: fee * MICROS, lambda fill: fill.usual))
    assert plain == usual


@EXAMPLES
@given(CASES)
def test_the_pessimistic_outcome_is_never_better_than_either_path_under_models(random):
    table, asks, chosen, watched = case(random, latency_bars=0)
    asks = [each for each in asks if each.bar == 1]

    def rank(path):
        outcome = ours(table[:1], asks, replace(chosen, intrabar=path), watched, prepare=told(by_side, by_order))
        return not outcome[FAILED], not outcome[LOCKED], outcome[EQUITY][-1]

    assert rank("pessimistic") <= min(rank("ohlc"), rank("olhc"))


@EXAMPLES
@given(CASES)
def test_equity_under_models_is_the_cash_flow_less_fees(random):
    table, asks, chosen, watched = case(random)
    outcome = ours(table, asks, chosen, watched, prepare=told(by_side, by_order))
    cash = position = fees = 0
    for _, _, sign, size, price in outcome[0]:
        cash -= sign * size * price
        position += sign * size
        fees += size * by_side(None, "buy" if sign > 0 else "sell", size) // MICROS
    if not outcome[FAILED]:
        assert outcome[EQUITY][-1] == cash + position * table[-1][3] - fees
