"""Bars as columns on disk: read once from their source, then memory-mapped by every process of a grid."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from contextlib import contextmanager, suppress
from copy import copy
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import numpy as np

from barstep.data import SessionTable, parse_contract
from barstep.domain.bar import BarColumns, BarStream, Feed, Timeframe
from barstep.domain.errors import DataError
from barstep.domain.session import to_datetime
from barstep.runs.instruments import make_instrument
from barstep.runs.sources import make_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from barstep.config.data_schema import DataConfig
    from barstep.hooks.asking import Asked

COLUMNS = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")
"""The files of a stream, each `<name>.npy` with one int64 for each bar."""

_CHUNK = 32_768
_ABOUT = "bars.json"


class MappedBars(BarStream):
    """Bars of a folder that `Shelf` wrote; the columns are views of the files and cannot be written to.

    Args:
        folder: The folder.
        config: The data section that the bars are of.

    Attributes:
        sessions: The trading days of the contract.
        sha256: Hash of all columns.

    Raises:
        DataError: This process cannot read the folder.
    """

    def __init__(self, folder: Path, config: DataConfig) -> None:
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            columns = [np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in COLUMNS]
        except OSError as error:
            raise DataError(
                f"the bars in {folder} cannot be read here ({error.strerror}): with workers on several machines the grid's "
                "folder must be one that they all share, see --out"
            ) from error
        item = make_instrument(config.instrument)
        contract = parse_contract(item, about["contract"], date.fromisoformat(about["day"]))
        self.feed = Feed(contract, Timeframe.parse(config.timeframe), ZoneInfo(item.session.zone))
        self.sessions = SessionTable(item.session)
        self.volume_known: bool = about["volume_known"]
        self.source: dict[str, object] = about["source"]
        self.warnings: list[str] = about["warnings"]
        self.sha256: str = about["sha256"]
        self.columns = BarColumns(*columns)
        self.folder = folder

    def chunks(self) -> Iterator[BarColumns]:
        """Yield the bars in views of the columns."""
        for start in range(0, len(self.columns), _CHUNK):
            yield self.columns[start : start + _CHUNK]

    def cut(self, first: date, last: date) -> MappedBars:
        """The bars of the trading days from one to another, both included; no copy."""
        sessions, index, _ = self.sessions.locate(self.columns.start_ns)
        inside = np.array([first <= session.date <= last for session in sessions])[index]
        rows = np.flatnonzero(inside)
        part = copy(self)
        part.columns = self.columns[int(rows[0]) : int(rows[-1]) + 1] if len(rows) else self.columns[:0]
        part.columns.first = 0
        return part

    def count(self) -> int:
        """How many bars there are."""
        return len(self.columns)

    def span(self) -> tuple[int, int]:
        """First start and last end, UTC nanoseconds."""
        return int(self.columns.start_ns[0]), int(self.columns.end_ns[-1])


class Shelf:
    """Opens the bars of data sections from a folder, and in the process that writes it puts them there first.

    Args:
        folder: Where the bars lie, each data section in a folder of its own.
        writes: Whether missing bars are read from their source.
    """

    def __init__(self, folder: Path, *, writes: bool) -> None:
        self.folder = folder
        self._writes = writes

    def open(self, config: DataConfig, base: Path, source: Asked | None = None) -> BarStream:
        """The bars of a data section; see `barstep.runs.sources.make_stream`."""
        key = hashlib.sha256(f"{base}\n{config.model_dump_json()}".encode()).hexdigest()[:20]
        place = self.folder / key
        if self._writes and not place.is_dir():
            self._write(make_stream(config, base, source), place)
        return MappedBars(place, config)

    @staticmethod
    def _write(stream: BarStream, place: Path) -> None:
        """Go through a stream once, its chunks onto the disk as they come."""
        working = place.with_name(f".{place.name}")
        working.mkdir(parents=True, exist_ok=True)
        hashes = [hashlib.sha256() for _ in COLUMNS]
        files = [(working / f"{name}.npy").open("wb") for name in COLUMNS]
        count, day = 0, ""
        try:
            for file in files:
                _header(file, 0)
            for bars in stream.chunks():
                day = day or to_datetime(int(bars.start_ns[0]), stream.feed.zone).date().isoformat()
                for name, file, digest in zip(COLUMNS, files, hashes, strict=True):
                    content = np.ascontiguousarray(getattr(bars, name), dtype="<i8").tobytes()
                    file.write(content)
                    digest.update(content)
                count += len(bars)
            for file in files:
                file.seek(0)
                _header(file, count)
        finally:
            for file in files:
                file.close()
        about = {
            "contract": stream.feed.contract.id,
            "day": day,
            "volume_known": stream.volume_known,
            "source": stream.source,
            "warnings": list(stream.warnings),
            "sha256": hashlib.sha256("".join(digest.hexdigest() for digest in hashes).encode()).hexdigest(),
        }
        (working / _ABOUT).write_text(json.dumps(about, default=str), encoding="utf-8")
        os.replace(working, place)  # noqa: PTH105 - the atomic call, named as in the manual


def _header(file: Any, count: int) -> None:
    """The head of an .npy file; numpy leaves room in it for a longer number of rows."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<i8", "fortran_order": False, "shape": (count,)})


def day_ends(streams: list[BarStream]) -> tuple[list[date], NDArray[np.int64]]:
    """The trading days of some mapped streams together: their dates, and the end of the last bar of each, UTC nanoseconds."""
    last: dict[date, int] = {}
    for stream in streams:
        columns = cast("MappedBars", stream).columns
        sessions, index, _ = cast("MappedBars", stream).sessions.locate(columns.start_ns)
        cuts = np.append(np.flatnonzero(np.diff(index)), len(index) - 1)
        for row in cuts.tolist():
            day = sessions[int(index[row])].date
            last[day] = max(last.get(day, 0), int(columns.end_ns[row]))
    dates = sorted(last)
    return dates, np.array([last[day] for day in dates], np.int64)


@contextmanager
def temporary_shelf(near: Path) -> Iterator[Shelf]:
    """A folder for mapped bars, for the time of a block; what a killed process of this machine left is removed."""
    host = socket.gethostname()
    for left in near.glob(f".bars-{host}-*"):
        number = left.name.rpartition("-")[2]
        if number.isdigit() and int(number) != os.getpid() and not _alive(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    place = (near / f".bars-{host}-{os.getpid()}").absolute()
    made = [folder for folder in (near, *near.parents) if not folder.exists()]
    try:
        yield Shelf(place, writes=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
        for folder in made:  # nothing is left where nothing was kept
            with suppress(OSError):
                folder.rmdir()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
