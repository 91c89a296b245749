"""What a metric sees of a finished run: its tables, column by column, as numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray


class Columns(Mapping[str, "NDArray[Any]"]):
    """The columns of one table by name, each read when it is first asked for; the arrays cannot be written to.

    Numbers are int64, float64 (a missing value is NaN) or bool, times `datetime64[ns]` in UTC, text is an array of objects.
    """

    def __init__(self, table: str, names: Iterable[str], read: Callable[[str, str], NDArray[Any]]) -> None:
        self._table, self._names, self._read = table, tuple(names), read
        self._known: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(f"{self._table} has no column {name!r}; it has {', '.join(self._names)}")
        if name not in self._known:
            values = self._read(self._table, name)
            values.flags.writeable = False
            self._known[name] = values
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class RunArrays:
    """The tables of a finished run; their columns are those of the files of the same names, see docs/results.md.

    Attributes:
        start_balance: USD.
        trades: One row for each closed round trip, in order of closing: `net_pnl`, `mae`, `entry_time`, ...
        fills: One row for each execution: `price`, `size`, `side`, `fees`, ...
        orders: One row for each order that ended: `status`, `reason`, ...
        equity: One row for each bar: `time` (its end), `equity`, `balance`, `low`, `high`, `position`.
    """

    def __init__(
        self, start_balance: float, schemas: Mapping[str, Iterable[str]], read: Callable[[str, str], NDArray[Any]]
    ) -> None:
        self.start_balance = start_balance
        self.trades, self.fills, self.orders, self.equity = (
            Columns(table, schemas[table], read) for table in ("trades", "fills", "orders", "equity")
        )
