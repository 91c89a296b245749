"""Seeded choices of points: the same whoever plays them, and from where they were left off."""

from __future__ import annotations

import pytest
from grids import CROSSES, table

WIDE = {"sma_crossover.fast": {"from": 2, "to": 9, "step": 1}, "sma_crossover.slow": {"from": 10, "to": 60, "step": 5}}


def grid(kind: str, points: int, seed: int = 0) -> dict:
    return {**CROSSES, "vary": WIDE, "search": {"kind": kind, "points": points, "seed": seed, "round": 4}}


def numbers(rows) -> list[int]:
    return [row[2] for row in rows]


def test_random_points_are_seeded_different_and_allowed(play) -> None:
    rows = table(play({**grid("random", 10), "where": "fast * 3 < slow"}, out="a").folder)
    assert len(rows) == len(set(numbers(rows))) == 10
    for row in rows:
        fast, slow = row[2] // 11 + 2, row[2] % 11 * 5 + 10
        assert fast * 3 < slow
    assert table(play({**grid("random", 10), "where": "fast * 3 < slow"}, out="b").folder) == rows
    assert numbers(table(play(grid("random", 10, seed=1), out="c").folder)) != numbers(rows)


def test_random_points_of_a_billion_are_no_trouble(play) -> None:
    axes = {
        **WIDE,
        "sma_crossover.size": {"from": 1, "to": 100000, "step": 1},
        "max_position.contracts": {"from": 1, "to": 9999, "step": 1},
    }
    outcome = play({**grid("random", 3), "vary": axes})
    assert (outcome.estimate.points, outcome.progress.done) == (3, 3)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optuna_proposes_the_same_points_however_they_are_played(play) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed")
    whole = table(play(grid("optuna", 14), out="a").folder)
    assert len(whole) == len(set(numbers(whole))) == 14
    play(grid("optuna", 9), out="b")
    rest = play(grid("optuna", 14), out="b")
    assert rest.progress.skipped >= 8
    fresh = set(numbers(table(rest.folder)))
    assert set(numbers(whole)) <= fresh
    best = max(row[7] for row in whole)
    assert best


def test_optuna_hears_of_results(play) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed")
    high = table(play({**grid("optuna", 24), "rank_by": "trades"}, out="high").folder)
    low = table(play({**grid("optuna", 24), "rank_by": {"metric": "trades", "best": "lowest"}}, out="low").folder)
    assert set(numbers(high)) != set(numbers(low))
