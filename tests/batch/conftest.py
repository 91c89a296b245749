"""A workspace with a small run, and three ways to play grids in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from barstep.batch.grid import Outcome, run_grid
from barstep.cli.main import app

sys.path.insert(0, str(Path(__file__).parent))  # grids.py
from grids import MOODY, RUN

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace as the current folder: `configs/small.yaml` and the strategy `moody` beside the repository's plugins."""
    folder = tmp_path / "desk"
    for name in ("plugins", "strategies"):
        shutil.copytree(REPO / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "configs").mkdir()
    (folder / "configs" / "small.yaml").write_text(yaml.safe_dump(RUN, sort_keys=False), encoding="utf-8")
    (folder / "strategies" / "moody.py").write_text(MOODY, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    return folder


@pytest.fixture
def play(desk: Path) -> Callable[..., Outcome]:
    """Plays a grid in this process, or with more workers."""

    def call(grid: dict[str, Any] | str, **options: Any) -> Outcome:
        return run_grid(grid, **{"workers": 1, "folder": desk, **options})

    return call


@pytest.fixture
def cli(desk: Path) -> Callable[..., Result]:
    """Calls the command line in this process."""

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def start(desk: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `python -m barstep` as a process group of its own and does not wait."""
    started: list[subprocess.Popen[str]] = []

    def call(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "barstep", *arguments]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, start_new_session=True, env=dict(os.environ), **pipes))
        return started[-1]

    yield call
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
