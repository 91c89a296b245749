"""Opening a CSV file, plain or gzipped, as a lazy frame."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import polars as pl

from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ROW = "__row"
"""Name of the column that counts a file's data rows from 0."""


def scan(path: Path, text: str, numbers: Collection[str]) -> pl.LazyFrame:
    """A CSV file as a lazy frame with a row index.

    Args:
        path: The file; `.gz` is unpacked while it is read.
        text: The column to leave as text (the times).
        numbers: The columns to read as floats, null where they hold no number.

    Raises:
        DataError: When the file is empty or its header cannot be read.
    """
    line = _first_line(path)
    if not line.strip():
        raise DataError(f"{path.name}: the file is empty, expected a header line such as t,o,h,l,c,v")
    separator = max(",;\t", key=line.count)
    return pl.scan_csv(
        path,
        separator=separator,
        row_index_name=ROW,
        infer_schema=False,
        schema_overrides={text: pl.String} | dict.fromkeys(numbers, pl.Float64),
        ignore_errors=True,  # what is no number becomes null, so that the message can name its row
        glob=False,
    )


def _first_line(path: Path) -> str:
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
        return file.readline(1 << 16).decode("utf-8", "replace")
