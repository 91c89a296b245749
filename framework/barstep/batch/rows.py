"""The tables of a grid's store, and a stored point as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TABLES = """
CREATE TABLE IF NOT EXISTS generation (
    id INTEGER PRIMARY KEY, created TEXT NOT NULL, fingerprint TEXT NOT NULL, about TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS frame (
    generation INTEGER NOT NULL REFERENCES generation, vals TEXT NOT NULL, hash TEXT NOT NULL, days TEXT NOT NULL,
    PRIMARY KEY (generation, vals)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS point (
    generation INTEGER NOT NULL REFERENCES generation, key TEXT NOT NULL, part TEXT NOT NULL, number INTEGER NOT NULL,
    vals TEXT NOT NULL, frame TEXT NOT NULL, finished TEXT NOT NULL, seconds REAL NOT NULL, lane TEXT NOT NULL,
    digest TEXT NOT NULL, failed TEXT NOT NULL, error TEXT NOT NULL, metrics TEXT NOT NULL, daily BLOB NOT NULL,
    verified TEXT NOT NULL DEFAULT '', PRIMARY KEY (generation, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segment (
    generation INTEGER NOT NULL REFERENCES generation, number INTEGER NOT NULL, about TEXT NOT NULL,
    PRIMARY KEY (generation, number)) WITHOUT ROWID;
"""


class Row(NamedTuple):
    """A stored point.

    Attributes:
        part: `grid`, or `train` or `test` of a walk-forward.
        number: Of the point in the grid, from 0; of the segment for `test`.
        vals: The varied values as written, by axis.
        frame: The varied values of its frame as JSON: the key of its trading days.
        verified: `same` or `different` after it was played again in the event lane, else empty.
    """

    key: str
    part: str
    number: int
    vals: dict[str, Any]
    frame: str
    seconds: float
    lane: str
    digest: str
    failed: str
    error: str
    metrics: dict[str, Any]
    daily: NDArray[np.int64]
    verified: str
