"""Stored runs, read back."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from barstep.hooks.loader import find_workspace
from barstep.runs.folder import find_run, read_result
from barstep.runs.result import RunResult


def load(run: str | Path) -> RunResult:
    """A stored run, with its figures, its tables and its statistics.

    Args:
        run: Its folder, the beginning of its config hash, or `last`; the last two are looked for under `runs/` in the
            workspace of the current folder.

    Raises:
        ConfigError: There is none, several, or its `result.json` cannot be read.
    """
    folder = find_run(str(run), find_workspace(Path.cwd())).resolve()
    document = read_result(folder)
    known = [each.name for each in fields(RunResult) if each.name in document]  # a later version may know more
    return RunResult(**{name: document[name] for name in known}, folder=folder)
