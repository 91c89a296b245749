"""Bars and what is needed to trust them: instruments, trading hours, files, synthetic bars, result tables.

Names are loaded when first used, so that importing this package costs neither polars nor numpy.

    hours.py         named trading hours and holiday tables (JSON beside it)
    sessions.py      SessionTable: trading days, and which one a bar belongs to
    instruments.py   the packaged instruments, inline ones, contract names
    columns.py       how a file names its columns and writes its times
    csv_source.py, parquet_source.py   opening one file as a lazy frame
    open_file.py     one file as a lazy frame in our columns; how long its bars are
    checks.py        rule R1 over chunks of bars
    file_stream.py   FileStream: the bars of files
    source_stream.py SourceStream: the bars that a plugin brings
    forms.py, text_file.py, opening.py, frames.py, ticks.py, naming.py
                     what form a source is in, and its rows as one frame
    clock.py, clock_reading.py
                     which zone and stamp side its times have, proved from the breaks of trading
    audit.py, findings.py, repairs.py
                     what a careful trader asks of bars, and mending on request
    intake.py        the way of a source's bars into the store
    store.py, store_writing.py, pages.py
                     series of bars with their manifests; pages of a fetch
    samples.py       the bars that come with barstep
    windows.py       Windows: which longer bar a bar belongs to, counted from the session's open
    resample.py      ResampledStream: longer bars made of a stream's
    synthetic.py     SyntheticStream: seeded bars
    tables.py        result tables, written in bounded memory
    table_chunks.py  result tables, read in bounded memory
    info.py          describing a stream, writing it as CSV or Parquet
"""

from typing import TYPE_CHECKING

from barstep._lazy import lazy_names

if TYPE_CHECKING:
    from barstep.data.checks import EmptyRangeError
    from barstep.data.columns import Layout
    from barstep.data.file_stream import FileStream, bounds_ns
    from barstep.data.hours import hours_names, inline_hours, session_hours
    from barstep.data.info import describe, write_bars, write_csv
    from barstep.data.instruments import (
        front_contract,
        inline_instrument,
        instrument,
        instrument_names,
        last_day,
        parse_contract,
    )
    from barstep.data.naming import guess
    from barstep.data.open_file import bar_length
    from barstep.data.resample import ResampledStream
    from barstep.data.samples import sample_length, sample_path
    from barstep.data.sessions import SessionTable
    from barstep.data.source_stream import SourceStream
    from barstep.data.store import Store
    from barstep.data.synthetic import SyntheticStream
    from barstep.data.table_chunks import column_chunks
    from barstep.data.tables import TableSpool, pandas_frame, read_column, read_table, sync, write_table
    from barstep.data.windows import Window, Windows, check_longer

_HOMES = {
    "EmptyRangeError": "checks",
    "FileStream": "file_stream",
    "Layout": "columns",
    "ResampledStream": "resample",
    "SessionTable": "sessions",
    "SourceStream": "source_stream",
    "Store": "store",
    "SyntheticStream": "synthetic",
    "TableSpool": "tables",
    "Window": "windows",
    "Windows": "windows",
    "bar_length": "open_file",
    "bounds_ns": "file_stream",
    "check_longer": "windows",
    "column_chunks": "table_chunks",
    "describe": "info",
    "front_contract": "instruments",
    "guess": "naming",
    "hours_names": "hours",
    "inline_hours": "hours",
    "inline_instrument": "instruments",
    "instrument": "instruments",
    "instrument_names": "instruments",
    "last_day": "instruments",
    "pandas_frame": "tables",
    "parse_contract": "instruments",
    "read_column": "tables",
    "read_table": "tables",
    "sample_length": "samples",
    "sample_path": "samples",
    "session_hours": "hours",
    "write_bars": "info",
    "write_csv": "info",
    "sync": "tables",
    "write_table": "tables",
}

__all__ = [
    "EmptyRangeError",
    "FileStream",
    "Layout",
    "ResampledStream",
    "SessionTable",
    "SourceStream",
    "Store",
    "SyntheticStream",
    "TableSpool",
    "Window",
    "Windows",
    "bar_length",
    "bounds_ns",
    "check_longer",
    "column_chunks",
    "describe",
    "front_contract",
    "guess",
    "hours_names",
    "inline_hours",
    "inline_instrument",
    "instrument",
    "instrument_names",
    "last_day",
    "pandas_frame",
    "parse_contract",
    "read_column",
    "read_table",
    "sample_length",
    "sample_path",
    "session_hours",
    "sync",
    "write_bars",
    "write_csv",
    "write_table",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
