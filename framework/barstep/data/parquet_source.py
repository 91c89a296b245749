"""Opening a Parquet file as a lazy frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from barstep.data.csv_source import ROW

if TYPE_CHECKING:
    from pathlib import Path


def scan(path: Path) -> pl.LazyFrame:
    """A Parquet file as a lazy frame with a row index; its own statistics serve bounds on time."""
    return pl.scan_parquet(path, row_index_name=ROW, glob=False)
