"""Opening a CSV file, plain or gzipped, as a lazy frame."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import polars as pl

from barstep.data.text_file import first_lines

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
        DataError: When the file is empty or no text.
    """
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
        line = first_lines(path.name, file.read(1 << 16))[0]
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
