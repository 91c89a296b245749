"""A point is the run that a run file with its values would be."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from grids import CROSSES, RUN, moody

import barstep
from barstep.batch.store import Store
from barstep.domain.instrument import MICROS
from barstep.engine.replay import Replay

METRIC = '''
from barstep import Metric


class Busiest(Metric):
    """Fills of the day's side that traded most."""

    def measure(self, run):
        return max(0, len(run.fills["size"]))
'''

AXES = {
    "options": {"sma_crossover.fast": [3, 5], "max_position.contracts": [1, 2]},
    "dates": {"data.start": ["2020-01-02", "2020-01-06"], "sma_crossover.fast": [3, 5]},
    "fills": {"fills.profile": ["strict", "playground"], "fills.market_slip_ticks": [0, 3]},
    "instrument": {"data.instrument": ["ES", "NQ"]},
    "plan": {"account": [{"plan": "topstep-combine-50k"}, {"balance": "20000"}]},
    "strategy": {"strategies[0]": [{"use": "channel_breakout"}, {"use": "sma_crossover"}]},
    "script": {"strategies[0]": [{"use": "scripts/sma_crossover.py", "options": {"FAST_PERIOD": n}} for n in (4, 6)]},
}


@pytest.mark.parametrize("name", AXES)
def test_a_point_has_the_digest_and_the_figures_of_its_run(name: str, desk: Path, play) -> None:
    run = {**RUN, "data": {**RUN["data"], "source": {"kind": "synthetic", "seed": 7}, "end": "2020-01-07"}}
    folder = play({"version": 1, "run": run, "vary": AXES[name]}).folder
    with Store(folder) as store:
        rows = list(store.rows())
    assert len(rows) == len({row.key for row in rows}) == (2 if len(AXES[name]) == 1 else 4)
    for row in rows:
        alone = barstep.run(changed(run, row.vals), out=desk / "alone" / str(row.number))
        assert row.error == ""
        assert row.digest == alone.digest
        assert {key: row.metrics[key] for key in alone.metrics} == alone.metrics
        assert alone.metrics.keys() >= {"sharpe", "sortino", "calmar", "drawdown_static", "drawdown_end_of_day"}
        figures = ("net_pnl", "fees", "fills", "trades", "bars", "ambiguous_bars", "denied_orders", "rejected_orders")
        assert [row.metrics[key] for key in figures] == [getattr(alone, key) for key in figures]
        assert row.daily.sum() == round(alone.net_pnl * MICROS)


def changed(run: dict, values: dict) -> dict:
    """The run with some values put in by hand."""
    made = {**run, "data": dict(run["data"]), "account": {}, "fills": {}}
    for name, value in values.items():
        if name == "account":
            made["account"] = value
        elif name == "strategies[0]":
            made["strategies"] = [value]
        elif name.startswith(("data.", "fills.")):
            section, key = name.split(".")
            made[section][key] = value
        else:
            section = "strategies" if name.startswith("sma") else "risk"
            entry = made[section][0]
            made[section] = [{**entry, "options": {**entry["options"], name.split(".")[1]: value}}]
    return made


def test_metrics_of_ones_own_are_figures_to_rank_by(desk: Path, play) -> None:
    (desk / "plugins" / "busiest.py").write_text(METRIC, encoding="utf-8")
    grid = {**CROSSES, "run": {**RUN, "metrics": [{"use": "busiest"}]}, "rank_by": "busiest"}
    with Store(play(grid).folder) as store:
        best = store.best("busiest", 1, 1)[0]
        assert best.metrics["busiest"] == best.metrics["fills"] == max(row.metrics["fills"] for row in store.rows())


def test_days_of_a_run_that_ends_early_count_zero(play) -> None:
    risk = [{"use": "max_loss_limit", "options": {"usd": 100}}]
    with Store(play({**CROSSES, "run": {**RUN, "risk": risk}}).folder) as store:
        row = next(row for row in store.rows() if row.failed)
        days = store.days(row.frame)
    assert len(row.daily) == len(days) > 2
    assert row.daily[-1] == 0
    assert row.daily.sum() == round(row.metrics["net_pnl"] * MICROS) < 0


def test_the_workspace_has_nothing_but_the_grid_and_the_ledger(desk: Path, play) -> None:
    folder = play(CROSSES).folder
    assert sorted(path.name for path in folder.iterdir()) == ["grid.lock", "grid.sqlite"]
    assert sorted(path.name for path in (desk / "runs").iterdir()) == ["grids", "trials.sqlite"]


def test_the_array_lane_comes_to_the_same_and_a_sample_is_proved(play) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    run = {**RUN, "risk": [*RUN["risk"], {"use": "daily_loss_limit", "options": {"usd": 3000}}]}
    axes = {**CROSSES["vary"], "max_position.contracts": [1, 2]}
    event = play({**CROSSES, "run": run, "vary": axes}, out="event").folder
    array = play({**CROSSES, "run": {**run, "lane": "array"}, "vary": axes, "verify": 4}, out="array").folder
    with Store(event) as one, Store(array) as other:
        rows, same = list(one.rows()), list(other.rows())
        assert other.lanes() == (24, 4)
    assert {row.lane for row in same} == {"array"}
    assert [row.digest for row in rows] == [row.digest for row in same]
    assert [row.metrics for row in rows] == [pytest.approx(row.metrics) for row in same]
    assert [row.daily.tolist() for row in rows] == [row.daily.tolist() for row in same]
    assert sum(bool(row.failed) for row in same) == sum(bool(row.failed) for row in rows)


@pytest.mark.parametrize("lane", ["event", "array"])
def test_figures_of_days_are_those_of_the_run_also_where_it_ends_early(lane: str, desk: Path, play) -> None:
    if lane == "array":
        pytest.importorskip("numba", reason="numba is not installed")
    risk = [{"use": "max_loss_limit", "options": {"usd": 2000}}]
    run = {
        **RUN,
        "lane": lane,
        "risk": risk,
        "strategies": [{"use": "sma_crossover", "options": {"fast": 5, "slow": 20}}],
    }
    with Store(play({**CROSSES, "run": run, "verify": 0}).folder) as store:
        rows = list(store.rows())
    assert {row.lane for row in rows} == {lane}
    assert any(row.failed for row in rows)
    for row in rows:
        alone = barstep.run(changed(run, row.vals), out=desk / "alone" / str(row.number))
        assert {key: row.metrics[key] for key in alone.metrics} == pytest.approx(alone.metrics)
        assert row.metrics["drawdown_end_of_day"] >= row.metrics["drawdown_static"] >= 0


AHEAD = '''
from barstep import Bar, Context, Strategy, hookimpl


