"""What a grid tells is of the points that its file asks for now, played with what is there now."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from grids import CROSSES, RUN, table, write

import barstep
from barstep.batch.honesty import honesty
from barstep.batch.store import Store

FASTS, SLOWS = [3, 5, 8], [10, 20, 30]
WALK = {
    **CROSSES,
    "name": "walk",
    "run": {
        **RUN,
        "data": {"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "days": 12}},
    },
    "walk_forward": {"train": "4d", "test": "3d", "embargo": "1d"},
}


def crosses(fast: list[int], slow: list[int], **more: object) -> dict[str, object]:
    return {**CROSSES, "vary": {"sma_crossover.fast": fast, "sma_crossover.slow": slow}, **more}


def numbered(folder: Path) -> dict[int, tuple[str, str]]:
    with Store(folder) as store:
        return {row.number: tuple(row.vals.values()) for row in store.rows()}


def test_points_are_numbered_by_the_axes_as_they_are_now(play) -> None:
    play(crosses(FASTS, [10, 30]))
    grown = play(crosses(FASTS, SLOWS))  # a value in the middle moves all that follow
    assert grown.estimate.left == 3
    assert numbered(grown.folder) == dict(enumerate(product(FASTS, SLOWS)))
    afresh = play(crosses(FASTS, SLOWS), out="afresh")
    assert table(grown.folder) == table(afresh.folder)
    with Store(grown.folder) as store, Store(afresh.folder) as other:
        assert honesty(store)["best"]["neighbours"] == honesty(other)["best"]["neighbours"]


def test_points_that_the_axes_have_no_more_are_not_told_of_and_come_back_unplayed(play, cli) -> None:
    play(crosses(FASTS, SLOWS))
    fewer = play(crosses([5], SLOWS, where="slow > 10"))
    assert (fewer.estimate.left, fewer.warnings) == (0, [])
    assert numbered(fewer.folder) == {1: (5, 20), 2: (5, 30)}
    status = json.loads(cli("grid", "status", "crosses", "--json").stdout)
    assert (status["finished"], status["points"]) == (2, 2)
    again = play(crosses(FASTS, SLOWS))
    assert (again.estimate.left, len(numbered(again.folder))) == (0, 9)


def test_axes_in_another_order_are_the_same_points(play) -> None:
    before = play(crosses(FASTS, SLOWS)).folder
    turned = {**CROSSES, "vary": {"sma_crossover.slow": SLOWS, "sma_crossover.fast": FASTS}}
    assert play(turned).estimate.left == 0
    assert numbered(before) == dict(enumerate(product(SLOWS, FASTS)))


def test_a_changed_strategy_begins_a_generation_of_a_walk_forward_too(desk: Path, play) -> None:
    first = play(WALK)
    strategy = desk / "strategies" / "sma_crossover.py"
    text = strategy.read_text()
    strategy.write_text(text.replace("if quick > steady", "if quick < steady").replace("elif quick <", "elif quick >"))
    second = play(WALK)
    assert second.warnings[-1].endswith("generation 2 begins, earlier points are kept apart")
    assert second.estimate.left == first.estimate.left == 39
    assert table(second.folder) == table(play(WALK, out="afresh").folder)


def test_other_stretches_are_told_without_the_earlier_ones(play, cli) -> None:
    play(WALK)
    play({**WALK, "walk_forward": {"train": "5d", "test": "3d"}})
    status = json.loads(cli("grid", "status", "walk", "--json").stdout)
    assert status["finished"] == status["points"]
    shown = json.loads(cli("grid", "show", "walk", "--json").stdout)
    assert shown["walk_forward"]["days"] == 7


def test_a_run_as_it_was_before_is_told_of_again(desk: Path, play, cli) -> None:
    grid = write(desk, CROSSES)
    cli("grid", "run", grid, "-j", "1", "-q")
    before = json.loads(cli("grid", "show", grid, "--json").stdout)
    other = cli("grid", "run", grid, "-j", "1", "-q", "--set", "account.balance=60000")
    assert "generation 2 begins" in other.stderr
    richer = json.loads(cli("grid", "show", grid, "--json").stdout)
    assert richer["best"]["metrics"]["final_balance"] == pytest.approx(
        before["best"]["metrics"]["final_balance"] + 10_000
    )
    cli("grid", "run", grid, "-j", "1", "-q")
    again = json.loads(cli("grid", "show", grid, "--json").stdout)
    assert again["best"] == before["best"]
    assert cli("grid", "status").stdout.splitlines()[1].split()[-1] == "1"


RESTLESS = '''
from pathlib import Path

from barstep import Bar, Context, Strategy, hookimpl


class Restless(Strategy):
    """Somebody edits it while it runs."""

    number: int = 0

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        Path(__file__).write_text(Path(__file__).read_text() + "# edited" + chr(10))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        pass
'''


def test_a_plugin_that_changes_while_the_grid_runs_ends_it(desk: Path, play) -> None:
    (desk / "strategies" / "restless.py").write_text(RESTLESS)
    grid = {
        "version": 1,
        "name": "restless",
        "run": {**RUN, "strategies": [{"use": "restless"}]},
        "vary": {"data.instrument": ["ES", "NQ"], "restless.number": [0, 1]},
    }
    with pytest.raises(barstep.BarstepError, match=r"another one than when the grid was read.*restless\.py"):
        play(grid)
    rows = table(desk / "runs" / "grids" / "restless")
    assert rows
    assert {row[6] for row in rows} == {""}  # what was played before is kept, nothing is kept under a wrong name


def test_trials_count_on_the_instrument_that_they_were_made_on(play) -> None:
    both = play({**CROSSES, "vary": {"data.instrument": ["ES", "NQ"], "sma_crossover.fast": [3, 5]}}).folder
    with Store(both) as store:
        assert honesty(store)["trials"] == 4
    run = {**RUN, "data": {**RUN["data"], "instrument": "NQ"}}
    one = play({**CROSSES, "name": "one", "run": run, "vary": {"sma_crossover.fast": [4]}}).folder
    with Store(one) as store:
        assert honesty(store)["trials"] == 3
