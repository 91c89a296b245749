"""`barstep data info|synth|resample|import|check|fetch`: look into files of bars, make them, and fill the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli import checking, fetching, importing
from barstep.cli.output import JsonOption, columns, console, emit
from barstep.cli.resample import resample

if TYPE_CHECKING:
    from barstep.domain.bar import BarStream

app = typer.Typer(help="Import bars into the store, check them, look into files, or make bars.", no_args_is_help=True)
app.command("import")(importing.import_)
app.command("check")(checking.check)
app.command("fetch")(fetching.fetch)
app.command("resample")(resample)

_Instrument = Annotated[str, typer.Option("--instrument", "-i", metavar="NAME", help="What trades, such as ES.")]
_Timeframe = Annotated[str, typer.Option("--timeframe", "-t", metavar="TF", help="Length of a bar, such as 1m or 1h.")]
_Text = str | None


def _key(name: str, help: str) -> Any:
    return typer.Option(f"--{name}", metavar=name.upper(), help=help)


@app.command("info")
def info(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A file, a pattern in quotes, or: sample")],
    instrument: Annotated[
        _Text, typer.Option("--instrument", "-i", metavar="NAME", help="What trades; as the name tells, else ES.")
    ] = None,
    timeframe: _Timeframe = "1m",
    zone: Annotated[_Text, _key("zone", "Zone of times without one, such as America/Chicago.")] = None,
    stamp: Annotated[_Text, _key("stamp", "Whether a bar's time is its open or its close.")] = None,
    form: Annotated[_Text, _key("format", "Format of the times, such as %Y%m%d %H%M%S.")] = None,
    volume: Annotated[_Text, _key("volume", "known or unknown: whether volume 0 means no trades.")] = None,
    start: Annotated[_Text, _key("start", "First trading day, such as 2013-09-01.")] = None,
    end: Annotated[_Text, _key("end", "Last trading day.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="KEY=NAME", help="Name of a column, such as o=Open; keys are t o h l c v."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every row of a file of bars and say what it holds: dates, gaps, volume, price range."""
    from barstep.data import describe

    layout: dict[str, Any] = {"zone": zone, "stamp": stamp, "format": form, "columns": named_columns(column or [])}
    given = {key: value for key, value in layout.items() if value}
    bars: Any = source if source == "sample" and not given else {"path": source, **given}
    what = instrument or importing.told_instrument(source)
    found = describe(_stream(instrument=what, timeframe=timeframe, source=bars, volume=volume, start=start, end=end))
    if as_json:
        emit(found)
        return
    gaps = found.pop("gaps")
    described = found.pop("source")
    warnings = found.pop("warnings")
    assert isinstance(gaps, dict)  # noqa: S101 - the form that describe() documents
    assert isinstance(described, dict)  # noqa: S101
    assert isinstance(warnings, list)  # noqa: S101
    held = f"{gaps['count']}, the longest {gaps['biggest']} at {gaps['biggest_at']}" if gaps["count"] else "none"
    rows = [("file", str(described["path"]))]
    rows += [(key.replace("_", " "), _text(value)) for key, value in found.items()]
    rows += [("gaps in trading hours", held), ("sha256", str(described["sha256"]))]
    columns(console(), ("", ""), rows + [("warning", text) for text in warnings])


@app.command("synth")
def synth(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new file: .csv or .csv.gz", show_default=False)],
    instrument: _Instrument = "ES",
    timeframe: _Timeframe = "1m",
    seed: Annotated[_Text, _key("seed", "The same seed gives the same bars; 0 when not given.")] = None,
    bars: Annotated[_Text, _key("bars", "How many bars; 10000 when neither is given.")] = None,
    days: Annotated[_Text, _key("days", "How many trading days.")] = None,
    start: Annotated[_Text, _key("start", "First trading day, such as 2020-01-02.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write made-up bars that keep an instrument's trading hours and tick; they say nothing about a real market."""
    from barstep.data import write_csv
    from barstep.domain.errors import BarstepError, ConfigError

    if not out.name.endswith((".csv", ".csv.gz")):
        raise ConfigError(f"got {out}, expected a name that ends in .csv or .csv.gz")
    if out.exists():
        raise ConfigError(f"{out} exists already; choose another name, or remove it first")
    if bars and days:
        raise ConfigError("got both --bars and --days, expected one of them")
    wanted = {"kind": "synthetic", "seed": seed, "bars": bars, "days": days, "start": start}
    source = {key: value for key, value in wanted.items() if value is not None}
    stream = _stream(instrument=instrument, timeframe=timeframe, source=source)
    try:
        rows = write_csv(stream, out)
    except OSError as error:
        raise BarstepError(f"{out} cannot be written: {error.strerror or error}; nothing was left there") from error
    if as_json:
        emit({"file": str(out), "bars": rows, "contract": stream.feed.contract.name, "source": stream.source})
    else:
        typer.echo(f"wrote {rows:,} bars of {stream.feed.contract.name} {timeframe} to {out}")


def _stream(**section: Any) -> BarStream:
    """Bars as the `data` section of a run would open them, with the same messages."""
    from barstep.config import load_mapping
    from barstep.runs.sources import make_stream

    data = {key: value for key, value in section.items() if value is not None}
    loaded = load_mapping({"version": "1", "data": data, "strategies": []})
    return make_stream(loaded.config.data[0], Path.cwd())


def named_columns(given: list[str]) -> dict[str, str]:
    """Column names from `KEY=NAME` texts."""
    from barstep.domain.errors import ConfigError

    names = {}
    for text in given:
        key, equals, name = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"--column {text}: expected KEY=NAME, such as o=Open")
        names[key] = name
    return names


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
