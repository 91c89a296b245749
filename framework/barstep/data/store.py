"""The store: bars as Parquet files, one series for each contract and timeframe, each with a JSON manifest beside it.

    store/NQ/NQH22_1m.json              the manifest of a contract's bars
    store/NQ/NQH22_1m-5f0c1a2b.parquet  the bars it names: t (UTC, start of the bar), o, h, l, c, v
    store/NQ/NQ_1m.json                 bars that name no contract, such as a vendor's joined series

A manifest is replaced in one step and names the file it belongs to, so a series changes whole or not at all.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.data import files
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import MONTH_LETTERS

if TYPE_CHECKING:
    from barstep.domain.instrument import Contract, Instrument

FORMAT = 1
"""Version of the manifest's form."""


@dataclass(slots=True)
class Manifest:
    """What is known of a series.

    Attributes:
        instrument: Name of the product.
        series: `NQH22`, or the product's name where the bars name no contract.
        timeframe: Length of a bar.
        file: The Parquet file beside the manifest.
        sha256: Of that file.
        rows: Bars in it.
        first: Start of the first bar, UTC nanoseconds.
        last: Start of the last bar.
        volume: `known`, or `unknown` where no bar has any.
        warnings: What the check of the last import found.
        imports: One entry for each source, oldest first: name, sha256, form, zone, stamp, how they are known, rows, repairs.
        version: Version of this form.
    """

    instrument: str
    series: str
    timeframe: str
    file: str
    sha256: str
    rows: int
    first: int
    last: int
    volume: str
    warnings: list[str] = field(default_factory=list)
    imports: list[dict[str, Any]] = field(default_factory=list)
    version: int = FORMAT

    def document(self) -> dict[str, Any]:
        """The manifest for JSON."""
        return asdict(self)


class Store:
    """The series of a folder; nothing is read until it is asked for.

    Args:
        folder: The store's folder; it need not exist.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, instrument: str, series: str, timeframe: str) -> Path:
        """Where the manifest of a series is, or would be."""
        return self.folder / instrument / f"{series}_{timeframe}.json"

    def series(self, instrument: str | None = None) -> list[Manifest]:
        """All series, of one instrument or of all, in the order of their names.

        Raises:
            DataError: When a manifest cannot be read.
        """
        paths = sorted(self.folder.glob(f"{instrument or '*'}/*.json"))
        return [self.read(path) for path in paths if not path.name.startswith(".")]

    def get(self, instrument: str, series: str, timeframe: str) -> Manifest | None:
        """One series, or None."""
        path = self.path(instrument, series, timeframe)
        return self.read(path) if path.exists() else None

    def bars(self, manifest: Manifest) -> Path:
        """The Parquet file of a series.

        Raises:
            DataError: When it is missing.
        """
        path = self.folder / manifest.instrument / manifest.file
        if not path.is_file():
            raise DataError(". ".join(self._lost(manifest, "missing")))
        return path

    def trouble(self, manifest: Manifest) -> tuple[str, str] | None:
        """What has become of a series' bars, and the remedy; None when they are those that were written."""
        path = self.folder / manifest.instrument / manifest.file
        if not path.is_file():
            return self._lost(manifest, "missing")
        return None if files.sha256(path) == manifest.sha256 else self._lost(manifest, "not the one that was written")

    def verify(self, manifest: Manifest) -> None:
        """Refuse bars that are not those that were written.

        Raises:
            DataError: When there is trouble.
        """
        if trouble := self.trouble(manifest):
            raise DataError(". ".join(trouble))

    def _lost(self, manifest: Manifest, what: str) -> tuple[str, str]:
        path = self.path(manifest.instrument, manifest.series, manifest.timeframe)
        sources = ", ".join(dict.fromkeys(str(entry.get("source")) for entry in manifest.imports))
        return (
            f"{path.parent / manifest.file}: the store's file is {what}",
            f"Remove {path} and import again: {sources}",
        )

    def choose(self, item: Instrument, timeframe: str, contract: Contract | None) -> Manifest:
        """The series that a run means: its contract's, or without one the joined series, or the only one there is.

        Raises:
            DataError: When there is none; the message tells what there is.
            ConfigError: When there are several and no contract says which.
        """
        have = self.series(item.name)
        of_length = [each for each in have if each.timeframe == timeframe]
        wanted = item.name if contract is None else series_name(contract)
        for each in of_length:
            if each.series == wanted:
                return each
        if contract is None and len(of_length) == 1:
            return of_length[0]
        if contract is None and of_length:
            names = [each.series for each in of_length]
            raise ConfigError(f"the store has several contracts of {item.name} {timeframe}: {', '.join(names)}. "
                              f"Name one: contract: {names[-1]}")  # fmt: skip
        what = f"{item.name if contract is None else wanted} {timeframe}"
        told = ", ".join(f"{each.series} {each.timeframe}" for each in have) or f"nothing of {item.name}"
        raise DataError(
            f"the store {self.folder.name}/ has no bars of {what}; it has {told}. "
            f"Import some: barstep data import FILE --instrument {item.name}"
        )

    def read(self, path: Path) -> Manifest:
        """A manifest from its file; DataError when it is none."""
        try:
            given = json.loads(path.read_text("utf-8"))
            if given.get("version") != FORMAT:
                raise DataError(
                    f"{path}: found a manifest of version {given.get('version')}, expected {FORMAT}. Import again"
                )
            return Manifest(**given)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: cannot be read as a manifest: {error}. Remove it and import again") from error


def series_name(contract: Contract) -> str:
    """The name of a contract's series: with two digits of the year, so that decades do not meet."""
    match = re.fullmatch(rf"CON\.F\.US\..+\.([{MONTH_LETTERS}]\d\d)", contract.id)
    return f"{contract.instrument.name}{match[1]}" if match else contract.name
