"""From what is named on the command line to a record: a stored run, or a file of fills or trades with its bars."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.config import load_mapping, load_run
from barstep.data import Layout, bar_length
from barstep.data.clock import check_zone
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError
from barstep.evaluate.fills_record import fills_record
from barstep.evaluate.ledger import Reader
from barstep.evaluate.ledger_csv import read_csv
from barstep.evaluate.ledger_json import read_json
from barstep.evaluate.run_record import run_record
from barstep.evaluate.trades_record import trades_record
from barstep.runs.folder import find_run
from barstep.runs.sources import make_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.domain.bar import BarStream
    from barstep.domain.instrument import Contract
    from barstep.evaluate.record import Record

_ENDINGS = (".csv", ".csv.gz", ".json")
_RUNS = (".yaml", ".yml")


def open_record(
    source: str, workspace: Path, *, bars: Sequence[str] = (), zone: str | None = None, fees: str | None = None
) -> Record:
    """The record of a RUN (a folder, the beginning of a hash, `last`) or of a LEDGER (a .json or .csv file).

    Args:
        source: What to evaluate.
        workspace: Where runs are looked for.
        bars: Bars of the fills: a file, `sample`, or a run's YAML file whose data sections name them; for several
            instruments each with its name in front, `ES=es.csv`.
        zone: Zone of a file's times that carry none.
        fees: Fee schedule or USD per contract and side of rows without fees; `topstepx` by default.
    """
    path = Path(source)
    if not path.name.endswith(_ENDINGS) or path.name == "result.json":
        given = [
            f"--{name}" for name, value in (("bars", bars or None), ("zone", zone), ("fees", fees)) if value is not None
        ]
        if given:
            raise ConfigError(f"{given[0]} is for a file of fills or trades; a run has its own")
        return run_record(find_run(source, workspace))
    if not path.is_file():
        raise ConfigError(f"no file {source}; give a .json of Trade/search, a .csv of fills or trades, or a run")
    if zone is not None:
        check_zone(zone)
    reader = Reader(zone)
    ledger = read_json(path, reader) if path.suffix == ".json" else read_csv(path, reader)
    schedule = _schedule(fees or "topstepx")
    if ledger.trades:
        if bars:
            raise ConfigError("--bars is for a file of fills: a list of trades carries its excursions as mae and mfe")
        return trades_record(ledger, schedule)
    streams = [_bars(text, contract) for text, contract in _sources(bars, ledger.contracts)] if bars else []
    return fills_record(ledger, schedule, streams)


def _schedule(text: str) -> str | Decimal:
    try:
        figure = Decimal(text)
    except InvalidOperation:
        return text
    if not figure.is_finite() or figure < 0:
        raise ConfigError(f"--fees {text}: expected topstepx, none, or USD per contract and side such as 1.40")
    return figure


def _sources(given: Sequence[str], contracts: Sequence[Contract]) -> list[tuple[str, Contract]]:
    """Which bars each contract has: those under its name or its instrument's, else those without a name."""
    named: dict[str, str] = {}
    for text in given:
        name, equals, place = text.partition("=")
        key, source = (name, place) if equals and name.isalnum() else ("", text)
        if key in named:
            told = f"bars of {key}" if key else "bars without a name"
            raise ConfigError(f"--bars {text}: {told} were given already; for several instruments write --bars ES=FILE")
        named[key] = source
    known = {name for contract in contracts for name in (contract.name, contract.instrument.name)}
    for name in named.keys() - known - {""}:
        raise ConfigError(f"--bars {name}=: the ledger does not trade {name}; it trades {', '.join(sorted(known))}")
    several = len({contract.instrument.name for contract in contracts}) > 1
    found = []
    for contract in contracts:
        own = named.get(contract.name) or named.get(contract.instrument.name)
        shared = named.get("")
        if own is None and (shared is None or (several and not shared.endswith(_RUNS))):
            traded = ", ".join(each.name for each in contracts)
            raise ConfigError(
                f"--bars: the ledger trades {traded}: give bars of each, such as --bars {contract.instrument.name}=FILE, or a "
                "run's YAML with a data section for each"
            )
        found.append((own or shared or "", contract))
    return found


def _bars(source: str, contract: Contract) -> BarStream:
    """Bars of a contract, in the length that the source has."""
    name = contract.instrument.name
    if source.endswith(_RUNS):
        return make_stream(_section(source, name), Path(source).resolve().parent)
    section: dict[str, Any] = {"instrument": name, "contract": contract.name, "source": source, "timeframe": "1m"}
    if source != "sample":
        section["timeframe"] = bar_length(source, Layout(), Timeframe.parse("1D")).text
    loaded = load_mapping({"version": "1", "data": section, "strategies": []})
    return make_stream(loaded.config.data[0], Path.cwd())


def _section(source: str, name: str) -> Any:
    found = [data for data in load_run(source).config.data if _name(data.instrument) == name]
    if len(found) != 1:
        raise ConfigError(f"--bars {source}: expected one data section of {name}, found {len(found)}")
    return found[0]


def _name(instrument: Any) -> str:
    return str(getattr(instrument, "name", None) or instrument.use)
