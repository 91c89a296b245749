"""The way of bars into the store: opened, read once into a working file, put on UTC, repaired if asked, checked, merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from barstep.data import clock, repairs
from barstep.data.audit import Audit, Rows
from barstep.data.checks import check_timeframe, seconds_text
from barstep.data.clock_reading import CLOCK_ROWS, put_on_utc
from barstep.data.csv_source import ROW
from barstep.data.findings import finding
from barstep.data.sessions import SessionTable, utc_text
from barstep.data.text_file import raw_text, unreadable
from barstep.data.ticks import to_bars
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from pathlib import Path

    from barstep.data.findings import Finding
    from barstep.data.forms import Stamp
    from barstep.data.opening import Opened
    from barstep.domain.instrument import Instrument

    Progress = Callable[[str, int, int | None], None]
    """Called with what is being done, rows done and rows in all."""

_BATCH = 262_144
_PROBE_ROWS = 100_000
_FIRST, _LAST = 315_532_800 * NS, 4_102_444_800 * NS  # 1980 to 2100: what else cannot be the time of a bar
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user declares.

    Attributes:
        instrument: What trades.
        timeframe: Length of a bar; None tells it from the times.
        zone: IANA zone of the times.
        stamp: Whether they stamp the open or the close of a bar.
        repairs: From `repairs.parse`.
    """

    instrument: Instrument
    timeframe: Timeframe | None = None
    zone: str | None = None
    stamp: Stamp | None = None
    repairs: tuple[str, ...] = ()


@dataclass(slots=True)
class Taken:
    """Bars that were read and checked, not yet in the store.

    Attributes:
        bars: A Parquet file of ROW, `t` (UTC nanoseconds of the bar's start), `o h l c`, perhaps `v`.
        timeframe: Length of a bar.
        zone, stamp: How the clock was read.
        known_by: `declared`, `form` or `proved`, for zone and stamp.
        rows: Rows of the source.
        findings: What the check found.
        repaired: Rows that each repair changed.
    """

    bars: Path
    timeframe: Timeframe
    zone: str
    stamp: Stamp
    known_by: str
    rows: int
    findings: list[Finding] = field(default_factory=list)
    repaired: dict[str, int] = field(default_factory=dict)

    @property
    def faults(self) -> list[Finding]:
        """The findings that make the bars unfit."""
        return [each for each in self.findings if each.severity == "fault"]


def take(
    opened: Opened, asked: Asked, folder: Path, path: Path | None = None, progress: Progress | None = None
) -> Taken:
    """Read and check a source.

    Args:
        opened: The source.
        asked: What is declared.
        folder: A working folder.
        path: The source's file, if it is one.
        progress: Told now and then.

    Raises:
        DataError: When it cannot be read, or its clock is neither declared nor proved.
        ConfigError: When what is declared contradicts the form.
    """
    tell = progress or (lambda *_: None)
    sessions = SessionTable(asked.instrument.session)
    staged = folder / "staged.parquet"
    tell("reading", 0, None)
    rows = _stage(opened, staged, path)
    if opened.form.ticks:
        if asked.timeframe is None:
            raise DataError(f"{opened.name}: found trades, not bars. Say what bars to make of them: --timeframe 1s")
        staged = to_bars(staged, folder / "made.parquet", asked.timeframe)
    timeframe = _timeframe(opened, asked, staged)
    tell("reading the clock", 0, None)
    clocked = folder / "clocked.parquet"
    known = put_on_utc(
        opened, (asked.zone, asked.stamp), staged, timeframe, sessions, clocked, drop="drop" in asked.repairs
    )
    taken = Taken(clocked, timeframe, *known, rows)
    if asked.repairs:
        tell("repairing", 0, None)
        taken.bars, taken.repaired = repairs.apply(taken.bars, asked.repairs, asked.instrument.tick_size, folder)
    place = f"{opened.name}:" if opened.rows_are == "line" else f"{opened.name} row "
    audit = Audit(asked.instrument, timeframe, sessions, lambda row: f"{place}{row}")
    run_audit(audit, taken.bars, rows, tell)
    taken.findings = _all(audit, taken, opened, path)
    if not audit.rows and not taken.faults:
        raise DataError(f"{opened.name}: no bar is left after the repairs. Export the file again")
    return taken


def run_audit(audit: Audit, bars: Path, rows: int, tell: Progress) -> None:
    """Check the rows of a working file."""
    frame = pl.scan_parquet(bars, glob=False)
    names = frame.collect_schema().names()
    done = 0
    for batch in frame.collect_batches(chunk_size=_BATCH, maintain_order=True):
        finite_numbers = [pl.col(name).is_finite() for name in names if name not in (ROW, "t")]
        readable = batch.select(pl.all_horizontal(pl.col("t").is_not_null(), *finite_numbers))
        finite = readable.to_series().fill_null(value=False).to_numpy()
        prices = {key: batch[key].fill_null(float("nan")).to_numpy() for key in "ohlc"}
        volume = batch["v"].fill_null(float("nan")).to_numpy() if "v" in names else None
        audit.add(Rows(batch[ROW].to_numpy(), batch["t"].fill_null(0).to_numpy(), prices, volume, finite))
        done += batch.height
        tell("checking", done, rows)


