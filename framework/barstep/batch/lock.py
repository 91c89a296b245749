"""One process at a time writes into a grid's folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from barstep.domain.errors import BarstepError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = "grid.lock"


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Keep other processes from writing into a grid's folder; the lock goes with the process, however that ends.

    Raises:
        ConfigError: Another process has it.
        BarstepError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(_connected(folder / _LOCK)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise BarstepError(f"{folder}: cannot be written ({error})") from error
            raise ConfigError(
                f"{folder}: another process is running this grid; wait for it, or give another --out"
            ) from error
        yield


def _connected(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=0, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise BarstepError(f"{path}: cannot be written ({error})") from error
