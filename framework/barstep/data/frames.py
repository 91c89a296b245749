"""Frames of other libraries as polars frames; pandas and Arrow are used only where the user has them."""

from __future__ import annotations

from typing import Any

import polars as pl

from barstep.domain.errors import ConfigError, DataError


def as_polars(given: Any) -> pl.LazyFrame:
    """A polars, pandas or Arrow frame as a lazy polars frame; a pandas index with a name or of times becomes a column.

    Raises:
        ConfigError: For anything else.
        DataError: When two columns of a pandas frame have one name.
    """
    if isinstance(given, pl.LazyFrame):
        return given
    if isinstance(given, pl.DataFrame):
        return given.lazy()
    home = type(given).__module__.partition(".")[0]
    if home == "pandas" and hasattr(given, "columns"):
        return _from_pandas(given).lazy()
    if hasattr(given, "__arrow_c_stream__"):
        return pl.DataFrame(given).lazy()
    raise ConfigError(
        f"found {type(given).__module__}.{type(given).__name__}, expected the path of a file or a polars, pandas or Arrow frame"
    )


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Column by column over numpy, so that pyarrow is not needed."""
    index = frame.index
    if index.name is not None or type(index).__name__ == "DatetimeIndex":
        frame = frame.rename_axis(index.name or "time").reset_index()
    if twice := [name for name, more in zip(frame.columns, frame.columns.duplicated(), strict=True) if more]:
        raise DataError(f"frame: the column {twice[0]} stands twice. Name the columns differently")
    columns = []
    for name in frame.columns:
        column = frame[name]
        kind = column.dtype.kind
        if kind == "M":
            zoned = getattr(column.dtype, "tz", None) is not None
            utc = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
            values = pl.Series(str(name), utc.to_numpy().astype("datetime64[ns]"))
            columns.append(values.dt.replace_time_zone("UTC") if zoned else values)
        elif kind in "iufb":
            columns.append(pl.Series(str(name), column.to_numpy()))
        else:
            texts = [None if value is None or value != value else str(value) for value in column.tolist()]
            columns.append(pl.Series(str(name), texts, dtype=pl.String()))
    return pl.DataFrame(columns)
