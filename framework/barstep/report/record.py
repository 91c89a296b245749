"""A stored run as figures see it: its tables as arrays, its bars, its trading days."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.data import SessionTable, read_table
from barstep.domain.errors import DataError
from barstep.runs.explain.records import Records

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns
    from barstep.domain.instrument import Contract

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

Columns = dict[str, Any]
"""Columns of a table by name, all of one length; times are int64 UTC nanoseconds."""

_TABLES = {
    "equity": ("time", "balance", "equity", "low", "high"),
    "trades": (
        "contract", "side", "size", "entry_time", "entry_bar", "entry_price", "exit_time", "exit_bar", "exit_price",
        "gross_pnl", "fees", "net_pnl", "mae", "mfe", "bars", "exit_reason", "ambiguous", "entry_order", "exit_order",
        "plugin", "tag",
    ),
    "orders": (
        "id", "plugin", "tag", "contract", "side", "kind", "asked", "size", "filled", "limit", "stop", "trail_ticks",
        "parent", "reduce_only", "status", "reason", "average_price", "asked_at", "ended_at", "changes",
    ),
}  # fmt: skip


class Days(NamedTuple):
    """The trading days of a run.

    Attributes:
        dates: Trade dates, shape (d,).
        first: The first row of equity of each, shape (d,).
    """

    dates: list[date]
    first: Ints


class RunRecord:
    """One stored run.

    Args:
        folder: The run's folder.

    Attributes:
        result: The document `result.json`.
        equity, trades, orders: Columns of the tables.
        days: Its trading days.

    Raises:
        DataError: Its tables cannot be read, or it played no bar.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stored = Records(folder)
        self.result: dict[str, Any] = self.stored.result
        self.equity, self.trades, self.orders = (self._columns(name) for name in _TABLES)
        if not len(self.equity["time"]):
            raise DataError(f"{folder}: the run played no bar, there is nothing to report")
        if not self.contracts:
            raise DataError(f"{folder}: config.resolved.yaml no longer says what was traded; run it again")
        self.days = self._days()
        self._row_of: dict[int, int] = {}

    @property
    def contracts(self) -> list[Contract]:
        """What was traded, in the order of the data sections."""
        return self.stored.contracts

    @property
    def zone(self) -> str:
        """IANA name of the exchange's zone."""
        return self.stored.zone.key

    def bars(self, place: int) -> BarColumns | None:
        """The bars of a contract that the run played; None where they cannot be read back, see `why`."""
        held = self.stored.bars(place).hold()
        if held is None:
            return None
        played = int(np.searchsorted(held.end_ns, int(self.equity["time"].max()), side="right"))
        return held[:played]

    def why(self, place: int) -> str:
        """Why a contract's bars cannot be read, or empty."""
        return self.stored.bars(place).why

    def rows_of(self, place: int, table: str) -> NDArray[np.bool_]:
        """Which rows of `trades` or `orders` belong to a contract."""
        found: NDArray[np.bool_] = getattr(self, table)["contract"] == self.contracts[place].id
        return found

    def average_price(self, order: int) -> float:
        """The mean price of an order's fills, points."""
        if not self._row_of:
            self._row_of = {number: row for row, number in enumerate(self.orders["id"].tolist())}
        return float(self.orders["average_price"][self._row_of[order]])

    def held(self) -> dict[str, int]:
        """Signed contracts that were open at the end, by the contract's name."""
        last = self.stored.table("fills").group_by("contract", maintain_order=True).last()
        sizes = dict(zip(last["contract"].to_list(), last["position_after"].to_list(), strict=True))
        return {each.name: sizes[each.id] for each in self.contracts if sizes.get(each.id)}

    @property
    def adjusted(self) -> Floats:
        """What new attempts had added to the balance by each row of equity, USD, shape (n,): no result of trading."""
        made = self.result["risk"].get("adjustments", [])
        moments = np.array([moment_ns(each["time"]) for each in made], np.int64)
        sums = np.cumsum([0.0, *(each["usd"] for each in made)])
        found: Floats = sums[np.searchsorted(moments, self.equity["time"], side="left")]
        return found

    def earned(self) -> tuple[Floats, Floats, Floats]:
        """Equity, and its lowest and highest inside each bar, without what new attempts added; USD, shape (n,)."""
        added = self.adjusted
        return self.equity["equity"] - added, self.equity["low"] - added, self.equity["high"] - added

    def daily(self) -> Floats:
        """Change of equity over each trading day, after fees, open positions included, USD, shape (d,)."""
        equity = self.earned()[0]
        ends = np.append(self.days.first[1:], len(equity)) - 1
        found: Floats = np.diff(equity[ends], prepend=float(self.result["start_balance"]))
        return found

    def _columns(self, table: str) -> Columns:
        frame, columns = read_table(self.folder / f"{table}.parquet"), {}
        for name in _TABLES[table]:
            if name not in frame.columns:
                raise DataError(f"{self.folder / table}.parquet: it has no column {name}; run it again")
            values = frame[name].to_numpy()
            columns[name] = values.astype(np.int64) if values.dtype.kind == "M" else values
        return columns

    def _days(self) -> Days:
        sessions = SessionTable(self.contracts[0].instrument.session)
        found, owner, _ = sessions.locate(self.equity["time"] - 1)
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        return Days([found[k].date for k in owner[first]], first)


def moment_ns(text: str) -> int:
    """ISO text as UTC nanoseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000) * 1000
