"""One process at a time writes into a grid's folder."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = "grid.lock"


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Keep other processes from writing into a grid's folder; the lock goes with the process, however that ends.

    Raises:
        ConfigError: Another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(folder / _LOCK, timeout=0, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise ConfigError(
                f"{folder}: another process is running this grid; wait for it, or give another --out"
            ) from error
        yield
    finally:
        lock.close()
