"""What a run's folder holds, as `explain` reads it: rows of its tables, the contracts, the fill options."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from barstep.config.loader import Stored, load_stored
from barstep.data import parse_contract, read_table
from barstep.domain.errors import ConfigError
from barstep.domain.session import to_datetime
from barstep.runs.explain.bars import RunBars
from barstep.runs.folder import read_result
from barstep.runs.instruments import make_instrument

if TYPE_CHECKING:
    from barstep.domain.instrument import Contract

Row = dict[str, Any]

_NEAR = 5


class Records:
    """The stored records of one run.

    Args:
        folder: The run's folder.

    Attributes:
        result: The document `result.json`.
        options: The run's data sections and fill options.
        contracts: What was traded, in the order of the data sections.
        zone: The exchange's zone, in which times are told.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.result = read_result(folder)
        self.options: Stored = load_stored(folder / "config.resolved.yaml")
        near = datetime.fromisoformat(self.result["start"]).date()
        self.contracts: list[Contract] = [
            parse_contract(make_instrument(data.instrument), name, near)
            for data, name in zip(self.options.data, self.result["contracts"], strict=False)
        ]
        self.zone = ZoneInfo(self.contracts[0].instrument.session.zone if self.contracts else "UTC")
        self._tables: dict[str, Any] = {}
        self._bars: dict[str, RunBars] = {}

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The document `manifest.json`."""
        path = self.folder / "manifest.json"
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            document["data"], document["plugins"], document["versions"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path}: it is no run's manifest, or damaged: {error}") from error
        return document

    def rows(self, table: str, **equal: Any) -> list[Row]:
        """The rows of a table whose columns have given values, in their order."""
        frame = self.table(table)
        for name, value in equal.items():
            frame = frame.filter(frame[name] == value)
        found: list[Row] = frame.rows(named=True)
        return found

    def column(self, table: str, name: str) -> list[Any]:
        """A column of a table."""
        values: list[Any] = self.table(table)[name].to_list()
        return values

    def table(self, name: str) -> Any:
        """A whole table as a polars frame."""
        if name not in self._tables:
            self._tables[name] = read_table(self.folder / f"{name}.parquet")
        return self._tables[name]

    def order(self, number: int) -> Row:
        """The row of an order.

        Raises:
            ConfigError: There is none; the nearest ids are named.
        """
        found = self.rows("orders", id=number)
        if found:
            return found[0]
        known = sorted(set(self.column("orders", "id")))
        if not known:
            raise ConfigError(f"--order {number}: this run has no orders")
        near = sorted(sorted(known, key=lambda other: abs(other - number))[:_NEAR])
        raise ConfigError(
            f"--order {number}: no such order in this run, whose ids go from {known[0]} to {known[-1]}; "
            f"near it are {', '.join(map(str, near))}"
        )

    def place(self, contract: str) -> int:
        """Which of the run's contracts an id belongs to."""
        return next((n for n, each in enumerate(self.contracts) if each.id == contract), 0)

    def bars(self, place: int, *, finer: bool = False) -> RunBars:
        """The bars of a contract, or the finer ones inside them; where they cannot be read, `why` says so."""
        key = f"{place}{finer}"
        if key not in self._bars:
            described = self.manifest["data"][place]
            section = None
            if place < len(self.options.data):
                section = self.options.finer(place) if finer else self.options.data[place]
            self._bars[key] = RunBars(
                section, described.get("finer", {}) if finer else described, self.folder.resolve()
            )
        return self._bars[key]

    def local(self, when: datetime | None) -> str:
        """A moment in the exchange's zone as text."""
        if when is None:
            return ""
        local = when.astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M:%S %Z}" if local.second else f"{local:%Y-%m-%d %H:%M %Z}"

    def at(self, ns: int) -> str:
        """UTC nanoseconds as text in the exchange's zone."""
        return self.local(to_datetime(ns, self.zone))
