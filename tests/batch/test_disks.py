"""What the disk does to a grid is told in one line, and takes nothing of what is finished."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from grids import CROSSES, moody, table, write

from barstep.batch.store import Store


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a file is limited as on Linux")
def test_a_full_disk_is_told_and_what_is_finished_is_kept(desk: Path, play, cli) -> None:
    grid = write(desk, moody(120))
    command = [sys.executable, "-m", "barstep", "grid", "run", grid, "-j", "1", "-q", "--out", "full"]

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
        resource.setrlimit(resource.RLIMIT_FSIZE, (160_000, 160_000))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_disk, env=dict(os.environ))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr
    kept = len(table(desk / "full"))
    assert 0 < kept < 120
    assert cli("grid", "run", grid, "-j", "1", "-q", "--out", "full").exit_code == 0
    assert table(desk / "full") == table(play(grid, out="calm").folder)


def test_a_folder_that_cannot_be_made_is_told(desk: Path, cli) -> None:
    grid = write(desk, CROSSES)
    (desk / "file").write_text("no folder")
    result = cli("grid", "run", grid, "-j", "1", "--out", "file/below")
    assert result.exit_code == 1
    assert result.stderr.count("error: ") == 1
    assert "the grid cannot be written to file/below: Not a directory" in result.stderr


def test_another_file_in_the_place_of_the_store_is_told(desk: Path, cli) -> None:
    (desk / "odd").mkdir()
    (desk / "odd" / "grid.sqlite").write_bytes(b"")
    result = cli("grid", "show", "odd")
    assert (result.exit_code, "not the store of a grid" in result.stderr) == (3, True)


def test_a_grid_is_read_where_its_workspace_is_gone(desk: Path, cli) -> None:
    cli("grid", "run", write(desk, CROSSES), "-j", "1", "-q", "--out", "alone")
    shutil.rmtree(desk / "runs")
    assert json.loads(cli("grid", "show", "alone", "--json").stdout)["trials"] == 12
    assert not (desk / "runs").exists()
    with Store(desk / "alone") as store:
        assert store.count() == (12, 0)
