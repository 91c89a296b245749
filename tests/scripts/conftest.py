"""Scripts written into an empty folder and run through the command line, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from barstep.cli.main import app
from barstep.data import read_table

REPO = Path(__file__).resolve().parents[2]


class Done(NamedTuple):
    """What a command left: exit code, its streams, and its folder if it names one."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def result(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        return document

    def table(self, name: str) -> list[dict[str, Any]]:
        return read_table(self.folder / f"{name}.parquet").to_dicts()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")
    return folder


@pytest.fixture
def cli(here: Path) -> Callable[..., Done]:
    """Calls the command line; `--out` is added for commands that play."""

    def call(*arguments: str) -> Done:
        out = here.parent / f"out-{len(list(here.parent.iterdir()))}"
        extra = ["--out", str(out)] if arguments[0] in ("run", "script") else []
        result = CliRunner().invoke(app, [*arguments, *extra])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr, out)

    return call


@pytest.fixture
def play(here: Path, cli: Callable[..., Done]) -> Callable[..., Done]:
    """Writes a script and runs it with `barstep script`."""

    def call(text: str, *arguments: str, name: str = "my.py") -> Done:
        (here / name).write_text(text, encoding="utf-8")
        return cli("script", name, *arguments)

    return call
