"""From a grid's store to its report: what the two packages, which do not know each other, say to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from barstep.batch.result import GridResult
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


def plot(folder: Path, what: str, options: dict[str, str]) -> Any:
    """See `GridResult.plot`."""
    from barstep.batch.store import Store
    from barstep.domain.errors import ConfigError
    from barstep.report.figures import grid as figures

    with Store(folder) as store:
        record, _ = read(store)
    there = ["heatmap", "plateau", "equity_fan"] if record.points else []
    there += ["walk_forward", "unseen", "stability"] if record.segments else []
    there += ["luck"] if record.told.get("expected_best_sharpe") is not None else []
    if what not in there:
        raise ConfigError(f"plot: got {what!r}, expected one of {', '.join(there) or 'nothing: no point has finished'}")
    unknown = [name for name in options if what != "heatmap" or name not in ("across", "up", "metric")]
    axes = [value for name, value in options.items() if name in ("across", "up") and value not in record.axes]
    if unknown or axes:
        raise ConfigError(
            f"plot: got {(unknown + axes)[0]!r}, expected across= or up= (one of {', '.join(record.axes)}) or metric=, "
            "for a heatmap"
        )
    if "metric" in options and options["metric"] not in record.metrics():
        raise ConfigError(f"plot: got metric={options['metric']!r}, expected one of {', '.join(record.metrics())}")
    return getattr(figures, what)(record, **options)


def summary(result: GridResult) -> str:
    """A grid as a small table in HTML."""
    from html import escape

    rows = [("points", f"{result.points:,}, {result.failed:,} failed")]
    if result.best is not None:
        rows.append((f"best {result.metric}", f"{result.best['metrics'][result.metric]:,.5g}"))
        rows += [(name, str(value)) for name, value in result.best["values"].items()]
    rows.append(("folder", str(result.folder)))
    rows += [("warning", text) for text in result.warnings]
    lines = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table><caption>{escape(result.name)}</caption>{lines}</table>"


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
        [_point(row, axes) for row in rows], _segments(store), honesty(store), errors,
    )  # fmt: skip
    best = record.best()
    found = compared(store, rows[best])[0] if best is not None else None
    return record, [] if found is None else found.logits.tolist()


def _segments(store: Store) -> list[dict[str, Any]]:
    """The steps of a walk-forward with the results of their days, and of the training days of the point they chose."""
    from barstep.domain.instrument import MICROS

    steps = store.segments()
    wanted = {(step["number"], *step["train"]) for step in steps if "number" in step}
    trained = {}
    for row in store.rows("train"):
        days = store.days(row.frame)
        if not row.error and days and (row.number, days[0], days[-1]) in wanted:
            trained[row.number, days[0], days[-1]] = row.daily / MICROS
    found = []
    for step in steps:
        traded = store.point(step["key"]) if "key" in step else None
        daily = None if traded is None or traded.error else traded.daily / MICROS
        seen = trained.get((step["number"], *step["train"])) if "number" in step else None
        found.append({**step, "daily": [] if daily is None else daily.tolist(), "train_daily": seen})
    return found


def _point(row: Row, axes: dict[str, list[Any]]) -> Any:
    from barstep.domain.instrument import MICROS
    from barstep.report.grid_record import GridPoint

    at = tuple(values.index(row.vals[name]) for name, values in axes.items())
    return GridPoint(row.number, at, row.metrics, row.daily / MICROS, row.failed)
