"""How a file names its columns and writes its times."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import polars as pl

from barstep.domain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

BAR_KEYS = ("t", "o", "h", "l", "c", "v")
"""Time, open, high, low, close and volume, as the default form names them."""

_STANDARD: Mapping[str, str] = MappingProxyType({key: key for key in BAR_KEYS})
ALIASES = {
    "t": ("time", "datetime", "date", "timestamp", "date time", "ts_event", "date_time"),
    "o": ("open",),
    "h": ("high",),
    "l": ("low",),
    "c": ("close", "last"),
    "v": ("volume", "vol", "tick_volume"),
}
"""Names that exports give to each part of a bar, in lower case."""
EPOCH_DIGITS = {9: "s", 10: "s", 13: "ms", 16: "us", 19: "ns"}
"""Unit of a Unix time by how many digits it has."""
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:([T ])\d\d:\d\d(:\d\d)?(\.\d+)?)?( ?)(Z|[+-]\d\d:?\d\d)?")
"""ISO 8601: group 1 is the separator before a clock, group 5 the zone."""
_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the bars of a file are to be read.

    The default form is columns `t,o,h,l,c,v` with UTC times that stamp a bar's open; all else is declared.

    Attributes:
        columns: The file's own name of each of `t o h l c v`; empty for the default form. `v` may be left out when
            the volume is unknown.
        zone: IANA zone of times that carry none.
        stamp: Whether a time is the bar's open or its close (R2); must be given with `columns`.
        time_format: A strptime format of the time column, where it is not ISO 8601.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    stamp: Literal["open", "close"] | None = None
    time_format: str | None = None

    def __post_init__(self) -> None:
        problems = []
        unknown = [key for key in self.columns if key not in BAR_KEYS]
        missing = [key for key in BAR_KEYS[:5] if self.columns and key not in self.columns]
        if unknown or missing:
            found = "unknown keys " + ", ".join(unknown) if unknown else "no name for " + ", ".join(missing)
            problems.append(f"columns: {found}; give the file's names of t, o, h, l, c and v")
        if self.columns and self.stamp is None:
            problems.append("stamp: named columns need it: open when a time is its bar's start, close when its end")
        if self.stamp not in (None, "open", "close"):
            problems.append(f"stamp: {self.stamp!r}, expected open or close")
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (KeyError, ValueError, OSError):
                problems.append(f"zone: {self.zone!r} is not an IANA zone such as America/Chicago")
        if problems:
            raise ConfigError(problems)

    @property
    def names(self) -> Mapping[str, str]:
        """The file's column names by `t o h l c v`."""
        return self.columns or _STANDARD

    @property
    def naive_zone(self) -> str | None:
        """The zone of times that carry none: the declared one, UTC for the default form, else None."""
        return self.zone or (None if self.columns else "UTC")

    def check_header(self, where: str, header: list[str], need_volume: bool) -> None:
        """Refuse a file whose columns are not the declared ones.

        Args:
            where: The file, for the message.
            header: Its column names.
            need_volume: False when the volume column may be missing.

        Raises:
            DataError: For columns that are missing, or extra ones where the default form is expected.
        """
        wanted = [self.names[key] for key in BAR_KEYS[:5]]
        wanted += [self.names.get("v", "v")] if need_volume else []
        missing = [name for name in wanted if name not in header]
        extra = [] if self.columns else [name for name in header if name not in BAR_KEYS]
        if not missing and not extra:
            return
        found = f"missing columns {', '.join(missing)}" if missing else f"unknown columns {', '.join(extra)}"
        raise DataError(
            f"{where}: {found}; the file has {', '.join(header)}, expected {', '.join(self.names.values())}. "
            f"Name the columns to read: columns: {{{_suggest(header)}}}, stamp: open; "
            f"or put the bars into the store: barstep data import {where}"
        )


def _suggest(header: list[str]) -> str:
    lower = {name.lower(): name for name in header}
    parts = []
    for key in BAR_KEYS:
        hit = next((lower[name] for name in (key, *ALIASES[key]) if name in lower), "...")
        parts.append(f"{key}: {hit}")
    return ", ".join(parts)


def time_expr(where: str, layout: Layout, dtype: pl.DataType, sample: object) -> pl.Expr:
    """An expression for the time column as UTC nanoseconds (Int64), null where a time cannot be read.

    Args:
        where: The file, for messages.
        layout: What is declared.
        dtype: The column's type in the file.
        sample: The column's first value, from which the form of text and the unit of numbers are told.

    Raises:
        DataError: When the form is not known, or the times carry no zone and none is declared.
    """
    column = pl.col(layout.names["t"])
    if dtype == pl.String and layout.time_format is None and str(sample).isdigit():
        column, dtype = column.cast(pl.Int64, strict=False), pl.Int64()
    if dtype.is_integer() and layout.time_format is None:
        unit = EPOCH_DIGITS.get(len(str(sample)))
        if unit is None:
            raise DataError(f"{where}: time {sample} is no Unix time in s, ms, us or ns. {_FORMAT_REMEDY}")
        return column.cast(pl.Int64) * _NS[unit]
    if dtype.is_integer():
        column, dtype = column.cast(pl.String), pl.String()
    if dtype == pl.String:
        column, zoned = _parsed_text(where, layout, column, str(sample))
    elif dtype == pl.Date or isinstance(dtype, pl.Datetime):
        zoned = isinstance(dtype, pl.Datetime) and dtype.time_zone is not None
    else:
        raise DataError(f"{where}: column {layout.names['t']} holds {dtype}, expected times")
    if not zoned:
        if layout.naive_zone is None:
            raise DataError(
                f"{where}: times such as {sample} carry no zone. Declare the zone they are written in, "
                "for example zone: America/Chicago (or zone: UTC)"
            )
        column = column.cast(pl.Datetime("ns")).dt.replace_time_zone(
            layout.naive_zone, ambiguous="null", non_existent="null"
        )
    return column.dt.convert_time_zone("UTC").dt.cast_time_unit("ns").to_physical()


_FORMAT_REMEDY = "Declare how times are written, for example format: '%Y%m%d %H%M%S'"


def _parsed_text(where: str, layout: Layout, column: pl.Expr, sample: str) -> tuple[pl.Expr, bool]:
    """Text as a time, and whether it carries a zone."""
    form = layout.time_format
    if form is None:
        match = ISO.fullmatch(sample)
        if not match:
            raise DataError(f"{where}: time {sample!r} is not ISO 8601. {_FORMAT_REMEDY}")
        separator, seconds, fraction, space, zone = match.groups()
        form = "%Y-%m-%d"
        if separator:
            form += f"{separator}%H:%M{':%S' if seconds else ''}{'%.f' if fraction else ''}"
        form += space + ("Z" if zone == "Z" else "%#z" if zone else "")
    zoned = "z" in form or form.endswith("Z")
    if "%H" not in form and "%I" not in form:
        return column.str.to_date(form, strict=False), False
    parsed = column.str.to_datetime(form, time_unit="ns", strict=False)
    return (parsed.dt.replace_time_zone("UTC") if form.endswith("Z") and "%#z" not in form else parsed), zoned
