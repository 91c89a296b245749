"""Writes a Parquet file in a thread of its own while frames still come: encoding takes no time from the replay's loop."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.io.plugins import register_io_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_WAITING = 2
"""Frames that may wait to be encoded; then whoever brings more waits."""

_PATIENCE = 0.2
"""Seconds between looks at whether the thread still lives."""


class _AbortedError(Exception):
    """Ends the writing from inside."""


class BackgroundParquet:
    """One Parquet file that is being written.

    Args:
        path: The file; it is sound only after `finish`.
        schema: Polars type of each column.
        form: Compression and row groups, as `sink_parquet` takes them.
    """

    def __init__(self, path: Path, schema: Mapping[str, pl.DataType], form: Mapping[str, Any]) -> None:
        self._frames: queue.Queue[pl.DataFrame | None] = queue.Queue(_WAITING)
        self._aborted = False
        self._fault: BaseException | None = None
        source = register_io_source(self._source, schema=dict(schema), is_pure=True)
        self._thread = threading.Thread(target=self._write, args=(source, path, dict(form)), daemon=True)
        self._thread.start()

    def put(self, frame: pl.DataFrame) -> None:
        """Hand over the next rows; raises what stopped the writing, if anything did."""
        self._hand_over(frame)

    def finish(self) -> None:
        """Wait until all rows are written; raises what stopped the writing, if anything did."""
        self._hand_over(None)
        self._thread.join()
        self._check()

    def abort(self) -> None:
        """Stop writing; what the file holds is worth nothing."""
        self._aborted = True
        while self._thread.is_alive():
            try:
                self._frames.put_nowait(None)
            except queue.Full:
                self._frames.get_nowait()
            self._thread.join(_PATIENCE)

    def _hand_over(self, frame: pl.DataFrame | None) -> None:
        while True:
            self._check()
            try:
                self._frames.put(frame, timeout=_PATIENCE)
            except queue.Full:
                continue
            return

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _source(
        self, _columns: list[str] | None, _predicate: pl.Expr | None, _rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        while (frame := self._frames.get()) is not None:
            yield frame
        if self._aborted:
            raise _AbortedError

    def _write(self, source: pl.LazyFrame, path: Path, form: dict[str, Any]) -> None:
        try:
            source.sink_parquet(path, maintain_order=True, **form)
        except BaseException as error:  # raised again where the rows come from
            self._fault = error
