"""The kernel as machine code on disk: what it refuses, when it is made anew, and that numba is not needed to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from barstep.arrays import crossover
from barstep.engine.array import compiled
from barstep.engine.array.compiled import kernel
from barstep.engine.array.kernel.layout import KEEP
from barstep.engine.array.machine_code import link, read, save

REALS = np.array([1.0, 2.0, 3.0])
OUT = np.zeros(3, np.int64)
RUN = """
import sys
import barstep
config = {"version": 1, "lane": "array", "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
          "strategies": [{"use": "sma_crossover"}]}
result = barstep.run(config, out=sys.argv[1])
print(result.lane, result.digest, "numba" in sys.modules)
"""
OTHER = "import numba\nnumba.__version__ = '0.99.1'\n"


@pytest.mark.parametrize(
    "given",
    [
        (REALS.astype(np.float32), REALS, 1, OUT),
        (REALS.astype(np.int64), REALS, 1, OUT),
        (REALS[np.newaxis], REALS, 1, OUT),
        (np.zeros(6)[::2], REALS, 1, OUT),
        (REALS, REALS, 1, np.frombuffer(OUT.tobytes(), np.int64)),
    ],
    ids=["float32", "whole numbers", "two dimensions", "with gaps", "read-only"],
)
def test_an_array_of_another_kind_never_reaches_the_code(given: tuple[object, ...]) -> None:
    with pytest.raises(TypeError, match=r"^crossover: got \S+ of shape .*, expected (float64|int64), 1-d"):
        kernel().crossover(*given)


def test_every_column_of_a_strategy_is_made_one_that_the_code_takes() -> None:
    gaps, whole = np.arange(6.0)[::2], np.array([2, 2, 2])
    assert crossover(gaps, whole).tolist() == [-1, KEEP, 1]


def test_a_number_stands_for_a_line_and_lines_of_two_lengths_are_refused() -> None:
    assert crossover(REALS, 2.0).tolist() == [-1, KEEP, 1]
    assert crossover(2.0, REALS, np.int64(3)).tolist() == [3, KEEP, -3]
    with pytest.raises(
        ValueError, match=r"^crossover: got lines of the shapes \(3,\) and \(2,\), expected one value a bar"
    ):
        crossover(REALS, REALS[:2])


def test_what_could_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept.json").mkdir()
    with pytest.raises(OSError, match=r"kept\.json"):
        save(read(compiled._file()), tmp_path / "kept.json")
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


def test_a_file_that_was_cut_counts_as_none(tmp_path: Path) -> None:
    kernel()
    kept = read(compiled._file())
    save(kept, tmp_path / "whole.json")
    assert read(tmp_path / "whole.json") == kept
    assert link(kept)["first_outside"](np.array([1, 5, 9]), 0, 6) == 2
    whole = (tmp_path / "whole.json").read_bytes()
    (tmp_path / "cut.json").write_bytes(whole[: len(whole) // 2])
    assert read(tmp_path / "cut.json") == read(tmp_path / "none.json") == {}


def play(out: Path, code: str, **env: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], capture_output=True, text=True, check=False, env=os.environ | env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_machine_that_has_compiled_does_not_load_numba(tmp_path: Path) -> None:
    kernel()
    lane, _, loaded = play(tmp_path / "run", RUN)
    assert (lane, loaded) == ("array", "False")


@pytest.mark.slow
def test_another_version_of_numba_compiles_in_its_own_way_and_plays_the_same(tmp_path: Path) -> None:
    kernel()
    _, digest, _ = play(tmp_path / "ours", RUN)
    for name in ("first", "again"):
        lane, found, loaded = play(tmp_path / name, OTHER + RUN, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
        assert (lane, found, loaded) == ("array", digest, "True")
    assert not list((tmp_path / "cache").rglob("*.json"))
