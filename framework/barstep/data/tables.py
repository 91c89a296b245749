"""Result tables: written part by part in bounded memory, in place as a whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from barstep.data.background import BackgroundParquet
from barstep.domain.errors import BarstepError, ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["int", "float", "text", "bool", "time"]
"""Type of a column; `time` is UTC nanoseconds, stored as a timestamp."""

_TYPES: dict[str, pl.DataType] = {
    "int": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "bool": pl.Boolean(),
    "time": pl.Datetime("ns", "UTC"),
}
TEXTS = pl.col(pl.String).fill_null("")
"""Reads empty texts back: files have nulls, since a column of nothing but empty texts takes ten times as long to encode."""

_SMALL_BYTES = 3_000_000
"""A table that stays smaller is written at once, when it is finished."""
_GROUP_BYTES = 4_000_000
"""About what a row group holds: a few of them are in memory while a table is written."""
_TEXT_BYTES = 16


class TableSpool:
    """One result table that is being written.

    A table that grows large goes on to a thread that encodes it into a file beside the final one, which `finish` puts in
    place. Used as a context manager it finishes, or aborts when the block raises.

    Args:
        path: The final file; its folder must exist.
        schema: Kind of each column, in the order of the file.
    """

    def __init__(self, path: str | Path, schema: Mapping[str, Kind]) -> None:
        self.path = Path(path)
        self.rows = 0
        self._schema = {name: _TYPES[kind] for name, kind in schema.items()}
        self._unfinished = self.path.with_name(f".{self.path.name}.unfinished")
        self._waiting: list[pl.DataFrame] = []
        self._waiting_bytes = 0
        self._writer: BackgroundParquet | None = None
        width = sum(_TEXT_BYTES if kind == "text" else 8 for kind in schema.values())
        self._form: dict[str, Any] = {
            "compression": "zstd",
            "compression_level": 1,
            "row_group_size": _GROUP_BYTES // width // 1024 * 1024,
        }

    def append(self, columns: Mapping[str, Sequence[Any] | NDArray[np.generic]]) -> None:
        """Add rows.

        Args:
            columns: Values by column name, all of one length; None is a missing value, and so are an empty text and
                the NaN of an array.

        Raises:
            ValueError: When the columns are not those of the schema, or differ in length.
        """
        if columns.keys() != self._schema.keys():
            raise ValueError(f"{self.path.name}: columns {list(columns)}, expected {list(self._schema)}")
        series = []
        for name, dtype in self._schema.items():
            series.append(_series(name, columns[name], dtype))
        if len({len(column) for column in series}) > 1:
            raise ValueError(f"{self.path.name}: columns of different lengths")
        frame = pl.DataFrame(series)
        self.rows += frame.height
        if self._writer is not None:
            with _disk_faults():
                self._writer.put(frame)
            return
        self._waiting.append(frame)
        self._waiting_bytes += int(frame.estimated_size())
        if self._waiting_bytes >= _SMALL_BYTES:
            self._start_writing()

    def finish(self) -> None:
        """Put the final file in place, whole or not at all; an OSError says why it cannot.

        Its bytes are on the disk then; that the folder lists it is for whoever places the folder (`sync`).
        """
        with _disk_faults():
            if self._writer is not None:
                self._writer.finish()
            else:
                frame = pl.concat(self._waiting) if self._waiting else pl.DataFrame(schema=self._schema)
                frame.write_parquet(self._unfinished, **self._form)
        self._writer = None
        sync(self._unfinished)
        os.replace(self._unfinished, self.path)  # noqa: PTH105 - the atomic call, named as in the manual
        self._waiting.clear()

    def abort(self) -> None:
        """Drop what is unfinished; a finished file stays."""
        if self._writer is not None:
            self._writer.abort()
            self._writer = None
        self._waiting.clear()
        with suppress(FileNotFoundError):
            self._unfinished.unlink()

    def __enter__(self) -> TableSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.abort()

    def _start_writing(self) -> None:
        self._writer = BackgroundParquet(self._unfinished, self._schema, self._form)
        with _disk_faults():
            self._writer.put(pl.concat(self._waiting))
        self._waiting.clear()


@contextmanager
def _disk_faults() -> Iterator[None]:
    """Polars tells of a full disk as an error of its own; what is being written is ours and sound."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise OSError(f"the disk is full or fails ({error})") from error


def _series(name: str, values: Sequence[Any] | NDArray[np.generic], dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype=pl.Int64()).cast(dtype)
    if not isinstance(dtype, pl.String):
        return pl.Series(name, values, dtype=dtype, nan_to_null=True)
    same = len(values) > 1 and values.count(values[0]) == len(values)  # type: ignore[union-attr]
    texts = pl.Series(name, values[:1] if same else values, dtype=dtype)
    texts = texts.set(texts == "", None)
    return texts.new_from_index(0, len(values)) if same else texts


def no_table(path: str | Path, error: Exception) -> DataError:
    """What to say of a file that should be a result table."""
    if not Path(path).exists():
        return DataError(f"{path}: this table is missing; a whole run has it")
    return DataError(f"{path}: not a result table: {str(error).splitlines()[0]}")


def read_table(path: str | Path) -> pl.DataFrame:
    """A result table; texts that are missing are empty.

    Raises:
        DataError: When the file is missing or no Parquet file.
    """
    try:
        return pl.read_parquet(path, glob=False).with_columns(TEXTS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise no_table(path, error) from error


def pandas_frame(frame: pl.DataFrame) -> Any:
    """The same rows as a pandas frame; times stay in UTC.

    Raises:
        ConfigError: pandas is not there.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - wanted by few, and heavy
    except ModuleNotFoundError as error:
        raise ConfigError("pandas is not installed: pip install pandas, or use the polars frame") from error
    columns = {}
    for series in frame:
        values = pd.Series(series.to_numpy(), name=series.name)
        columns[series.name] = values.dt.tz_localize("UTC") if series.dtype == pl.Datetime else values
    return pd.DataFrame(columns)


def write_table(frame: pl.DataFrame, file: Path) -> None:
    """Write a result table as CSV (times in ISO 8601 with `Z`) or Parquet, by the ending of the file's name.

    The file appears whole or not at all.

    Raises:
        BarstepError: It cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        if file.suffix == ".csv":
            frame.write_csv(unfinished, datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ")
        else:
            frame.write_parquet(unfinished, compression="zstd")
        os.replace(unfinished, file)  # noqa: PTH105 - the atomic call, named as in the manual
    except (OSError, pl.exceptions.PolarsError) as error:
        unfinished.unlink(missing_ok=True)
        raise BarstepError(f"{file}: it cannot be written: {getattr(error, 'strerror', None) or error}") from error


def read_column(path: Path, name: str) -> NDArray[Any]:
    """One column of a result table: times as datetime64[ns] in UTC, text as objects, numbers with gaps as floats.

    Raises:
        DataError: When the file is missing or no Parquet file.
    """
    try:
        return pl.read_parquet(path, glob=False, columns=[name]).with_columns(TEXTS)[name].to_numpy()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise no_table(path, error) from error


def sync(path: Path) -> None:
    """Have a file or a folder on the disk before going on, where the system can tell."""
    try:
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    except PermissionError:  # folders cannot be opened on Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
