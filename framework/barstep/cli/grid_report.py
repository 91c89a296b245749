"""From a grid's store to its report: what the two packages, which do not know each other, say to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from barstep.batch.rows import Row
    from barstep.batch.store import Store
    from barstep.report.grid_record import GridRecord


def find(text: str, workspace: Path) -> Path | None:
    """The folder of the grid that a text names, None when it names none: then it is a run's."""
    from pathlib import Path

    from barstep.batch.find import find_grid, grid_folders
    from barstep.batch.store import FILE

    given = Path(text)
    named = text in {folder.name for folder in grid_folders(workspace)}
    if named or given.suffix in (".yaml", ".yml") or (given / FILE).is_file():
        return find_grid(text, workspace)
    return None


def write(folder: Path, out: Path | None) -> Path:
    """Write the page of a grid; by default report.html in its folder.

    Raises:
        ConfigError: There is no finished point yet.
    """
    from barstep.batch.store import Store
    from barstep.domain.errors import ConfigError
    from barstep.report import NAME
    from barstep.report.grid_page import grid_page
    from barstep.report.html import write_whole

    with Store(folder) as store:
        record, logits = read(store)
    if not record.points and not record.segments:
        raise ConfigError(f"{folder}: no point has finished without an error yet; `barstep grid run` goes on with it")
    path = out or folder / NAME
    write_whole(path, grid_page(record, logits))
    return path


def read(store: Store) -> tuple[GridRecord, Sequence[float]]:
    """The record of the newest generation, and the logits of its splits."""
    from barstep.batch.honesty import compared, honesty
    from barstep.report.grid_record import GridRecord

    about = store.about
    axes: dict[str, list[Any]] = about.get("axes", {})
    rank = about.get("rank_by", {"metric": "net_pnl", "sign": 1})
    rows = [row for row in store.rows("grid") if not row.error]
    _, errors = store.count()
    record = GridRecord(
        str(about.get("name", store.path.parent.name)), axes, rank["metric"], rank["sign"],
        [_point(row, axes) for row in rows], store.segments(), honesty(store), errors,
    )  # fmt: skip
    best = record.best()
    found = compared(store, rows[best])[0] if best is not None else None
    return record, [] if found is None else found.logits.tolist()


def _point(row: Row, axes: dict[str, list[Any]]) -> Any:
    from barstep.domain.instrument import MICROS
    from barstep.report.grid_record import GridPoint

    at = tuple(values.index(row.vals[name]) for name, values in axes.items())
    return GridPoint(row.number, at, row.metrics, row.daily / MICROS, row.failed)
