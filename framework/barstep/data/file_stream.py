"""FileStream: the bars of CSV and Parquet files, in chunks of bounded size, checked against R1."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import polars as pl

from barstep.data import files
from barstep.data.audit import Audit
from barstep.data.checks import BarChecker, EmptyRangeError, RawChunk, check_timeframe
from barstep.data.clock import misread
from barstep.data.columns import Layout
from barstep.data.csv_source import ROW
from barstep.data.open_file import PROBE, open_file
from barstep.data.sessions import SessionTable, utc_text
from barstep.data.windows import Windows
from barstep.domain.bar import DAY_SECONDS, BarColumns, BarStream, Feed, Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.domain.instrument import Contract

Bound = date | datetime | int | None
"""A trade date (inclusive), an aware datetime or UTC nanoseconds (an end not inclusive), or None."""

Volume = Literal["known", "unknown"]

_CHUNK = 32_768
LONG_HOLE = 1_800 * NS
"""Quiet minutes are no news during a run: `data check` tells every hole."""
NO_VOLUME = (
    "volume is zero throughout, so it is taken as unknown and every bar counts as tradable (R5); "
    "set data.volume: known or unknown to say so yourself"
)
_WATCHED = ("gaps", "sessions", "spikes", "swapped", "clock_changes")
CLOCK_ROWS = 30_000
"""Bars from whose times it is told whether the declared zone and stamp can be right."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    frame: pl.LazyFrame  # ROW, t (UTC ns of the bar's start), o, h, l, c and v where the file has it


