"""SQLite files of a grid: one writer that commits at once, and any number of readers; and what the disk may do to them."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from barstep.domain.errors import BarstepError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WAIT = 30  # seconds for another process to commit
_DISK = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}  # fmt: skip
_OF_DISKS = (
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS,
)  # fmt: skip


@contextmanager
def disk_faults(folder: Path) -> Iterator[None]:
    """A folder that cannot be written as one clear error."""
    try:
        yield
    except OSError as error:
        if error.errno not in _OF_DISKS:
            raise
        raise BarstepError(
            f"the grid cannot be written to {folder}: {error.strerror or error}; what is finished is kept. Free some space or "
            "choose another folder with --out"
        ) from error


def open_database(path: Path, tables: str, table: str, what: str, *, writes: bool) -> sqlite3.Connection:
    """A connection that commits only where `writing` says so.

    Args:
        path: The file.
        tables: SQL that makes what is not there yet.
        table: One that must be there then.
        what: What the file is, for errors.
        writes: Whether this process writes.

    Raises:
        BarstepError: It cannot be written, DataError: it cannot be read, or it is something else.
    """
    try:
        if writes:
            made = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = NORMAL")
            made.executescript(tables)
        else:
            made = _reader(path)
        made.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608 - a name of ours
        return made
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK:
            raise BarstepError(f"{path}: cannot be {'written' if writes else 'read'} ({error})") from error
        raise DataError(f"{path}: not {what} ({error}); choose another folder with --out") from error


def _reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads; on a disk that is read-only no writer can be at work, and SQLite is told so."""
    for more in ("", "&immutable=1"):
        made = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{more}", _WAIT, isolation_level=None, uri=True)
        try:
            made.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            made.close()
            if more:
                raise
        else:
            return made
    raise AssertionError


@contextmanager
def writing(database: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One transaction.

    Raises:
        BarstepError: It cannot be written: nothing of it is kept, all earlier ones are.
    """
    try:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("COMMIT")
    except BaseException as error:
        with suppress(sqlite3.Error):  # SQLite itself goes back when the disk is full
            database.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError):
            raise BarstepError(
                f"{path}: cannot be written ({error}); what is finished is kept, and the same command goes on from there"
            ) from error
        raise
