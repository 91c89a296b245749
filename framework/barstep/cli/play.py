"""What `run` and `script` share: play a checked run, tell it on stderr, its folder or its JSON on stdout."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO, cast

import typer

from barstep.cli.output import console, emit, moment, prints_to_stderr, warn

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from barstep.runs.assemble import RunPlan
    from barstep.runs.result import RunResult


def play_and_tell(plan: RunPlan, *, out: Path | None, as_json: bool, quiet: bool) -> None:
    """Play a run; what plugins print goes to stderr, what a script prints to stdout, or to stderr under --json."""
    from barstep.cli.guard import INTERRUPTED
    from barstep.cli.progress import Meter
    from barstep.cli.summary import summary
    from barstep.runs.run import play

    screen = console(err=True)
    script = plan.script
    if not quiet and not as_json:
        _header(screen, plan)
    paced = script is not None and bool(script.step_delay or script.options.get("SPEED_FILE"))
    tail = _Tail(sys.stdout)
    apart = prints_to_stderr() if script is None or as_json else redirect_stdout(cast("TextIO", tail))
    with apart, Meter(screen, _bars(plan), wanted=not quiet and not paced) as meter:

        def leave(result: RunResult) -> None:
            meter.__exit__(None, None, None)
            tail.end_line()
            _leave(result, tell_folder=not as_json)

        result = play(plan, out=out, progress=meter, loopback=loopback(plan), leave=leave)
    tail.end_line()
    interrupted = result.status == "interrupted"
    if as_json:
        emit({**result.as_dict(), "folder": str(result.folder)})
    elif not quiet:
        summary(screen, result.as_dict(), result.folder)
    if quiet or as_json:  # else they stand in the summary
        for warning in result.warnings:
            warn("warning", warning)
    if interrupted:
        warn("interrupted", f"the {result.bars:,} bars played are kept in {result.folder}")
    if not as_json:
        typer.echo(result.folder)
    if interrupted:
        raise typer.Exit(INTERRUPTED)


class _Tail:
    """A stream that knows whether its last line was ended, so that the folder gets a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open = False

    def write(self, text: str) -> int:
        """Write text."""
        if text:
            self._open = text[-1] != "\n"
        return self._stream.write(text)

    def end_line(self) -> None:
        """End a line that was begun."""
        if self._open:
            self.write("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _leave(result: RunResult, *, tell_folder: bool) -> None:
    """End the process here and now: the script would catch whatever is raised."""
    import os

    from barstep.cli.guard import INTERRUPTED

    warn("interrupted", f"the {result.bars:,} bars played are kept in {result.folder}")
    if tell_folder:
        typer.echo(result.folder)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _header(screen: Console, plan: RunPlan) -> None:
    """What is about to run, from when to when."""
    from barstep.domain.instrument import MICROS
    from barstep.runs.extent import extent

    config, told = plan.loaded.config, plan.account.told()
    under = f", plan {told['name']} as of {told['as_of']}" if told else ""
    balance = plan.account.start_balance / MICROS
    screen.print(f"{config.name}: {config.fills.profile} fills, {balance:,.0f} USD{under}", style="bold")
    for stream in plan.streams:
        found = extent(stream)
        contract = f"{stream.feed.contract.name} {stream.feed.timeframe.text}"
        screen.print(f"{contract} from {moment(found.start)} to {moment(found.end)}")
        screen.print(f"trading days {found.first_day} to {found.last_day}")


def _bars(plan: RunPlan) -> int | None:
    counts = [stream.count() for stream in plan.streams]
    return None if None in counts else sum(count or 0 for count in counts)


def loopback(plan: RunPlan) -> Any:
    """The server for scripts with a header of their own; None for all others, so that nothing heavy is imported."""
    from barstep.domain.errors import ConfigError

    if plan.script is None or not plan.script.own_header:
        return None
    try:
        from barstep.serve.loopback import start_loopback
    except ModuleNotFoundError as error:
        if str(error.name).startswith("barstep"):
            raise
        told = f"{plan.script.file} brings its own header and needs a gateway: pip install 'barstep[serve]'"
        raise ConfigError(told) from error
    return start_loopback
