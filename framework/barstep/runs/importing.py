"""Bars from files and frames into the workspace's store, and checks of what is there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep import data
from barstep.config import load_mapping
from barstep.data import clock, files, frames, intake, naming, repairs
from barstep.data.audit import Audit
from barstep.data.findings import Finding
from barstep.data.opening import Opened, open_file, open_frame
from barstep.data.sessions import SessionTable, utc_text
from barstep.data.store import Manifest, Store, series_name
from barstep.data.store_writing import merge, working_folder
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import Contract, Instrument
from barstep.domain.session import NS
from barstep.hooks.loader import find_workspace
from barstep.runs.instruments import make_instrument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from barstep.data.forms import Stamp
    from barstep.data.intake import Progress, Taken

STORE = "store"
"""Name of the store's folder in a workspace."""


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        source: Name of the file, or `frame`.
        form: The form that was detected.
        instrument, series, timeframe: The series it went into.
        zone, stamp: How its clock was read.
        known_by: Why so: `declared`, `form` or `proved`.
        rows: Rows of the source.
        added: Bars that were not in the store before.
        replaced: Stored bars that the source's own took the place of.
        total: Bars of the series now.
        first, last: Starts of its first and last bar, UTC.
        repaired: Rows changed or left out, by repair.
        warnings: What the check found.
        manifest: Path of the manifest.
    """

    source: str
    form: str
    instrument: str
    series: str
    timeframe: str
    zone: str
    stamp: str
    known_by: str
    rows: int
    added: int
    replaced: int
    total: int
    first: str
    last: str
    repaired: dict[str, int]
    warnings: list[str]
    manifest: str

    def document(self) -> dict[str, Any]:
        """The outcome for JSON."""
        return asdict(self)


@dataclass(slots=True)
class Checked:
    """What a check found.

    Attributes:
        source: Name of the file or series.
        form, instrument, timeframe, zone, stamp, known_by: As for `Imported`.
        rows: Bars that were checked.
        findings: Faults and warnings.
    """

    source: str
    form: str
    instrument: str
    timeframe: str
    zone: str
    stamp: str
    known_by: str
    rows: int
    findings: list[Finding] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How many kinds of faults there are."""
        return sum(each.severity == "fault" for each in self.findings)

    def document(self) -> dict[str, Any]:
        """The outcome for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user says of a source; see `import_bars`."""

    instrument: str | Mapping[str, Any] | None = None
    contract: str | None = None
    timeframe: str | None = None
    zone: str | None = None
    stamp: Stamp | None = None
    columns: Mapping[str, str] | None = None
    time_format: str | None = None
    pick: str | None = None
    repair: str | Iterable[str] = ()


