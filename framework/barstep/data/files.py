"""Finding files, telling why one cannot be read, and what identifies its content."""

from __future__ import annotations

import glob
import hashlib
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator


def expand(pattern: str) -> list[Path]:
    """The files of a path or glob pattern, in the order of their names.

    Raises:
        DataError: When there is none.
    """
    direct = Path(pattern)
    if direct.is_file():
        return [direct]
    hits = [Path(name) for name in glob.glob(pattern)]  # noqa: PTH207 - a pattern may be absolute
    found = sorted((path for path in hits if path.is_file()), key=lambda path: (path.name, str(path)))
    if direct.is_dir():
        raise DataError(f"{pattern} is a folder; give the files in it, such as {pattern.rstrip('/')}/*.csv")
    if not found:
        what = "no file matches" if glob.has_magic(pattern) else "no such file:"
        raise DataError(f"{what} {pattern}; give a .csv, .csv.gz or .parquet file, or a pattern such as bars/*.csv")
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a library raises over a file into a DataError that names the file."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, EOFError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(
            f"{path.name}: cannot be read: {lines[0]}. Check that the file is whole and its rows equally long"
        ) from error


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, kept until the file changes."""
    return _sha256(path, path.stat().st_size, path.stat().st_mtime_ns)


def rows(path: Path) -> int:
    """Data rows of a CSV or Parquet file, kept until the file changes."""
    return _rows(path, path.stat().st_size, path.stat().st_mtime_ns)


@lru_cache(256)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(256)
def _rows(path: Path, _size: int, _changed: int) -> int:
    with reading(path):
        if path.name.endswith(".parquet"):
            frame = pl.scan_parquet(path, glob=False)
        else:
            frame = pl.scan_csv(path, infer_schema=False, glob=False)
        return int(frame.select(pl.len()).collect(engine="streaming").item())
