"""`barstep grid run|status|show|best|export|retry-failed`: many points of one run."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, SetOption, columns, console, emit, prints_to_stderr, warn
from barstep.cli.runs import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.batch.grid import Estimate, Outcome
    from barstep.batch.store import Store

app = typer.Typer(help="One run at many points: grids of options and keys.", no_args_is_help=True)


def complete(incomplete: str) -> list[str]:
    """What a GRID may be that begins so."""
    from barstep.batch.find import grid_folders

    names = ["last", *(folder.name for folder in grid_folders(workspace()))]
    return [name for name in names if name.startswith(incomplete)]


File = Annotated[Path, typer.Argument(metavar="GRID.yaml", help="The grid's YAML file.", show_default=False)]
Named = Annotated[
    str,
    typer.Argument(metavar="GRID", help="A grid's name, folder or file, or last.", autocompletion=complete),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the grid; by default runs/grids/NAME.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", "-j", min=1, max=4096, help="Processes; by default one for each core.")
]
Backend = Annotated[str, typer.Option("--backend", help="loky for this machine, dask for a cluster.")]
Address = Annotated[
    str | None, typer.Option("--address", metavar="URL", help="Dask's scheduler; by default a cluster on this machine.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when a point ended with an error.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No header, progress or summary.")]


@app.command("run")
def run(
    grid: File,
    overrides: SetOption = None,
    out: Out = None,
    workers: Workers = None,
    backend: Backend = "loky",
    address: Address = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, count and try one point; leave nothing.")] = False,
    strict: Strict = False,
    as_json: JsonOption = False,
    quiet: Quiet = False,
) -> None:
    """Play every point that is not finished yet, and keep each as soon as it is.

    The best points go to stderr, the grid's folder is the last line on stdout. Ctrl-C lets running points finish and keeps
    all that is done; the same command goes on from there.
    """
    _play(grid, overrides, out, (workers, backend, address), dry_run, False, strict, as_json, quiet)


@app.command("retry-failed")
def retry_failed(
    grid: File,
    overrides: SetOption = None,
    out: Out = None,
    workers: Workers = None,
    backend: Backend = "loky",
    address: Address = None,
    strict: Strict = False,
    as_json: JsonOption = False,
    quiet: Quiet = False,
) -> None:
    """Play the points again that ended with an error, and those that are not finished yet."""
    _play(grid, overrides, out, (workers, backend, address), False, True, strict, as_json, quiet)


def _play(
    grid: Path, overrides: list[str] | None, out: Path | None, by: tuple[int | None, str, str | None], dry_run: bool,
    retry: bool, strict: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    from barstep.batch.grid import run_grid
    from barstep.cli.grid_text import expected, summary
    from barstep.cli.guard import INTERRUPTED
    from barstep.cli.progress import Points
    from barstep.domain.errors import ConfigError
    from barstep.runs.log import set_up

    workers, backend, address = by
    if backend not in ("loky", "dask"):
        raise ConfigError(f"--backend {backend}: expected loky or dask")
    if address is not None and backend != "dask":
        raise ConfigError("--address: it is for --backend dask")
    set_up("warning")
    screen = console(err=True)
    silent = quiet or as_json

    def told(estimate: Estimate) -> None:
        if not silent:
            screen.print(expected(estimate), soft_wrap=True)

    with _second_interrupt(), prints_to_stderr(), Points(screen, wanted=not silent) as watch:
        outcome = run_grid(
            grid, overrides or (), out=out, workers=workers, backend=backend, address=address, dry_run=dry_run,
            retry_failed=retry, told=told, watch=watch,
        )  # fmt: skip
    for warning in outcome.warnings:
        warn("warning", warning)
    if dry_run:
        told(outcome.estimate)
        if as_json:
            emit(_outcome(outcome))
        return
    if outcome.interrupted:
        done = outcome.progress.done if outcome.progress else 0
        warn("interrupted", f"{done:,} finished points are kept; the same command goes on from there")
    with _store(str(outcome.folder)) as store:
        bad = store.count()[1]
        if as_json:
            emit({**_outcome(outcome), **_shown(store)})
        elif not quiet:
            summary(screen, store)
    if not as_json:
        typer.echo(outcome.folder)
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    if strict and bad:
        raise typer.Exit(1)


@contextmanager
def _second_interrupt() -> Iterator[None]:
    """Ctrl-C before the first point, or once more while the workers end: what is finished is kept all the same."""
    from barstep.cli.guard import INTERRUPTED

    try:
        yield
    except KeyboardInterrupt:
        warn("interrupted", "all finished points are kept; the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


@app.command("status")
def status(
    grid: Annotated[
        str | None,
        typer.Argument(
            metavar="[GRID]",
            help="A grid's name, folder or file, or last; all grids without it.",
            autocompletion=complete,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how far grids are: points finished, failed and to come, and their generations."""
    from barstep.batch.find import find_grid, grid_folders
    from barstep.batch.store import Store

    folders = grid_folders(workspace()) if grid is None else [find_grid(grid, workspace())]
    found = []
    for folder in folders:
        with Store(folder) as store:
            found.append({"folder": str(folder), **_status(store)})
    if as_json:
        emit(found if grid is None else found[0])
        return
    if not found:
        typer.echo(f"no grids yet in {workspace() / 'runs' / 'grids'}; `barstep grid run GRID.yaml` makes one")
        return
    head = ("grid", "run", "points", "finished", "failed", "generation")
    rows = [
        (f["name"], f["run"], f"{f['points']:,}", f"{f['finished']:,}", f"{f['failed']:,}", str(f["generation"]))
        for f in found
    ]
    columns(console(), head, rows, right=head[2:])


