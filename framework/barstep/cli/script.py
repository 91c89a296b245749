"""`barstep script`: run a playground script as it is."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, RemoteOption, prints_to_stderr, risk_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER = Path(__file__).resolve().parents[1] / "_templates" / "script_header.py.txt"
_OPTIONS = (
    ("data.instrument", "--instrument"),
    ("data.timeframe", "--timeframe"),
    ("data.source", "--data"),
    ("data.start", "--start"),
    ("data.end", "--end"),
    ("data", "--data"),
    ("fills.profile", "--fills"),
    ("account.balance", "--balance"),
    ("broker.url", "--url"),
    ("strategies[0].options.", "--set "),
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def script(
    file: Annotated[Path | None, typer.Argument(metavar="FILE.py", help="The script.", show_default=False)] = None,
    data: Annotated[
        str, typer.Option("--data", metavar="BARS", help="A file or pattern of bars, or {kind: synthetic, seed: 7}.")
    ] = "sample",
    instrument: Annotated[
        str, typer.Option("--instrument", metavar="NAME", help="What the bars are of; ES for the packaged sample.")
    ] = "",
    timeframe: Annotated[str, typer.Option("--timeframe", metavar="LENGTH", help="Length of a bar.")] = "1m",
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="First day in UTC, 2013-09-02.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Last day in UTC, inclusive.")] = "",
    fills: Annotated[
        str,
        typer.Option(
            "--fills", metavar="PROFILE", help="How orders fill: playground by default, strict or backtrader."
        ),
    ] = "",
    balance: Annotated[str, typer.Option("--balance", metavar="USD", help="USD at the start, 50000 by default.")] = "",
    risk: Annotated[
        list[str] | None,
        typer.Option(
            "--risk", metavar="RULE", help="A risk rule, such as max_position,contracts=2; may be given again."
        ),
    ] = None,
    speed_file: Annotated[
        Path | None, typer.Option("--speed-file", metavar="FILE", help="Holds seconds per bar, read at each bar.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An environment variable of the script; may be given again."),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Run against this gateway, with its bars and its exchange.")
    ] = "",
    token: Annotated[
        str, typer.Option("--token", metavar="TOKEN", envvar="BARSTEP_TOKEN", help="The gateway's token.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the results; by default one under runs/.")
    ] = None,
    allow_remote: RemoteOption = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No header, progress, log or summary.")] = False,
    print_header: Annotated[
        bool, typer.Option("--print-header", help="Print a header that lets a script run without barstep, and stop.")
    ] = False,
) -> None:
    """Run a playground script unchanged: helpers and globals are there, the market is a replay of bars.

    It leaves the same folder as `barstep run`. What the script prints goes to stdout, or to stderr with --json.
    """
    from barstep.cli.play import play_and_tell
    from barstep.domain.errors import ConfigError
    from barstep.runs.log import set_up

    if print_header:
        typer.echo(_HEADER.read_text(encoding="utf-8"), nl=False)
        return
    if file is None:
        raise ConfigError("FILE.py: give the script to run, such as strategies/scripts/sma_crossover.py")
    set_up("warning" if quiet else "info")
    run: dict[str, Any] = {
        "version": "1",
        "name": _name(file),
        "data": _data(data, instrument, timeframe, start, end, remote=bool(url)),
        "account": {"balance": balance or "50000", "fees": "none"},
        "fills": {"profile": fills or "playground"},
        "strategies": [{"use": _use(file), "options": _variables(settings or (), speed_file)}],
        "risk": [risk_entry(text) for text in risk or ()],
    }
    if url:
        run["broker"] = {"kind": "http", "url": url, "token": token}
    plan = _plan(run, data)
    for key, given in (("account", balance), ("fills", fills)):
        if url and not given:  # a wish, not a need: a gateway that is not ours has its own
            plan.loaded.document.pop(key)
    if data == "sample" and not url and not quiet:
        typer.echo(f"no --data: the packaged sample, {instrument or 'ES'} {timeframe}", err=True)
    plan.allow_remote = allow_remote
    if speed_file is not None and not speed_file.is_file():
        what = "is a folder" if speed_file.is_dir() else "does not exist"
        plan.warnings.append(
            f"--speed-file {speed_file} {what}: until it is a file with a number the pace stays as it is"
        )
    play_and_tell(plan, out=out, as_json=as_json, quiet=quiet)


def _plan(run: dict[str, Any], data: str) -> Any:
    """Check the run; messages name the options of the command line instead of a file's keys."""
    from barstep.domain.errors import ConfigError, DataError
    from barstep.runs.assemble import load_plan

    overrides = [f"data.source={data}"] if data.startswith("{") else []
    try:
        with prints_to_stderr():
            plan = load_plan(run, overrides)
    except ConfigError as error:
        raise ConfigError([in_options(problem) for problem in error.problems]) from error
    except DataError as error:
        raise type(error)(in_options(str(error))) from error
    if plan.script is None:
        told = (
            f"{run['strategies'][0]['use']} is a plugin: list it under strategies: of a run file and use `barstep run`"
        )
        raise ConfigError(told)
    return plan


