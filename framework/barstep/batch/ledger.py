"""How many points were ever tried on a strategy and its data, over all grids of a workspace.

A result that is the best of a thousand trials is worth less than the only one, and trials of last week count too.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from barstep.batch.database import open_database, writing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

FILE = "trials.sqlite"

_TABLES = """
CREATE TABLE IF NOT EXISTS trial (strategy TEXT NOT NULL, data TEXT NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (strategy, data, key)) WITHOUT ROWID;
"""


class TrialLedger:
    """The trials of a workspace, written down; each counts once, however often it is repeated.

    A subject is the names of the strategies, whatever their code was at the time, and the instruments with their timeframe,
    whatever the dates.

    Args:
        folder: The workspace's `runs` folder.

    Raises:
        BarstepError, DataError: As `open_database` raises.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        self._db = _open(self.path, writes=True)

    def add(self, trials: Iterable[tuple[tuple[str, str], str]]) -> None:
        """Note trials: the subject of each, and its content hash."""
        rows = [(*subject, key) for subject, key in trials]
        with writing(self._db, self.path):
            self._db.executemany("INSERT OR IGNORE INTO trial VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def count_trials(folder: Path, subjects: Iterable[tuple[str, str]]) -> int:
    """Different trials so far of some subjects together; 0 where none were noted.

    Args:
        folder: The workspace's `runs` folder.
        subjects: As for `TrialLedger`.
    """
    if not (folder / FILE).is_file():
        return 0
    ask = "SELECT count(*) FROM trial WHERE strategy = ? AND data = ?"
    with closing(_open(folder / FILE, writes=False)) as database:
        return sum(int(database.execute(ask, subject).fetchone()[0]) for subject in subjects)


def _open(path: Path, *, writes: bool) -> sqlite3.Connection:
    return open_database(path, _TABLES, "trial", "a ledger of trials", writes=writes)
