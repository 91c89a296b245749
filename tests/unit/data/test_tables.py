from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from barstep.data import TableSpool, column_chunks, read_column, read_table
from barstep.data.tables import Kind
from barstep.domain.errors import DataError

SCHEMA: dict[str, Kind] = {"time": "time", "size": "int", "price": "float", "reason": "text", "open": "bool"}


def test_rows_keep_their_order_over_many_parts(tmp_path: Path) -> None:
    spool = TableSpool(tmp_path / "fills.parquet", SCHEMA)
    for k in range(50):
        n = 5000
        at = np.arange(k * n, k * n + n)
        spool.append({"time": at, "size": at, "price": at / 4, "reason": ["x"] * n, "open": [True] * n})
    assert not (tmp_path / "fills.parquet").exists()
    spool.finish()
    table = read_table(tmp_path / "fills.parquet")
    assert spool.rows == table.height == 250_000
    assert table["size"].to_list() == list(range(250_000))
    assert table.schema["time"] == pl.Datetime("ns", "UTC")
    assert [item.name for item in tmp_path.iterdir()] == ["fills.parquet"]


def test_missing_values_and_lists(tmp_path: Path) -> None:
    with TableSpool(tmp_path / "t.parquet", SCHEMA) as spool:
        spool.append(
            {"time": [1, None], "size": [1, None], "price": [1, 2.5], "reason": ["", "ü"], "open": [False, True]}
        )
    assert read_table(tmp_path / "t.parquet").rows()[1][1:] == (None, 2.5, "ü", True)


def test_a_text_that_says_nothing_is_null_in_the_file_and_empty_to_readers(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with TableSpool(path, {"some": "text", "none": "text"}) as spool:
        spool.append({"some": ["", "x", ""], "none": ["", "", ""]})
        spool.append({"some": [None, "y"], "none": ["", ""]})
    assert pl.read_parquet(path).rows() == [(None, None), ("x", None), (None, None), (None, None), ("y", None)]
    assert read_table(path).rows() == [("", ""), ("x", ""), ("", ""), ("", ""), ("y", "")]
    assert [read_column(path, name).tolist() for name in ("some", "none")] == [["", "x", "", "", "y"], [""] * 5]
    parts = list(column_chunks(path, ("none", "some"), rows=3))
    assert [part["none"].tolist() for part in parts] == [["", "", ""], ["", ""]]
    assert [part["some"].tolist() for part in parts] == [["", "x", ""], ["", "y"]]


def test_a_number_that_is_missing_is_null_be_it_none_or_the_nan_of_an_array(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with TableSpool(path, {"x": "float"}) as spool:
        spool.append({"x": [1.5, None]})
        spool.append({"x": np.array([np.nan, 2.5])})
    assert pl.read_parquet(path)["x"].to_list() == [1.5, None, None, 2.5]


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    TableSpool(tmp_path / "t.parquet", SCHEMA).finish()
    table = read_table(tmp_path / "t.parquet")
    assert (table.height, table.columns) == (0, list(SCHEMA))


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with TableSpool(tmp_path / name, {"x": "int"}) as spool:
            for k in range(0, 300_000, 1000 if name == "a" else 5000):
                spool.append({"x": np.arange(k, k + (1000 if name == "a" else 5000))})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with TableSpool(path, {"x": "int"}) as spool:
        spool.append({"x": [1]})
    with pytest.raises(ValueError, match="expected"), TableSpool(path, {"x": "int"}) as spool:
        spool.append({"y": [2]})
    assert read_table(path)["x"].to_list() == [1]
    assert [item.name for item in tmp_path.iterdir()] == ["t.parquet"]


def test_wrong_columns(tmp_path: Path) -> None:
    spool = TableSpool(tmp_path / "t.parquet", {"x": "int", "y": "int"})
    with pytest.raises(ValueError, match="expected"):
        spool.append({"x": [1]})
    with pytest.raises(ValueError, match="different lengths"):
        spool.append({"x": [1, 2], "y": [1]})
    spool.abort()


def test_reading_what_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.parquet: this table is missing; a whole run has it$"):
        read_table(tmp_path / "none.parquet")
    (tmp_path / "spoiled.parquet").write_text("junk")
    with pytest.raises(DataError, match="not a result table"):
        read_table(tmp_path / "spoiled.parquet")


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, barstep.data; print(*(name for name in ('polars', 'numpy', 'pandas') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_there() -> None:
    import barstep.data as package

    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = package.nothing_of_this_name


def large(path: Path, then: BaseException | None = None) -> None:
    with TableSpool(path, {"x": "int"}) as spool:
        path.parent.rename(path.parent.with_name("moved")) if then is None else None
        for k in range(100):
            spool.append({"x": np.arange(k * 50_000, (k + 1) * 50_000)})
        if then is not None:
            raise then


def test_a_large_table_that_is_aborted_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        large(tmp_path / "t.parquet", KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_vanishes_while_a_large_table_is_written_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    with pytest.raises(OSError, match=r"disk is full or fails|No such file"):
        large(tmp_path / "gone" / "t.parquet")


def test_memory_stays_bounded_while_rows_come_faster_than_they_are_written(tmp_path: Path) -> None:
    code = (
        "import resource, sys, numpy as np; from barstep.data import TableSpool\n"
        "spool = TableSpool(sys.argv[1], {'x': 'int', 'y': 'float'}); spool.append({'x': [1], 'y': [1.0]})\n"
        "made = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]\n"
        "for k in range(400): spool.append({'x': np.arange(50_000), 'y': np.random.default_rng(k).random(50_000)})\n"
        "spool.finish(); print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - made[0]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "t.parquet")], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 150, "320 MB went through"
