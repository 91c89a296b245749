"""`barstep run`: play one configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barstep.cli.output import JsonOption, SetOption, console, emit, moment, prints_to_stderr, warn

if TYPE_CHECKING:
    from rich.console import Console

    from barstep.runs.assemble import RunPlan


def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The run's YAML file.", show_default=False)],
    overrides: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the results; by default one under runs/."),
    ] = None,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No header, progress, log or summary.")] = False,
) -> None:
    """Replay a strategy over its bars, and keep every order, fill and trade in a folder.

    The summary goes to stderr, the folder is the last line on stdout.

    Ctrl-C ends the run after the present bar and keeps what is done.
    """
    from barstep.cli.guard import INTERRUPTED
    from barstep.cli.progress import Meter
    from barstep.cli.summary import summary
    from barstep.runs.assemble import load_plan
    from barstep.runs.log import set_up
    from barstep.runs.run import play

    set_up("warning" if quiet else "info")
    screen = console(err=True)
    with prints_to_stderr():
        plan = load_plan(config, overrides or ())
        if not quiet and not as_json:
            _header(screen, plan)
        with Meter(screen, _bars(plan), wanted=not quiet) as meter:
            result = play(plan, out=out, progress=meter)
    interrupted = result.status == "interrupted"
    if as_json:
        emit({**result.as_dict(), "folder": str(result.folder)})
    elif not quiet:
        summary(screen, result.as_dict(), result.folder)
    if interrupted:
        warn("interrupted", f"the {result.bars:,} bars played are kept in {result.folder}")
    if not as_json:
        typer.echo(result.folder)
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _header(screen: Console, plan: RunPlan) -> None:
    """What is about to run, from when to when."""
    from barstep.runs.sources import extent

    config = plan.loaded.config
    screen.print(f"{config.name}: {config.fills.profile} fills, {config.account.balance:,} USD", style="bold")
    for stream in plan.streams:
        found = extent(stream)
        contract = f"{stream.feed.contract.name} {stream.feed.timeframe.text}"
        screen.print(f"{contract} from {moment(found.start)} to {moment(found.end)}")
        screen.print(f"trading days {found.first_day} to {found.last_day}")


def _bars(plan: RunPlan) -> int | None:
    counts = [stream.count() for stream in plan.streams]
    return None if None in counts else sum(count or 0 for count in counts)
