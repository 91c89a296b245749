"""A seeded fuzzer that spoils files of bars in the forms that programs export.

`spoil(seed, bars)` gives one spoiled file: its name, its bytes, what was done, and the kinds of findings that name the
defect where the file is accepted with other bars than the clean ones.
"""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import polars as pl
from exports import FORMS, Lines, Written, write


class Spoiled(NamedTuple):
    name: str
    content: bytes
    what: str
    named_by: tuple[str, ...]


def text(written: Written, lines: Lines | None = None, end: str = "\n") -> bytes:
    body = written.lines if lines is None else lines
    return ((f"{written.header}{end}" if written.header else "") + end.join(body) + end).encode()


def _fields(written: Written, line: str) -> list[str]:
    return line.split(written.separator)


def _first_price(written: Written) -> int:
    return {"Sierra": 2, "Databento": 3}.get(written.form, 1)


def _edit(written: Written, rng: random.Random, change: Callable[[list[str], int], None], share: float = 0.0) -> Lines:
    """The lines with one changed, or a share of them."""
    lines = list(written.lines)
    chosen = [k for k in range(len(lines)) if rng.random() < share] or [rng.randrange(20, len(lines) - 20)]
    for k in chosen:
        fields = _fields(written, lines[k])
        change(fields, _first_price(written))
        lines[k] = written.separator.join(fields)
    return lines


def _price(column: int, value: Callable[[float], object]) -> Callable[[list[str], int], None]:
    def change(fields: list[str], first: int) -> None:
        old = float(fields[first + column])
        made = value(old)
        fields[first + column] = f"{made:.10g}" if isinstance(made, float) else str(made)

    return change


def _put(column: int, given: str) -> Callable[[list[str], int], None]:
    def change(fields: list[str], first: int) -> None:
        fields[first + column] = given

    return change


def _swap(a: int, b: int) -> Callable[[list[str], int], None]:
    def change(fields: list[str], first: int) -> None:
        fields[first + a], fields[first + b] = fields[first + b], fields[first + a]

    return change


Kind = Callable[[Written, random.Random], "tuple[bytes, tuple[str, ...]]"]


def _edited(change: Callable[[list[str], int], None], *named: str, share: float = 0.0) -> Kind:
    return lambda written, rng: (text(written, _edit(written, rng, change, share)), named)


def _block(rng: random.Random, written: Written, size: int) -> tuple[int, int]:
    start = rng.randrange(20, len(written.lines) - size - 20)
    return start, start + size


