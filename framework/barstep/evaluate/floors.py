"""Floor and equity at every bar as a Parquet or CSV table, written while the days go by."""

from __future__ import annotations

import csv
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.data import TableSpool
from barstep.domain.errors import BarstepError, ConfigError
from barstep.domain.instrument import MICROS
from barstep.domain.session import NS
from barstep.rules.account_limits import NEVER

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.data.tables import Kind
    from barstep.rules.walk import BarFloors

COLUMNS: dict[str, Kind] = {
    "time": "time", "day": "text", "attempt": "int", "equity": "float", "low": "float", "high": "float", "floor": "float",
    "headroom": "float",
}  # fmt: skip
"""Columns of the table; money in USD, `headroom` is `low` less `floor`; floor and headroom are empty without a floor."""


class FloorTable:
    """Writes the table; used as a context manager it appears whole, or not at all when the block raises.

    Args:
        path: A new file that ends in .parquet or .csv.

    Raises:
        ConfigError: When it exists, or ends in anything else.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in (".parquet", ".csv"):
            raise ConfigError(f"--floors {path}: expected a name that ends in .parquet or .csv")
        if path.exists():
            raise ConfigError(f"--floors {path}: it exists already; choose another name, or remove it first")
        if not path.parent.is_dir():
            raise ConfigError(f"--floors {path}: there is no folder {path.parent}")
        self.path = path
        self._spool = TableSpool(path, COLUMNS) if path.suffix == ".parquet" else None
        self._partial = path.with_name(f".{path.name}.unfinished")
        self._file = None if self._spool else self._partial.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file) if self._file else None
        if self._rows is not None:
            self._rows.writerow(COLUMNS)

    def add(self, day: str, attempt: int, bars: BarFloors) -> None:
        """Write the bars of a day."""
        count = len(bars.end_ns)
        money = {name: getattr(bars, name) / MICROS for name in ("equity", "low", "high", "floor")}
        floor = bars.floor > -NEVER
        money["headroom"] = money["low"] - money["floor"]
        if not floor.all():
            money["floor"] = money["headroom"] = np.full(count, np.nan)
        if self._spool is not None:
            columns: dict[str, Any] = {"time": bars.end_ns, "day": [day] * count, "attempt": [attempt] * count, **money}
            self._spool.append(columns)
        elif self._rows is not None:
            texts = ([f"{value:.2f}" if value == value else "" for value in money[name].tolist()] for name in money)
            times = (datetime.fromtimestamp(end // NS, UTC).isoformat() for end in bars.end_ns.tolist())
            self._rows.writerows(zip(times, [day] * count, [attempt] * count, *texts, strict=True))

    def __enter__(self) -> FloorTable:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            if self._spool is not None:
                self._spool.finish() if error is None else self._spool.abort()
            elif self._file is not None:
                self._file.close()
                if error is None:
                    self._partial.replace(self.path)
        except OSError as fault:
            raise BarstepError(
                f"{self.path} cannot be written: {fault.strerror or fault}; nothing was left there"
            ) from fault
        finally:
            with suppress(FileNotFoundError):
                self._partial.unlink()
