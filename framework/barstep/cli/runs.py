"""`barstep runs list|show`: what earlier runs left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, columns, console, emit

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="Earlier runs of this workspace.", no_args_is_help=True)

_SHORT = ("name", "status", "instrument", "timeframe", "start", "end", "net_pnl", "trades", "digest")


def workspace() -> Path:
    """The workspace of the current folder."""
    from pathlib import Path

    from barstep.hooks.loader import find_workspace

    return find_workspace(Path.cwd())


def complete(incomplete: str) -> list[str]:
    """What a RUN may be that begins so."""
    from barstep.runs.folder import run_folders

    names = ["last", *(run.name.rpartition("-")[2] for run in run_folders(workspace()))]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


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
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run's folder, the beginning of its config hash, or last.", autocompletion=complete
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show a run's summary again."""
    from barstep.cli.summary import summary
    from barstep.runs.folder import find_run, read_result

    folder = find_run(run, workspace())
    result = read_result(folder)
    if as_json:
        emit({**result, "folder": str(folder)})
        return
    out = console()
    summary(out, result, folder)
    out.print()
    out.print(str(folder), soft_wrap=True)


def _row(folder: Path, result: dict[str, Any]) -> tuple[str, ...]:
    stamp, _, config_hash = folder.name.rpartition("-")
    written = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
    return (
        config_hash, str(result["name"]), f"{result['net_pnl']:+,.2f}", f"{result['trades']:,}", str(result["status"]),
        written,
    )  # fmt: skip
