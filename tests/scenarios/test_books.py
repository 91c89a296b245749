"""R20: the two identities, kept apart from the simulator, and what happens when one fill is off by a single tick."""

from datetime import UTC

import polars as pl
import pytest
from books import MICROS, Terms, closes_in_ticks, differences, fills_of
from desk import START, at, run
from hypothesis import given
from hypothesis import strategies as st
from table import CONTRACT, FEED

import barstep
from barstep.domain.errors import InvariantError
from barstep.domain.fill import Fill
from barstep.domain.order import Order
from barstep.sim.ledger import Ledger

# a fill: side, contracts, price in ticks
FILLS = st.lists(
    st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 5), st.integers(380, 420)), min_size=1, max_size=12
)


def book(fills, tick_value=5 * MICROS, fee=2 * MICROS):
    ledger = Ledger(tick_value, fee)
    for bar, (side, size, price) in enumerate(fills):
        order = Order(CONTRACT, side, size)
        fill = Fill(order, FEED, side, size, price, bar, 0, 0, "open", 0, price, "R6", True, "certain", 0, 0, 0, 0, 0)
        ledger.apply(fill, "order")
    return ledger


def cash_flow(fills):
    return sum(-size * price if side == "buy" else size * price for side, size, price in fills)


def net(fills):
    return sum(size if side == "buy" else -size for side, size, _ in fills)


@given(FILLS)
def test_lots_and_cash_flow_agree(fills):
    book(fills).check(net(fills), cash_flow(fills))


@given(FILLS, st.data(), st.sampled_from([-1, 1]))
def test_one_tick_in_one_fill_is_noticed(fills, data, tick):
    where = data.draw(st.integers(0, len(fills) - 1))
    side, size, price = fills[where]
    wrong = [*fills[:where], (side, size, price + tick), *fills[where + 1 :]]
    with pytest.raises(InvariantError, match="R20"):
        book(fills).check(net(fills), cash_flow(wrong))
    with pytest.raises(InvariantError, match="R20"):
        book(wrong).check(net(fills), cash_flow(fills))


@given(FILLS, st.sampled_from([-1, 1]))
def test_one_contract_is_noticed_too(fills, one):
    with pytest.raises(InvariantError, match="R20"):
        book(fills).check(net(fills) + one, cash_flow(fills))


@given(FILLS, st.sampled_from([-1, 1]))
def test_one_micro_dollar_is_noticed_too(fills, one):
    ledger = book(fills)
    ledger.money += one
    with pytest.raises(InvariantError, match="R20"):
        ledger.check(net(fills), cash_flow(fills))


@given(FILLS, st.integers(-10_000, 10_000))
def test_worth_is_cash_flow_and_position_less_fees(fills, price):
    fees = 2 * MICROS * sum(size for _, size, _ in fills)
    assert book(fills).worth(price) == (cash_flow(fills) + net(fills) * price) * 5 * MICROS - fees


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory):
    """The bundled crossover on the packaged ES bars, and the closes of these bars."""
    folder = tmp_path_factory.mktemp("sample") / "run"
    barstep.run(
        {
            "version": 1,
            "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
            "account": {"balance": 50_000, "fees": 2},
            "strategies": [{"use": "sma_crossover", "options": {"size": 3}}],
        },
        out=folder,
    )
    bars = pl.read_csv(barstep_sample(), try_parse_dates=True).with_columns(pl.col("t").cast(pl.Datetime("ms", "UTC")))
    return folder, closes_in_ticks(bars, 0.25, 60), Terms(12_500_000, 2 * MICROS, 50_000 * MICROS)


def barstep_sample():
    from barstep.data import sample_path

    return sample_path("ES", "1m")


def test_balance_and_equity_from_the_fills_alone(sample_run):
    folder, closes, terms = sample_run
    fills = fills_of(folder)
    assert len(fills) > 50
    assert differences(folder, fills, closes, terms) == []


@pytest.mark.parametrize("tick", [-1, 1])
def test_one_tick_in_one_fill_is_noticed_in_the_files(sample_run, tick):
    folder, closes, terms = sample_run
    fills = fills_of(folder)
    for where in range(0, len(fills), 7):
        bar, signed, price, end = fills[where]
        wrong = [*fills[:where], (bar, signed, price + tick, end), *fills[where + 1 :]]
        found = differences(folder, wrong, closes, terms)
        assert found
        assert found[0] == end, "from the very bar of the fill on"


def test_the_books_hold_on_every_bar_of_a_wild_table(tmp_path):
    """Adds, partial closes, reversals, brackets and gaps in a few bars, with fees."""
    bars = [
        (400, 402, 398, 400),
        (407, 409, 401, 402),
        (395, 404, 390, 401),
        (401, 412, 400, 411),
        (411, 412, 385, 388),
    ] * 3
    plan = {
        0: lambda ctx: ctx.buy(3, stop_loss_ticks=9, take_profit_ticks=14),
        1: lambda ctx: (ctx.sell(1), ctx.buy(2, limit=396)),
        2: lambda ctx: ctx.sell(7, take_profit_ticks=6),
        3: lambda ctx: (ctx.buy(2, stop=413), ctx.sell(1, trail_ticks=5)),
        5: lambda ctx: ctx.set_position(4),
        7: lambda ctx: ctx.set_position(-4),
        8: lambda ctx: ctx.protect(stop=414, target=390),
        11: lambda ctx: ctx.set_position(2),
    }
    ran = run(tmp_path, bars, at(plan), fees=3)
    times = [START.astimezone(UTC).timestamp() + 60 * (n + 1) for n in range(len(bars))]
    closes = {int(time) * 1_000_000_000: bar[3] for time, bar in zip(times, bars, strict=True)}
    fills = fills_of(ran.result.folder)
    assert len(fills) > 10
    assert differences(ran.result.folder, fills, closes, Terms(MICROS, 3 * MICROS, 10_000 * MICROS)) == []
