"""Text files of bars before they are read as tables: their first lines, and which line makes one unreadable."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from barstep.domain.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.data.forms import Form

_HEAD = 1 << 16
_PACKED = {
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "a file packed with zstd",
    b"7z\xbc\xaf": "a 7z archive",
}


def unreadable(path: Path, form: Form, error: Exception) -> DataError:
    """Why a text file cannot be read: the first line that is not like the others, if there is one."""
    try:
        fault = _odd_line(path, form)
    except (OSError, EOFError, zlib.error):
        fault = ""
    if fault:
        return DataError(f"{path.name}:{fault}")
    return DataError(f"{path.name}: the file is cut or damaged: {short(error)}. Copy or export it again")


def raw_text(path: Path, line: int) -> str:
    """One line of a text file, counted from 1, for a message."""
    with gzip.open(path, "rb") if _packed(path) else path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if number == line:
                return text.decode("utf-8", "replace").strip()[:120]
    return ""


def _odd_line(path: Path, form: Form) -> str:
    expected = None
    with gzip.open(path, "rb") if _packed(path) else path.open("rb") as file:
        for number, text in enumerate(file, 1):
            try:
                fields = text.decode().count(form.separator) + 1
            except UnicodeDecodeError:
                return f"{number}: found bytes that are no text, expected a row of bars. Copy or export the file again"
            expected = expected or fields
            if text.strip() and fields > expected:
                shown = text.decode().strip()[:80]
                return (
                    f"{number}: found {fields} fields in {shown!r}, expected {expected} as in line 1. "
                    "Mend the line; decimals need a point"
                )
    return ""


def head(path: Path) -> bytes:
    """The first 64 kB of a file, unpacked; DataError when it cannot be unpacked."""
    try:
        with gzip.open(path, "rb") if _packed(path) else path.open("rb") as file:
            start: bytes = file.read(_HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name}: the file cannot be unpacked: {short(error)}. Copy or export it again") from error
    return start


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def first_lines(name: str, start: bytes) -> list[str]:
    """The first lines of a text file; refuses what is no UTF-8 text."""
    if not start.strip():
        raise DataError(f"{name}: the file is empty, expected rows of bars. Export it again")
    for magic, what in _PACKED.items():
        if start.startswith(magic):
            raise DataError(f"{name}: found {what}, expected text or Parquet. Unpack it first")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(
            f"{name}: found UTF-16 text, expected UTF-8. Convert it: iconv -f UTF-16 -t UTF-8 {name} > new.csv"
        )
    if b"\x00" in start:
        raise DataError(f"{name}: found bytes that are no text, expected CSV or Parquet. Export the file again as text")
    whole = start if len(start) < _HEAD else start[: start.rfind(b"\n") + 1]
    try:
        text = whole.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = whole.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}:{line}: found bytes that are no UTF-8 text. Export the file again as UTF-8") from error
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise DataError(f"{name}:1: the first line is empty, expected a header or a row. Remove the empty line")
    return lines


def ends_well(path: Path) -> bool:
    """Whether a plain text file ends with a line end; a gzipped one is checked by its own sum."""
    if _packed(path):
        return True
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in b"\r\n"


def short(error: Exception) -> str:
    """The first line of what a library says."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:120].rstrip(".")
