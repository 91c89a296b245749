"""Who plays the points does not show in them: workers, backends, deaths, kills and interrupts."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from grids import CROSSES, moody, table, write

from barstep.batch.runner import DIED


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_more_workers_leave_the_same_table(workers: int, play) -> None:
    alone = table(play(CROSSES, out="one").folder)
    assert len(alone) == 12
    assert table(play(CROSSES, out="more", workers=workers).folder) == alone


@pytest.mark.filterwarnings("ignore")  # Dask's own, of ports and sockets
def test_two_processes_of_a_dask_cluster_leave_the_same_table(play) -> None:
    pytest.importorskip("distributed", reason="dask[distributed] is not installed")
    alone = table(play(CROSSES, out="one").folder)
    assert table(play(CROSSES, out="dask", workers=2, backend="dask").folder) == alone


@pytest.mark.filterwarnings("ignore")
def test_a_point_that_kills_its_dask_worker_is_told_and_the_others_are_played(play) -> None:
    pytest.importorskip("distributed", reason="dask[distributed] is not installed")
    calm = table(play(moody(24, "none", every=8), out="calm").folder)
    rows = table(play(moody(24, "die", every=8), out="die", workers=2, backend="dask").folder)
    assert [row[2] for row in rows if row[6] == DIED] == [7, 15, 23]
    assert [row[4] for row in rows if not row[6]] == [row[4] for row in calm if row[2] not in (7, 15, 23)]


def test_poisoned_points_are_rows_with_their_error(desk: Path, cli) -> None:
    result = cli("grid", "run", write(desk, moody(200, "raise")), "-j", "1")
    assert result.exit_code == 0
    assert (
        "warning: 5 points ended with an error, the first for moody.number = 7: PluginError: plugin moody"
        in result.stderr
    )
    assert "Failed points: 5" in result.stderr
    rows = table(desk / "runs" / "grids" / "moody")
    assert sum(row[6] == "" and row[4] != "" for row in rows) == 195
    for number in (7, 47, 87, 127, 167):
        assert "moody.py:25" in rows[number][6]
        assert rows[number][6].endswith(f"ValueError: no luck with {number}")
    assert cli("grid", "run", "configs/moody.yaml", "-j", "1", "--strict", "-q").exit_code == 1


def test_a_point_that_kills_its_worker_twice_is_told_and_the_others_are_played(play) -> None:
    calm = table(play(moody(12, "none"), out="calm").folder)
    rows = table(play(moody(12, "die"), out="die", workers=2).folder)
    assert rows[7][6] == DIED
    assert [row[4] for row in rows if row[2] != 7] == [row[4] for row in calm if row[2] != 7]


def test_a_point_that_kills_its_worker_once_is_played_again(desk: Path, play) -> None:
    calm = table(play(moody(12, "none"), out="calm").folder)
    rows = table(play(moody(12, "once"), out="once", workers=2).folder)
    assert (desk / "died").exists()
    assert [row[4:] for row in rows] == [row[4:] for row in calm]


KILLS = [pytest.param(seed, marks=() if seed < 2 else pytest.mark.slow) for seed in range(20)]


@pytest.mark.parametrize("seed", KILLS)
def test_a_killed_parent_or_worker_loses_nothing_and_records_nothing_twice(
    seed: int, desk: Path, play, cli, start
) -> None:
    chance = random.Random(seed)
    grid = write(desk, moody(40, "wait", every=8))
    process = start("grid", "run", grid, "-j", "2", "-q", "--out", "killed")
    waits_for_points(desk / "killed", chance.randrange(1, 12))
    victim = process.pid if seed % 2 == 0 else chance.choice(children(process.pid))
    time.sleep(chance.random() * 0.05)
    os.kill(victim, signal.SIGKILL)
    if seed % 2 == 0:
        process.wait(timeout=60)
        os.killpg(process.pid, signal.SIGKILL)
    else:
        assert process.wait(timeout=60) == 0
    before = len(table(desk / "killed"))
    assert before == 40 if seed % 2 else 0 < before < 40
    result = cli("grid", "run", grid, "-j", "1", "-q", "--out", "killed")
    assert (result.exit_code, result.stderr) == (0, "")
    calm = play(grid, out="calm")
    assert table(desk / "killed") == table(calm.folder)
    assert [path.name for path in (desk / "killed").glob(".*")] == []


def waits_for_points(folder: Path, count: int) -> None:
    """Until some points are stored."""
    from barstep.batch.store import Store

    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with Store(folder) as store:
                if store.count()[0] >= count:
                    return
        except Exception:  # noqa: S110 - the file is being made
            pass
        time.sleep(0.01)
    raise AssertionError("the grid stores no points")


def children(parent: int) -> list[int]:
    """The worker processes of a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            line = path.read_text()
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(line.rpartition(")")[2].split()[1]) == parent and b"resource_tracker" not in command:
            found.append(int(path.parent.name))
    return found


def test_ctrl_c_lets_running_points_finish_and_the_grid_goes_on_later(desk: Path, play, cli, start) -> None:
    grid = write(desk, moody(60, "wait", every=8))
    process = start("grid", "run", grid, "-j", "2", "--out", "stopped")
    waits_for_points(desk / "stopped", 3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    done = len(table(desk / "stopped"))
    assert 3 <= done < 60
    assert f"interrupted: {done} finished points are kept; the same command goes on from there" in err
    assert out.strip() == "stopped"
    assert cli("grid", "run", grid, "-j", "1", "-q", "--out", "stopped").exit_code == 0
    assert table(desk / "stopped") == table(play(grid, out="calm").folder)


def test_ctrl_c_twice_stops_at_once_and_tells_what_is_kept(desk: Path, play, cli, start) -> None:
    grid = write(desk, moody(400, "wait", every=8))
    process = start("grid", "run", grid, "-j", "2", "--out", "stopped")
    waits_for_points(desk / "stopped", 3)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.2)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), err
    assert "finished points are kept; the same command goes on from there" in err
    assert "Traceback" not in err
    assert cli("grid", "run", grid, "-j", "1", "-q", "--out", "stopped").exit_code == 0
    assert len(table(desk / "stopped")) == 400


def test_the_names_of_lokys_own_are_there() -> None:
    from joblib.externals.loky import process_executor
    from joblib.externals.loky.backend import resource_tracker

    assert process_executor._MAX_MEMORY_LEAK_SIZE > 0  # without it workers are replaced when they have grown by 300 MB
    assert callable(resource_tracker.ensure_running)


def test_two_at_once_on_one_grid_are_refused(desk: Path, cli, start) -> None:
    grid = write(desk, moody(4000, "wait", every=8))
    start("grid", "run", grid, "-j", "1", "--out", "taken")
    waits_for_points(desk / "taken", 1)
    result = cli("grid", "run", grid, "--out", "taken")
    assert result.exit_code == 2
    assert result.stderr == "error: taken: another process is running this grid; wait for it, or give another --out\n"
