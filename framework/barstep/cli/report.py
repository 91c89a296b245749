"""`barstep report`: a run, a grid or an evaluation as one HTML page."""

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
            metavar="RUN|GRID|EVALUATION",
            help="A run's folder, the beginning of its config hash, or last; a grid's name, folder or file; the .json "
            "of an evaluation.",
            autocompletion=complete,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page; by default report.html in the run's folder.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a run, a grid or an evaluation: one HTML page that needs no network.

    Its path is the last line on stdout.
    """
    from barstep.cli import grid_report
    from barstep.report import write_evaluation, write_report
    from barstep.report.library import check_plotly
    from barstep.runs.folder import find_run

    check_plotly()
    given = Path(run)
    if given.suffix == ".json" and given.name != "result.json":
        path = write_evaluation(given, out)
    elif (grid := grid_report.find(run, workspace())) is not None:
        path = grid_report.write(grid, out)
    else:
        path = write_report(find_run(run, workspace()), out)
    path = path.resolve()
    if as_json:
        emit({"report": str(path), "bytes": path.stat().st_size})
    else:
        typer.echo(path)
    if show:
        import webbrowser

        webbrowser.open(path.as_uri())
