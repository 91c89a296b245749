"""`barstep report`: a run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barstep.cli.output import JsonOption, emit
from barstep.cli.runs import complete, workspace


def report(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run's folder, the beginning of its config hash, or last.", autocompletion=complete
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page; by default report.html in the run's folder.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a run's report: one HTML page that needs no network. Its path is the last line on stdout."""
    from barstep.report import write_report
    from barstep.report.library import check_plotly
    from barstep.runs.folder import find_run

    check_plotly()
    path = write_report(find_run(run, workspace()), out).resolve()
    if as_json:
        emit({"report": str(path), "bytes": path.stat().st_size})
    else:
        typer.echo(path)
    if show:
        import webbrowser

        webbrowser.open(path.as_uri())
