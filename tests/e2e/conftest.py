"""A workspace of its own for each test, and two ways to call the command line: in process and as a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from typer.testing import CliRunner, Result

from barstep.cli.main import app
from barstep.runs.log import set_up

REPO = Path(__file__).resolve().parents[2]

BASE = """\
version: 1
name: seeded
data:
  instrument: ES
  timeframe: 1m
  source: sample
  start: 2013-09-01
  end: 2013-09-03
account: {balance: 50000, fees: topstepx}
fills: {profile: strict, clamp_slippage: false}
strategies:
  - use: sma_crossover
    options: {fast: 10, slow: 30, size: 1}
risk:
  - use: max_position
    options: {contracts: 5}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the repository's plugins and strategies and one run, as the current folder."""
    folder = tmp_path / "desk"
    for name in ("plugins", "strategies", "configs"):
        shutil.copytree(REPO / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "configs" / "run.yaml").write_text(BASE, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    return folder


@pytest.fixture
def base() -> str:
    """The text of configs/run.yaml."""
    return BASE


@pytest.fixture
def cli() -> Callable[..., Result]:
    """Calls the command line in this process."""
    runner = CliRunner()

    def call(*arguments: str) -> Result:
        set_up.cache_clear()  # a process of its own would not know the level of the command before
        result = runner.invoke(app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def barstep() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls `python -m barstep` as a process of its own."""

    def call(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(arguments), capture_output=True, text=True, timeout=120, check=False, env=environment(), **options
        )

    return call


@pytest.fixture
def barstep_into() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls `python -m barstep` with an open file as stdout."""

    def call(stdout: IO[str], *arguments: str) -> subprocess.CompletedProcess[str]:
        pipes: dict[str, Any] = {"stdout": stdout, "stderr": subprocess.PIPE}
        return subprocess.run(command(arguments), text=True, timeout=120, check=False, env=environment(), **pipes)

    return call


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Starts `python -m barstep` and does not wait."""

    def call(*arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command(arguments), text=True, env=environment(), **pipes)  # type: ignore[call-overload]

    return call


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "barstep", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", "COLUMNS": "80"}
