"""Bars that arrive page by page: each page is kept as a file of its own until all are there, so that none is asked twice."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from barstep.data.csv_source import ROW
from barstep.domain.errors import DataError
from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PLAN = "plan.json"


class Pages:
    """The pages of one fetch in a folder.

    Args:
        folder: Where they are kept; pages of another plan in it are dropped.
        plan: What is fetched and from where.
    """

    def __init__(self, folder: Path, plan: Mapping[str, object]) -> None:
        self.folder = folder
        if self._known() != dict(plan):
            shutil.rmtree(folder, ignore_errors=True)
        self._plan = json.dumps(dict(plan))

    def has(self, start: int) -> bool:
        """Whether the page from a time on is kept."""
        return self._path(start).exists()

    def keep(self, start: int, bars: Sequence[Mapping[str, Any]]) -> int:
        """Keep the bars of a page; returns how many.

        Raises:
            DataError: For a bar that lacks a part.
        """
        try:
            rows = {
                "t": [_moment(bar["t"]) for bar in bars],
                **{key: [float(bar[key]) for bar in bars] for key in ("o", "h", "l", "c", "v")},
            }
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"the gateway answered a bar without a usable {error}; expected t, o, h, l, c and v"
            ) from error
        types = {"t": pl.Int64()} | {key: pl.Float64() for key in "ohlcv"}
        frame = pl.DataFrame(rows, schema=types).sort("t")
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            (self.folder / _PLAN).write_text(self._plan, "utf-8")
        part = self._path(start).with_suffix(".part")
        frame.write_parquet(part)
        os.replace(part, self._path(start))  # noqa: PTH105 - the atomic call, named as in the manual
        return frame.height

    def joined(self, low: int, high: int, target: Path) -> int:
        """Write the bars of all pages that start in [low, high) as one working file; returns how many.

        Two pages that both have a bar tell it once when they agree.
        """
        pages = [pl.scan_parquet(path, glob=False) for path in sorted(self.folder.glob("*.parquet"))]
        frame = pl.concat(pages).filter(pl.col("t").is_between(low, high, closed="left")) if pages else None
        if frame is None:
            return 0
        frame = frame.unique(maintain_order=True).with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64))
        frame.sink_parquet(target, maintain_order=True)
        return int(pl.scan_parquet(target, glob=False).select(pl.len()).collect().item())

    def drop(self) -> None:
        """Remove the pages: the bars are in the store."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _known(self) -> object:
        try:
            return json.loads((self.folder / _PLAN).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def _path(self, start: int) -> Path:
        return self.folder / f"{start:020d}.parquet"


def _moment(text: str) -> int:
    """A wire time as UTC nanoseconds; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * NS + moment.microsecond * 1000
