"""Figures of grids and evaluations against plain arithmetic."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from barstep.report.figures import grid as figures
from barstep.report.figures.odds import causes
from barstep.report.grid_record import GridRecord


def test_a_heatmap_has_the_median_over_the_other_axes(grid: GridRecord) -> None:
    both = figures.heatmap(grid)
    assert [list(row) for row in both.data[0].z] == [[0, 100], [-50, 50], [-100, 0]]
    assert (both.data[1].x, both.data[1].y) == (("10",), ("20",))
    assert both.data[0].colorbar.title.text == "net_pnl, USD"
    alone = figures.heatmap(grid, "slow", "slow")
    assert [list(row) for row in alone.data[0].z] == [[50, 0, -50]]
    turned = figures.heatmap(grid, "slow", "fast", "trades")
    assert [list(row) for row in turned.data[0].z] == [[7, 7, 7], [7, 7, 7]]


def test_a_plateau_counts_steps_from_the_best(grid: GridRecord) -> None:
    upper, lower, middle = figures.plateau(grid).data
    assert list(middle.x) == [0, 1, 2, 3]
    assert list(middle.y) == [100, 25, -25, -100]
    assert list(upper.y) == [100, 50, 0, -100]
    assert list(lower.y) == [100, 0, -50, -100]


def test_a_fan_has_percentiles_and_the_best(grid: GridRecord) -> None:
    traces = {trace.name: trace for trace in figures.equity_fan(grid).data}
    assert list(traces["best"].y) == [0, 25, 50, 75, 100]
    assert list(traces["median"].y) == pytest.approx([0, 0, 0, 0, 0], abs=13)
    curves = np.cumsum([point.daily for point in grid.points], axis=1)
    assert traces["median"].y[-1] == np.median(curves[:, -1])
    assert traces["9 of 10"].y[-1] == np.percentile(curves[:, -1], 5)


def test_walk_forward_adds_up_and_shows_what_was_chosen(grid: GridRecord) -> None:
    bars, line = figures.walk_forward(grid).data
    assert (list(bars.y), list(line.y)) == ([80], [0, 100, 80])
    seen, later = figures.unseen(grid).data
    assert (list(seen.y), list(later.y)) == ([1.0], [40.0])
    fast, slow = figures.stability(grid).data
    assert (list(fast.y), list(slow.y)) == ([1.0], [0.5])


def test_luck_marks_the_best_and_what_chance_would_do(grid: GridRecord) -> None:
    grid = deepcopy(grid)
    for row, point in enumerate(grid.points):
        point.metrics["daily_sharpe"] = 0.1 * row
    grid.told |= {"sharpe": 0.5, "expected_best_sharpe": 0.25}
    bars, best, chance = figures.luck(grid).data
    assert sum(bars.y) == 6
    assert (best.x, chance.x) == ((0.5, 0.5), (0.25, 0.25))


def test_overfitting_is_the_share_at_or_below_the_middle() -> None:
    figure = figures.overfitting([-1.2, -0.1, 0.0, 0.4, 2.0])
    assert "in 60% of 5 splits" in figure.layout.annotations[0].text
    assert sum(figure.data[0].y) == pytest.approx(1)


def test_causes_are_shares_of_all_attempts() -> None:
    figure = causes(
        [("1x", {"open": 0.1, "passed": 0.3, "max_loss_limit": 0.6}), ("2x", {"passed": 0.2, "max_loss_limit": 0.8})]
    )
    assert [trace.name for trace in figure.data] == ["passed", "max loss limit", "open"]
    assert [list(trace.x) for trace in figure.data] == [[0.3, 0.2], [0.6, 0.8], [0.1, 0.0]]
