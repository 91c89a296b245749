"""Statistics of many trials, against the figures of their papers and against programs written another way."""

from __future__ import annotations

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from barstep.stats.overfitting import (
    backtest_overfitting,
    block_length,
    bootstrap_interval,
    deflated_sharpe,
    expected_best_sharpe,
    moments,
    probabilistic_sharpe,
    sharpe,
)

DAILY = sqrt(250)
"""A year has 250 days in the papers' examples."""


def test_the_example_of_the_deflated_sharpe_ratio() -> None:
    """Bailey & Lopez de Prado 2014, the numerical example: an annual ratio of 2.5 in five years of daily results."""
    variance = 0.5 / 250
    assert expected_best_sharpe(100, variance) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(2.5 / DAILY, 100, variance, 1250, -3, 10) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(2.5 / DAILY, 46, variance, 1250, -3, 10) == pytest.approx(0.9505, abs=5e-5)
    assert deflated_sharpe(2.5 / DAILY, 88, variance, 1250, 0, 3) == pytest.approx(0.9505, abs=5e-5)


def test_one_trial_is_not_deflated() -> None:
    assert expected_best_sharpe(1, 9.0) == 0
    assert deflated_sharpe(0.1, 1, 9.0, 400) == probabilistic_sharpe(0.1, 0, 400)


def test_the_expected_best_is_that_of_drawn_trials() -> None:
    drawn = np.random.default_rng(5).normal(0, 0.3, (4000, 50)).max(axis=1).mean()
    assert expected_best_sharpe(50, 0.09) == pytest.approx(drawn, rel=0.02)


def test_the_probabilistic_sharpe_ratio_is_right_as_often_as_it_says() -> None:
    source = np.random.default_rng(3)
    found = [probabilistic_sharpe(sharpe(source.normal(0.1, 1, 250)) or 0, 0.1, 250) for _ in range(2000)]
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.02)
    assert np.mean(np.array(found) > 0.9) == pytest.approx(0.1, abs=0.02)


def test_moments_are_those_of_scipy() -> None:
    results = np.random.default_rng(2).gamma(2, size=300)
    skew, kurtosis = moments(results)
    assert skew == pytest.approx(stats.skew(results))
    assert kurtosis == pytest.approx(stats.kurtosis(results, fisher=False))
    assert moments(np.ones(5)) == (0, 3)
    assert sharpe(np.ones(5)) is None
    assert sharpe(np.array([1.0])) is None


def slow_cscv(results: np.ndarray, blocks: int) -> tuple[float, float]:
    """The procedure of Bailey, Borwein, Lopez de Prado & Zhu word by word, with ranks by scipy."""
    parts = np.array_split(results, blocks)
    below, losses, count = 0, 0, 0
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[block] for block in chosen])
        outside = np.concatenate([parts[block] for block in range(blocks) if block not in chosen])
        seen, unseen = (part.mean(axis=0) / part.std(axis=0, ddof=1) for part in (inside, outside))
        best = seen.argmax()
        share = stats.rankdata(unseen)[best] / (results.shape[1] + 1)
        below += np.log(share / (1 - share)) <= 0
        losses += unseen[best] < 0
        count += 1
    return below / count, losses / count


@pytest.mark.parametrize("seed", range(4))
def test_cscv_is_the_procedure_of_the_paper(seed: int) -> None:
    source = np.random.default_rng(seed)
    results = source.normal(0, 1, (80, 9)) + source.normal(0, 0.1, 9)
    found = backtest_overfitting(results, blocks=8)
    assert found is not None
    assert found.splits == 70
    assert (found.probability, found.loss) == pytest.approx(slow_cscv(results, 8))


def test_noise_is_overfitting_and_skill_is_not() -> None:
    source = np.random.default_rng(8)
    found = [backtest_overfitting(source.normal(size=(160, 20)), blocks=8) for _ in range(30)]
    assert np.mean([each.probability for each in found if each]) == pytest.approx(0.5, abs=0.1)
    skilled = source.normal(size=(320, 20))
    skilled[:, 4] += 0.7
    best = backtest_overfitting(skilled)
    assert best is not None
    assert (best.probability, best.splits) == (0.0, 12870)


def test_what_cannot_be_split_is_not_split() -> None:
    assert backtest_overfitting(np.ones((100, 1))) is None
    assert backtest_overfitting(np.random.default_rng(1).normal(size=(3, 5))) is None
    alike = backtest_overfitting(np.tile(np.random.default_rng(1).normal(size=(40, 1)), (1, 4)), blocks=4)
    assert alike is not None
    assert alike.probability == 1.0  # no trial is better than another: rank in the middle, logit 0


def test_the_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    source, inside = np.random.default_rng(4), 0
    for seed in range(200):
        low, high = bootstrap_interval(source.normal(0.2, 1, 100), draws=400, seed=seed)["sum"]
        inside += low <= 20 <= high
    assert 0.88 <= inside / 200 <= 0.98


def test_the_bootstrap_keeps_runs_of_days_together() -> None:
    source = np.random.default_rng(6)
    noise = source.normal(size=400)
    waves = np.convolve(noise, np.ones(8), "valid")  # results that go on for days
    blocks = bootstrap_interval(waves, length=20)["sum"]
    single = bootstrap_interval(waves, length=1)["sum"]
    assert blocks[1] - blocks[0] > 1.5 * (single[1] - single[0])
    assert bootstrap_interval(waves) == bootstrap_interval(waves)
    assert (block_length(1), block_length(1000)) == (1, 10)
