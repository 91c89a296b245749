"""Result tables: written part by part in bounded memory, in place as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from barstep.domain.errors import DataError

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
_PART_BYTES = 3_000_000
_GROUP_ROWS = 131_072


class TableSpool:
    """One result table that is being written.

    Rows are kept until a part is full, parts lie in a folder beside the final file, `finish` joins them into one
    Parquet file. Used as a context manager it finishes, or aborts when the block raises.

    Args:
        path: The final file; its folder must exist.
        schema: Kind of each column, in the order of the file.
    """

    def __init__(self, path: str | Path, schema: Mapping[str, Kind]) -> None:
        self.path = Path(path)
        self.rows = 0
        self._schema = {name: _TYPES[kind] for name, kind in schema.items()}
        self._folder = self.path.with_name(f".{self.path.name}.parts")
        self._waiting: list[pl.DataFrame] = []
        self._waiting_bytes = 0
        self._parts: list[Path] = []
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()

    def append(self, columns: Mapping[str, Sequence[Any] | NDArray[np.generic]]) -> None:
        """Add rows.

        Args:
            columns: Values by column name, all of one length; None is a missing value.

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
        self._waiting.append(frame)
        self._waiting_bytes += int(frame.estimated_size())
        self.rows += frame.height
        if self._waiting_bytes >= _PART_BYTES:
            self._write_part()

    def finish(self) -> None:
        """Join the parts into the final file, which appears whole or not at all; an OSError says why it cannot."""
        target = self._folder / "whole.parquet"
        form: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": _GROUP_ROWS}
        with _disk_faults():
            if self._parts:
                self._write_part()
                pl.scan_ipc(self._parts, glob=False).sink_parquet(target, maintain_order=True, **form)
            else:
                frame = pl.concat(self._waiting) if self._waiting else pl.DataFrame(schema=self._schema)
                frame.write_parquet(target, **form)
        _sync(target)
        os.replace(target, self.path)  # noqa: PTH105 - the atomic call, named as in the manual
        _sync(self.path.parent)
        self.abort()

    def abort(self) -> None:
        """Drop the parts; a finished file stays."""
        self._waiting.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> TableSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.abort()

    def _write_part(self) -> None:
        if not self._waiting:
            return
        part = self._folder / f"{len(self._parts):06d}.arrow"
        with _disk_faults():
            pl.concat(self._waiting).write_ipc(part)
        self._parts.append(part)
        self._waiting.clear()
        self._waiting_bytes = 0


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
    if isinstance(dtype, pl.String) and len(values) > 1 and values.count(values[0]) == len(values):  # type: ignore[union-attr]
        return pl.Series(name, values[:1], dtype=dtype).new_from_index(0, len(values))  # one text, repeated
    return pl.Series(name, values, dtype=dtype)


def read_table(path: str | Path) -> pl.DataFrame:
    """A result table.

    Raises:
        DataError: When the file is missing or no Parquet file.
    """
    try:
        return pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path}: not a result table: {str(error).splitlines()[0]}") from error


def _sync(path: Path) -> None:
    """Have a file or a folder on the disk before going on, where the system can tell."""
    try:
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    except PermissionError:  # folders cannot be opened on Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