def _doubled_day(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    low, high = _block(rng, written, 276)
    return text(written, written.lines[:high] + written.lines[low:high] + written.lines[high:]), ()


def _hole(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    low, high = _block(rng, written, rng.choice((1, 3, 40, 500)))
    return text(written, written.lines[:low] + written.lines[high:]), ("gaps", "sessions")


def _shuffled(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    lines = list(written.lines)
    low, high = _block(rng, written, 30)
    part = lines[low:high]
    rng.shuffle(part)
    return text(written, lines[:low] + part + lines[high:]), ()


def _moved_line(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    lines = list(written.lines)
    lines.insert(rng.randrange(len(lines) - 50), lines.pop())
    return text(written, lines), ()


def _cut(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    whole = text(written)
    return whole[: rng.randrange(len(whole) // 2, len(whole) - 1)], ("cut",)


def _cut_gz(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    packed = gzip.compress(text(written))
    return packed[: rng.randrange(20, len(packed) - 1)], ()


def _flipped_gz(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    packed = bytearray(gzip.compress(text(written)))
    packed[rng.randrange(len(packed) // 2, len(packed) - 8)] ^= 0xFF
    return bytes(packed), ()


def _binary(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    whole = bytearray(text(written))
    at = rng.randrange(len(whole))
    whole[at : at + 60] = rng.randbytes(60)
    return bytes(whole), ("spikes", "gaps", "sessions")


def _header_in_the_middle(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    at = rng.randrange(5, len(written.lines))
    again = written.header or "Date;Open;High;Low;Close;Volume".replace(";", written.separator)
    return text(written, [*written.lines[:at], again, *written.lines[at:]]), ()


def _two_zones(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """The second half as another program wrote it: hours later."""
    hours = rng.choice((1, 5, 6))
    half = len(written.lines) // 2
    lines = [_later(written, line, hours) if k >= half else line for k, line in enumerate(written.lines)]
    return text(written, lines), ("outside", "clock_changes", "gaps", "sessions")


def _later(written: Written, line: str, hours: int) -> str:
    fields = _fields(written, line)
    if written.form == "Databento":
        fields[0] = str(int(fields[0]) + hours * 3_600 * 10**9)
        return written.separator.join(fields)
    formats = {"NinjaTrader": "%Y%m%d %H%M%S", "Sierra": "%Y/%m/%d %H:%M:%S", "FirstRate": "%Y-%m-%d %H:%M:%S"}
    form = formats.get(written.form, "%Y-%m-%dT%H:%M:%S")
    stamp = f"{fields[0]} {fields[1]}" if written.form == "Sierra" else fields[0]
    tail = stamp[19:] if written.form in ("barstep", "TradingView") else ""
    moved = pl.Series([stamp[: len(stamp) - len(tail)]]).str.to_datetime(form)[0] + timedelta(hours=hours)
    made = moved.strftime(form) + tail
    if written.form == "Sierra":
        fields[:2] = made.split(" ")
    else:
        fields[0] = made
    return written.separator.join(fields)


def _decimal_commas(written: Written, _rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    def comma(line: str) -> str:
        fields = _fields(written, line)
        first = _first_price(written)
        for k in range(first, first + 4):
            fields[k] = f"{float(fields[k]):.2f}".replace(".", ",")
        return written.separator.join(fields)

    return text(written, [comma(line) for line in written.lines]), ()


def _columns_exchanged(a: int, b: int, *named: str) -> Kind:
    return lambda written, rng: (text(written, _edit(written, rng, _swap(a, b), share=1.0)), named)


def _scaled(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    low, high = _block(rng, written, 5)
    factor = rng.choice((0.1, 10.0, 100.0))

    def scale(line: str) -> str:
        fields = _fields(written, line)
        first = _first_price(written)
        for k in range(first, first + 4):
            fields[k] = f"{float(fields[k]) * factor:.10g}"
        return written.separator.join(fields)

    lines = [scale(line) if low <= k < high else line for k, line in enumerate(written.lines)]
    return text(written, lines), ("spikes",)


def _parquet(bars_of: Callable[[pl.DataFrame, random.Random], pl.DataFrame], *named: str) -> Kind:
    def kind(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
        clean = pl.read_csv(io.BytesIO(text(write("barstep", _bars_of(written)))), try_parse_dates=True)
        out = io.BytesIO()
        bars_of(clean, rng).write_parquet(out)
        return out.getvalue(), named

    return kind


_made: dict[int, pl.DataFrame] = {}


def _bars_of(written: Written) -> pl.DataFrame:
    return _made[id(written)]


def _cut_parquet(written: Written, rng: random.Random) -> tuple[bytes, tuple[str, ...]]:
    whole, _ = _parquet(lambda bars, _: bars)(written, rng)
    return whole[: rng.randrange(100, len(whole) - 1)], ()


def _nan(bars: pl.DataFrame, rng: random.Random) -> pl.DataFrame:
    at = rng.randrange(bars.height)
    return bars.with_columns(pl.when(pl.int_range(pl.len()) == at).then(float("nan")).otherwise(pl.col("c")).alias("c"))


KINDS: dict[str, Kind] = {
    "nothing": lambda written, _: (text(written), ()),
    "byte order mark": lambda written, _: (b"\xef\xbb\xbf" + text(written), ()),
    "CRLF": lambda written, _: (text(written, end="\r\n"), ()),
    "gzipped": lambda written, _: (gzip.compress(text(written)), ()),
    "UTF-16": lambda written, _: (text(written).decode().encode("utf-16"), ()),
    "empty": lambda _written, _: (b"", ()),
    "blank lines only": lambda _written, _: (b"\n\n  \n", ()),
    "header only": lambda written, _: ((written.header or "t,o,h,l,c,v").encode() + b"\n", ()),
    "one row": lambda written, _: (text(written, written.lines[:1]), ()),
    "binary": lambda _written, rng: (rng.randbytes(5_000), ()),
    "binary inside": _binary,
    "zip": lambda _written, rng: (b"PK\x03\x04" + rng.randbytes(500), ()),
    "HTML page": lambda _written, _: (b"<!DOCTYPE html>\n<html><body>Please log in, then try again</body></html>\n", ()),
    "JSON": lambda _written, _: (b'{"error": "limit reached, try later"}\n', ()),
    "cut": _cut,
    "cut gzip": _cut_gz,
    "flipped bit in gzip": _flipped_gz,
    "cut Parquet": _cut_parquet,
    "Parquet reversed": _parquet(lambda bars, _: bars.reverse()),
    "Parquet with NaN": _parquet(_nan),
    "Parquet without volume": _parquet(lambda bars, _: bars.drop("v"), "no_volume"),
    "blank line inside": lambda written, _: (text(written, [*written.lines[:9], "", *written.lines[9:]]), ()),
    "newest first": lambda written, _: (text(written, written.lines[::-1]), ()),
    "shuffled": _shuffled,
    "last line first": _moved_line,
    "doubled day": _doubled_day,
    "doubled file": lambda written, _: (text(written, written.lines * 2), ()),
    "doubled line": lambda written, _: (text(written, [*written.lines[:50], *written.lines[49:]]), ()),
    "hole": _hole,
    "header in the middle": _header_in_the_middle,
    "two zones": _two_zones,
    "decimal commas": _decimal_commas,
    "NaN": _edited(_put(3, "NaN")),
    "inf": _edited(_put(1, "inf")),
    "empty field": _edited(_put(2, "")),
    "text for a number": _edited(_put(0, "n/a")),
    "minus": _edited(_price(3, lambda x: -x)),
    "huge number": _edited(_put(1, "1e300")),
    "huge whole number": _edited(_put(1, "9" * 25)),
    "digit lost": _edited(_price(2, lambda x: float(round(x / 10))), "spikes"),
    "spike": _edited(_price(1, lambda x: x + 4_000.0), "spikes"),
    "off the grid": _edited(_price(3, lambda x: x + 0.1)),
    "high and low exchanged": _columns_exchanged(1, 2),
    "open and close exchanged": _columns_exchanged(0, 3, "swapped"),
    "volume and close exchanged": _columns_exchanged(3, 4),
    "negative volume": _edited(_put(4, "-5")),
    "half a contract": _edited(_put(4, "2.5")),
    "no volume at all": _edited(_put(4, "0"), "no_volume", share=1.0),
    "zero volume here and there": _edited(_put(4, "0"), "zero_volume", share=0.05),
    "too many fields": lambda written, rng: (
        text(written, _edit(written, rng, lambda fields, first: fields.insert(first, "5"))), ()),
    "too few fields": lambda written, rng: (
        text(written, _edit(written, rng, lambda fields, first: fields.pop(first))), ()),
    "prices of another scale": _scaled,
    "no line end": lambda written, _: (text(written)[:-1], ("cut",)),
    "bad time": lambda written, rng: (
        text(written, _edit(written, rng, lambda fields, _: fields.__setitem__(0, "soon"))), ()),
    "time of 1601": lambda written, rng: (
        text(written, _edit(written, rng, lambda fields, _: fields.__setitem__(0, "16010101 000000"))), ()),
}  # fmt: skip


def spoil(seed: int, bars: pl.DataFrame) -> Spoiled:
    """One spoiled file; seeds go round all kinds, each time with another form and place."""
    rng = random.Random(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    form = FORMS[(seed // len(KINDS) + seed) % len(FORMS)]
    written = write(form, bars)
    _made[id(written)] = bars
    content, named_by = KINDS[kind](written, rng)
    del _made[id(written)]
    return Spoiled(written.name, content, f"{kind}, {form}", named_by)
