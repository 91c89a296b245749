"""Putting the rows of a source on UTC: its clock is certain from the form, declared, or proved; else it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from barstep.data import clock
from barstep.domain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.data.clock import Verdict
    from barstep.data.forms import Stamp
    from barstep.data.opening import Opened
    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import Timeframe

CLOCK_ROWS = 2_000_000
"""Rows whose times are looked at to tell the clock."""
_DAY_S = 86_400


def put_on_utc(
    opened: Opened, declared: tuple[str | None, Stamp | None], staged: Path, timeframe: Timeframe, sessions: SessionTable,
    target: Path, *, drop: bool = False,
) -> tuple[str, Stamp, str]:  # fmt: skip
    """Write the rows with the UTC time of each bar's start.

    Args:
        opened: The source.
        declared: Zone and stamp side that the user says, or None.
        staged: Its rows, times as they are written.
        timeframe: Length of a bar.
        sessions: Trading days of the instrument.
        target: The file to write.
        drop: Whether dates that are no trading days become rows without a time, to be dropped.

    Returns:
        Zone and stamp side, and how they are known: `form`, `declared` or `proved`.

    Raises:
        DataError: When neither is the case, or the breaks of trading disprove it.
        ConfigError: When a declared zone contradicts times that carry their own.
    """
    form = opened.form
    frame = pl.scan_parquet(staged, glob=False)
    if form.dates:
        days = _trading_days(frame, sessions, timeframe, opened.name, drop=drop)
        joined = frame.join(days.lazy(), on="t", how="left", maintain_order="left")
        found = joined.with_columns(pl.col("open").alias("t")).drop("open")
        known: tuple[str, Stamp, str] = (sessions.hours.zone, "open", "form")
    else:
        known = zone, stamp, _ = _reading(opened, declared, frame, timeframe, sessions)
        local = pl.col("t")
        if zone != "UTC":
            aware = local.cast(pl.Datetime("ns")).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            local = aware.dt.convert_time_zone("UTC").to_physical()
        if stamp == "close" and not form.ticks:
            local = local - timeframe.ns
        found = frame.with_columns(local.alias("t"))
    found.sink_parquet(target, compression="zstd", compression_level=1, maintain_order=True)
    return known


def _trading_days(
    frame: pl.LazyFrame, sessions: SessionTable, timeframe: Timeframe, name: str, *, drop: bool
) -> pl.DataFrame:
    """The open of the trading day of each date."""
    if timeframe.seconds < _DAY_S:
        raise DataError(
            f"{name}: found dates without a clock, expected times of {timeframe.text} bars. Type --timeframe 1D"
        )
    dates = frame.select(pl.col("t").drop_nulls().unique()).collect(engine="streaming")["t"].sort()
    named = dates.cast(pl.Datetime("ns")).dt.date().to_list()
    days = [sessions.on(day) for day in named]
    none = [str(date) for date, day in zip(named, days, strict=True) if day is None]
    if none and not drop:
        raise DataError(
            f"{name}: found bars of days that are no trading days ({len(none):,}): {', '.join(none[:3])}. What trades on "
            "such a day belongs to the next one: make the days of shorter bars, or leave these out with --repair drop"
        )
    opens = [None if day is None else day.open_ns for day in days]
    return pl.DataFrame({"t": dates, "open": pl.Series(opens, dtype=pl.Int64)})


def _reading(
    opened: Opened,
    declared: tuple[str | None, Stamp | None],
    frame: pl.LazyFrame,
    timeframe: Timeframe,
    sessions: SessionTable,
) -> tuple[str, Stamp, str]:
    """Zone and stamp: of the form, declared, or proved; and which of these."""
    form, (said_zone, said_stamp) = opened.form, declared
    if said_zone not in (None, "UTC") and form.zoned:
        raise ConfigError(f"{opened.name}: found --zone {said_zone}, but its times carry their zone. Leave it out")
    zone = said_zone or form.zone
    stamp: Stamp | None = said_stamp or form.stamp
    known_by = "declared" if said_zone or said_stamp else "form"
    local = frame.select(pl.col("t").drop_nulls()).head(CLOCK_ROWS).collect(engine="streaming")["t"].to_numpy()
    if timeframe.seconds >= _DAY_S or not len(local):
        if zone and stamp:
            return zone, stamp, known_by
        raise _unknown_clock(opened, declared, None)
    verdict = clock.prove(local, timeframe.ns, sessions)
    if zone and stamp:
        _contradict(opened, verdict, clock.bad_days(local, timeframe.ns, sessions, zone, stamp), (zone, stamp))
        if known_by == "declared" or form.zoned:
            return zone, stamp, known_by
        if verdict.proved is None:  # names of columns alone are no promise
            raise _unknown_clock(opened, declared, verdict)
    if zone or stamp:
        verdict = clock.prove(local, timeframe.ns, sessions, fixed_zone=zone, fixed_stamp=stamp)
    if verdict.proved is None:
        raise _unknown_clock(opened, declared, verdict)
    return verdict.proved.zone, verdict.proved.stamp, "proved"


def _contradict(opened: Opened, verdict: Verdict, bad: int, reading: tuple[str, str]) -> None:
    """Refuse a reading of the clock that the session breaks disprove."""
    best = verdict.proved
    if best is None or (best.zone, best.stamp) == reading or bad < clock.disproved_from(best, verdict.days):
        return
    raise DataError(
        f"{opened.name}: read as {reading[0]} with {reading[1]} stamps, bars fall into breaks of trading on {bad} of "
        f"{verdict.days} days; as {best.zone} with {best.stamp} stamps on {best.bad_days}. "
        f"Type --zone {best.zone} --stamp {best.stamp}"
    )


def _unknown_clock(opened: Opened, declared: tuple[str | None, Stamp | None], verdict: Verdict | None) -> DataError:
    form, (said_zone, said_stamp) = opened.form, declared
    asked = [
        (words, option)
        for words, option, known in (
            ("the zone", "--zone America/Chicago", said_zone or form.zoned),
            ("the stamp side", "--stamp open (or close)", said_stamp or form.stamp),
        )
        if not known
    ]
    what = " and ".join(words for words, _ in asked) or "the clock"
    why = "its bars do not tell them from one day to the next"
    if verdict is not None and verdict.rivals:
        read = "; ".join(
            f"{each.zone} {each.stamp}: bars in breaks on {each.bad_days} days" for each in verdict.rivals[:3]
        )
        why = f"the breaks of trading do not prove them ({read}; of {verdict.days} days)"
    usual = f"; {form.name} usually: {form.usual}" if form.usual else ""
    keys = " ".join(option for _, option in asked)
    return DataError(f"{opened.name}: {what} of the times must be known, and {why}. Declare them: {keys}{usual}")