def in_options(problem: str) -> str:
    """A message about a run file's keys in the words of the command line."""
    text = problem.strip().removeprefix("strategies[0].use: ")
    for key, option in _OPTIONS:
        if text.startswith(key) and (key.endswith(".") or text[len(key) :].startswith((":", "."))):
            text = option + text[len(key) :]
    for key, option in _OPTIONS[:4]:
        text = text.replace(f" {key};", f" {option};").replace(f"as {key},", f"with {option},")
    return text


def _name(file: Path) -> str:
    from barstep.config.schema import slug

    return slug(file.stem) or "script"


def _use(file: Path) -> str:
    """How a run names the script: within the workspace from there, so that the run's folder can be moved with it."""
    from barstep.domain.errors import ConfigError
    from barstep.hooks.loader import find_workspace

    if not file.is_file():
        raise ConfigError(f"FILE: there is no file {file}")
    if file.suffix != ".py":
        raise ConfigError(f"FILE: {file} is no Python file: its name must end in .py")
    path, workspace = file.resolve(), find_workspace(Path.cwd())
    for folder in (workspace / "strategies", workspace):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return str(path)


def _data(data: str, instrument: str, timeframe: str, start: str, end: str, *, remote: bool) -> dict[str, Any]:
    from barstep.domain.errors import ConfigError

    sample, made = data == "sample", data.startswith("{")
    if not (instrument or sample or made):
        raise ConfigError(
            f"--instrument: give the instrument of {data}, such as ES; `barstep instruments list` has all"
        )
    if remote:
        source = "gateway"
        if not start:
            raise ConfigError(
                "--start: give the first day to replay, such as 2025-01-15: the gateway at --url has the bars"
            )
        if not sample:
            raise ConfigError("--data: the gateway at --url has the bars; leave it out")
    else:
        source = "sample" if sample or made else str(Path(data).absolute())
    if _DATE.fullmatch(start) and _DATE.fullmatch(end) and end < start:
        raise ConfigError(f"--end: got {end}, expected a day not before --start {start}")
    section = {"instrument": instrument or "ES", "timeframe": timeframe, "source": source}
    if start:
        section["start"] = start if made else _moment("--start", start)
    if end:
        section["end"] = end if made else _moment("--end", end, days=1)
    return section


def _moment(option: str, text: str, days: int = 0) -> str:
    """A UTC date as the moment at which it begins, or ends; what is no date is left to the checks of the run."""
    from barstep.domain.errors import ConfigError

    if not _DATE.fullmatch(text):
        if "T" in text or " " in text:
            return text
        raise ConfigError(f"{option}: got {text}, expected a date such as 2013-09-02")
    try:
        return f"{date.fromisoformat(text) + timedelta(days=days)}T00:00:00Z"
    except ValueError:
        raise ConfigError(
            f"{option}: got {text}, expected a date such as 2013-09-02; this day does not exist"
        ) from None


def _variables(settings: Sequence[str], speed_file: Path | None) -> dict[str, str]:
    from barstep.domain.errors import ConfigError

    found: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not name.strip() or not equals:
            raise ConfigError(f"--set {setting}: expected NAME=VALUE such as FAST_PERIOD=10")
        found[name.strip()] = value
    if speed_file is not None:
        found["SPEED_FILE"] = str(speed_file.absolute())
    return found
