"""Errors into messages and exit codes: what is our user's to mend comes without a traceback, a bug of ours with one.

0 done; 1 the run failed; 2 usage or configuration; 3 data; 4 broker; 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from barstep.cli.output import emit, wants_json, warn
from barstep.domain.errors import BarstepError, ConfigError, PluginError, ScriptError

if TYPE_CHECKING:
    from types import TracebackType

INTERRUPTED = 130

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

_OURS = str(Path(__file__).resolve().parents[1])
_COMPILED = "barstep/"
"""How the files of compiled modules begin: whoever built them had them somewhere else."""
_BUNDLED = str(Path(_OURS, "_bundled"))


class Guarded(TyperGroup):
    """The command group that turns errors raised on purpose into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        if not _stands_somewhere():
            warn("error", "the folder you are in is gone: cd to one that exists")
            raise typer.Exit(ConfigError.exit_code)
        try:
            return super().invoke(ctx)
        except BarstepError as error:
            report(error)
            if wants_json(ctx):
                emit({"error": _document(error)})
            raise typer.Exit(error.exit_code) from None
        except SystemExit as leaving:  # ours are typer.Exit: this one comes from a plugin
            typer.echo(own_traceback(leaving), err=True, nl=False)
            warn("error", "a plugin called sys.exit(): nothing was kept; raise an error to end a run")
            raise typer.Exit(1) from None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            warn("error", f"the output cannot be written: {error.strerror}")
            _drop_stdout()
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            warn("interrupted", "nothing was kept")
            raise typer.Exit(INTERRUPTED) from None


def _stands_somewhere() -> bool:
    try:
        return bool(Path.cwd())
    except FileNotFoundError:
        return False


def _drop_stdout() -> None:
    """Forget what waits to be written, so that Python does not try again when it ends."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def report(error: BarstepError) -> None:
    """Tell an error on stderr: one line for each problem, and the plugin's own traceback if there is one."""
    if isinstance(error, PluginError) and error.__cause__ is not None:
        typer.echo(own_traceback(error.__cause__), err=True, nl=False)
    if isinstance(error, ScriptError):
        typer.echo(error.trace, err=True, nl=False)
    for problem in _problems(error):
        warn("error", problem)
    for note in getattr(error, "__notes__", []):
        typer.echo(note, err=True)


def own_traceback(cause: BaseException) -> str:
    """The traceback of a plugin's exception from the plugin's first line on, as Python prints it."""
    frames: TracebackType | None = cause.__traceback__
    while frames is not None and _is_machinery(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(cause), cause, frames or cause.__traceback__))


def _is_machinery(file: str) -> bool:
    inside = file.startswith((_OURS, _COMPILED)) and not file.startswith(_BUNDLED)
    return inside or file.startswith("<frozen") or "pluggy" in Path(file).parts


def _problems(error: BarstepError) -> list[str]:
    """One text for each problem; there is no bar to name while a plugin is imported."""
    cause = error.__cause__
    if isinstance(error, PluginError) and error.hook == "import" and cause is not None:
        lines = [frame.lineno for frame in traceback.extract_tb(cause.__traceback__) if frame.filename == error.where]
        place = f"{error.where}:{lines[-1]}" if lines else error.where
        return [f"plugin {error.plugin} cannot be imported, {place}: {type(cause).__name__}: {cause}"]
    return error.problems if isinstance(error, ConfigError) else [str(error)]


def _document(error: BarstepError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "exit_code": error.exit_code,
        "problems": _problems(error),
        "notes": list(getattr(error, "__notes__", [])),
    }
