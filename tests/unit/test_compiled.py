"""What `hatch_build.py` compiles: the same source, on the same lines, with whole families of classes."""

import ast
import copy
import importlib.util
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SOURCE = REPO / "framework" / "barstep"

pytest.importorskip("hatchling", reason="wheels are built with hatchling: pip install -e '.[dev]'")
spec = importlib.util.spec_from_file_location("hatch_build", REPO / "hatch_build.py")
hatch_build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hatch_build)

COMPILED = [SOURCE / package / f"{name}.py" for package, names in hatch_build.COMPILED.items() for name in names]

RECORD = '''
from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import date


class Lot(Struct, gc=False, eq=False):
    """A lot."""

    size: int
    price: float
    tag: str = "a"

    def worth(self, price: float) -> float:
        return self.size * (price - self.price)
'''


COLUMNS = """
from __future__ import annotations

from typing import Any

import numpy as np


def _ints(values: list[int]) -> Any:
    return np.array(values, np.int64)


def _floats(values: list[float]) -> Any:
    return np.array(values)


def table(rows: list[complex], more: int) -> Any:
    one, two = _ints([int(row.real) for row in rows]), _floats([row.imag for row in rows])
    three, four = _ints([int(row.real) + more for row in rows]), _ints([int(row.real) for row in rows if row.imag > 0])
    return one, two, three, four, _ints([int(each) for row in rows for each in (row.real, row.imag)])
"""


def places(source: str) -> list[tuple[str, int]]:
    kept = (ast.ClassDef, ast.FunctionDef)
    found = [(node.name, node.lineno) for node in ast.walk(ast.parse(source)) if isinstance(node, kept)]
    return sorted(each for each in found if each[0] not in ("__init__", "__copy__"))


@pytest.mark.parametrize("file", COMPILED, ids=lambda file: f"{file.parent.name}.{file.stem}")
def test_what_is_compiled_stands_on_the_lines_of_the_source(file: Path) -> None:
    source = file.read_text("utf-8")
    for made in (hatch_build.with_native_records(source), hatch_build.taking_anything(source)):
        assert places(made) == places(source)
        assert made.count("\n") == source.count("\n")
    assert set(places(hatch_build.with_native_columns(source))) >= set(places(source))


def test_a_record_keeps_its_fields_defaults_and_methods() -> None:
    scope = {"__name__": "records", "mypyc_attr": lambda **_: lambda record: record}
    exec(hatch_build.with_native_records(RECORD), scope)  # noqa: S102 - text of this file
    lot = scope["Lot"](2, price=10.0)
    assert (lot.size, lot.price, lot.tag, lot.worth(11.0)) == (2, 10.0, "a", 2.0)
    twin = copy.copy(lot)
    twin.size = 3
    assert (lot.size, twin.size, twin.tag) == (2, 3, "a")
    assert "Struct" not in [base.__name__ for base in scope["Lot"].__mro__]
    with pytest.raises(TypeError):
        scope["Lot"](2)


def test_a_column_of_a_parameter_is_written_number_by_number() -> None:
    pytest.importorskip("librt.strings", reason="librt comes with mypy: pip install -e '.[dev]'")
    made = hatch_build.with_native_columns(COLUMNS)
    assert made.startswith(COLUMNS.split("    one", maxsplit=1)[0])
    ours, theirs = {}, {}
    exec(COLUMNS, ours)  # noqa: S102 - text of this file
    exec(made, theirs)  # noqa: S102
    rows = [1 + 2j, 3 - 4j]
    expected = [[1, 3], [2.0, -4.0], [3, 5], [1], [1, 2, 3, -4]]
    assert [column.tolist() for column in ours["table"](rows, 2)] == expected
    assert [column.tolist() for column in theirs["table"](rows, 2)] == expected
    assert made.count("_ints([") == 3, "what is more than a value of each row stays a list"
    assert made.count("BytesWriter()") == 2


def test_a_function_that_plugins_call_names_no_types() -> None:
    made = hatch_build.taking_anything(
        "from __future__ import annotations\n\n\ndef buy(size: int = 1, *, limit: float | None = None) -> Order:\n    ...\n"
    )
    assert "def buy(size: Any = 1, *, limit: Any = None) -> Any:" in made


def test_no_interpreted_class_stands_on_a_compiled_one() -> None:
    """A compiled caller does not see what an interpreted subclass overrides."""
    trees = {file: ast.parse(file.read_text("utf-8")) for file in SOURCE.rglob("*.py")}
    classes = {
        file: [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] for file, tree in trees.items()
    }
    compiled = {each.name for file in COMPILED for each in classes[file]}
    standing = {
        f"{file.relative_to(SOURCE)}: {each.name}"
        for file in classes.keys() - set(COMPILED)
        for each in classes[file]
        if compiled & {ast.unparse(base) for base in each.bases}
    }
    assert not standing
