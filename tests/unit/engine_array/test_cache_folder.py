"""Where the compiled kernel is kept, and what is done where nothing can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

CODE = """
import json
from barstep.engine.array.compiled import _folder, compiling
print(json.dumps([str(_folder()), compiling(), _folder().is_dir()]))
"""


def ask(cache: Path) -> tuple[str, str, bool]:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    folder, told, there = json.loads(done.stdout)
    return folder, told, there


def test_a_folder_that_can_be_written_is_used_and_compiling_happens_once(tmp_path: Path) -> None:
    folder, told, there = ask(tmp_path)
    assert Path(folder).is_relative_to(tmp_path / "barstep")
    assert told.endswith("only this time")
    assert there


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder, told, there = ask(tmp_path / "file")
    assert there
    assert not Path(folder).exists(), "removed when the process ended"
    assert f"each time, since {tmp_path / 'file'}" in told
    assert told.endswith("cannot be written; NUMBA_CACHE_DIR names another folder")
