"""`barstep data check`: faults and oddities of files and of the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barstep.cli.importing import (
    ColumnOption,
    FormatOption,
    InstrumentOption,
    PickOption,
    StampOption,
    StoreOption,
    TimeframeOption,
    ZoneOption,
    instrument_of,
)
from barstep.cli.output import JsonOption, console, emit, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.runs.importing import Checked, Terms

FAULTS = 3
"""Exit code when there is a fault; warnings alone are 0."""


def check(
    sources: Annotated[
        list[str], typer.Argument(metavar="FILE|store...", help="Files, or store for all that was imported.")
    ],
    instrument: InstrumentOption = None,
    timeframe: TimeframeOption = None,
    zone: ZoneOption = None,
    stamp: StampOption = None,
    form: FormatOption = None,
    pick: PickOption = None,
    column: ColumnOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for gaps, doubled bars, prices off the tick grid, impossible bars, spikes, and clocks read wrongly.

    Exit code 0 without faults (there may be warnings), 3 with faults.
    """
    from barstep.cli.bars import named_columns
    from barstep.runs.importing import Terms

    columns = named_columns(column or []) or None
    terms = Terms(instrument_of(instrument), None, timeframe, zone, stamp, columns, form, pick)  # type: ignore[arg-type]
    found: list[Checked] = []
    for each in _each(sources, terms, store, quiet=as_json):
        found.append(each)
        if not as_json:
            _tell(each)
    if as_json:
        emit([each.document() for each in found])
    if any(each.faults for each in found):
        raise typer.Exit(FAULTS)


def _each(sources: list[str], terms: Terms, store: Path | None, *, quiet: bool) -> Iterator[Checked]:
    from barstep.cli.progress import Phases
    from barstep.data.store import Store
    from barstep.domain.errors import DataError
    from barstep.runs.importing import check_series, check_source, workspace_store

    for source in sources:
        if source != "store":
            with Phases(console(err=True), source, wanted=not quiet) as phases:
                checked = check_source(source, terms, phases)
            yield checked
            continue
        held = Store(store) if store is not None else workspace_store()
        series = [each for each in held.series(terms.instrument if isinstance(terms.instrument, str) else None)
                  if terms.timeframe in (None, each.timeframe)]  # fmt: skip
        if not series:
            raise DataError(f"the store {held.folder.name}/ is empty. Import bars first: barstep data import FILE")
        for each in series:
            with Phases(console(err=True), each.series, wanted=not quiet) as phases:
                checked = check_series(held, each, phases)
            yield checked


def _tell(found: Checked) -> None:
    clock = f"{found.zone}, stamps at the {found.stamp}"
    typer.echo(f"{found.source}: {found.form}, {found.rows:,} bars of {found.instrument} {found.timeframe}, {clock}")
    for each in found.findings:
        warn("fault" if each.severity == "fault" else "warning", each.text)
    if not found.findings:
        typer.echo("  nothing to complain about")
