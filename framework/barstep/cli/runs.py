"""`barstep runs list|show|export`: what earlier runs left behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from barstep.cli.output import JsonOption, columns, console, emit

if TYPE_CHECKING:
    from barstep.runs.result import TableName

app = typer.Typer(help="Earlier runs of this workspace.", no_args_is_help=True)

_SHORT = ("name", "status", "instrument", "timeframe", "start", "end", "net_pnl", "trades", "digest")


def workspace() -> Path:
    """The workspace of the current folder."""
    from barstep.hooks.loader import find_workspace

    return find_workspace(Path.cwd())


def complete(incomplete: str) -> list[str]:
    """What a RUN may be that begins so."""
    from barstep.runs.folder import run_folders

    names = ["last", *(run.name.rpartition("-")[2] for run in run_folders(workspace()))]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="A run's folder, the beginning of its config hash, or last.", autocompletion=complete
    ),
]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the runs of this workspace, the newest last."""
    from barstep.runs.folder import read_result, run_folders

    folders = run_folders(workspace())
    results = [(folder, read_result(folder)) for folder in folders]
    if as_json:
        emit([{"folder": str(folder), **{key: result.get(key) for key in _SHORT}} for folder, result in results])
        return
    if not results:
        typer.echo(f"no runs yet in {workspace() / 'runs'}; `barstep run CONFIG` makes one")
        return
    head = ("run", "name", "net P&L", "trades", "status", "written (UTC)")
    columns(console(), head, [_row(*entry) for entry in results], right=("net P&L", "trades"))


@app.command("show")
def show(
    run: RunArgument,
    with_statistics: Annotated[
        bool, typer.Option("--statistics", help="Every measure, with intervals, drawdowns and breakdowns.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a run's summary again, or all that can be measured of it."""
    from barstep.cli.measured import show_statistics
    from barstep.cli.summary import summary
    from barstep.runs.folder import find_run, read_result
    from barstep.runs.statistics import statistics

    folder = find_run(run, workspace())
    result = read_result(folder)
    found = statistics(folder) if with_statistics else None
    if as_json:
        emit({**result, "folder": str(folder), **({"statistics": found.as_dict()} if found is not None else {})})
        return
    out = console()
    if found is not None:
        show_statistics(out, result, found)
        return
    summary(out, result, folder)
    out.print()
    out.print(str(folder), soft_wrap=True)


@app.command("export")
def export(
    run: RunArgument,
    table: Annotated[str, typer.Option("--table", metavar="NAME", help="trades, fills, orders, equity, ...")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A file that ends in .csv or .parquet.")],
) -> None:
    """Write a table of a run as CSV or Parquet."""
    from barstep.data import write_table
    from barstep.domain.errors import ConfigError
    from barstep.runs.loading import load

    if to.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"--to {to}: expected a file that ends in .csv or .parquet")
    if to.exists():
        raise ConfigError(f"--to {to}: it exists; choose another file, or remove it")
    frame = load(run).table(cast("TableName", table))
    write_table(frame, to)
    typer.echo(f"{to}: {len(frame):,} rows")


def _row(folder: Path, result: dict[str, Any]) -> tuple[str, ...]:
    stamp, _, config_hash = folder.name.rpartition("-")
    written = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
    return (
        config_hash, str(result["name"]), f"{result['net_pnl']:+,.2f}", f"{result['trades']:,}", str(result["status"]),
        written,
    )  # fmt: skip
