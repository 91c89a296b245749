"""What form a file of bars is in: told from its first lines, and stated to the user.

A form says which column holds what, how times are written, and what is certain about its clock. Certain is only what the
form itself promises (Unix times and offsets are UTC, Databento and TradingView stamp the open); what a program merely does
by default is a hint for the message that asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from barstep.data.columns import ALIASES, BAR_KEYS, EPOCH_DIGITS, ISO
from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Stamp = Literal["open", "close"]

FIXED_POINT = 1_000_000_000
"""Databento's whole numbers are billionths of a point."""

_RTYPES = {"32": "1s", "33": "1m", "34": "1h", "35": "1D"}
_COMPACT = re.compile(r"\d{8} \d{6}")
_TICK_TIME = re.compile(r"\d{8} \d{6}( \d{1,7})?")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of a source are to be read.

    Attributes:
        name: What the form is called in messages and manifests.
        names: The source's column of each of `t o h l c v`, `clock` where date and time stand apart; ticks have `t p v`.
        separator: Between the fields of a line.
        header: Whether the first line names the columns; without it they are `column_1`, `column_2`, ...
        time_format: As for strptime; None for ISO 8601 and Unix times.
        zone: Zone that is certain from the form or the times themselves.
        stamp: Side of the stamp that is certain from the form.
        scale: What a written price is to be divided by.
        timeframe: Length of a bar where the form tells it.
        contract_column: The column that names what each row is of.
        dates: Whether the times are dates without a clock.
        zoned: Whether each time carries its zone or is a Unix time.
        usual: What the program that writes this form does by default, as options to type.
    """

    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    separator: str = ","
    header: bool = True
    time_format: str | None = None
    zone: str | None = None
    stamp: Stamp | None = None
    scale: int = 1
    timeframe: str | None = None
    contract_column: str | None = None
    dates: bool = False
    zoned: bool = False
    usual: str = ""

    @property
    def ticks(self) -> bool:
        """Whether the rows are trades, not bars."""
        return "p" in self.names


def detect(
    where: str, lines: Sequence[str], named: Mapping[str, str] | None = None, time_format: str | None = None
) -> Form:
    """The form of a text file.

    Args:
        where: The file, for messages.
        lines: Its first lines without their ends; the last one may be cut.
        named: Columns that the user names, by `t o h l c v`.
        time_format: How times are written, where the user says it.

    Raises:
        DataError: For a form that is not known; the message tells what was found and what to type.
    """
    first = lines[0]
    separator = max(",;\t", key=first.count)
    fields = [text.strip().strip('"') for text in first.split(separator)]
    if re.match(r"[-+]?\d", fields[0]) and not named:
        form = _without_header(where, separator, fields)
        text = f"{fields[0]} {fields[1]}" if "clock" in form.names else fields[0]
        return form if time_format is None else as_written(where, form, time_format, text)
    rows = [[text.strip().strip('"') for text in line.split(separator)] for line in lines[1:] if line.strip()]
    if not rows:
        raise DataError(f"{where}: the file has no rows, only the header {first[:80]!r}. Export it again with its bars")
    return with_header(where, separator, fields, dict(zip(fields, rows[0], strict=False)), named, time_format)


def with_header(
    where: str, separator: str, header: Sequence[str], sample: Mapping[str, str],
    named: Mapping[str, str] | None = None, time_format: str | None = None,
) -> Form:  # fmt: skip
    """The form of a source whose columns have names.

    Args:
        where: The source, for messages.
        separator: Between fields.
        header: The names.
        sample: The first row's texts by name.
        named, time_format: As for `detect`.

    Raises:
        DataError: When a needed column is missing, or several names fit it.
    """
    lower = {name.lower().replace(" ", "").replace("_", ""): name for name in header}
    if {"tsevent", "open", "close"} <= lower.keys() and not named:
        form = _databento(separator, lower, sample)
        text = sample.get(form.names["t"], "")
        return timed(where, form, text) if time_format is None else as_written(where, form, time_format, text)
    names = _names(where, header, named or {})
    form = Form("columns as named" if named else "CSV", names, separator)
    check_decimals(where, separator, [sample.get(names[key], "") for key in "ohlc"])
    text = sample.get(names["t"], "")
    text = f"{text} {sample.get(names['clock'], '')}" if "clock" in names else text
    form = timed(where, form, text) if time_format is None else as_written(where, form, time_format, text)
    if named:
        return form
    if {"date", "time", "last"} <= lower.keys():
        return replace(form, name="Sierra Chart", usual="--stamp open and the zone of the chart")
    if list(header[:5]) == ["time", "open", "high", "low", "close"]:
        # TradingView's own exports carry a zone; others write these names too, and stamp as they like
        stamp: Stamp | None = "open" if form.zoned else None
        return replace(form, name="TradingView", stamp=stamp, usual="--stamp open and the zone of the chart")
    if set(header) <= set("tohlcv"):
        return replace(form, name="barstep", zone="UTC", stamp="open", usual="--zone UTC")
    return form


def as_written(where: str, form: Form, time_format: str, text: str) -> Form:
    """A form whose times are written as the user says.

    Raises:
        DataError: When the first time, `text`, is not written so.
    """
    form = timed(where, replace(form, time_format=time_format, zoned=False, dates=False), text)
    one = pl.Series([text], dtype=pl.String)
    try:
        kind = pl.Date() if form.dates else pl.Datetime("ns")
        fits = one.str.strptime(kind, time_format, strict=False).is_not_null().item()
    except pl.exceptions.PolarsError:
        fits = False
    if not fits:
        raise DataError(f"{where}: found the time {text!r}, expected it as --format says, {time_format!r}")
    return form


def timed(where: str, form: Form, text: str) -> Form:
    """A form with what its first time tells: how times are written, and whether they carry a zone."""
    if form.time_format is not None:
        dates = "%H" not in form.time_format and "%I" not in form.time_format
        zoned = has_offset(form.time_format)
        return replace(form, dates=dates, zoned=zoned, zone="UTC" if zoned else form.zone)
    match = ISO.fullmatch(text)
    if match:
        separator, seconds, fraction, space, zone = match.groups()
        written = "%Y-%m-%d" + (f"{separator}%H:%M" if separator else "") + (":%S" if seconds else "")
        written += ("%.f" if fraction else "") + space + ("Z" if zone == "Z" else "%#z" if zone else "")
        known = "UTC" if zone else form.zone
        return replace(form, time_format=written, zone=known, zoned=bool(zone), dates=separator is None)
    if text.isdigit() and len(text) in EPOCH_DIGITS:
        return replace(form, zone="UTC", zoned=True)
    known_forms = (
        (r"\d{8} \d{6}", "%Y%m%d %H%M%S"),
        (r"\d{8} \d\d:\d\d", "%Y%m%d %H:%M"),
        (r"\d{8} \d\d:\d\d:\d\d", "%Y%m%d %H:%M:%S"),
        (r"\d{4}/\d\d?/\d\d? \d\d:\d\d", "%Y/%m/%d %H:%M"),
        (r"\d{4}[/-]\d\d?[/-]\d\d? +\d\d:\d\d:\d\d(\.\d+)?", "%Y{0}%m{0}%d %H:%M:%S%.f"),
        (r"\d{4}\.\d\d\.\d\d \d\d:\d\d", "%Y.%m.%d %H:%M"),
        (r"\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d", "%Y.%m.%d %H:%M:%S"),
    )
    for pattern, written in known_forms:
        if re.fullmatch(pattern, text):
            return replace(form, time_format=written.format("/" if "/" in text else "-"))
    if re.fullmatch(r"\d{8}|\d{4}/\d\d?/\d\d?", text):
        return replace(form, time_format="%Y/%m/%d" if "/" in text else "%Y%m%d", dates=True)
    raise DataError(
        f"{where}: found the time {text!r}, expected ISO 8601, a Unix time or a known form; day and month are not "
        "guessed. Type how times are written, for example --format '%d.%m.%Y %H:%M'"
    )


def has_offset(time_format: str) -> bool:
    """Whether times of a format carry their zone."""
    return "%z" in time_format or "%#z" in time_format or time_format.endswith("Z")


def _names(where: str, header: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    """The column of each part: as the user names it, else by its usual names."""
    if unknown := [key for key in named if key not in BAR_KEYS]:
        raise DataError(
            f"{where}: found the unknown key {unknown[0]}, expected t, o, h, l, c or v, as in --column o=Open"
        )
    if absent := [name for name in named.values() if name not in header]:
        raise DataError(f"{where}: no column {', '.join(absent)}; the file has {', '.join(header)[:200]}")
    header = [name for name in header if name not in named.values()]
    lower: dict[str, str] = {}
    for name in header:
        if name.lower() in lower:
            raise DataError(f"{where}: the column {name} stands twice in the header. Name the columns differently")
        lower[name.lower()] = name
    names = dict(named)
    if {"date", "time"} <= lower.keys() and "t" not in named:
        names["clock"] = lower.pop("time")
    for key, aliases in ALIASES.items():
        if key in named:
            continue
        hits = [lower[name] for name in (key, *aliases) if name in lower]
        if len(hits) > 1:
            told = f"{' and '.join(hits)} could each be {key}"
            raise DataError(f"{where}: {told}. Say which, for example --column {key}={hits[0]}")
        if hits:
            names[key] = hits[0]
    missing = [key for key in "tohlc" if key not in names]
    if missing:
        raise DataError(
            f"{where}: found the columns {', '.join(header)[:200]}, but none that is {', '.join(missing)}. "
            f"Name them, for example --column {missing[0]}=NAME"
        )
    return names


def check_decimals(where: str, separator: str, prices: Sequence[str]) -> None:
    """Refuse prices with a decimal comma: 13,250 could as well be thousands."""
    if separator != "," and any(_DECIMAL_COMMA.fullmatch(price) for price in prices):
        hit = next(price for price in prices if _DECIMAL_COMMA.fullmatch(price))
        raise DataError(
            f"{where}: found the price {hit}, expected a point before decimals: the comma may be decimals or thousands. "
            f"Write points instead, for example: tr , . < {where} > points.csv"
        )


def _databento(separator: str, lower: Mapping[str, str], sample: Mapping[str, str]) -> Form:
    names = {key: lower[name] for key, name in zip("tohlc", ("tsevent", "open", "high", "low", "close"), strict=True)
             if name in lower}  # fmt: skip
    if "volume" in lower:
        names["v"] = lower["volume"]
    prices = [sample.get(names.get(key, ""), "") for key in "ohlc"]
    fixed = all(re.fullmatch(r"-?\d{9,}", price) for price in prices)
    return Form(
        "Databento", names, separator, zone="UTC", stamp="open", zoned=True,
        scale=FIXED_POINT if fixed else 1,
        timeframe=_RTYPES.get(sample.get(lower.get("rtype", ""), "")),
        contract_column=lower.get("symbol") or lower.get("instrumentid"),
    )  # fmt: skip


def _without_header(where: str, separator: str, fields: Sequence[str]) -> Form:
    """Forms that begin with a row at once."""
    check_decimals(where, separator, fields[1:])
    count = len(fields)
    column = [f"column_{k}" for k in range(1, count + 1)]
    bars = dict(zip("tohlcv", column, strict=False))
    numbers = all(_NUMBER.fullmatch(text) for text in fields[1:])
    if separator == ";" and numbers and count == 6 and _COMPACT.fullmatch(fields[0]):
        usual = "--zone UTC --stamp close, as NinjaTrader 8 exports"
        return Form("NinjaTrader", bars, ";", header=False, time_format="%Y%m%d %H%M%S", usual=usual)
    if separator == ";" and numbers and count == 6 and re.fullmatch(r"\d{8}", fields[0]):
        return Form("NinjaTrader", bars, ";", header=False, time_format="%Y%m%d", dates=True)
    if separator == ";" and numbers and count == 7 and _COMPACT.fullmatch(f"{fields[0]} {fields[1]}"):
        names = dict(zip(("t", "clock", *"ohlcv"), column, strict=True))
        return Form("NinjaTrader", names, ";", False, "%Y%m%d %H%M%S", usual="--zone UTC --stamp close")
    if separator == ";" and numbers and count in (3, 5) and _TICK_TIME.fullmatch(fields[0]):
        names = {"t": column[0], "p": column[1], "v": column[-1]}
        usual = "--zone UTC, as NinjaTrader 8 exports"
        return Form("NinjaTrader ticks", names, ";", False, "%Y%m%d %H%M%S", stamp="open", usual=usual)
    if separator == "," and numbers and count in (6, 7) and _ISO_TIME.fullmatch(fields[0]):
        usual = "--zone America/New_York --stamp open, as FirstRate writes"
        return timed(where, Form("FirstRate", bars, ",", header=False, usual=usual), fields[0])
    raise DataError(
        f"{where}:1: found {separator.join(fields)[:80]!r}: no header line, and no form that is known without one. "
        "Write a header line such as t,o,h,l,c,v above the rows"
    )
