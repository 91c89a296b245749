"""Writing small files, and reading what an import of them left in the store."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from barstep.data import Store


def write(path: Path, *rows: str, header: str = "t,o,h,l,c,v") -> Path:
    path.write_text("\n".join([header, *rows] if header else rows) + "\n", "utf-8")
    return path


def bars(store: Path) -> pl.DataFrame:
    held = Store(store)
    (manifest,) = held.series()
    return pl.read_parquet(held.bars(manifest))