def fault_error(taken: Taken, opened: Opened, path: Path | None) -> DataError:
    """The message about bars that are refused."""
    first, *others = taken.faults
    place, *also = first.places or [opened.name]
    text = f"{place}: found {first.what} ({first.count:,})" + (f", then at {', '.join(also)}" if also else "")
    if path is not None and first.kind == "unreadable" and opened.rows_are == "line":
        text += f": {raw_text(path, int(place.rpartition(':')[2]))!r}"
    more = f". Also: {'; '.join(f'{each.what} ({each.count:,})' for each in others)}" if others else ""
    return DataError(f"{text}. {first.remedy}{more}")


def stored_form(bars: Path, tick_size: Fraction, target: Path) -> None:
    """Write checked bars as the store holds them: prices exactly on the grid, volume whole, times as timestamps."""
    frame = pl.scan_parquet(bars, glob=False)
    top, bottom = tick_size.numerator, tick_size.denominator

    def on_grid(prices: pl.Series) -> pl.Series:  # numpy divides; polars multiplies by the reciprocal, an ulp aside
        return pl.Series(prices.name, np.rint(prices.to_numpy() * bottom / top) * top / bottom)

    prices = [pl.col(key).map_batches(on_grid, return_dtype=pl.Float64(), is_elementwise=True) for key in "ohlc"]
    volume = pl.col("v") if "v" in frame.collect_schema().names() else pl.lit(0)
    frame.select(pl.col("t").cast(pl.Datetime("ns", "UTC")), *prices, volume.cast(pl.Int64).alias("v")).sink_parquet(
        target, compression="zstd", compression_level=3, row_group_size=_BATCH, maintain_order=True
    )


def first_start(bars: Path) -> int:
    """Start of the first bar of a stored file, UTC nanoseconds."""
    return int(pl.scan_parquet(bars, glob=False).select(pl.col("t").to_physical()).head(1).collect().item())


def numbered(bars: Path, target: Path) -> None:
    """A stored file as a working file, its rows counted from 1."""
    frame = pl.scan_parquet(bars, glob=False, row_index_name=ROW, row_index_offset=1)
    frame = frame.with_columns(pl.col(ROW).cast(pl.Int64), pl.col("t").to_physical(), pl.col("v").cast(pl.Float64))
    frame.sink_parquet(target, compression="zstd", compression_level=1, maintain_order=True)


def _stage(opened: Opened, staged: Path, path: Path | None) -> int:
    """Read the source once; returns its rows, blank lines left out."""
    frame = opened.frame
    inside = pl.col("t").is_between(_FIRST, _LAST)
    frame = frame.with_columns(pl.when(inside).then(pl.col("t")).alias("t"))
    try:
        frame.sink_parquet(staged, compression="zstd", compression_level=1, maintain_order=True)
    except (pl.exceptions.PolarsError, OSError, EOFError) as error:
        if path is None or getattr(error, "errno", None):
            raise
        raise unreadable(path, opened.form, error) from error
    rows = int(pl.scan_parquet(staged, glob=False).select(pl.len()).collect().item())
    if not rows:
        raise DataError(f"{opened.name}: there are no rows. Export it again with its bars")
    return rows


def _timeframe(opened: Opened, asked: Asked, staged: Path) -> Timeframe:
    """The declared length of a bar, or the one that the form or the times tell."""
    if opened.form.timeframe and asked.timeframe and asked.timeframe.text != opened.form.timeframe:
        told = opened.form.timeframe
        raise ConfigError(
            f"{opened.name}: found --timeframe {asked.timeframe.text}, but its bars are {told}. Leave it out"
        )
    times = pl.scan_parquet(staged, glob=False).select(pl.col("t").drop_nulls()).head(_PROBE_ROWS).collect()["t"]
    starts = np.unique(times.to_numpy())
    if asked.timeframe or opened.form.timeframe:
        known = asked.timeframe or Timeframe.parse(str(opened.form.timeframe))
        if not opened.form.ticks:
            check_timeframe(opened.name, starts, known)
        return known
    gaps = np.diff(starts)
    sizes, counts = np.unique(gaps, return_counts=True)
    if opened.form.dates and len(gaps):
        return Timeframe.parse("1D")
    common = int(sizes[counts.argmax()]) if len(sizes) else 0
    shared = reduce(gcd, sizes.tolist(), 0)
    if len(gaps) < 10 or common != shared or common % NS:
        seen = f"most stand {seconds_text(common)} apart, some {seconds_text(shared)}" if len(gaps) >= 10 else "too few"
        raise DataError(
            f"{opened.name}: the times do not tell how long a bar is ({seen}). Say it, for example --timeframe 1m"
        )
    return Timeframe.parse(seconds_text(common))


def _all(audit: Audit, taken: Taken, opened: Opened, path: Path | None) -> list[Finding]:
    """The findings of the rows and those of the file."""
    found = audit.findings()
    if path is not None and not opened.complete:
        found.append(finding("cut", 1))
    if taken.zone not in ("UTC", "") and not opened.form.dates:
        shift = taken.timeframe.ns if taken.stamp == "close" else 0
        times = pl.scan_parquet(taken.bars, glob=False).select(pl.col("t").drop_nulls()).head(CLOCK_ROWS).collect()["t"]
        naive = clock.to_local(times.to_numpy() + shift, taken.zone)
        odd = clock.repeated_hours(naive, taken.zone)
        if odd.any():
            places = [utc_text(int(at)) for at in times.to_numpy()[odd][:3]]
            found.append(finding("repeated_hour", int(odd.sum()), places))
            for each in found:
                if each.kind in ("order", "duplicates", "conflicts"):  # sorting would mix the hour's two turns
                    each.remedy = (
                        f"The clocks of {taken.zone} repeat an hour near {places[0]}: export the bars with UTC times"
                    )
    return found
