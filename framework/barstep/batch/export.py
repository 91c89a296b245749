"""The points of a grid as a table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.data import TableSpool
from barstep.domain.errors import BarstepError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.batch.store import Store
    from barstep.data.tables import Kind

_ABOUT: dict[str, Kind] = {
    "part": "text", "number": "int", "digest": "text", "lane": "text", "seconds": "float", "failed": "text",
    "error": "text", "verified": "text",
}  # fmt: skip
_ROWS = 10_000


def export(store: Store, path: Path) -> int:
    """Write every point as a row: its values by axis, its figures, and what became of it; returns how many.

    Args:
        store: The grid.
        path: `.csv` or `.parquet`.

    Raises:
        ConfigError: The file is of another kind, or its folder does not exist.
        BarstepError: It cannot be written.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"{path}: got {path.suffix or 'no ending'}, expected a file that ends in .csv or .parquet")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: the folder {path.parent} does not exist")
    axes = list(store.about["axes"])
    figures = [name for name in store.metric_names() if name not in axes]
    columns: dict[str, Kind] = {**dict.fromkeys(axes, "text"), **dict.fromkeys(figures, "float"), **_ABOUT}
    rows = _rows(store, axes, figures)
    try:
        return (_csv if path.suffix == ".csv" else _parquet)(path, columns, rows)
    except OSError as error:
        raise BarstepError(f"{path}: cannot be written ({error.strerror or error})") from error


def _rows(store: Store, axes: list[str], figures: list[str]) -> Iterator[list[Any]]:
    for row in store.rows():
        values = [_text(row.vals.get(name)) for name in axes]
        numbers = [row.metrics.get(name) for name in figures]
        yield [*values, *numbers, *(getattr(row, name) for name in _ABOUT)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _csv(path: Path, columns: dict[str, Kind], rows: Iterator[list[Any]]) -> int:
    count = 0
    working = path.with_name(f".{path.name}.unfinished")
    try:
        with working.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                writer.writerow(row)
                count += 1
        working.replace(path)
    finally:
        working.unlink(missing_ok=True)
    return count


def _parquet(path: Path, columns: dict[str, Kind], rows: Iterator[list[Any]]) -> int:
    with TableSpool(path, columns) as table:
        held: list[list[Any]] = []
        for row in rows:
            held.append(row)
            if len(held) == _ROWS:
                table.append(dict(zip(columns, map(list, zip(*held, strict=True)), strict=True)))
                held.clear()
        if held:
            table.append(dict(zip(columns, map(list, zip(*held, strict=True)), strict=True)))
        return table.rows