@app.command("show")
def show(grid: Named, as_json: JsonOption = False) -> None:
    """Show the best points, what speaks against them, and the points that failed."""
    from barstep.cli.grid_text import summary

    with _store(grid) as store:
        if as_json:
            emit(_shown(store))
        else:
            summary(console(), store)


@app.command("best")
def best(
    grid: Named,
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="How many points.")] = 10,
    by: Annotated[str | None, typer.Option("--by", help="Another figure than the grid's rank_by.")] = None,
    lowest: Annotated[bool, typer.Option("--lowest", help="The lowest figure is the best.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the best points, and how the first one is played by itself."""
    from barstep.batch.honesty import told
    from barstep.cli.grid_text import best_points
    from barstep.config.grid_schema import RankConfig
    from barstep.config.positions import near
    from barstep.domain.errors import ConfigError

    with _store(grid) as store:
        rank = store.about["rank_by"]
        metric, sign = by or rank["metric"], -1 if lowest else RankConfig(metric=by).sign if by else rank["sign"]
        names = store.metric_names()
        if names and metric not in names:
            hint = near(metric, names)
            raise ConfigError(f"--by {metric}: expected one of {', '.join(names)}{f'; {hint}' if hint else ''}")
        part = "train" if store.about["walk_forward"] else "grid"
        rows = store.best(metric, sign, top, part)
        if as_json:
            emit([told(row) for row in rows])
        else:
            best_points(console(), store, rows, metric, command=True)


@app.command("export")
def export(
    grid: Named,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .parquet file.", show_default=False)],
) -> None:
    """Write every point as a row of a table."""
    from barstep.batch.export import export as write

    with _store(grid) as store:
        count = write(store, file)
    typer.echo(f"{file}: {count:,} points")


def _store(text: str) -> Store:
    from barstep.batch.find import find_grid
    from barstep.batch.store import Store

    return Store(find_grid(text, workspace()))


def _status(store: Store) -> dict[str, Any]:
    about, (done, failed) = store.about, store.count()
    runs = [{"number": number, "created": created, "points": points} for number, created, points in store.generations()]
    return {
        "name": about.get("name", ""), "run": about.get("run", ""), "points": about.get("runs", 0), "finished": done,
        "failed": failed, "generation": store.generation, "generations": runs,
    }  # fmt: skip


def _shown(store: Store) -> dict[str, Any]:
    from barstep.batch.honesty import first_errors, honesty, told

    return {
        **_status(store),
        "about": store.about,
        **honesty(store),
        "errors": [told(row) for row in first_errors(store)],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    estimate = outcome.estimate
    return {
        "folder": str(outcome.folder),
        "estimate": {name: getattr(estimate, name) for name in ("points", "left", "seconds", "memory", "workers")},
        "interrupted": outcome.interrupted,
        "warnings": outcome.warnings,
    }