class Ahead(Strategy):
    """Its array form knows the next bar; it does not show in the first point, whose shift is none."""

    shift: int = 0

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        ctx.set_position(1 if bar.close > bar.open else -1)

    def positions(self, bars):
        import numpy as np

        up = np.where(bars.close > bars.open, 1, -1)
        return np.roll(up, -self.shift)
'''


def test_a_point_whose_array_form_differs_stops_the_grid(desk: Path, play) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    (desk / "strategies" / "ahead.py").write_text(AHEAD, encoding="utf-8")
    run = {**RUN, "strategies": [{"use": "ahead"}], "risk": [], "lane": "array"}
    grid = {"version": 1, "run": run, "vary": {"ahead.shift": [0, 1, 2]}, "verify": 3}
    with pytest.raises(barstep.BarstepError, match="played again in the event lane differs"):
        play(grid)


def test_where_there_is_no_array_form_the_event_lane_plays(play) -> None:
    run = {**RUN, "strategies": [{"use": "moody"}], "lane": "array"}
    with Store(play({"version": 1, "run": run, "vary": {"moody.number": [0, 1]}}).folder) as store:
        assert [row.lane for row in store.rows()] == ["event", "event"]


def test_points_that_are_done_hold_no_memory(play) -> None:
    gc.collect()
    before = sum(isinstance(each, Replay) for each in gc.get_objects())
    play(moody(40))
    assert sum(isinstance(each, Replay) for each in gc.get_objects()) - before <= 2
