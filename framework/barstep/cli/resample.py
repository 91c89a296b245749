"""`barstep data resample`: longer bars out of a file, or out of what a configuration reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.importing import told_instrument
from barstep.cli.output import JsonOption, emit

if TYPE_CHECKING:
    from barstep.domain.bar import BarStream

_Text = str | None


def _key(name: str, metavar: str, help: str) -> Any:
    return typer.Option(f"--{name}", metavar=metavar, help=help)


def resample(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A file, a pattern in quotes, sample, or a run's YAML file.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new file: .csv, .csv.gz or .parquet")],
    timeframe: Annotated[str, typer.Option("--timeframe", "-t", metavar="TF", help="Length of a bar, such as 15m.")],
    instrument: Annotated[
        _Text, typer.Option("--instrument", "-i", metavar="NAME", help="What trades; as the name tells, else ES.")
    ] = None,
    base: Annotated[_Text, _key("from", "TF", "Length of the source's bars; found out when not given.")] = None,
    start: Annotated[_Text, _key("start", "DAY", "First trading day, such as 2013-09-01.")] = None,
    end: Annotated[_Text, _key("end", "DAY", "Last trading day.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write longer bars, counted from each session's open; no bar spans a session or a break, 1D is the trading day.

    A bar's time in OUT is the start of its window in UTC. How columns, zones and stamps of a file are named is told
    in a run's YAML file: give that as SOURCE.
    """
    from barstep.data import write_bars
    from barstep.domain.errors import BarstepError, ConfigError

    if not out.name.endswith((".csv", ".csv.gz", ".parquet")):
        raise ConfigError(f"got {out}, expected a name that ends in .csv, .csv.gz or .parquet")
    if out.exists():
        raise ConfigError(f"{out} exists already; choose another name, or remove it first")
    given = {"instrument": instrument, "resample": base, "start": start, "end": end}
    stream = _stream(source, {"timeframe": timeframe} | {key: text for key, text in given.items() if text is not None})
    try:
        rows = write_bars(stream, out)
    except OSError as error:
        raise BarstepError(f"{out} cannot be written: {error.strerror or error}; nothing was left there") from error
    contract, made_of = stream.feed.contract.name, stream.source.get("resampled_from")
    warnings = [text for text in stream.warnings if not text.startswith("the bars of the source are")]
    if as_json:
        told = {"file": str(out), "bars": rows, "contract": contract, "timeframe": stream.feed.timeframe.text}
        emit({**told, "source": stream.source, "warnings": warnings})
        return
    of_what = f", made of {made_of} bars" if made_of else ""
    typer.echo(f"wrote {rows:,} bars of {contract} {stream.feed.timeframe.text} to {out}{of_what}")
    for text in warnings:
        typer.echo(f"warning: {text}", err=True)


def _stream(source: str, changes: dict[str, str]) -> BarStream:
    """The bars of a source as a run would read them, in the timeframe that is wanted."""
    from barstep.config import load_mapping
    from barstep.domain.errors import ConfigError
    from barstep.runs.sources import make_stream

    folder, section = Path.cwd(), {"instrument": told_instrument(source), "source": source}
    if source.endswith((".yaml", ".yml")):
        folder, section = Path(source).resolve().parent, _section(source, changes)
    loaded = load_mapping({"version": 1, "data": {**section, **changes}, "strategies": []})
    stream = make_stream(loaded.config.data[0], folder)
    if stream.source.get("kind") == "gateway":
        raise ConfigError(f"{source}: its bars are at a gateway; `barstep data fetch` gets them")
    return stream


def _section(source: str, changes: dict[str, str]) -> dict[str, Any]:
    """The data section of a run's file, read for another timeframe: its own is then what bars are made of."""
    from barstep.config import load_run
    from barstep.domain.errors import ConfigError

    document = load_run(source).document
    sections = document["data"] if isinstance(document["data"], list) else [document["data"]]
    wanted = changes.get("instrument")
    fits = [section for section in sections if wanted in (None, _label(section))]
    if len(fits) != 1:
        have = ", ".join(_label(section) for section in sections)
        raise ConfigError(f"{source} has bars of {have}: name one of them with --instrument")
    section = {key: value for key, value in fits[0].items() if key != "also"}
    changes.pop("instrument", None)
    own = section.get("resample") or section["timeframe"]
    return {**section, "resample": None if own == changes["timeframe"] else own}


def _label(section: dict[str, Any]) -> str:
    instrument = section["instrument"]
    return str(instrument.get("name") or instrument["use"]) if isinstance(instrument, dict) else str(instrument)
