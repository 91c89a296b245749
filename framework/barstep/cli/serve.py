"""`barstep serve`: a gateway on this machine for any client of the gateway API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barstep.cli.output import SetOption, console, moment, risk_entry, warn

if TYPE_CHECKING:
    from barstep.runs.assemble import RunPlan

PORT = 8087
"""Where the header of a playground script looks when nobody tells it (gateway API, 12.2)."""

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
        options["source"] = data if data == "sample" else str(Path(data).resolve())
    plan = _plan(config, options, {"fills.profile": fills, "account.balance": balance}, risk or [], overrides or [])
    key, made_up = _token(token_file)
    if _run(plan, key, made_up, host, port, rate_limit, access_log):
        warn("interrupted", "the server has stopped, and the replays that ran were ended")
        raise typer.Exit(INTERRUPTED)


def _plan(
    config: Path | None, data: dict[str, str | None], keys: dict[str, str | None], risk: list[str], more: list[str]
) -> RunPlan:
    """The checked run that every replay starts from: a file, or the options alone; options win over the file."""
    from barstep.runs.assemble import load_plan

    given = {name: value for name, value in data.items() if value is not None}
    settings = [f"{key}={value}" for key, value in keys.items() if value is not None]
    if config is not None:
        settings = [f"data.{name}={value}" for name, value in given.items()] + settings
        if risk:
            settings.append(f"risk={json.dumps([risk_entry(text) for text in risk])}")
        return load_plan(config, settings + more)
    section = {"instrument": "ES", "timeframe": "1m", "source": "sample", **given}
    base = {"version": 1, "name": "gateway", "data": section, "fills": {"profile": "playground"}, "strategies": []}
    return load_plan({**base, "risk": [risk_entry(text) for text in risk]}, settings + more)


def _token(file: Path | None) -> tuple[str, bool]:
    """The server's token, and whether it was made up here."""
    import os

    from barstep.domain.errors import ConfigError
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
    return token, False


def _run(plan: RunPlan, key: str, made_up: bool, host: str, port: int, rate_limit: bool, access_log: bool) -> bool:
    """Serve until a signal; whether that was Ctrl-C."""
    import signal

    from barstep.gateway.handler import Gateway
    from barstep.runs.gateway import make_opener
    from barstep.runs.log import set_up
    from barstep.serve.front import Front
    from barstep.serve.limits import Limits
    from barstep.serve.pages import make_pages
    from barstep.serve.server import listen, make_server, origin_of

    set_up("info")
    gateway = Gateway(make_opener(plan.loaded.document, plan.base), balance=float(plan.loaded.config.account.balance))
    front = Front(
        gateway,
        key,
        host=host,
        limits=Limits() if rate_limit else None,
        access="all" if access_log else "notable",
        pages=make_pages(),
    )
    door = listen(host, port)
    server = make_server(front)
    _tell(plan, origin_of(door), host, key if made_up else "")
    try:
        server.run(sockets=[door])
    finally:
        gateway.close()
    return server.stopped_by == signal.SIGINT


def _tell(plan: RunPlan, origin: str, host: str, key: str) -> None:
    """Where the server listens, which bars it has, and how to log in."""
    from barstep.runs.sources import extent
    from barstep.serve.front import PREFIXES
    from barstep.serve.peers import is_loopback

    screen = console(err=True)
    if not is_loopback(host):
        warn("warning", f"{host} is reached from other machines: whoever has the token can trade, nothing is encrypted")
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
