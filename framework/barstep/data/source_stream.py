"""Bars that a plugin brings chunk by chunk, checked against R1 as a file's are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from barstep.data.audit import Audit
from barstep.data.checks import BarChecker, EmptyRangeError, RawChunk
from barstep.data.clock import misread
from barstep.data.columns import BAR_KEYS, Layout, time_expr
from barstep.data.file_stream import CLOCK_ROWS, LONG_HOLE, NO_VOLUME, bounds_ns, worth_telling
from barstep.data.frames import as_polars
from barstep.data.sessions import SessionTable, utc_text
from barstep.data.windows import Windows
from barstep.domain.bar import DAY_SECONDS, BarColumns, BarStream, Feed
from barstep.domain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from numpy.typing import NDArray

    from barstep.domain.bar import Timeframe
    from barstep.domain.instrument import Contract

_CHUNK = 32_768


class SourceStream(BarStream):
    """The bars that a function yields in chunks.

    They are gone through once when the stream is made, which finds faults before a run begins and tells how many there are;
    each later pass must bring the same bars.

    Args:
        label: What messages call the source.
        produce: Yields the chunks, anew with each call; see `barstep.DataSource.bars`.
        contract: What traded.
        timeframe: Length of a bar.
        stamp: Whether a time is its bar's open or its close (R2).
        zone: IANA zone of times that carry none; None when all do.
        volume: Whether the volume means anything (R5); None decides: one that is zero throughout is unknown.
        start, end: First and last trade date, both inclusive, or times, the end not included.

    Raises:
        DataError: For the first row that cannot be read or breaks R1.
        EmptyRangeError: When there is no bar between the bounds.
        ConfigError: For bounds or a zone that make no sense.
    """

    def __init__(
        self,
        label: str,
        produce: Callable[[], Iterator[Any]],
        contract: Contract,
        timeframe: Timeframe,
        *,
        stamp: Literal["open", "close"],
        zone: str | None = None,
        volume: Literal["known", "unknown"] | None = None,
        start: date | datetime | None = None,
        end: date | datetime | None = None,
    ) -> None:
        self.feed = Feed(contract, timeframe, ZoneInfo(contract.instrument.session.zone))
        self.sessions = SessionTable(contract.instrument.session)
        self.warnings: list[str] = []
        self._label, self._produce = label, produce
        self._layout = Layout(columns={key: key for key in BAR_KEYS}, zone=zone, stamp=stamp)
        self._start, self._end = bounds_ns(self.sessions, start, end)
        self.volume_known = volume != "unknown"
        self._needs_volume = self.volume_known
        self._rows = self._first = self._last = 0
        digest, traded = self._survey()
        self.source = {
            "kind": "plugin", "use": label, "sha256": digest, "rows": self._rows, "zone": zone, "stamp": stamp,
        }  # fmt: skip
        if volume is None and not traded:
            self.volume_known = False
            self.warnings.append(NO_VOLUME)

    def chunks(self) -> Iterator[BarColumns]:
        """Yield the bars between the bounds.

        Raises:
            DataError: When they are not those of the first pass.
        """
        digest = hashlib.sha256()
        for bars in self._checked():
            _feed(digest, bars)
            yield bars
        if digest.hexdigest() != self.source["sha256"]:
            raise DataError(
                f"{self._label}: it brought other bars the second time, expected the same ones with each call of bars(). "
                "Let it remember what it fetched"
            )

    def count(self) -> int:
        """Bars between the bounds."""
        return self._rows

    def span(self) -> tuple[int, int]:
        """First start and last end between the bounds, UTC nanoseconds."""
        return self._first, self._last

    def _survey(self) -> tuple[str, bool]:
        """Go through all bars once: their hash, and whether any has volume; notes what a user should know of them."""
        audit = Audit(self.feed.contract.instrument, self.feed.timeframe, self.sessions, least_hole=LONG_HOLE)
        digest, traded, starts = hashlib.sha256(), False, []
        for bars in self._checked():
            self._first = self._first if self._rows else int(bars.start_ns[0])
            if self._rows < CLOCK_ROWS:
                starts.append(bars.start_ns)
            self._last = int(bars.end_ns[-1])
            self._rows += len(bars)
            traded = traded or bool(bars.volume.any())
            audit.watch(bars)
            _feed(digest, bars)
        if not self._rows:
            raise EmptyRangeError(f"{self._label}: it brought no bars between start and end. Choose other dates")
        zone, stamp = self._layout.naive_zone or "UTC", self._layout.stamp or "open"
        told = misread(np.concatenate(starts)[:CLOCK_ROWS], self.feed.timeframe, self.sessions, zone, stamp)
        self.warnings += [f"{self._label}: {told}"] if told else []
        self.warnings += worth_telling(audit, self.sessions, self._first, self._last, self._rows)
        return digest.hexdigest(), traded

    def _checked(self) -> Iterator[BarColumns]:
        length = self.feed.timeframe
        windows = Windows(self.sessions, length) if length.seconds <= DAY_SECONDS else None
        checker = BarChecker(self.feed.contract.instrument, length, windows)
        for number, chunk in enumerate(self._produce(), start=1):
            where = f"{self._label}, chunk {number}"
            frame = self._frame(where, chunk)
            for at in range(0, frame.height, _CHUNK):
                yield checker.check(where, self._raw(where, frame[at : at + _CHUNK]))

    def _frame(self, where: str, chunk: Any) -> pl.DataFrame:
        """A chunk as ROW, t (start, UTC nanoseconds), o, h, l, c and v where it has it, cut to the bounds."""
        try:
            if isinstance(chunk, Mapping):
                raw = pl.LazyFrame({name: _exact(column) for name, column in chunk.items()})
            else:
                raw = as_polars(chunk).collect().lazy()
            schema = raw.collect_schema()
        except ConfigError as error:
            raise DataError(f"{where}: it is a {type(chunk).__name__}. {_WANTED}") from error
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            raise DataError(f"{where}: it is no table: {str(error).splitlines()[0]}. {_WANTED}") from error
        missing = [key for key in (BAR_KEYS if self._needs_volume else BAR_KEYS[:5]) if key not in schema]
        if missing:
            have = ", ".join(schema.names()) or "none"
            raise DataError(f"{where}: missing columns {', '.join(missing)}; it has {have}. {_WANTED}")
        rows, sample = raw.select(pl.len(), pl.col("t").drop_nulls().first()).collect().row(0)
        if not rows:
            return pl.DataFrame()
        if sample is None:
            raise DataError(f"{where}: column t holds no times. {_WANTED}")
        try:
            times = time_expr(where, self._layout, schema["t"], sample)
            numbers = [pl.col(key).cast(pl.Float64, strict=False) for key in BAR_KEYS[1:] if key in schema]
            frame = raw.with_row_index("row").select(pl.col("row").cast(pl.Int64), times.alias("t"), *numbers).collect()
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{where}: its columns cannot be read: {str(error).splitlines()[0]}. {_WANTED}") from error
        if self._layout.stamp == "close":
            frame = frame.with_columns(pl.col("t") - self.feed.timeframe.ns)
        low, high = self._start, self._end
        inside = [] if low is None else [pl.col("t") >= low]
        inside += [] if high is None else [pl.col("t") < high]
        return frame.filter(pl.all_horizontal(inside) | pl.col("t").is_null()) if inside else frame

    def _raw(self, where: str, frame: pl.DataFrame) -> RawChunk:
        if "v" in frame.columns and not self.volume_known:
            frame = frame.drop("v")
        if any(column.null_count() for column in frame):
            row = frame.filter(pl.any_horizontal(pl.all().is_null())).row(0, named=True)
            key = next(key for key, value in row.items() if value is None)
            when = "" if row["t"] is None else f", {utc_text(int(row['t']))}"
            raise DataError(
                f"{where}, row {int(row['row']) + 1}{when}: column {key} is empty or cannot be read (R1). "
                "Mend or drop the row"
            )
        prices: dict[str, NDArray[np.float64]] = {key: frame[key].to_numpy() for key in "ohlc"}
        volume = frame["v"].to_numpy() if "v" in frame.columns else None
        return RawChunk(frame["row"].to_numpy(), frame["t"].to_numpy(), prices, volume)


def _exact(column: Any) -> Any:
    """A column with numpy times of any unit in nanoseconds, since polars takes few others."""
    times = isinstance(column, np.ndarray) and column.dtype.kind == "M"
    return column.astype("datetime64[ns]") if times else column


_WANTED = "Yield frames, or mappings of arrays, with the columns t, o, h, l, c and v"


def _feed(digest: hashlib._Hash, bars: BarColumns) -> None:
    """Take bars into a hash, however they are cut into chunks."""
    columns = (bars.start_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
    digest.update(np.column_stack(columns).tobytes())
