"""Whole runs on real bars: NQ in January 2022 and MYM over three months of 2025, with the bundled rules.

Everything is checked from the files the run left: each fill against its bar and its rule, and the books against a second
book-keeping from the fills alone.
"""

import polars as pl
import pytest
from books import MICROS, Terms, closes_in_ticks, differences, fills_of

import barstep
from barstep.data import instrument

FILES = {"NQ": "NQ_1m_2022-01-16_2022-01-28.parquet", "MYM": "MYM_1m_2025-05_2025-07.parquet"}
DAILY = {"NQ": 900, "MYM": 100}  # USD; small enough to be reached on some days


def rules(name):
    return [
        {"use": "max_position", "options": {"contracts": 3}},
        {"use": "max_trades", "options": {"trades": 30}},
        {"use": "daily_loss_limit", "options": {"usd": DAILY[name]}},
        {"use": "max_loss_limit", "options": {"usd": 20_000}},
        {"use": "trading_hours", "options": {"flat_by": "15:10"}},
    ]


@pytest.fixture(scope="module", params=FILES)
def played(request, shared, tmp_path_factory):
    """The result of a run with its bars: name, folder, bars, terms."""
    name = request.param
    source = shared(FILES[name])
    folder = tmp_path_factory.mktemp(name) / "run"
    result = barstep.run(
        {
            "version": 1,
            "data": {"instrument": name, "timeframe": "1m", "source": str(source)},
            "account": {"balance": 50_000, "fees": "topstepx"},
            "strategies": [{"use": "sma_crossover", "options": {"size": 2}}],
            "risk": rules(name),
            "observers": [{"use": "trade_journal"}],
        },
        out=folder,
    )
    item = instrument(name)
    return result, pl.read_parquet(source), item, Terms(item.tick_value, item.fees["topstepx"], 50_000 * MICROS)


def test_it_runs_to_the_end_with_rules_applied(played):
    result, bars, _, _ = played
    assert result.status == "done"
    assert not result.risk["failed"]
    assert result.bars == bars.height
    assert result.trades > 50
    assert result.risk["breaches"], "the daily limit was reached on some day"
    assert result.denied_orders
    assert set(result.risk["denials"]) <= {"daily_loss_limit", "max_trades", "trading_hours", "max_position"}


def test_identities_from_the_fills_alone_on_every_bar_with_a_fill(played):
    result, bars, item, terms = played
    closes = closes_in_ticks(bars, float(item.tick_size), 60)
    fills = fills_of(result.folder)
    assert len(fills) == result.fills
    assert differences(result.folder, fills, closes, terms) == []
    position = sum(signed for _, signed, _, _ in fills)
    assert position == 0, "at_end: close"
    cash = -sum(signed * price for _, signed, price, _ in fills)
    paid = sum(abs(signed) for _, signed, _, _ in fills) * terms.fee
    assert round(result.final_balance * MICROS) == terms.start + cash * terms.tick_value - paid
    assert round(result.fees * MICROS) == paid


@pytest.mark.parametrize("tick", [-1, 1])
def test_one_tick_in_one_fill_would_be_noticed(played, tick):
    result, bars, item, terms = played
    closes = closes_in_ticks(bars, float(item.tick_size), 60)
    fills = fills_of(result.folder)
    middle = len(fills) // 2
    bar, signed, price, end = fills[middle]
    found = differences(
        result.folder, [*fills[:middle], (bar, signed, price + tick, end), *fills[middle + 1 :]], closes, terms
    )
    assert found[0] == end


def test_every_fill_is_where_its_rule_says(played):
    result, bars, item, _ = played
    tick = float(item.tick_size)
    ticks = bars.select(
        pl.col("t").alias("bar_start"), *((pl.col(name) / tick).round().cast(pl.Int64).alias(name) for name in "ohlc")
    )
    table = pl.read_parquet(result.folder / "fills.parquet").with_columns(
        pl.col("bar_start").dt.cast_time_unit("ms"),
        pl.when(pl.col("side") == "buy").then(1).otherwise(-1).alias("sign"),
    )
    joined = table.join(ticks, on="bar_start", how="left")
    assert joined["o"].null_count() == 0
    price, sign = pl.col("price_ticks"), pl.col("sign")
    prices = {
        "R6": price == pl.col("o") + sign,
        "R18": price == pl.col("c") + 2 * sign,
        "R19": (price == pl.col("level_ticks") + 2 * sign) & pl.col("level_ticks").is_between(pl.col("l"), pl.col("h")),
        "R25": price == pl.col("c") + sign,
    }
    assert set(joined["rule"]) <= set(prices)
    for rule, holds in prices.items():
        wrong = joined.filter((pl.col("rule") == rule) & ~holds)
        assert wrong.is_empty(), f"{rule}: {wrong}"


def test_nobody_is_in_the_market_after_the_flat_time(played):
    result, _, item, _ = played
    equity = pl.read_parquet(result.folder / "equity.parquet")
    clock = equity["time"].dt.convert_time_zone(item.session.zone)
    shut = equity.filter((clock.dt.hour() == 15) & (clock.dt.minute() >= 10) | (clock.dt.hour() == 16))
    assert shut.height > 100
    assert shut["position"].unique().to_list() == [0]


def test_the_stored_configuration_gives_the_same_run_again(played, tmp_path):
    result, _, _, _ = played
    again = barstep.run(result.folder / "config.resolved.yaml", out=tmp_path / "again")
    assert (again.digest, again.metrics) == (result.digest, result.metrics)
