"""What a stream of bars holds, in figures, and a stream written as a file."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import polars as pl

from barstep.data.checks import seconds_text
from barstep.data.sessions import SessionTable, utc_text
from barstep.data.tables import TableSpool
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns, BarStream

_DISTINCT = 200  # lengths of gaps worth telling apart


@dataclass(slots=True)
class _Tally:
    """Figures that grow chunk by chunk."""

    table: SessionTable
    length: int
    rows: int = 0
    first: int = 0
    end: int = 0
    steps: Counter[int] = field(default_factory=Counter)
    holes: int = 0
    biggest: tuple[int, int] = (0, 0)
    days: set[date] = field(default_factory=set)
    outside: int = 0
    silent: int = 0
    low: int = 0
    high: int = 0

    def add(self, bars: BarColumns) -> None:
        sessions, owner, inside = self.table.locate(bars.start_ns)
        self.outside += int(np.count_nonzero(~inside))
        self._add_gaps(bars)
        self.days.update(sessions[int(k)].date for k in np.unique(owner))
        low, high = int(bars.low.min()), int(bars.high.max())
        self.low, self.high = (min(low, self.low), max(high, self.high)) if self.rows else (low, high)
        self.silent += int(np.count_nonzero(bars.volume == 0))
        self.first = self.first if self.rows else int(bars.start_ns[0])
        self.end = int(bars.end_ns[-1])
        self.rows += len(bars)

    def _add_gaps(self, bars: BarColumns) -> None:
        ends = np.concatenate([[self.end], bars.end_ns[:-1]]) if self.rows else bars.end_ns[:-1]
        starts = bars.start_ns if self.rows else bars.start_ns[1:]
        values, counts = np.unique(starts - ends + self.length, return_counts=True)
        self.steps.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if len(self.steps) > _DISTINCT:
            self.steps = Counter(dict(self.steps.most_common(_DISTINCT)))
        for at in np.flatnonzero(starts > ends).tolist():
            missing = self._trading_time(int(ends[at]), int(starts[at]))
            if missing:
                self.holes += 1
                self.biggest = max(self.biggest, (missing, int(ends[at])))

    def _trading_time(self, start: int, end: int) -> int:
        """Nanoseconds of [start, end) in which the market trades."""
        return sum(
            max(0, min(end, closes) - max(start, opens))
            for session in self.table.between(start, end)
            for opens, closes in session.spans
        )


def describe(stream: BarStream) -> dict[str, object]:
    """Figures about a stream, for `barstep data info`; reads it once.

    Gaps count only time in which the market trades by its hours.

    Args:
        stream: Any stream of bars.

    Returns:
        `contract`, `timeframe`, `timeframe_seen`, `rows`, `first` and `last` (UTC text: start of the first and end of
        the last bar), `sessions`, `gaps` (`count`, `biggest`, `biggest_at`), `zero_volume`, `volume_known`,
        `outside_session`, `low` and `high` (prices), `source` and `warnings`.
    """
    item = stream.feed.contract.instrument
    tally = _Tally(SessionTable(item.session), stream.feed.timeframe.ns)
    for bars in stream.chunks():
        tally.add(bars)
    common = tally.steps.most_common(1)
    return {
        "contract": stream.feed.contract.name,
        "timeframe": stream.feed.timeframe.text,
        "timeframe_seen": seconds_text(common[0][0]) if common else None,
        "rows": tally.rows,
        "first": utc_text(tally.first) if tally.rows else None,
        "last": utc_text(tally.end) if tally.rows else None,
        "sessions": len(tally.days),
        "gaps": {
            "count": tally.holes,
            "biggest": seconds_text(tally.biggest[0]) if tally.holes else None,
            "biggest_at": utc_text(tally.biggest[1]) if tally.holes else None,
        },
        "zero_volume": tally.silent,
        "volume_known": stream.volume_known,
        "outside_session": tally.outside,
        "low": item.price(tally.low) if tally.rows else None,
        "high": item.price(tally.high) if tally.rows else None,
        "source": stream.source,
        "warnings": list(stream.warnings),
    }


def write_bars(stream: BarStream, path: str | Path) -> int:
    """Write a stream in the default form: columns `t,o,h,l,c,v`, `t` the start of a bar in UTC.

    The file appears whole or not at all.

    Args:
        stream: Any stream of bars.
        path: Where to: `.csv`, `.csv.gz` or `.parquet`.

    Returns:
        The number of bars written.

    Raises:
        ConfigError: For another ending.
    """
    target = Path(path)
    if target.name.endswith((".csv", ".csv.gz")):
        return write_csv(stream, target)
    if target.suffix != ".parquet":
        raise ConfigError(f"got {path}, expected a name that ends in .csv, .csv.gz or .parquet")
    step = stream.feed.contract.instrument.tick_size
    with TableSpool(target, {"t": "time", "o": "float", "h": "float", "l": "float", "c": "float", "v": "int"}) as spool:
        for bars in stream.chunks():
            spool.append(_columns(bars, step.numerator, step.denominator))
    return spool.rows


def write_csv(stream: BarStream, path: str | Path) -> int:
    """Write a stream in the default form (`t,o,h,l,c,v`, UTC, open-stamped); the file appears whole or not at all.

    Args:
        stream: Any stream of bars.
        path: Where to; `.gz` at the end packs it.

    Returns:
        The number of bars written.
    """
    target = Path(path)
    part = target.with_name(f".{target.name}.part")
    step = stream.feed.contract.instrument.tick_size
    rows = 0
    try:
        with ExitStack() as stack:
            file: IO[bytes] | gzip.GzipFile = stack.enter_context(part.open("wb"))
            if target.name.endswith(".gz"):  # without name and time: equal bars give equal bytes
                file = stack.enter_context(gzip.GzipFile("", "wb", 6, file, 0))
            file.write(b"t,o,h,l,c,v\n")
            for bars in stream.chunks():
                file.write(_csv_text(bars, step.numerator, step.denominator))
                rows += len(bars)
        os.replace(part, target)  # noqa: PTH105 - the atomic call, named as in the manual
    finally:
        part.unlink(missing_ok=True)
    return rows


def _columns(bars: BarColumns, numerator: int, denominator: int) -> dict[str, NDArray[Any]]:
    prices = {"o": bars.open, "h": bars.high, "l": bars.low, "c": bars.close}
    shown = {key: ticks * numerator / denominator for key, ticks in prices.items()}
    return {"t": bars.start_ns, **shown, "v": bars.volume}


def _csv_text(bars: BarColumns, numerator: int, denominator: int) -> bytes:
    frame = pl.DataFrame(_columns(bars, numerator, denominator))
    whole = bool((bars.start_ns % 1_000_000_000 == 0).all())
    form = "%Y-%m-%dT%H:%M:%SZ" if whole else "%Y-%m-%dT%H:%M:%S%.9fZ"
    times = pl.col("t").cast(pl.Datetime("ns")).dt.strftime(form)
    return frame.with_columns(times).write_csv(include_header=False).encode()
