"""The points of a grid in SQLite: one writer, each finished point committed at once, nothing mixed that should not be.

A generation is all points that were played with the same run, bars, plugins and versions. When one of these changes the next
run of the grid begins another; the earlier ones stay. When the grid changes (axes, conditions, search, walk-forward), its
points are set apart, and each comes back when the grid asks for it again: what is told is of the grid as it is now.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.batch.database import open_database, writing
from barstep.batch.rows import TABLES, Row
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from barstep.batch.point import PointResult


FILE = "grid.sqlite"

APART = "apart"
"""The part of points that are no longer of the grid."""
_FORM = ("axes", "where", "search", "walk_forward")  # what of `about` makes the points


class Store:
    """The store of one grid.

    Args:
        folder: The grid's folder.
        writes: Whether this process writes; the tables are made then.

    Raises:
        ConfigError: There is no grid in the folder.
        BarstepError, DataError: As `open_database` raises.
    """

    def __init__(self, folder: Path, *, writes: bool = False) -> None:
        self.path = folder / FILE
        if not writes and not self.path.is_file():
            raise ConfigError(f"no grid in {folder}: there is no {FILE}; `barstep grid run GRID.yaml` makes one")
        if writes:
            folder.mkdir(parents=True, exist_ok=True)
        self._db = open_database(self.path, TABLES, "point", "the store of a grid", writes=writes)
        self.generation = self._current()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- generations -------------------------------------------------------------------------------------------

    def begin(self, fingerprint: str, about: dict[str, Any], frames: dict[str, tuple[str, list[str]]]) -> bool:
        """Go on with the generation that a run belongs to, the newest that fits, or begin another; True for another.

        Args:
            fingerprint: Hash of everything that is not varied.
            about: What is to be told of the grid later.
            frames: Hash and trading days of each frame by its values.
        """
        rows = self._db.execute("SELECT id FROM generation WHERE fingerprint = ? ORDER BY id DESC", (fingerprint,))
        fitting = (number for (number,) in rows.fetchall() if self._fits(number, frames))
        found = next(fitting, None)
        with self._writing():
            if found is None:
                before = self.generation
                now = datetime.now(UTC).isoformat(timespec="seconds")
                insert = "INSERT INTO generation (created, fingerprint, about) VALUES (?, ?, ?)"
                self.generation = int(self._db.execute(insert, (now, fingerprint, _json(about))).lastrowid or 0)
            else:
                before, self.generation = 0, found
                known = self.about
                if any(_json(known[key]) != _json(about[key]) for key in _FORM):  # the order of axes matters too
                    self._db.execute("UPDATE point SET part = ? WHERE generation = ?", (APART, found))
                    self._db.execute("DELETE FROM segment WHERE generation = ?", (found,))
                self._db.execute("UPDATE generation SET about = ? WHERE id = ?", (_json(about), found))
            self._db.execute(f"PRAGMA user_version = {self.generation}")  # the one that is told of
            self._db.executemany(
                "INSERT OR IGNORE INTO frame VALUES (?, ?, ?, ?)",
                [(self.generation, vals, digest, _json(days)) for vals, (digest, days) in frames.items()],
            )
        return bool(before)

    def add_frames(self, frames: dict[str, tuple[str, list[str]]]) -> None:
        """Note frames that come up while the grid runs."""
        with self._writing():
            self._db.executemany(
                "INSERT OR IGNORE INTO frame VALUES (?, ?, ?, ?)",
                [(self.generation, vals, digest, _json(days)) for vals, (digest, days) in frames.items()],
            )

    def generations(self) -> list[tuple[int, str, int]]:
        """Number, time and points of each generation, oldest first."""
        return self._db.execute(
            "SELECT id, created, (SELECT count(*) FROM point WHERE generation = id) FROM generation ORDER BY id"
        ).fetchall()

    @property
    def about(self) -> dict[str, Any]:
        """What was noted of the grid when it last ran."""
        found = self._db.execute("SELECT about FROM generation WHERE id = ?", (self.generation,)).fetchone()
        return dict(json.loads(found[0])) if found else {}

    def days(self, frame: str) -> list[str]:
        """The trading days of a frame, ISO dates."""
        ask = "SELECT days FROM frame WHERE generation = ? AND vals = ?"
        found = self._db.execute(ask, (self.generation, frame)).fetchone()
        return list(json.loads(found[0])) if found else []

    # -- points ------------------------------------------------------------------------------------------------

    def add(self, rows: Iterable[tuple[str, int, str, str, PointResult]]) -> None:
        """Commit finished points: part, number, values as JSON, frame, result."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        made = [
            (
                self.generation, result.key, part, number, vals, frame, now, result.seconds, result.lane, result.digest,
                result.failed, result.error, _json(result.metrics), result.daily.astype("<i8").tobytes(),
            )
            for part, number, vals, frame, result in rows
        ]  # fmt: skip
        with self._writing():
            self._db.executemany(
                "INSERT OR REPLACE INTO point VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')", made
            )

    def finished(self) -> tuple[set[str], set[str]]:
        """Keys of the points of this generation that need not be played again, and of those among them that are apart."""
        rows = self._db.execute(
            "SELECT key, part = ? FROM point WHERE generation = ?", (APART, self.generation)
        ).fetchall()
        return {key for key, _ in rows}, {key for key, apart in rows if apart}

    def take_back(self, points: Iterable[tuple[str, int, str, str, str]]) -> None:
        """Make points that were apart points of the grid as it is now: part, number, values as JSON, frame, key."""
        with self._writing():
            self._db.executemany(
                "UPDATE point SET part = ?, number = ?, vals = ?, frame = ? WHERE generation = ? AND key = ?",
                [(*about, self.generation, key) for *about, key in points],
            )

    def forget_failed(self) -> int:
        """Drop the points that ended with an error, so that they are played again; returns how many."""
        with self._writing():
            return self._db.execute(
                "DELETE FROM point WHERE generation = ? AND error <> ''", (self.generation,)
            ).rowcount

    def verify(self, key: str, *, same: bool) -> None:
        """Note that a point was played again in the event lane."""
        with self._writing():
            self._db.execute(
                "UPDATE point SET verified = ? WHERE generation = ? AND key = ?",
                ("same" if same else "different", self.generation, key),
            )

    def count(self, part: str | None = None) -> tuple[int, int]:
        """How many points there are, and how many of them ended with an error."""
        ask = (
            "SELECT count(*), coalesce(sum(error <> ''), 0) FROM point "
            "WHERE generation = ? AND part <> ? AND (? IS NULL OR part = ?)"
        )
        done, bad = self._db.execute(ask, (self.generation, APART, part, part)).fetchone()
        return int(done), int(bad)

    def lanes(self) -> tuple[int, int]:
        """Points that the array lane played, and how many of them came to the same in the event lane."""
        ask = (
            "SELECT count(*), coalesce(sum(verified = 'same'), 0) FROM point "
            "WHERE generation = ? AND part <> ? AND lane = 'array'"
        )
        found = self._db.execute(ask, (self.generation, APART)).fetchone()
        return int(found[0]), int(found[1])

    def point(self, key: str) -> Row | None:
        """One point."""
        return next(self._rows("key = ?", (key,), "number", None), None)

    def rows(self, part: str | None = None) -> Iterator[Row]:
        """All points of the grid, by number."""
        return self._rows("part <> ? AND (? IS NULL OR part = ?)", (APART, part, part), "part, number, frame", None)

    def errors(self) -> Iterator[Row]:
        """The points that ended with an error, by number."""
        return self._rows("part <> ? AND error <> ''", (APART,), "part, number", None)

    def best(
        self, metric: str, sign: int, limit: int | None, part: str = "grid", frame: str | None = None
    ) -> list[Row]:
        """The best points by a figure; equal ones by number, points without it last and left out."""
        figure = "json_extract(metrics, '$.' || ?)"
        where = f"part = ? AND error = '' AND {figure} IS NOT NULL AND (? IS NULL OR frame = ?)"
        order = f"{figure} {'DESC' if sign > 0 else 'ASC'}, number"
        return list(self._rows(where, (part, _quoted(metric), frame, frame), order, limit, (_quoted(metric),)))

    def metric_names(self) -> list[str]:
        """Names of all figures that points have."""
        ask = "SELECT metrics FROM point WHERE generation = ? AND error = '' ORDER BY number LIMIT 1"
        found = self._db.execute(ask, (self.generation,)).fetchone()
        return list(json.loads(found[0])) if found else []

    def _rows(
        self, where: str, values: tuple[Any, ...], order: str, limit: int | None, more: tuple[Any, ...] = ()
    ) -> Iterator[Row]:
        ask = (
            "SELECT key, part, number, vals, frame, seconds, lane, digest, failed, error, metrics, daily, verified "  # noqa: S608
            f"FROM point WHERE generation = ? AND {where} ORDER BY {order} LIMIT ?"
        )
        cursor = self._db.execute(ask, (self.generation, *values, *more, -1 if limit is None else limit))
        for row in cursor:
            yield Row(
                row[0], row[1], row[2], json.loads(row[3]), row[4], row[5], row[6], row[7], row[8], row[9],
                json.loads(row[10]), np.frombuffer(row[11], "<i8"), row[12],
            )  # fmt: skip

    # -- segments of a walk-forward ----------------------------------------------------------------------------

    def put_segments(self, segments: list[dict[str, Any]]) -> None:
        """Replace the segments."""
        with self._writing():
            self._db.execute("DELETE FROM segment WHERE generation = ?", (self.generation,))
            self._db.executemany(
                "INSERT INTO segment VALUES (?, ?, ?)",
                [(self.generation, number, _json(each)) for number, each in enumerate(segments)],
            )

    def segments(self) -> list[dict[str, Any]]:
        """The segments in order."""
        rows = self._db.execute("SELECT about FROM segment WHERE generation = ? ORDER BY number", (self.generation,))
        return [json.loads(text) for (text,) in rows]

    # ----------------------------------------------------------------------------------------------------------

    def _current(self) -> int:
        """The generation that was last run, which may be an earlier one again."""
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _fits(self, number: int, frames: dict[str, tuple[str, list[str]]]) -> bool:
        known = dict(self._db.execute("SELECT vals, hash FROM frame WHERE generation = ?", (number,)).fetchall())
        return all(known.get(vals, digest) == digest for vals, (digest, _) in frames.items())

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._db, self.path)


def _quoted(metric: str) -> str:
    return '"' + metric.replace('"', "") + '"'


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"), default=str)
