"""`barstep run`: play one configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barstep.cli.output import JsonOption, RemoteOption, SetOption, prints_to_stderr


def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The run's YAML file.", show_default=False)],
    overrides: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the results; by default one under runs/."),
    ] = None,
    allow_remote: RemoteOption = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No header, progress, log or summary.")] = False,
) -> None:
    """Replay a strategy over its bars, and keep every order, fill and trade in a folder.

    The summary goes to stderr, the folder is the last line on stdout.

    Ctrl-C ends the run after the present bar and keeps what is done.
    """
    from barstep.cli.play import play_and_tell
    from barstep.runs.assemble import load_plan
    from barstep.runs.log import set_up

    set_up("warning" if quiet else "info")
    with prints_to_stderr():
        plan = load_plan(config, overrides or ())
    plan.allow_remote = allow_remote
    play_and_tell(plan, out=out, as_json=as_json, quiet=quiet)
