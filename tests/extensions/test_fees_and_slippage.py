"""Fee models and slippage models: what they are asked, what their answers do, and what they must not break."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from barstep import FeeModel, PluginError, RiskRule, SlippageModel, Strategy, hookimpl, option
from barstep.testing import assert_table, play_table

FLAT = "400 402 398 400"


def fees(answer, asked=None):
    class Fees(FeeModel):
        def fee(self, contract, side, size):
            if asked is not None:
                asked.append((contract.name, side, size))
            return answer(side, size) if callable(answer) else answer

    return Fees


def slip(answer, asked=None):
    class Slip(SlippageModel):
        def ticks(self, fill):
            if asked is not None:
                asked.append(fill)
            return answer(fill) if callable(answer) else answer

    return Slip


# -- fees ----------------------------------------------------------------------------------------------------------


def test_fees_by_side_and_size_are_asked_once_and_booked_exactly():
    asked = []
    played = assert_table(
        f"""
        {FLAT} | buy 3   |
        {FLAT} | sell 1  | open buy 3 @ 401 R6
        {FLAT} | sell 3  | open sell 1 @ 399 R6
        {FLAT} | buy 1   | open sell 3 @ 399 R6
        {FLAT} |         | open buy 1 @ 401 R6
        """,
        fees(lambda side, size: Decimal("0.1") + (size == 3) + (side == "sell"), asked),
    )
    assert [fill.fees for fill in played.fills] == [3.3, 1.1, 6.3, 0.1]
    assert asked == [("TICKH4", "buy", 3), ("TICKH4", "sell", 1), ("TICKH4", "sell", 3), ("TICKH4", "buy", 1)]
    assert [(t.size, t.fees) for t in played.trades] == [(1, 1.1 + 1.1), (2, 2.2 + 4.2), (1, 2.1 + 0.1)]
    assert played.balance == 10_000 - 2 - 4 - 2 - (3.3 + 1.1 + 6.3 + 0.1)


@pytest.mark.parametrize(
    ("answer", "micros"),
    [
        (2, 2_000_000),
        (0, 0),
        (1.4, 1_400_000),
        (Decimal("1.4000005"), 1_400_000),
        (Decimal("1.4000015"), 1_400_002),
        (Fraction(1, 4), 250_000),
        (np.float64(0.62), 620_000),
        (np.int64(3), 3_000_000),
    ],
)
def test_what_a_fee_may_be_and_how_it_is_rounded(answer, micros):
    played = play_table(f"{FLAT} | buy 1 |\n{FLAT}", fees(answer))
    assert played.fills[0].fee == micros


def test_the_choice_of_path_sees_the_same_fees():
    """V16 with a fee of 3 USD on sells: selling at 395 (-4 - 3) is now worse than buying at 405 (-6)."""

    class Both(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 0:
                ctx.oco(ctx.buy(stop=404), ctx.sell(stop=396))

    table = "400 400 400 400\n400 406 394 399"
    assert play_table(table, Both).happened[1] == ["path buy 1 @ 405 R8"]
    dear = play_table(table, Both, fees(lambda side, _: 3 if side == "sell" else 0))
    assert (dear.happened[1], dear.equity) == (["path sell 1 @ 395 R8"], 9_993)


def test_guards_count_fees_of_a_model():
    class Floor(RiskRule):
        @hookimpl
        def on_start(self, ctx):
            ctx.set_guard("floor", basis="equity", level=9_994, action="fail")

    table = f"{FLAT} | buy 1 |\n400 401 396 400"
    assert play_table(table, Floor, fees(0)).failed == "", "401 to 396 is -5"
    assert play_table(table, Floor, fees(1)).failed == "floor", "the fee makes it -6"


# -- slippage ------------------------------------------------------------------------------------------------------


def test_each_kind_of_order_is_asked_about_in_its_words():
    asked = []
    rows = [
        f"{FLAT} | {order} |" for order in ("buy 1", "sell 1 stop 399", "buy 2 limit 405", "sell 1 trail 2", "buy 1")
    ]
    play_table("\n".join([*rows, FLAT, FLAT]), slip(2, asked), fills={"at_end": "close"})
    told = [(fill.kind, fill.side, fill.size, fill.usual, fill.order_id) for fill in asked]
    assert told == [
        ("market", "buy", 1, 1, 1),
        ("stop", "sell", 1, 1, 2),
        ("limit", "buy", 2, 1, 3),
        ("trailing_stop", "sell", 1, 1, 4),
        ("market", "buy", 1, 1, 5),
        ("forced", "sell", 2, 1, 6),
    ]


def test_the_ticks_move_the_price_and_limits_keep_their_bound():
    assert_table(
        f"""
        {FLAT}          | buy 2           |
        {FLAT}          | sell 1 stop 399 | open buy 2 @ 404 R6
        {FLAT}          | buy 1 limit 402 | path sell 1 @ 395 R8
        {FLAT}          | sell 1          | open buy 1 @ 402 R7
        398 398 398 398 |                 | open sell 1 @ 394 R6
        """,
        slip(4),
    )
    clamped = play_table(f"{FLAT} | sell 1 stop 399 |\n{FLAT}", slip(4), fills={"clamp_slippage": True})
    assert clamped.happened[1] == ["path sell 1 @ 398 R8"]


def test_a_model_sees_the_last_complete_bar_and_never_the_one_being_played():
    asked = []
    rows = [f"{400 + n} {410 + n} {390 + n} {400 + n} {n + 1} | buy 1 sl 9 |" for n in range(6)]
    play_table("\n".join(rows), slip(1, asked), fills={"at_end": "close"})
    assert [(fill.kind, fill.bar.index) for fill in asked if fill.kind != "forced"] == [
        (kind, n) for n in range(5) for kind in ("market", "stop")
    ]
    first, last = asked[0].bar, asked[-1]
    assert (first.open, first.high, first.low, first.close, first.volume) == (400, 410, 390, 400, 1)
    assert last.bar.index == 4


def test_under_current_close_the_bar_that_is_complete_is_the_last():
    asked = []
    play_table(f"{FLAT} | |\n{FLAT} | buy 1 |", slip(1, asked), fills={"market_fill": "current_close"})
    assert [fill.bar.index for fill in asked] == [1]


def test_before_the_first_bar_there_is_none():
    asked = []

    class Early(Strategy):
        @hookimpl
        def on_session_start(self, session, ctx):
            ctx.buy()

        @hookimpl
        def on_bar(self, bar, ctx):
            pass

    assert play_table(FLAT, Early, slip(1, asked)).happened[0] == ["open buy 1 @ 401 R6"]
    assert [fill.bar for fill in asked] == [None]


def test_the_bar_before_is_known_across_chunks():
    asked = []
    rows = [FLAT] * 1023 + [f"{FLAT} | buy 1 |", FLAT]  # the first chunk ends after 1,024 bars
    play_table("\n".join(rows), slip(1, asked))
    assert [fill.bar.index for fill in asked] == [1023]


def test_size_is_what_will_fill():
    asked = []

    class Cuts(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            if bar.index == 0:
                ctx.buy(1)
            if bar.index == 1:
                ctx.sell(5, reduce_only=True)
            if bar.index == 2:
                ctx.sell(3, reduce_only=True)

    play_table("\n".join([FLAT] * 4), Cuts, slip(1, asked))
    assert [(fill.side, fill.size) for fill in asked] == [("buy", 1), ("sell", 1)], (
        "with nothing to reduce nothing is asked"
    )
    asked.clear()
    play_table(f"{FLAT} | buy 5 |\n{FLAT[:15]} 3\n{FLAT[:15]} 9", slip(1, asked), fills={"participation": 1})
    assert [fill.size for fill in asked] == [3, 2]


def test_random_slippage_is_keyed_by_seed_and_order():
    model = slip(lambda fill: fill.random.randrange(5))
    table = "\n".join(f"{FLAT} | {side} 1 |" for side in ("buy", "sell") * 10)
    one, two, other = (str(play_table(table, model, seed=seed)) for seed in (1, 1, 2))
    assert one == two != other


def test_both_paths_of_a_bar_get_one_answer_even_of_a_model_that_cannot_make_up_its_mind():
    counter = iter(range(1000))
    played = play_table("400 400 400 400 | buy 1 sl 4 tp 4 |\n400 408 394 402", slip(lambda _: next(counter)))
    assert played.happened[1] == ["open buy 1 @ 400 R6", "path sell 1 @ 395 R8"], "0 ticks, then 1, asked once each"


# -- faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [-0.01, float("nan"), float("inf"), "1.4", None, True, Decimal("NaN")])
def test_an_answer_that_is_no_fee_names_plugin_and_function(answer):
    with pytest.raises(
        PluginError, match=r"plugin fees, function fee at .*test_fees_and.*py:\d+, bar ending .* fee returned"
    ):
        play_table(f"{FLAT} | buy 1 |\n{FLAT}", fees(answer))


@pytest.mark.parametrize("answer", [-1, 1.5, "1", None, True, 10**9])
def test_an_answer_that_is_no_ticks_names_plugin_and_function(answer):
    with pytest.raises(
        PluginError, match=r"plugin slip, function ticks at .*py:\d+, bar ending .* ticks returned .* whole ticks"
    ):
        play_table(f"{FLAT} | buy 1 |\n{FLAT}", slip(answer))


def test_what_a_model_raises_names_its_line_also_inside_a_hook():
    def fails(fill):
        raise KeyError(fill.kind)

    with pytest.raises(
        PluginError, match=r"plugin slip, function ticks at .*test_fees_and.*: KeyError: 'market'"
    ) as caught:
        play_table(f"{FLAT} | buy 1 |", slip(fails), fills={"market_fill": "current_close"})
    assert isinstance(caught.value.__cause__, KeyError)


# -- options -------------------------------------------------------------------------------------------------------


def test_options_and_check_are_those_of_plugins():
    class Tiered(FeeModel):
        below: float = option(2.0, ge=0)
        above: float = option(1.0, ge=0)

        def check(self):
            if self.above > self.below:
                raise ValueError("above is dearer than below")

        def fee(self, contract, side, size):
            return self.below if size < 3 else self.above

    assert play_table(f"{FLAT} | buy 3 |\n{FLAT}", Tiered(above=0.5)).fills[0].fees == 1.5
    with pytest.raises(Exception, match=r"account.fees.options: above is dearer than below"):
        play_table(FLAT, Tiered(above=3.0))
    with pytest.raises(Exception, match=r"account.fees.options.below: got -1.0, expected a number >= 0"):
        play_table(FLAT, Tiered(below=-1.0))