class FileStream(BarStream):
    """The bars of one file, or of several that follow each other in time.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file, or a glob pattern; files are read in order of their names.
        contract: What traded.
        timeframe: Length of a bar; a file of another timeframe is refused.
        layout: Column names, zone and stamp side, where the file is not of the default form.
        volume: Whether the volume column means anything (R5); None decides: a volume that is zero throughout is
            unknown. Unknown volume is passed on unchecked.
        start: First trade date, or a time.
        end: Last trade date (inclusive), or a time (not inclusive).
        chunk_rows: Most bars in a chunk.

    Attributes:
        sessions: The trading days of the contract.

    Raises:
        DataError: When there is no such file, or its columns, times or timeframe are not the declared ones. Rows
            are checked while they are read, so `chunks` raises it too.
        ConfigError: For bounds that make no sense.
    """

    def __init__(
        self,
        path: str | Path,
        contract: Contract,
        timeframe: Timeframe,
        *,
        layout: Layout | None = None,
        volume: Volume | None = None,
        start: Bound = None,
        end: Bound = None,
        chunk_rows: int = _CHUNK,
    ) -> None:
        self.layout = layout or Layout()
        self.feed = Feed(contract, timeframe, ZoneInfo(contract.instrument.session.zone))
        self.sessions = SessionTable(contract.instrument.session)
        self.warnings: list[str] = []
        self._chunk_rows = chunk_rows
        self._start, self._end = bounds_ns(self.sessions, start, end)
        self._files = [self._open(item, volume) for item in files.expand(str(path))]
        self.volume_known = self._volume_known(volume)
        self.source = self._describe(str(path))
        self._streaming_warnings: list[str] = []
        with files.reading(self._files[0].path):
            self.warnings += self._clock_warning()

    def chunks(self) -> Iterator[BarColumns]:
        """Yield the bars between the bounds.

        Raises:
            DataError: For the first row that cannot be read or breaks R1.
            EmptyRangeError: When the bounds select no bar.
        """
        length = self.feed.timeframe
        windows = Windows(self.sessions, length) if length.seconds <= DAY_SECONDS else None
        checker = BarChecker(self.feed.contract.instrument, length, windows)
        audit = Audit(self.feed.contract.instrument, length, self.sessions, least_hole=LONG_HOLE)
        first = last = None
        count = 0
        for item in self._files:
            for batch in self._batches(item):
                bars = checker.check(item.path.name, self._raw(item, batch))
                first = int(bars.start_ns[0]) if first is None else first
                last = int(bars.start_ns[-1])
                count += len(bars)
                audit.watch(bars)
                yield bars
        if first is None or last is None:
            raise self._empty_range()
        self._warn_after(first, last, count, audit)

    def count(self) -> int | None:
        """Bars between the bounds; None for CSV files with bounds, where only reading would tell."""
        if (self._start, self._end) == (None, None):
            return sum(files.rows(item.path) for item in self._files)
        if any(not item.path.name.endswith(".parquet") for item in self._files):
            return None
        frames = [self._bounded(item).select(pl.len()) for item in self._files]
        return sum(int(frame.item()) for frame in pl.collect_all(frames))

    def span(self) -> tuple[int, int] | None:
        """First start and last end between the bounds, UTC nanoseconds; None when there is no bar."""
        found = self._extent([self._bounded(item) for item in self._files])
        return (found[0], found[1] + self.feed.timeframe.ns) if found else None

    def _open(self, path: Path, volume: Volume | None) -> _File:
        frame, starts = open_file(path, self.layout, self.feed.timeframe, needs_volume=volume != "unknown")
        check_timeframe(path.name, starts, self.feed.timeframe)
        return _File(path, frame)

    def _clock_warning(self) -> list[str]:
        starts = self._files[0].frame.select("t").head(CLOCK_ROWS).collect()["t"].drop_nulls().sort().to_numpy()
        zone, stamp = self.layout.naive_zone or "UTC", self.layout.stamp or "open"
        told = misread(starts, self.feed.timeframe, self.sessions, zone, stamp)
        return [f"{self._files[0].path.name}: {told}"] if told else []

    def _volume_known(self, declared: Volume | None) -> bool:
        if declared is not None:
            return declared == "known"
        for item in self._files:
            with files.reading(item.path):
                for frame in (item.frame.head(PROBE), item.frame):
                    if (frame.select(pl.col("v").max()).collect(engine="streaming").item() or 0) > 0:
                        return True
        self.warnings.append(NO_VOLUME)
        return False

    def _bounded(self, item: _File) -> pl.LazyFrame:
        inside = [] if self._start is None else [pl.col("t") >= self._start]
        inside += [] if self._end is None else [pl.col("t") < self._end]
        # rows whose time cannot be read stay in, to be told of instead of hidden
        return item.frame.filter(pl.all_horizontal(inside) | pl.col("t").is_null()) if inside else item.frame

    def _batches(self, item: _File) -> Iterator[pl.DataFrame]:
        """The selected rows of a file, without rows that are empty throughout (blank lines)."""
        batches = self._bounded(item).collect_batches(chunk_size=self._chunk_rows, maintain_order=True)
        seen = 0
        while True:
            with files.reading(item.path):
                batch = next(batches, None)
            if batch is None:
                self._check_whole(item, seen)
                return
            seen += batch.height
            if any(column.null_count() for column in batch):
                batch = batch.filter(~pl.all_horizontal(pl.exclude(ROW).is_null()))
            if batch.height:
                yield batch

    def _check_whole(self, item: _File, seen: int) -> None:
        """Batches that an interrupt cut short look like the end of the file: its own count tells them apart."""
        if (self._start, self._end) != (None, None) or item.path.suffix != ".parquet":
            return
        if seen != (wanted := files.rows(item.path)):
            raise DataError(
                f"{item.path.name}: only {seen:,} of {wanted:,} rows were read; was it interrupted? Try again"
            )

    def _raw(self, item: _File, batch: pl.DataFrame) -> RawChunk:
        if not self.volume_known and "v" in batch.columns:
            batch = batch.with_columns(pl.col("v").fill_null(0).fill_nan(0).clip(0, 1e15).round())
        if any(column.null_count() for column in batch):
            bad = batch.filter(pl.any_horizontal(pl.all().is_null()))
            raise self._null_fault(item, bad.row(0, named=True))
        return RawChunk(
            batch[ROW].to_numpy(),
            batch["t"].to_numpy(),
            {key: batch[key].to_numpy() for key in "ohlc"},
            batch["v"].to_numpy() if "v" in batch.columns else None,
        )

    def _null_fault(self, item: _File, row: dict[str, float | None]) -> DataError:
        key = next(key for key, value in row.items() if value is None)
        start = row["t"]
        when = f", {utc_text(int(start))}" if start is not None else ""
        where = f"{item.path.name}, row {int(row[ROW] or 0) + 1}{when}"
        if key == "t":
            return DataError(
                f"{where}: the time is empty or cannot be read like the first one (R1). Mend or drop the row; "
                "local times that a clock change skips or repeats need a file in UTC"
            )
        name = self.layout.names[key]
        return DataError(f"{where}: column {name} is empty or not a number (R1). Mend or drop the row")

    def _extent(self, frames: list[pl.LazyFrame]) -> tuple[int, int] | None:
        times = pl.col("t")
        ends = [frame.select(times.min().alias("a"), times.max().alias("b")) for frame in frames]
        known = [end.row(0) for end in pl.collect_all(ends, engine="streaming") if end["a"][0] is not None]
        return (min(a for a, _ in known), max(b for _, b in known)) if known else None

    def _empty_range(self) -> EmptyRangeError:
        extent = self._extent([item.frame for item in self._files])
        low = utc_text(self._start) if self._start is not None else "the beginning"
        high = utc_text(self._end) if self._end is not None else "the end"
        have = f"its bars start from {utc_text(extent[0])} to {utc_text(extent[1])}" if extent else "it has none"
        return EmptyRangeError(
            f"{self.source['path']}: no bars from {low} to {high}; {have}. Choose start and end inside"
        )

    def _warn_after(self, first: int, last: int, count: int, audit: Audit) -> None:
        for text in self._streaming_warnings:
            self.warnings.remove(text)
        self._streaming_warnings = worth_telling(audit, self.sessions, first, last, count)
        self.warnings += self._streaming_warnings

    def _describe(self, path: str) -> dict[str, object]:
        parts = [(item.path.name, files.sha256(item.path), files.rows(item.path)) for item in self._files]
        digest = parts[0][1]
        if len(parts) > 1:
            digest = hashlib.sha256("".join(part[1] for part in parts).encode()).hexdigest()
        described: dict[str, object] = {
            "kind": "file",
            "path": Path(path).name,
            "sha256": digest,
            "rows": sum(part[2] for part in parts),
            "columns": dict(self.layout.names),
            "zone": self.layout.naive_zone,
            "stamp": self.layout.stamp or "open",
        }
        if len(parts) > 1:
            described["files"] = [dict(zip(("path", "sha256", "rows"), part, strict=True)) for part in parts]
        return described


