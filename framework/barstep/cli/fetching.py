"""`barstep data fetch`: bars from a gateway into the workspace's store."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from barstep.cli.guard import INTERRUPTED
from barstep.cli.importing import StoreOption
from barstep.cli.output import JsonOption, console, emit, shown, warn


def fetch(
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The gateway's address with its prefix.")],
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="First trading day, such as 2026-01-05.")],
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", metavar="TF", help="Length of a bar, such as 1m.")],
    token: Annotated[
        str, typer.Option("--token", envvar="BARSTEP_TOKEN", metavar="TOKEN", help="Bearer token.", show_default=False)
    ] = "",
    instrument: Annotated[
        str | None, typer.Option("--instrument", "-i", metavar="NAME", help="Its front month.")
    ] = None,
    contract: Annotated[str | None, typer.Option("--contract", metavar="NAME", help="One expiry such as NQH6.")] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="DATE", help="Last trading day; today by default.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask for the live data subscription.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch bars with History/retrieveBars, page by page and within the gateway's limits.

    What is interrupted goes on where it stopped when the same command is given again.
    """
    from barstep.broker.http import HttpApi
    from barstep.cli.progress import Phases
    from barstep.data import Store
    from barstep.runs.fetching import fetch as run
    from barstep.runs.fetching import order
    from barstep.runs.importing import workspace_store

    what = order(
        instrument, contract, timeframe, _day("--start", start), _day("--end", end) if end else None, live=live
    )
    held = Store(store) if store is not None else workspace_store()
    try:
        with HttpApi(url, token) as api, Phases(console(err=True), what.contract.name, wanted=not as_json) as phases:
            got = run(api, url, what, held, progress=phases)
    except KeyboardInterrupt:
        warn("interrupted", "pages that arrived are kept; the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        emit(got.document())
        return
    for text in got.warnings:
        warn("warning", text)
    typer.echo(f"{got.contract}: {got.bars:,} bars of {got.timeframe} in {got.requests} requests, {got.added:,} new")
    typer.echo(f"  {got.series} {got.timeframe} has {got.total:,}, {got.first} to {got.last}")
    typer.echo(f"  {shown(Path(got.manifest))}")


def _day(key: str, text: str) -> date:
    from barstep.domain.errors import ConfigError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{key}: found {text!r}, expected a day such as 2026-01-05") from None
