"""The run file that a scenario table and its plugins make, and what finds those plugins when it is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from barstep.domain.bar import Timeframe
from barstep.domain.session import NS
from barstep.hooks.checks import file_of
from barstep.hooks.extension import SECTIONS, DataSource
from barstep.hooks.loader import Found, Loader, check_class, find_workspace
from barstep.hooks.markers import hookimpl
from barstep.hooks.plugin import Plugin, Strategy, option_fields
from barstep.testing.table import Ask, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.domain.bar import Bar
    from barstep.domain.instrument import Contract
    from barstep.engine.context import Context

Entry = type[Plugin] | Plugin | Mapping[str, Any]
"""A plugin class, a plugin with its options, or an entry of a configuration such as `{"use": "max_trades"}`."""

ORDERS = "orders"
"""Name of the strategy that gives a table's orders."""

_DAY_S = 86_400


class Shelf(Loader):
    """Resolves the names of classes that a test hands over, and every other name as usual."""

    def __init__(self) -> None:
        super().__init__(Path.cwd(), find_workspace(Path.cwd()))
        self._classes: dict[tuple[str, str], Found] = {}

    def put(self, section: str, plugin: type[Plugin] | Plugin) -> dict[str, Any]:
        """Put a plugin there; returns its entry for the configuration."""
        made = None if isinstance(plugin, type) else plugin
        cls = plugin if isinstance(plugin, type) else type(plugin)
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower().strip("_")
        while (section, name) in self._classes:
            name += "_"
        file = file_of(cls)
        self._classes[section, name] = Found(cls, "test", Path(file) if file else None, made=made)
        options = {} if made is None else {field.name: getattr(made, field.name) for field in option_fields(cls)}
        return {"use": name, "options": options}

    def load(self, use: str, section: str) -> Found:
        """What was handed over under a name, else what a run file would mean by it."""
        found = self._classes.get((section, use))
        if found is None:
            return super().load(use, section)
        check_class(found, use, section)
        return found

    def entry(self, plugin: Entry) -> tuple[str, dict[str, Any]]:
        """Where a plugin belongs, and its entry there."""
        if isinstance(plugin, Mapping):
            return self.identify(str(plugin.get("use")))[0], dict(plugin)
        cls = plugin if isinstance(plugin, type) else type(plugin)
        section = next((key for key, base in SECTIONS.items() if issubclass(cls, base)), None)
        if section is None:
            bases = ", ".join(base.__name__ for base in SECTIONS.values())
            raise TypeError(f"{cls.__name__} is no plugin: expected a class that inherits one of {bases}")
        return section, self.put(section, plugin)


def make_document(
    table: Table, plugins: tuple[Entry, ...], shelf: Shelf, start: datetime, timeframe: str
) -> dict[str, Any]:
    """The run file that a table and its plugins make; the data section still lacks instrument and timeframe."""
    length = Timeframe.parse(timeframe)
    bars = type("Table", (TableSource,), {"table": table, "first": start, "seconds": length.seconds})
    document: dict[str, Any] = {
        "version": 1,
        "name": "table",
        "data": {"source": shelf.put("source", bars), "start": start},
        "account": {"balance": 10_000, "fees": "none"},
        "fills": {"profile": "strict", "at_end": "mark"},
        **{section: [] for section in ("strategies", "risk", "observers", "metrics")},
    }
    for plugin in plugins:
        section, entry = shelf.entry(plugin)
        if section == "fees":
            document["account"]["fees"] = entry
        elif section == "slippage":
            document["fills"]["slippage"] = entry
        elif section == "source":
            raise TypeError(f"{entry['use']} is a data source: the table is where the bars come from")
        else:
            document[section].append(entry)
    if table.asks and document["strategies"]:
        raise ValueError("the table has orders and there is a strategy besides: expected one or the other")
    if not document["strategies"]:
        document["strategies"].append(shelf.put("strategies", type(ORDERS, (TableOrders,), {"asks": table.asks})))
    return document


class TableSource(DataSource):
    """The bars of a table."""

    stamp: ClassVar[Literal["open", "close", ""]] = "open"
    table: ClassVar[Table]
    first: ClassVar[datetime]
    seconds: ClassVar[int]

    def bars(self, contract: Contract, timeframe: str, start: datetime | None, end: datetime | None) -> Iterator[Any]:  # noqa: ARG002
        """All bars at once; each day's begin at the time of day of the first."""
        rows = self.table.rows
        days = [row.day for row in rows]
        behind = [number - days.index(day) for number, day in enumerate(days)]
        offsets = np.array(days, np.int64) * _DAY_S + np.array(behind, np.int64) * self.seconds
        columns = zip("ohlcv", zip(*(row.bar for row in rows), strict=True), strict=True)
        yield {"t": (round(self.first.timestamp()) + offsets) * NS, **{key: list(column) for key, column in columns}}


class TableOrders(Strategy):
    """Asks for what a table says after each bar."""

    asks: ClassVar[dict[int, tuple[Ask, ...]]]

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        """Ask for what stands in the bar's line."""
        for ask in self.asks.get(bar.index, ()):
            ask.do(ctx)
