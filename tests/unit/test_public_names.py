"""What a plugin may import, and that importing it is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import barstep


def test_the_names_are_sorted_and_all_there():
    assert barstep.__all__ == sorted(barstep.__all__)
    for name in barstep.__all__:
        assert getattr(barstep, name) is not None, name


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(barstep.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen | {"__version__"} == set(barstep.__all__)


def test_plugins_and_strategies_use_public_names_only():
    root = Path(__file__).parents[2]
    for path in (*(root / "plugins").glob("*.py"), *(root / "strategies").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("barstep"):
                assert node.module in ("barstep", "barstep.arrays", "barstep.indicators", "barstep.rules"), path
        assert len(path.read_text(encoding="utf-8").splitlines()) < 60, f"{path.name}: a plugin is one short file"


def test_importing_barstep_loads_nothing_heavy():
    code = "import barstep, sys; print(sorted({'numpy', 'polars', 'pydantic', 'pluggy', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
