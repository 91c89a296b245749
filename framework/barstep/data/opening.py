"""Opening a source of bars of any form: its first lines, its form, and its rows as one lazy frame.

The frame has the columns ROW (line in a text file, row in any other, from 1), `t` (nanoseconds: UTC where the form is sure
of the zone, else as the clock shows), `o h l c v` as floats; what could not be read is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from barstep.data import forms
from barstep.data.columns import EPOCH_DIGITS
from barstep.data.csv_source import ROW
from barstep.data.naming import guess
from barstep.data.text_file import ends_well, first_lines, head, short, unreadable
from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from barstep.data.forms import Form

_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True, slots=True)
class Opened:
    """A source and how it is read.

    Attributes:
        name: The file's name, for messages.
        form: Its form.
        frame: Its rows, see the module.
        rows_are: `line` or `row`: what ROW counts.
        complete: False when a text file does not end with a line end.
        picked: What the rows are of, where a column tells.
    """

    name: str
    form: Form
    frame: pl.LazyFrame
    rows_are: str = "row"
    complete: bool = True
    picked: str | None = None

    @property
    def told(self) -> tuple[str, str | None] | None:
        """Instrument and contract as what was picked or the name tells them, or None."""
        return guess(self.picked or "") or guess(self.name)


def open_file(
    path: Path, columns: Mapping[str, str] | None = None, time_format: str | None = None, pick: str | None = None
) -> Opened:
    """Open a CSV, text or Parquet file, gzipped or not.

    Args:
        path: The file.
        columns: The file's own names of `t o h l c v`, where they are not told by themselves.
        time_format: As for strptime, where it is not told by itself.
        pick: Of a file of several contracts, the text that names the wanted one.

    Raises:
        DataError: When the file cannot be read or its form is not known.
    """
    if not path.is_file():
        raise DataError(f"no such file: {path}. Give a file of bars, such as bars/NQ.csv")
    start = head(path)
    if start.startswith(b"PAR1"):
        try:
            return open_frame(path.name, pl.scan_parquet(path, glob=False), columns, time_format, pick)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"{path.name}: the Parquet file cannot be read: {short(error)}. Export it again") from error
    lines = first_lines(path.name, start)
    form = forms.detect(path.name, lines, columns, time_format)
    raw = pl.scan_csv(
        path, separator=form.separator, has_header=form.header, infer_schema=False, glob=False,
        row_index_name=ROW, row_index_offset=1 + form.header, truncate_ragged_lines=False,
    )  # fmt: skip
    try:
        given = [name for name in raw.collect_schema().names() if name != ROW]
        plain = [name.strip().strip('"') if form.header else f"column_{k}" for k, name in enumerate(given, 1)]
        raw = raw.filter(~pl.all_horizontal(pl.col(given).is_null()))  # blank lines
        raw, picked = _pick(path.name, form, raw.rename(dict(zip(given, plain, strict=True))), pick)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(path, form, error) from error
    return Opened(path.name, form, _parsed(path.name, form, raw), "line", ends_well(path), picked)


def open_frame(
    name: str, raw: pl.LazyFrame, columns: Mapping[str, str] | None = None, time_format: str | None = None,
    pick: str | None = None,
) -> Opened:  # fmt: skip
    """Open a frame whose columns may already have types; see `open_file`."""
    schema = raw.collect_schema()
    top = raw.head(1).collect()
    if top.is_empty():
        raise DataError(f"{name}: there are no rows. Export it again with its bars")
    sample = {key: str(value) for key, value in top.row(0, named=True).items() if value is not None}
    typed = {key: _as_text(dtype, sample.get(key, "")) for key, dtype in schema.items()}
    moments = any(dtype.is_temporal() for dtype in schema.values())
    form = forms.with_header(name, ",", schema.names(), typed, columns, None if moments else time_format)
    raw, picked = _pick(name, form, raw.with_row_index(ROW, 1), pick)
    return Opened(name, form, _parsed(name, form, raw), picked=picked)


def _as_text(dtype: pl.DataType, sample: str) -> str:
    """The first value of a column as a text file would have it, as far as the form hangs on it."""
    if isinstance(dtype, pl.Datetime):
        return "2000-01-01T00:00:00" + ("Z" if dtype.time_zone else "")
    if dtype == pl.Date:
        return "2000-01-01"
    return sample if dtype == pl.String or dtype.is_integer() else "0"


def _pick(name: str, form: Form, raw: pl.LazyFrame, pick: str | None) -> tuple[pl.LazyFrame, str | None]:
    """The rows of one contract, where a column tells them apart."""
    column = form.contract_column
    if column is None:
        return raw, None
    found = raw.select(pl.col(column).cast(pl.String).drop_nulls().unique()).collect(engine="streaming")
    have = sorted(found[column].to_list())
    if pick is not None and pick in have:
        return raw.filter(pl.col(column).cast(pl.String) == pick), pick
    if len(have) == 1:
        return raw, have[0]
    told = ", ".join(have[:12]) + (", ..." if len(have) > 12 else "")
    said = f"found {pick!r}" if pick else "rows of several contracts"
    raise DataError(f"{name}: {said}; column {column} holds {told}. Choose one: --pick {have[0] if have else 'NAME'}")


def _parsed(name: str, form: Form, raw: pl.LazyFrame) -> pl.LazyFrame:
    schema = raw.collect_schema()
    keys = [key for key in "pohlcv" if key in form.names]
    missing = [form.names[key] for key in ("t", *keys) if form.names[key] not in schema]
    if missing:
        raise DataError(f"{name}: no column {', '.join(missing)}; the file has {', '.join(schema.names())[:200]}")
    numbers: list[pl.Expr] = []
    for key in keys:
        column = pl.col(form.names[key])
        if schema[form.names[key]] == pl.String:
            column = column.str.strip_chars()
        column = column.cast(pl.Float64, strict=False)
        numbers.append((column / form.scale if form.scale != 1 and key != "v" else column).alias(key))
    return raw.select(pl.col(ROW).cast(pl.Int64), _time(form, schema).alias("t"), *numbers)


def _time(form: Form, schema: Mapping[str, Any]) -> pl.Expr:
    """The time column as nanoseconds, UTC or as the clock shows."""
    dtype = schema[form.names["t"]]
    column = pl.col(form.names["t"])
    if isinstance(dtype, pl.Datetime):
        return (column.dt.convert_time_zone("UTC") if dtype.time_zone else column).dt.cast_time_unit("ns").to_physical()
    if dtype == pl.Date:
        return column.cast(pl.Datetime("ns")).to_physical()
    if dtype.is_integer() and form.time_format is None:
        return column.cast(pl.Int64) * _unit(column)
    text = column.cast(pl.String).str.strip_chars()
    if "clock" in form.names:
        text = text + " " + pl.col(form.names["clock"]).cast(pl.String).str.strip_chars()
    if form.ticks:
        text = text.str.slice(0, 15)
    return _text_time(form, text)


def _unit(column: pl.Expr) -> pl.Expr:
    """Nanoseconds of one unit of a Unix time, told from its digits; null where they tell nothing."""
    digits = column.cast(pl.String).str.len_bytes()
    unit = pl.lit(None, pl.Int64)
    for count, name in EPOCH_DIGITS.items():
        unit = pl.when(digits == count).then(pl.lit(_NS[name], pl.Int64)).otherwise(unit)
    return unit


def _text_time(form: Form, text: pl.Expr) -> pl.Expr:
    written = form.time_format
    if written is None:  # a Unix time
        number = text.cast(pl.Int64, strict=False)
        return number * _unit(number)
    if form.dates:
        return text.str.to_date(written, strict=False).cast(pl.Datetime("ns")).to_physical()
    parsed = text.str.to_datetime(written, time_unit="ns", strict=False)
    return (parsed.dt.convert_time_zone("UTC") if forms.has_offset(written) else parsed).to_physical()
