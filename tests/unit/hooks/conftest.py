"""Plugins as files in a temporary workspace, and managers of plugins made in a test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from barstep.hooks.loader import Loader
from barstep.hooks.manager import HookManager, Registered


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("plugins", "strategies", "configs"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def write(workspace: Path):
    def write(name: str, text: str) -> Path:
        path = workspace / name
        path.write_text(dedent(text).lstrip(), encoding="utf-8")
        return path

    return write


@pytest.fixture
def loader(workspace: Path) -> Loader:
    return Loader(workspace / "configs", workspace)


@pytest.fixture
def manage():
    """A manager of plugin instances; each gets its own name as its context."""

    def manage(*plugins, contracts=()) -> HookManager:
        names = [f"{type(p).__name__.lower()}{i}" for i, p in enumerate(plugins)]
        follows = dict(enumerate(contracts))
        pairs = enumerate(zip(names, plugins, strict=True))
        entries = [Registered(name, plugin, f"ctx of {name}", follows.get(i, ())) for i, (name, plugin) in pairs]
        return HookManager(entries, lambda: "2013-09-02 10:00:00")

    return manage
