"""`barstep serve`: a gateway on this machine for any client of the gateway API."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from barstep.cli.output import SetOption, console, moment, risk_entry, warn

if TYPE_CHECKING:
    from barstep.runs.assemble import RunPlan

PORT = 8087
"""Where the header of a playground script looks when nobody tells it (gateway API, 12.2)."""

SHORTEST = 16
"""Fewest characters of a token that other machines may try."""

_VARIABLE = "BARSTEP_TOKEN"
_Data = Annotated[
    str | None, typer.Option("--data", "-d", metavar="FILE", help="Bars to replay; by default the packaged sample.")
]
_Instrument = Annotated[str | None, typer.Option("--instrument", "-i", metavar="NAME", help="What trades, such as ES.")]
_Timeframe = Annotated[
    str | None, typer.Option("--timeframe", "-t", metavar="TF", help="Length of a bar of the file, such as 1m.")
]
_Fills = Annotated[str | None, typer.Option("--fills", metavar="PROFILE", help="strict, playground or backtrader.")]
_Balance = Annotated[str | None, typer.Option("--balance", metavar="USD", help="USD at the start of each replay.")]
_Risk = Annotated[
    list[str] | None,
    typer.Option("--risk", metavar="RULE", help="A risk rule, such as max_position,contracts=2; may be given again."),
]
_TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help=f"Holds the token; else {_VARIABLE}, else one is made up."),
]


class _Door(NamedTuple):
    """Where the server listens, and under which names it is reached besides."""

    host: str
    port: int
    names: tuple[str, ...]


def serve(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="A run's YAML file; its strategies are not played.")
    ] = None,
    data: _Data = None,
    instrument: _Instrument = None,
    timeframe: _Timeframe = None,
    fills: _Fills = None,
    balance: _Balance = None,
    risk: _Risk = None,
    overrides: SetOption = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name that leads to the server; may be given again."),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")] = PORT,
    token_file: _TokenFile = None,
    rate_limit: Annotated[bool, typer.Option("--rate-limit", help="Keep the live gateway's request limits.")] = False,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request, not only notable ones.")] = False,
    print_openapi: Annotated[
        bool, typer.Option("--print-openapi", help="Print the OpenAPI document and stop.")
    ] = False,
) -> None:
    """Serve a replay gateway that playground scripts and clients of the gateway API connect to.

    Each user has accounts of his own; each replay its own account and clock.

    The address is the one line on stdout, everything else goes to stderr.

    Ctrl-C stops the server and ends the replays that run.
    """
    from barstep.cli.guard import INTERRUPTED
    from barstep.cli.output import emit
    from barstep.serve import check_extra

    check_extra()
    if print_openapi:
        from barstep.serve.openapi import document

        emit(document())
        return
    options = {"instrument": instrument, "timeframe": timeframe}
    if data is not None:
        _check_named(data, instrument, config)
        options["source"] = data if data == "sample" else str(Path(data).resolve())
    plan = _plan(config, options, {"fills.profile": fills, "account.balance": balance}, risk or [], overrides or [])
    key, made_up = _token(token_file, host)
    door = _Door(host, port, tuple(_host_name(name) for name in allow_host or ()))
    if _run(plan, key, made_up, door, rate_limit, access_log):
        warn("interrupted", "the server has stopped, and the replays that ran were ended")
        raise typer.Exit(INTERRUPTED)


def _plan(
    config: Path | None, data: dict[str, str | None], keys: dict[str, str | None], risk: list[str], more: list[str]
) -> RunPlan:
    """The checked run that every replay starts from: a file, or the options alone; options win over the file."""
    from barstep.cli.script import in_options
    from barstep.domain.errors import ConfigError, DataError
    from barstep.runs.assemble import load_plan

    given = {name: value for name, value in data.items() if value is not None}
    settings = [f"{key}={value}" for key, value in keys.items() if value is not None]
    if config is not None:
        settings = [f"data.{name}={value}" for name, value in given.items()] + settings
        if risk:
            settings.append(f"risk={json.dumps([risk_entry(text) for text in risk])}")
        plan = load_plan(config, settings + more)
        _check_own(plan)
        return plan
    section = {"instrument": "ES", "timeframe": "1m", "source": "sample", **given}
    base = {"version": 1, "name": "gateway", "data": section, "fills": {"profile": "playground"}, "strategies": []}
    try:
        return load_plan({**base, "risk": [risk_entry(text) for text in risk]}, settings + more)
    except ConfigError as error:
        raise ConfigError([in_options(problem) for problem in error.problems]) from error
    except DataError as error:
        raise type(error)(in_options(str(error))) from error


def _check_named(data: str, instrument: str | None, config: Path | None) -> None:
    from barstep.domain.errors import ConfigError

    if instrument is None and config is None and data != "sample":
        told = f"give the instrument of {data}, such as ES; `barstep instruments list` has all"
        raise ConfigError(f"--instrument: {told}")


def _check_own(plan: RunPlan) -> None:
    """The bars and the exchange must be here: a run that has them from another gateway cannot be served."""
    from barstep.domain.errors import ConfigError

    config = plan.loaded.config
    if config.broker.kind == "http":
        raise ConfigError("broker.kind: got http, but what is served is executed here: leave the section broker out")
    if any(section.source.kind == "gateway" for section in config.data):
        raise ConfigError("data.source: got gateway, expected bars of this machine to serve: a file, or sample")


def _host_name(name: str) -> str:
    """A name as a Host header has it, without its port."""
    from barstep.domain.errors import ConfigError

    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise ConfigError(f"--allow-host: got {name!r}, expected a name such as box.local, without http:// and port")
    return name


def _token(file: Path | None, host: str) -> tuple[str, bool]:
    """The server's token, and whether it was made up here."""
    import os

    from barstep.domain.errors import ConfigError
    from barstep.serve.peers import is_loopback
    from barstep.serve.tokens import make_token

    if file is not None:
        try:
            token, where = file.read_text(encoding="utf-8").strip(), f"--token-file {file}"
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--token-file {file} cannot be read: {error}") from error
    elif _VARIABLE in os.environ:
        token, where = os.environ[_VARIABLE].strip(), _VARIABLE
    else:
        return make_token(), True
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{where}: expected one word of letters, digits and signs")
    if len(token) < SHORTEST and not is_loopback(host):
        told = f"expected {SHORTEST} characters or more, for {host} is reached from other machines"
        raise ConfigError(f"{where}: a token of {len(token)} is soon guessed: {told}")
    return token, False


