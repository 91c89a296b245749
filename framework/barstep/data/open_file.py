"""Opens one file of bars as a lazy frame in our own columns, and tells how long its bars are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from barstep.data import csv_source, files, parquet_source
from barstep.data.checks import common_gap, seconds_text
from barstep.data.columns import BAR_KEYS, Layout, time_expr
from barstep.data.csv_source import ROW
from barstep.domain.bar import Timeframe
from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

PROBE = 2_000
"""Rows from which a file's form is told."""


def open_file(
    path: Path, layout: Layout, timeframe: Timeframe, *, needs_volume: bool
) -> tuple[pl.LazyFrame, NDArray[np.int64]]:
    """A file as ROW, t (start of a bar, UTC nanoseconds), o, h, l, c and v where it has it; and the starts of its first bars.

    Raises:
        DataError: When it cannot be read, or its columns and times are not the declared ones.
    """
    names = layout.names
    with files.reading(path):
        if path.name.endswith(".parquet"):
            raw = parquet_source.scan(path)
        elif path.name.endswith((".csv", ".csv.gz")):
            raw = csv_source.scan(path, names["t"], [names[key] for key in BAR_KEYS[1:] if key in names])
        else:
            raise DataError(f"{path.name}: unknown kind of file, expected .csv, .csv.gz or .parquet")
        schema = raw.collect_schema()
        header = [name for name in schema.names() if name != ROW]
        layout.check_header(path.name, header, needs_volume)
        kept = [key for key in BAR_KEYS if names.get(key) in header]
        head = raw.select(names[key] for key in kept).head(PROBE).collect()
        if head.is_empty():
            raise DataError(f"{path.name}: the file has no rows")
        sample = head[names["t"]].drop_nulls()
        if sample.is_empty():
            raise DataError(f"{path.name}: column {names['t']} holds no times")
        times = time_expr(path.name, layout, schema[names["t"]], sample[0])
        if layout.stamp == "close":
            times -= timeframe.ns
        numbers = [pl.col(names[key]).cast(pl.Float64, strict=False).alias(key) for key in kept[1:]]
        frame = raw.select(pl.col(ROW).cast(pl.Int64), times.alias("t"), *numbers)
        return frame, frame.select("t").head(PROBE).collect()["t"].drop_nulls().to_numpy()


def bar_length(path: str | Path, layout: Layout, declared: Timeframe) -> Timeframe:
    """The timeframe of a file's bars: the declared one, or a shorter one that its first bars tell and that fits into it.

    Raises:
        DataError: When there is no such file, or it cannot be read.
    """
    first = files.expand(str(path))[0]
    starts = open_file(first, layout, declared, needs_volume=False)[1]
    common = common_gap(starts)
    if common is None or not 0 < common < declared.ns or declared.ns % common:
        return declared
    return Timeframe.parse(seconds_text(common))
