"""How many points were ever tried on a strategy and its data, over all grids of a workspace.

A result that is the best of a thousand trials is worth less than the only one, and trials of last week count too.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "trials.sqlite"


class TrialLedger:
    """The trials of a workspace; each counts once, however often it is repeated.

    A subject is the names of the strategies, whatever their code was at the time, and the instruments with their timeframe,
    whatever the dates.

    Args:
        folder: The workspace's `runs` folder.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(folder / FILE, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS trial (strategy TEXT NOT NULL, data TEXT NOT NULL, key TEXT NOT NULL, "
                "PRIMARY KEY (strategy, data, key)) WITHOUT ROWID"
            )
        except sqlite3.DatabaseError as error:
            raise DataError(f"{folder / FILE}: not a ledger of trials ({error})") from error

    def add(self, trials: Iterable[tuple[tuple[str, str], str]]) -> None:
        """Note trials: the subject of each, and its content hash."""
        rows = [(*subject, key) for subject, key in trials]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR IGNORE INTO trial VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def count(self, subjects: Iterable[tuple[str, str]]) -> int:
        """Different trials so far of some subjects together."""
        ask = "SELECT count(*) FROM trial WHERE strategy = ? AND data = ?"
        return sum(int(self._db.execute(ask, subject).fetchone()[0]) for subject in subjects)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
