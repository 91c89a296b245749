"""Fixtures for authors of plugins; pytest finds them where barstep is installed, and only those that are used cost anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import barstep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barstep.runs.result import RunResult


class Workspace:
    """A workspace of one test, which is the current folder while it runs.

    Attributes:
        path: Its folder, with `plugins/`, `strategies/` and `configs/`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("plugins", "strategies", "configs"):
            (path / name).mkdir()
        self._runs = 0

    def write(self, name: str, text: str) -> Path:
        """Write a file of the workspace, such as `plugins/my_rule.py`."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, source: str | Path | Mapping[str, Any], *overrides: str) -> RunResult:
        """Play a run file of the workspace, or the same as a mapping; each run gets a folder of its own."""
        self._runs += 1
        given = self.path / source if isinstance(source, str | Path) else source
        return barstep.run(given, overrides, out=self.path / "runs" / f"test-{self._runs}")


@pytest.fixture
def barstep_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace as the current folder: `write` files into it, `run` them."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Workspace(folder)
