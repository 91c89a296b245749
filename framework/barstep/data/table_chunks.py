"""Result tables read back column by column, a slice at a time, so that memory stays bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from barstep.data.tables import TEXTS, no_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_ROWS = 1 << 18


def column_chunks(path: Path, columns: Sequence[str], rows: int = _ROWS) -> Iterator[dict[str, NDArray[np.generic]]]:
    """Yield columns of a result table in slices, in the order of its rows.

    Args:
        path: A table that `TableSpool` wrote.
        columns: Names of the wanted columns; times come as UTC nanoseconds, text as objects.
        rows: Most rows of a slice.

    Raises:
        DataError: When the file is missing, no Parquet file, or without one of the columns.
    """
    try:
        whole = pl.scan_parquet(path, glob=False)
        schema = whole.collect_schema()
        wanted = whole.select(
            pl.col(name).to_physical() if isinstance(schema.get(name), pl.Datetime) else pl.col(name)
            for name in columns
        )
        count = whole.select(pl.len()).collect().item()
        for first in range(0, count, rows):
            frame = wanted.slice(first, rows).collect().with_columns(TEXTS)
            yield {name: frame[name].to_numpy() for name in columns}
    except (OSError, pl.exceptions.PolarsError) as error:
        raise no_table(path, error) from error