def worth_telling(audit: Audit, sessions: SessionTable, first: int, last: int, count: int) -> list[str]:
    """What a user should know of bars that were gone through: `first` and `last` are starts, UTC nanoseconds."""
    found = []
    if audit.outside:
        found.append(
            f"{audit.outside} of {count} bars start outside the trading hours {sessions.hours.name!r}; "
            "no order fills in them (R5)"
        )
    beyond = sessions.beyond_calendar(first, last)
    seen = [each.text for each in audit.findings() if each.kind in _WATCHED]
    return found + ([beyond] if beyond else []) + seen


def bounds_ns(sessions: SessionTable, start: Bound, end: Bound) -> tuple[int | None, int | None]:
    """Bounds as UTC nanoseconds, None for none; ConfigError for bounds without a zone or in the wrong order."""

    def one(bound: Bound, *, last: bool) -> int | None:
        if isinstance(bound, datetime):
            if bound.tzinfo is None:
                raise ConfigError(f"{bound} has no zone: give a date, or a time with its zone")
            return int(bound.timestamp()) * NS + bound.microsecond * 1000
        if isinstance(bound, date):
            return sessions.bounds(None, bound)[1] if last else sessions.bounds(bound, None)[0]
        return bound

    low, high = one(start, last=False), one(end, last=True)
    if low is not None and high is not None and low >= high:
        if _is_day(start) and _is_day(end) and start <= end:  # type: ignore[operator]
            day = sessions.first_from(start).date  # type: ignore[arg-type]
            raise ConfigError(f"no trading day from {start} to {end}: what traded then belongs to trading day {day}")
        raise ConfigError(f"start {start} is not before end {end}")
    return low, high


def _is_day(bound: Bound) -> bool:
    return isinstance(bound, date) and not isinstance(bound, datetime)
