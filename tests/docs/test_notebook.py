"""The notebook in docs/ runs from top to bottom and prints what it shows."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.filterwarnings("default")  # those of the notebook's own libraries
def test_the_notebook_prints_what_it_shows() -> None:
    pytest.importorskip("nbclient")
    spec = importlib.util.spec_from_file_location("make_notebook", DOCS / "make_notebook.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    shown = json.loads((DOCS / "notebook.ipynb").read_text(encoding="utf-8"))
    printed = maker.render()
    assert [_told(cell) for cell in printed.cells] == [_told(cell) for cell in shown["cells"]], (
        "docs/notebook.ipynb is stale: run python docs/make_notebook.py"
    )


def _told(cell: dict) -> tuple[str, str]:
    """A cell's text, and what it printed on stdout."""
    printed = ["".join(out["text"]) for out in cell.get("outputs", []) if out.get("name") == "stdout"]
    return "".join(cell["source"]), "".join(printed)
