"""`barstep data import`: bars of files into the workspace's store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, console, emit, shown, warn

if TYPE_CHECKING:
    from barstep.runs.importing import Imported

_Text = str | None


def _key(name: str, help: str, *short: str) -> Any:
    return typer.Option(f"--{name}", *short, metavar=name.upper(), help=help)


InstrumentOption = Annotated[_Text, _key("instrument", "What trades, such as NQ, where the name does not tell.", "-i")]
TimeframeOption = Annotated[_Text, _key("timeframe", "Length of a bar, where the times do not tell.", "-t")]
ZoneOption = Annotated[_Text, _key("zone", "Zone of times without one, where the breaks of trading do not prove it.")]
StampOption = Annotated[_Text, _key("stamp", "open or close, where the breaks of trading do not prove it.")]
FormatOption = Annotated[_Text, _key("format", "How times are written, such as '%d.%m.%Y %H:%M'.")]
PickOption = Annotated[_Text, _key("pick", "Of a file of several contracts, the one wanted.")]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="KEY=NAME", help="Name of a column, such as o=Open; keys are t o h l c v."),
]
RepairOption = Annotated[
    list[str] | None,
    typer.Option("--repair", metavar="NAMES", help="Mend first: sort, dedupe, last, drop, round, widen."),
]
StoreOption = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help="The store; by default store/ in the workspace.")
]


def instrument_of(text: str | None) -> Any:
    """The text of --instrument: a name, or a JSON object as a run file's `instrument` would be."""
    import json

    from barstep.domain.errors import ConfigError

    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"--instrument: found {text!r}, expected a name or a JSON object ({error})") from None


def told_instrument(source: str) -> str:
    """What a file's name says of its instrument; ES, which the samples are of, when it says nothing."""
    from barstep.data import guess

    found = guess(Path(source).name)
    return found[0] if found else "ES"


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of bars.", show_default=False)],
    instrument: InstrumentOption = None,
    contract: Annotated[_Text, _key("contract", "One expiry such as NQH2; without it a joined series.")] = None,
    timeframe: TimeframeOption = None,
    zone: ZoneOption = None,
    stamp: StampOption = None,
    form: FormatOption = None,
    pick: PickOption = None,
    column: ColumnOption = None,
    repair: RepairOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="New bars win where they differ.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put bars of NinjaTrader, TradingView, Databento, Sierra Chart, FirstRate, CSV or Parquet files into the store.

    The form is told from the file. Bars with faults are refused; --repair mends what it names, and the manifest says so.
    """
    from barstep.cli.bars import named_columns
    from barstep.cli.progress import Phases
    from barstep.runs.importing import import_bars

    done: list[Imported] = []
    for file in files:
        with Phases(console(err=True), file.name, wanted=not as_json) as phases:
            got = import_bars(
                file, instrument=instrument_of(instrument), contract=contract, timeframe=timeframe, zone=zone,
                stamp=stamp, columns=named_columns(column or []) or None, time_format=form, pick=pick,  # type: ignore[arg-type]
                repair=repair or (), replace=replace, store=store, progress=phases,
            )  # fmt: skip
        done.append(got)
        if not as_json:
            _tell(got)
    if as_json:
        emit([each.document() for each in done])


def _tell(got: Imported) -> None:
    why = {"declared": "as declared", "form": "certain from the form", "proved": "proved by the breaks of trading"}
    typer.echo(f"{got.source}: {got.form}, {got.timeframe} bars of {got.series}")
    typer.echo(f"  times: {got.zone}, stamps at the {got.stamp}, {why[got.known_by]}")
    for name, count in got.repaired.items():
        typer.echo(f"  repair {name}: {count:,} rows")
    for text in got.warnings:
        warn("warning", text)
    replaced = f", {got.replaced:,} replaced" if got.replaced else ""
    typer.echo(
        f"  {got.added:,} new bars{replaced}; {got.series} {got.timeframe} has {got.total:,}, {got.first} to {got.last}"
    )
    typer.echo(f"  {shown(Path(got.manifest))}")