def _run(plan: RunPlan, key: str, made_up: bool, at: _Door, rate_limit: bool, access_log: bool) -> bool:
    """Serve until a signal; whether that was Ctrl-C."""
    import signal

    from barstep.domain.instrument import MICROS
    from barstep.gateway.handler import Gateway
    from barstep.runs.gateway import make_opener
    from barstep.runs.log import set_up
    from barstep.serve.front import Front
    from barstep.serve.limits import Limits
    from barstep.serve.pages import make_pages
    from barstep.serve.server import listen, make_server, origin_of

    set_up("info")
    gateway = Gateway(make_opener(plan.loaded.document, plan.base), balance=plan.account.start_balance / MICROS)
    front = Front(
        gateway,
        key,
        host=at.host,
        names=at.names,
        limits=Limits() if rate_limit else None,
        access="all" if access_log else "notable",
        pages=make_pages(),
    )
    door = listen(at.host, at.port)
    server = make_server(front)
    _tell(plan, origin_of(door), at, key if made_up else "")
    try:
        server.run(sockets=[door])
    finally:
        gateway.close()
    return server.stopped_by == signal.SIGINT


def _tell(plan: RunPlan, origin: str, at: _Door, key: str) -> None:
    """Where the server listens, which bars it has, and how to log in."""
    import socket

    from barstep.runs.extent import extent
    from barstep.serve.front import PREFIXES
    from barstep.serve.peers import is_loopback

    screen = console(err=True)
    if not is_loopback(at.host):
        told = "whoever has the token can trade, nothing is encrypted"
        warn("warning", f"{at.host} is reached from other machines: {told}")
        names = ", ".join(dict.fromkeys((socket.gethostname(), *at.names)))
        screen.print(
            f"other machines say {names} or an address of this one, port {origin.rpartition(':')[2]}; "
            "another name is let in with --allow-host NAME",
            soft_wrap=True,
        )
    sim = origin + PREFIXES["sim"].rstrip("/")
    fills = plan.loaded.config.fills.profile
    for stream in plan.streams:
        found, feed = extent(stream), stream.feed
        bars = f"{feed.contract.name} {feed.timeframe.text} from {moment(found.start)} to {moment(found.end)}"
        screen.print(f"Serving {bars}, {fills} fills", style="bold", soft_wrap=True)
    told = f"scripts connect to {sim}, clients of the live API to {origin}"
    screen.print(f"{told}; what there is: {origin}/openapi.json", soft_wrap=True)
    told = "any userName and the token as apiKey, or the token itself as bearer token"
    screen.print(f"log in with {told}{f'; the token is {key}' if key else ''}", soft_wrap=True)
    typer.echo(sim)
