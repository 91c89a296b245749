"""`barstep check`: the same run in both lanes, and positions that know later bars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barstep.cli.output import JsonOption, SetOption, emit, prints_to_stderr

if TYPE_CHECKING:
    from barstep.runs.parity import Difference, Parity

DIFFERENT = 1
"""Exit code when the lanes differ."""

app = typer.Typer(help="Check what a strategy claims.", no_args_is_help=True)


@app.command("parity")
def parity(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The run's YAML file.", show_default=False)],
    overrides: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a run in the event lane and in the array lane, and show the first fill that differs.

    All tables and figures are compared. Exit code 0 when they are equal, 1 when they are not. Nothing is kept.
    """
    from barstep.runs.log import set_up
    from barstep.runs.parity import check_parity

    set_up("warning")
    with prints_to_stderr():
        found = check_parity(config, overrides or ())
    if as_json:
        emit(_document(found))
    else:
        _tell(found)
    if not found.equal:
        raise typer.Exit(DIFFERENT)


@app.command("lookahead")
def lookahead(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The run's YAML file.", show_default=False)],
    places: Annotated[
        int, typer.Option(min=2, help="Changes of the wanted position to try, from the first to the last.")
    ] = 100,
    overrides: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a strategy's positions(bars) again with shorter histories, and tell where an answer knew a later bar.

    Exit code 0 when no answer differs, 1 when one does. It finds mistakes; it is not a proof that there are none.
    """
    from barstep.runs.log import set_up
    from barstep.runs.lookahead import check_lookahead

    set_up("warning")
    with prints_to_stderr():
        found = check_lookahead(config, overrides or (), places)
    if as_json:
        emit(found._asdict())
    elif found.places:
        typer.echo(
            f"no look ahead found: {found.strategy} over {found.bars:,} bars, tried at up to {found.places:,} changes "
            "of the position it wants"
        )
    else:
        typer.echo(f"nothing to try: {found.strategy} has no positions(bars), its hooks see one bar after the other")


def _tell(found: Parity) -> None:
    event, array = found.results["event"], found.results["array"]
    if found.equal:
        typer.echo(
            f"equal: {event.bars:,} bars, {event.fills:,} fills, {event.trades:,} trades, net {event.net_pnl:+,.2f} USD, "
            f"digest {event.digest[:12]} in both lanes"
        )
        return
    typer.echo(f"different: event {event.fills:,} fills, net {event.net_pnl:+,.2f} USD; "
               f"array {array.fills:,} fills, net {array.net_pnl:+,.2f} USD")  # fmt: skip
    for each in found.differences:
        _tell_one(each)


def _tell_one(difference: Difference) -> None:
    typer.echo(f"\n{difference.what}")
    for column, (event, array) in difference.values.items():
        typer.echo(f"  {column}: event {event!s}, array {array!s}")
    for lane, lines in difference.stories.items():
        typer.echo(f"  {lane} lane, {lines[0]}")
        for line in lines[1:]:
            typer.echo(f"    {line}")


def _document(found: Parity) -> dict[str, object]:
    return {
        "equal": found.equal,
        "digests": {lane: result.digest for lane, result in found.results.items()},
        "differences": [
            {
                "what": each.what,
                "values": {key: [str(value) for value in pair] for key, pair in each.values.items()},
                "stories": each.stories,
            }
            for each in found.differences
        ],
    }
