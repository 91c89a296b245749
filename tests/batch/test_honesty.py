"""What is told against the best point is computed from the points that there are, and every trial counts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from grids import CROSSES, RUN

from barstep.batch.honesty import honesty
from barstep.batch.store import Store
from barstep.stats.overfitting import backtest_overfitting, deflated_sharpe, moments, sharpe


def told(folder) -> dict:
    with Store(folder) as store:
        return honesty(store)


def test_each_trial_counts_once_over_all_grids_of_a_strategy_and_data(play, cli) -> None:
    assert told(play(CROSSES).folder)["trials"] == 12
    assert told(play(CROSSES).folder)["trials"] == 12
    more = {**CROSSES, "name": "more", "vary": {**CROSSES["vary"], "sma_crossover.fast": [4, 6]}}
    assert told(play(more).folder)["trials"] == 20
    assert told(play(more, overrides=["sma_crossover.size=2"]).folder)["trials"] == 28
    other = {**RUN, "data": {**RUN["data"], "instrument": "NQ"}}
    assert told(play({**CROSSES, "name": "other", "run": other}).folder)["trials"] == 12
    assert json.loads(cli("grid", "show", "crosses", "--json").stdout)["trials"] == 28


def test_figures_are_those_of_the_points(play) -> None:
    run = {**RUN, "data": {**RUN["data"], "source": {"kind": "synthetic", "seed": 7, "days": 30}}}
    folder = play(
        {**CROSSES, "run": run, "vary": {"sma_crossover.fast": [3, 5, 8], "sma_crossover.slow": [20, 30, 40]}}
    ).folder
    found = told(folder)
    with Store(folder) as store:
        rows = list(store.rows())
    best = max(rows, key=lambda row: row.metrics["net_pnl"])
    daily = best.daily / 1e6
    assert found["best"]["number"] == best.number
    assert found["sharpe"] == pytest.approx(sharpe(daily))
    variance = np.var([sharpe(row.daily / 1e6) for row in rows], ddof=1)
    expected = deflated_sharpe(sharpe(daily), 9, variance, len(daily), *moments(daily))
    assert found["deflated_sharpe"] == pytest.approx(expected)
    matrix = np.column_stack([row.daily for row in rows]) / 1e6
    assert found["overfitting"]["probability"] == backtest_overfitting(matrix).probability
    assert found["overfitting"]["points"] == 9
    low, high = found["intervals"]["net_pnl"]
    assert low < daily.sum() < high
    assert found["provisional"] == ["30 trading days, 60 wanted"]


def test_the_plateau_is_that_of_the_next_values_on_axes_of_numbers(play) -> None:
    axes = {
        "sma_crossover.fast": [3, 5, 8],
        "fills.profile": ["strict", "playground"],
        "sma_crossover.slow": [20, 30, 40],
    }
    folder = play({**CROSSES, "vary": axes}).folder
    found = told(folder)["best"]["neighbours"]
    with Store(folder) as store:
        net = np.array([row.metrics["net_pnl"] for row in store.rows()]).reshape(3, 2, 3)
        row = next(iter(store.best("net_pnl", 1, 1)))
    fast, profile, slow = np.unravel_index(row.number, (3, 2, 3))
    near = [net[f, profile, slow] for f in (fast - 1, fast + 1) if 0 <= f < 3]
    near += [net[fast, profile, s] for s in (slow - 1, slow + 1) if 0 <= s < 3]
    assert (found["count"], found["median"], found["worst"]) == (len(near), np.median(near), min(near))
