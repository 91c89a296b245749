"""What goes where: results to stdout, everything else to stderr; and the options that commands share."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

_JSON = "barstep.json"
LONGEST_NAME = 36
"""Characters of the longest first column that is never broken."""


def _note_json(ctx: typer.Context, wanted: bool) -> bool:
    ctx.meta[_JSON] = wanted
    return wanted


JsonOption = Annotated[
    bool, typer.Option("--json", callback=_note_json, help="Print one JSON document and nothing else.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one value, such as sma_crossover.fast=20; may be given again."
    ),
]

RemoteOption = Annotated[
    bool,
    typer.Option(
        "--allow-remote", help="Run a script with its own header though it holds addresses of other machines."
    ),
]


def wants_json(ctx: Any) -> bool:
    """True when the command was asked for JSON."""
    return bool(ctx.meta.get(_JSON))


def emit(document: Any) -> None:
    """Print the one JSON document of a command."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=_plain))


def _plain(value: Any) -> str:
    """Dates and moments in ISO form, anything else as its text."""
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def console(*, err: bool = False) -> Console:
    """A console that takes text as it is; it shows colour only on a terminal, and none under NO_COLOR."""
    from rich.console import Console

    return Console(stderr=err, highlight=False, markup=False, emoji=False)


def warn(word: str, text: str) -> None:
    """One line on stderr that begins with a coloured word: `error: ...`."""
    from rich.text import Text

    colour = "bold yellow" if word == "warning" else "bold red"
    console(err=True).print(Text.assemble((f"{word}:", colour), f" {text}"), soft_wrap=True)


def columns(out: Console, head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print aligned columns under a heading, if there is one; names, and the numbers that `right` names, stay in one piece."""
    table, kept = grid(header=any(head)), list(rows)
    whole = max((len(row[0]) for row in kept), default=0) <= LONGEST_NAME
    for place, name in enumerate(head):
        side: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, justify=side, overflow="fold", no_wrap=name in right or (whole and not place))
    for row in kept:
        table.add_row(*row)
    put(out, table)


def grid(*, header: bool = False) -> Table:
    """A table without lines, two spaces between columns."""
    from rich.table import Table

    return Table(box=None, show_header=header, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def put(out: Console, table: Table) -> None:
    """Print a table without blanks at the ends of its lines."""
    with out.capture() as taken:
        out.print(table)
    out.file.write("".join(f"{line.rstrip()}\n" for line in taken.get().splitlines()))


@contextmanager
def prints_to_stderr() -> Iterator[None]:
    """What plugins print inside the block goes to stderr, so that stdout holds results only."""
    with redirect_stdout(sys.stderr):
        yield


def moment(when: datetime) -> str:
    """`2013-09-03 13:52 CDT`; seconds only where there are any."""
    clock = "%H:%M:%S" if when.second else "%H:%M"
    return when.strftime(f"%Y-%m-%d {clock} %Z")


def days(count: int) -> str:
    """`1 day`, `1,250 days`."""
    return "1 day" if count == 1 else f"{count:,} days"


def shown(path: Path) -> str:
    """A path from the current folder on, where it lies in it."""
    from pathlib import Path as Real

    here = Real.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def risk_entry(text: str) -> dict[str, Any]:
    """`max_position,contracts=2` as an entry of `risk`."""
    from barstep.domain.errors import ConfigError

    use, *options = text.split(",")
    pairs = [option.partition("=") for option in options]
    if not use or not all(name.strip() and equals for name, equals, _ in pairs):
        raise ConfigError(f"--risk {text}: expected a rule and its options such as max_position,contracts=2")
    return {"use": use.strip(), "options": {name.strip(): value.strip() for name, _, value in pairs}}
