"""What figures show is what the run's tables say."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from barstep.report import figures
from barstep.report.chart import ENTRY, STOP, levels_of
from barstep.report.figures.account import drawdown
from barstep.report.floor import floors
from barstep.report.record import RunRecord, moment_ns


def result_of(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text())


def trace(figure: object, name: str) -> object:
    return next(one for one in figure.data if one.name == name)


@pytest.fixture
def run(trailed: Path) -> RunRecord:
    return RunRecord(trailed)


def test_every_trade_has_an_entry_an_exit_and_a_path(run: RunRecord) -> None:
    figure, trades = figures.price(run), pl.read_parquet(run.folder / "trades.parquet")
    buys = trades.filter(pl.col("side") == "buy")
    assert list(trace(figure, "long entry").x) == buys["entry_bar"].to_list()
    assert list(trace(figure, "long entry").y) == buys["entry_price"].to_list()
    assert sorted(trace(figure, "exit").y) == sorted(trades["exit_price"].to_list())
    assert len(trace(figure, "won").x) // 3 == (trades["net_pnl"] > 0).sum()
    assert len(trace(figure, "ambiguous").x) == trades["ambiguous"].sum() == 2


def test_bars_put_together_keep_every_extreme(run: RunRecord) -> None:
    bars, drawn = run.bars(0), trace(figures.price(run), "price")
    assert bars is not None
    assert len(drawn.x) <= 700 < len(bars)
    assert drawn.high.max() == bars.high.max() * 0.25
    assert drawn.low.min() == bars.low.min() * 0.25
    assert (drawn.open[0], drawn.close[-1]) == (bars.open[0] * 0.25, bars.close[-1] * 0.25)


def test_a_trade_alone_is_drawn_in_single_bars(run: RunRecord) -> None:
    figure, bars = figures.price(run, trade=3, around=10), run.bars(0)
    entry, exit_ = int(run.trades["entry_bar"][3]), int(run.trades["exit_bar"][3])
    assert bars is not None
    assert list(trace(figure, "price").x) == list(range(entry - 10, exit_ + 11))
    assert list(trace(figure, "price").high) == [ticks * 0.25 for ticks in bars.high[entry - 10 : exit_ + 11]]
    with pytest.raises(IndexError, match=r"no trade in row 999"):
        figures.price(run, trade=999)


def test_trailing_stops_move_by_their_rule_and_end_where_the_run_says(run: RunRecord) -> None:
    orders = pl.read_parquet(run.folder / "orders.parquet").filter(pl.col("kind") == "trailing_stop")
    levels = levels_of(run, 0, run.bars(0))
    pieces = 0
    for order in orders.iter_rows(named=True):
        mine = levels.order == order["id"]
        prices = levels.price[mine]
        assert prices[-1] == order["stop"]
        assert set(levels.kind[mine]) == {STOP}
        steps = np.diff(prices) * (1 if order["side"] == "sell" else -1)
        assert (steps > 0).all()  # in the trade's favour only
        assert (levels.begin[mine][1:] == levels.end[mine][:-1] + 1).all()
        pieces += len(prices)
    assert pieces > 2 * len(orders)


def test_a_changed_order_moves_in_the_bar_after_the_change(play: Callable[..., Path]) -> None:
    run = RunRecord(play("moved", strategies=[{"use": "mover"}]))
    bars = run.bars(0)
    assert bars is not None
    levels, first = levels_of(run, 0, bars), bars.close[10] * 0.25 + 50
    assert levels.kind.tolist() == [ENTRY, ENTRY, ENTRY, STOP]
    assert levels.price.tolist()[:3] == [first, first + 1, first + 2]
    assert levels.begin.tolist() == [11, 21, 31, 42]
    assert levels.end.tolist()[:3] == [20, 30, 40]
    stored = run.orders["stop"][run.orders["kind"] == "trailing_stop"]
    assert levels.price.tolist()[3:] == stored.tolist()  # its distance was changed: only where it ended is known


def test_equity_and_drawdown_are_those_of_the_result(run: RunRecord) -> None:
    result, figure = result_of(run.folder), figures.equity(run)
    assert trace(figure, "equity").y[-1] == pytest.approx(result["final_balance"])
    assert drawdown(run).min() == pytest.approx(-result["metrics"]["max_drawdown"])
    assert trace(figure, "drawdown").y.min() == pytest.approx(-result["metrics"]["max_drawdown"])


def test_the_floor_meets_the_breach_that_the_run_recorded(run: RunRecord) -> None:
    breach = next(b for b in result_of(run.folder)["risk"]["breaches"] if b["guard"] == "max_loss_limit")
    floor, told = floors(run)
    assert floor is not None
    assert told == "plan topstep-combine-50k: 2,000 USD below, raised at the end of each day"
    low = pl.read_parquet(run.folder / "equity.parquet")["low"].to_numpy()
    assert breach["level"] == 48_000
    assert (low <= floor).argmax() == np.searchsorted(
        run.equity["time"], int(np.datetime64(breach["time"][:19], "ns").astype(np.int64)) + 5 * 3_600_000_000_000
    )


def test_a_floor_follows_the_balances_of_days(weeks: Path) -> None:
    run = RunRecord(weeks)
    floor, _ = floors(run)
    assert floor is not None
    balance, level, wanted = run.equity["balance"], 30_000.0, []
    for day, first in enumerate(run.days.first):
        if day:
            level = max(level, balance[first - 1] - 20_000)
        wanted.append(level)
    assert [floor[first] for first in run.days.first] == pytest.approx(wanted, rel=1e-12)
    assert len(set(wanted)) > 1
    assert (np.diff(floor) >= 0).all()


@pytest.mark.parametrize("trail", ["static", "end_of_day", "balance", "equity"])
def test_the_floor_is_where_the_run_had_it_when_it_failed(trail: str, play: Callable[..., Path]) -> None:
    data = {"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "days": 15}}
    folder = play(
        f"fails-{trail}", data=data, strategies=[{"use": "sma_crossover", "options": {"fast": 20, "slow": 60}}],
        risk=[{"use": "max_loss_limit", "options": {"usd": 2500, "trail": trail, "lock": None}}],
    )  # fmt: skip
    (breach,) = result_of(folder)["risk"]["breaches"]
    run = RunRecord(folder)
    floor, _ = floors(run)
    assert floor is not None
    row = np.searchsorted(run.equity["time"], moment_ns(breach["time"]))
    if trail == "equity":
        assert floor[row - 1] <= breach["level"] <= floor[row]  # it moved inside that bar
    else:
        assert floor[row] == pytest.approx(breach["level"], abs=1e-6)
    assert (run.equity["low"][:row] > floor[:row]).all() or trail == "equity"


def test_a_floor_that_contradicts_the_run_is_not_drawn(trailed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in trailed.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    result = result_of(copy)
    for breach in result["risk"]["breaches"]:
        breach["level"] -= 100
    (copy / "result.json").write_text(json.dumps(result))
    floor, told = floors(RunRecord(copy))
    assert floor is None
    assert "the run had it at 47,900.00 USD, and the stored figures give 48,000.00" in told


def test_the_calendar_has_each_trading_day_once_and_adds_up(weeks: Path) -> None:
    run = RunRecord(weeks)
    figure = figures.calendar(run)
    squares = {day: amount for rows, days in zip(figure.data[0].z, figure.data[0].customdata, strict=True)
               for day, amount in zip(days, rows, strict=True) if amount is not None}  # fmt: skip
    assert len(squares) == len(run.days.dates) == 15
    assert sum(squares.values()) == pytest.approx(result_of(weeks)["net_pnl"])
    assert all(isinstance(day, date) and day.weekday() < 5 for day in run.days.dates)


def test_results_spread_hours_and_reasons_count_every_trade(weeks: Path) -> None:
    run, result = RunRecord(weeks), result_of(weeks)
    spread = figures.results(run).data[0]
    assert sum(spread.y) == result["trades"]
    wins = (run.trades["net_pnl"] > 0).sum()
    assert sum(count for count, at in zip(spread.y, spread.x, strict=True) if at > 0) == wins
    for figure in (figures.by_hour(run), figures.by_reason(run)):
        assert sum(figure.data[0].customdata) == result["trades"]
        assert sum(figure.data[0].y) == pytest.approx(run.trades["net_pnl"].sum())


def test_excursions_lie_on_their_side_of_the_line(weeks: Path) -> None:
    run = RunRecord(weeks)
    figure = figures.excursions(run)
    worst = [one for one in figure.data if one.xaxis == "x"]
    assert sum(len(one.x) for one in worst) == len(run.trades["net_pnl"])
    for one in worst:
        fees = run.trades["fees"][np.asarray(one.customdata, int)]
        assert (np.asarray(one.y) + fees + np.asarray(one.x) >= -1e-6).all()


def test_a_run_shows_itself_in_a_notebook(desk: Path) -> None:
    import barstep
    from barstep import ConfigError

    result = barstep.run(desk / "configs" / "weeks.yaml", out=desk / "out" / "shown")
    assert result.plot().layout.yaxis.title.text == "equity, USD"
    assert result.plot("calendar").data[0].type == "heatmap"
    with pytest.raises(ConfigError, match="got 'pie', expected one of by_hour"):
        result.plot("pie")
    shown = result._repr_html_()
    assert "<svg" in shown
    assert "currentColor" in shown  # legible on any ground
    assert f"{result.net_pnl:+,.2f} USD" in shown


@pytest.fixture(autouse=True)
def _made(weeks: Path) -> None:
    """The configuration of `weeks` is written by its run."""