def import_bars(
    source: Any,
    *,
    instrument: str | Mapping[str, Any] | None = None,
    contract: str | None = None,
    timeframe: str | None = None,
    zone: str | None = None,
    stamp: Stamp | None = None,
    columns: Mapping[str, str] | None = None,
    time_format: str | None = None,
    pick: str | None = None,
    repair: str | Iterable[str] = (),
    replace: bool = False,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Put the bars of a file or a frame into the store.

    Args:
        source: Path of a CSV, text or Parquet file, or a polars, pandas or Arrow frame.
        instrument: What trades, such as `NQ`, or the mapping that a run file would have; a file's name may tell it.
        contract: One expiry such as `NQH2`; without it the bars are a joined series of the instrument.
        timeframe: Length of a bar, where neither form nor times tell it.
        zone: IANA zone of times that carry none, where the session breaks do not prove it.
        stamp: `open` or `close`, where neither form nor breaks tell it.
        columns: The source's names of `t o h l c v`, where they are not told by themselves.
        time_format: As for strptime, where it is not told by itself.
        pick: Of a file of several contracts, the one wanted.
        repair: Repairs to make: `sort`, `dedupe`, `last`, `drop`, `round`, `widen`.
        replace: New bars win where they differ from stored ones.
        store: The store's folder; by default `store` in the workspace.
        progress: Called with what is being done, rows done and rows in all.

    Returns:
        What was done.

    Raises:
        DataError: Bars that cannot be read or trusted, or differ from stored ones; the store is as it was.
        ConfigError: What is asked for makes no sense.
    """
    terms = Terms(instrument, contract, timeframe, zone, stamp, columns, time_format, pick, repair)
    into = Store(store) if store is not None else workspace_store()
    opened, path = _open(source, terms)
    item, named = _instrument(opened, terms)
    asked = _asked(terms, item)
    with working_folder(into, item.name) as folder:
        taken = intake.take(opened, asked, folder, path, progress)
        if taken.faults:
            raise intake.fault_error(taken, opened, path)
        return _put(into, item, named, opened, path, taken, folder, terms, replace=replace)


def check_source(source: Any, terms: Terms, progress: Progress | None = None) -> Checked:
    """Check a file or a frame as an import would, and write nothing."""
    opened, path = _open(source, terms)
    item, _ = _instrument(opened, terms)
    with tempfile.TemporaryDirectory(prefix="barstep-") as folder:
        taken = intake.take(opened, _asked(terms, item), Path(folder), path, progress)
    return Checked(
        opened.name, opened.form.name, item.name, taken.timeframe.text, taken.zone, taken.stamp, taken.known_by,
        taken.rows, taken.findings,
    )  # fmt: skip


def check_series(store: Store, manifest: Manifest, progress: Progress | None = None) -> Checked:
    """Check a stored series; of a file that is not the one that was written only that is told."""
    own, timeframe = manifest.imports[-1].get("instrument"), Timeframe.parse(manifest.timeframe)
    item = own_instrument(own) if own else data.instrument(manifest.instrument)
    name = f"{manifest.series} {manifest.timeframe}"
    checked = Checked(name, "store", item.name, timeframe.text, "UTC", "open", "form", manifest.rows)
    if trouble := store.trouble(manifest):
        checked.findings = [Finding("changed", "fault", *trouble, count=1)]
        return checked
    audit = Audit(item, timeframe, SessionTable(item.session))
    with tempfile.TemporaryDirectory(prefix="barstep-") as folder:
        rows = Path(folder, "rows.parquet")
        intake.numbered(store.bars(manifest), rows)
        intake.run_audit(audit, rows, manifest.rows, progress or (lambda *_: None))
    checked.findings = audit.findings()
    return checked


def workspace_store(start: Path | None = None) -> Store:
    """The store of the workspace around a folder, by default the current one."""
    return Store(find_workspace(start or Path.cwd()) / STORE)


def own_instrument(given: Mapping[str, Any]) -> Instrument:
    """An instrument from the mapping that a run file would have, such as `{name: FDAX, tick_size: 0.5, tick_value: 12.5}`.

    Raises:
        ConfigError: With a line for each fault of it.
    """
    section = {"instrument": dict(given), "timeframe": "1m", "source": "sample"}
    return make_instrument(load_mapping({"version": "1", "data": section, "strategies": []}).config.data[0].instrument)


def contract_of(item: Instrument, text: str, first_ns: int) -> Contract:
    """A contract from its name, the year settled by a bar's time."""
    return data.parse_contract(item, text, datetime.fromtimestamp(first_ns // NS, UTC).date())


def _open(source: Any, terms: Terms) -> tuple[Opened, Path | None]:
    if isinstance(source, str | Path):
        path = Path(source)
        return open_file(path, terms.columns, terms.time_format, terms.pick), path
    return open_frame("frame", frames.as_polars(source), terms.columns, terms.time_format, terms.pick), None


def _instrument(opened: Opened, terms: Terms) -> tuple[Instrument, str | None]:
    """What trades and the contract's name, as told by the user, a column or the file's name."""
    told = opened.told
    if isinstance(terms.instrument, Mapping):
        return own_instrument(terms.instrument), terms.contract
    if terms.instrument is None and terms.contract:
        told = naming.guess(terms.contract) or told
    if terms.instrument is None and told is None:
        raise ConfigError(
            f"{opened.name}: what trades is not told by the file's name. Say it, for example --instrument NQ"
        )
    item = data.instrument(terms.instrument or (told[0] if told else ""))
    same = told is not None and told[0] == item.name
    return item, terms.contract or (told[1] if same and told else None)


def _other_name(opened: Opened, item: Instrument, series: str, first: int) -> list[str]:
    """A warning where the source's name tells of something else than it is imported as."""
    name, contract = opened.told or (item.name, None)
    named = series_name(contract_of(data.instrument(name), contract, first)) if contract else name
    if named == (series if contract else item.name):
        return []
    return [f"its name says {named}, and it was imported as {series}, as declared"]


def _asked(terms: Terms, item: Instrument) -> intake.Asked:
    if terms.zone is not None:
        clock.check_zone(terms.zone)
    if terms.stamp not in (None, "open", "close"):
        raise ConfigError(f"--stamp: found {terms.stamp!r}, expected open or close")
    try:
        timeframe = Timeframe.parse(terms.timeframe) if terms.timeframe else None
    except ValueError as error:
        raise ConfigError(f"--timeframe: found {terms.timeframe!r}, expected {error}") from error
    return intake.Asked(item, timeframe, terms.zone, terms.stamp, repairs.parse(terms.repair))


def _put(
    into: Store, item: Instrument, named: str | None, opened: Opened, path: Path | None, taken: Taken, folder: Path,
    terms: Terms, *, replace: bool,
) -> Imported:  # fmt: skip
    """Merge checked bars into their series."""
    ready = folder / "ready.parquet"
    intake.stored_form(taken.bars, item.tick_size, ready)
    first = intake.first_start(ready)
    series = series_name(contract_of(item, named, first)) if named else item.name
    warnings = [*_other_name(opened, item, series, first), *(each.text for each in taken.findings)]
    entry = {
        "source": opened.name, "sha256": files.sha256(path) if path else None, "form": opened.form.name,
        "zone": taken.zone, "stamp": taken.stamp, "known_by": taken.known_by, "rows": taken.rows,
        "repairs": taken.repaired, "imported": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    if isinstance(terms.instrument, Mapping):
        entry["instrument"] = dict(terms.instrument)
    manifest, added, replaced = merge(
        into, item.name, series, taken.timeframe.text, ready, folder, entry, warnings, replace=replace
    )
    return Imported(
        opened.name, opened.form.name, item.name, series, manifest.timeframe, taken.zone, taken.stamp, taken.known_by,
        taken.rows, added, replaced, manifest.rows, utc_text(manifest.first), utc_text(manifest.last), taken.repaired, warnings,
        str(into.path(item.name, series, manifest.timeframe)),
    )  # fmt: skip
