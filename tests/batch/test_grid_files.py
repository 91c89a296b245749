# ruff: noqa: E501
"""A bad grid gets one message in one pass, before any run, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from grids import CROSSES, RUN

GOOD = """\
version: 1
run: small.yaml
vary:
  sma_crossover.fast: [3, 5]
  sma_crossover.slow: {from: 10, to: 40, step: 10}
where: fast < slow
"""

BAD = {
    "unknown key": ("where: ", "were: ", ["6:1 were: got the unknown key were", "did you mean where?"]),
    "unknown plugin": ("sma_crossover.fast", "sma_crosover.fast", ["4:3 vary.sma_crosover.fast: got sma_crosover", "did you"]),
    "unknown option": ("[3, 5]", "[3, 5]\n  sma_crossover.siz: [1]", ["5:23 vary.sma_crossover.siz", "the unknown option of sma_crossover siz", "did you mean size?"]),
    "empty axis": ("[3, 5]", "[]", ["4:23 vary.sma_crossover.fast: got an empty list, expected at least one value"]),
    "value twice": ("[3, 5]", "[3, 3]", ["got 3 a second time, expected each value once"]),
    "where of a number": ("fast < slow", "fast", ["6:8 where: got fast, which is 3, expected a condition that is true or false"]),
    "wrong value": ("[3, 5]", "[3, five]", ["4:27 vary.sma_crossover.fast strategies[0].options.fast: got five, expected a whole number"]),
    "endless range": ("step: 10", "step: 0", ["5:48 vary.sma_crossover.slow.step: got 0, expected a step that leads from 10 to 40"]),
    "wrong way": ("step: 10", "step: -1", ["got -1, expected a step that leads from 10 to 40"]),
    "range without end": ("to: 40, ", "", ["vary.sma_crossover.slow.to: got nothing, expected the last number"]),
    "too fine": ("step: 10", "step: 0.000001", ["expected a step that makes at most 100,000 values"]),
    "where names nothing": ("fast < slow", "fst < slow", ["6:8 where: got fst, expected the name of an axis", "did you mean fast?"]),
    "where of no axis": ("fast < slow", "1 < 2", ["got 1 < 2, expected a condition on an axis"]),
    "where runs code": ("fast < slow", "fast < open('x').read()", ["got open('x').read(), expected a condition such as fast < slow"]),
    "where leaves none": ("fast < slow", "fast > slow", ["6:8 where: got no point of 8 left"]),
    "where mixes": ("fast < slow", "fast < 'x'", ["6:8 where: got fast < 'x', expected a condition that can be computed for every point"]),
    "no run": ("small.yaml", "smal.yaml", ["2:6 run:", "no such file", "did you mean small.yaml?"]),
    "unknown figure": ("where: fast < slow", "rank_by: net_pln", ["6:10 rank_by: got net_pln", "did you mean net_pnl?"]),
    "search without number": ("where: fast < slow", "search: random", ["6:1 search.points: got nothing, expected how many points random"]),
    "account": ("[3, 5]", "[3, 5]\n  broker.kind: [embedded]", ["5:3 vary.broker.kind: got broker.kind, expected an option"]),
    "part of another": ("[3, 5]", "[3, 5]\n  strategies: [x]", ["expected each key once: sma_crossover.fast varies a part of it"]),
    "no walk": ("where: fast < slow", "walk_forward: {train: 60d, test: 20d}", ["trading days of bars, expected at least 61"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_grid_is_told(name: str, desk: Path, cli) -> None:
    old, new, told = BAD[name]
    assert old in GOOD
    (desk / "configs" / "bad.yaml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    result = cli("grid", "run", "configs/bad.yaml", "-j", "1")
    assert result.exit_code == 2, result.stderr
    for text in told:
        assert text in result.stderr
    assert result.stderr.count("error: ") == 1
    assert not (desk / "runs").exists()


def test_a_value_in_another_form_is_the_same_value(desk: Path, cli) -> None:
    run = {**RUN, "risk": [{"use": "daily_loss_limit", "options": {"usd": 500}}]}
    grid = {"version": 1, "run": run, "vary": {"daily_loss_limit.usd": ["500", "500.0"]}}
    (desk / "configs" / "bad.yaml").write_text(yaml.safe_dump(grid), encoding="utf-8")
    result = cli("grid", "run", "configs/bad.yaml", "-j", "1")
    assert result.exit_code == 2
    assert "got 500.0, expected each value once: it is there in another form" in result.stderr


def test_all_faults_come_in_one_pass_with_those_of_the_run(desk: Path, cli) -> None:
    text = GOOD.replace("[3, 5]", "[3, x]").replace("fast <", "fst <").replace("version: 1", "version: 2")
    (desk / "configs" / "bad.yaml").write_text(text, encoding="utf-8")
    (desk / "configs" / "small.yaml").write_text(yaml.safe_dump({**RUN, "seed": -1}), encoding="utf-8")
    result = cli("grid", "run", "configs/bad.yaml")
    assert result.exit_code == 2
    assert "configs/bad.yaml:1:10 version: got 2, expected 1" in result.stderr
    assert "configs/bad.yaml:6:8 where: got fst" in result.stderr
    assert "seed: got -1, expected a whole number >= 0" in result.stderr


def test_a_billion_points_are_counted_not_tried(desk: Path, cli) -> None:
    axes = {f"sma_crossover.{name}": {"from": 1, "to": 1000, "step": 1} for name in ("size", "fast")}
    axes["sma_crossover.slow"] = {"from": 2, "to": 1001, "step": 1}
    (desk / "configs" / "bad.yaml").write_text(yaml.safe_dump({**CROSSES, "run": "small.yaml", "vary": axes}))
    result = cli("grid", "run", "configs/bad.yaml")
    assert result.exit_code == 2
    assert "got 1,000 x 1,000 x 1,000 = 1,000,000,000 points, expected at most 1,000,000" in result.stderr


def test_points_that_a_plugin_refuses_are_told_before_the_first_run(desk: Path, cli) -> None:
    text = GOOD.replace("[3, 5]", "[3, 20, 30]").replace("where: fast < slow", "")
    (desk / "configs" / "bad.yaml").write_text(text, encoding="utf-8")
    result = cli("grid", "run", "configs/bad.yaml")
    assert result.exit_code == 2
    assert (
        "3:1 vary: sma_crossover refuses 5 combinations of these options, such as: fast is 20 and slow is 10"
        in result.stderr
    )
    assert "leave them out with where" in result.stderr


def test_ranges_are_exact_and_conditions_count(desk: Path, cli) -> None:
    text = GOOD.replace("slow: {from: 10, to: 40, step: 10}", "slow: {from: 10, to: 40, count: 4}")
    text = text.replace("where: fast < slow", "where: [fast * 5 < slow, 'not (slow == 40 and fast in (5, 7))']")
    text += "  \nverify: 0\n"
    (desk / "configs" / "good.yaml").write_text(text, encoding="utf-8")
    result = cli("validate", "configs/good.yaml")
    assert result.stdout == (
        "configs/good.yaml: valid (a grid of 4 points over sma_crossover.fast, sma_crossover.slow)\n"
    )  # 3: 20, 30, 40; 5: 30
    prices = {"from": "0.1", "to": "0.3", "step": "0.1"}
    grid = {**CROSSES, "run": "small.yaml", "vary": {"fills.participation": prices}}
    (desk / "configs" / "good.yaml").write_text(yaml.safe_dump(grid), encoding="utf-8")
    assert "a grid of 3 points over fills.participation" in cli("validate", "configs/good.yaml").stdout


def test_a_dry_run_tells_what_it_would_take_and_leaves_nothing(desk: Path, cli) -> None:
    (desk / "configs" / "good.yaml").write_text(GOOD, encoding="utf-8")
    result = cli("grid", "run", "configs/good.yaml", "-j", "1", "--dry-run")
    assert result.exit_code == 0
    assert result.stderr.startswith("good: 8 points of 900 bars, about 1 s, ")
    assert result.stderr.endswith(" MB with 1 worker\n")
    assert not (desk / "runs").exists()
    (desk / "empty").mkdir()
    assert cli("grid", "run", "configs/good.yaml", "-j", "1", "--dry-run", "--out", "empty/a/b").exit_code == 0
    assert list((desk / "empty").iterdir()) == []


def test_a_run_is_no_grid_and_a_grid_is_no_run(desk: Path, cli) -> None:
    (desk / "configs" / "good.yaml").write_text(GOOD, encoding="utf-8")
    assert "a run is played by `barstep run`" in cli("grid", "run", "configs/small.yaml").stderr
    assert "a grid is played by `barstep grid run configs/good.yaml`" in cli("run", "configs/good.yaml").stderr
