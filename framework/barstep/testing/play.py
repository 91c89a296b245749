"""Plays plugins over a scenario table, in memory, through the engine that plays a run file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from barstep.domain.fill import Fill, Trade
from barstep.domain.instrument import MICROS
from barstep.domain.order import Order
from barstep.runs.assemble import build, load_plan
from barstep.runs.extensions import measured
from barstep.runs.log import run_logger
from barstep.runs.remote import build_remote
from barstep.runs.spool import RunSpool
from barstep.sim.records import Breach
from barstep.testing.builders import START
from barstep.testing.shelf import Shelf, make_document
from barstep.testing.table import Table, read_table

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from barstep.engine.recorder import Recorder
    from barstep.engine.replay import Replay
    from barstep.hooks.plugin import Plugin
    from barstep.runs.assemble import RunPlan
    from barstep.sim.records import Event
    from barstep.stats.measures import Measures
    from barstep.testing.shelf import Entry

PLAIN = {"name": "TICK", "tick_size": "1", "tick_value": "1"}
"""The instrument of a table that gives none: a tick of one point that is worth one USD, traded around the clock."""


@dataclass(slots=True)
class Played:
    """What a table led to; money in USD.

    Attributes:
        table: The table as it was read.
        happened: For each bar what happened in it and after it, in order, in the words of a table's last column.
        bars: Bars played; fewer than the table has when the account failed.
        end_ns: When the last of them ended, UTC nanoseconds.
        fills, trades: In event order.
        orders: Each order when it ended, and at the end those that still work.
        notes: What plugins wrote with `ctx.note`, as (plugin, text).
        balance, equity: At the end.
        failed: Name of the guard that failed the account, or empty.
        plugins: The plugins that ran, by name, to look at what they know.
        metrics: The figures of the metrics that were given, by name.
    """

    table: Table
    happened: list[list[str]]
    bars: int = 0
    end_ns: int = 0
    fills: list[Fill] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    balance: float = 0.0
    equity: float = 0.0
    failed: str = ""
    plugins: dict[str, Plugin] = field(default_factory=dict)
    metrics: Measures = field(default_factory=dict)

    @property
    def denied(self) -> list[Order]:
        """Orders that a risk rule refused whole."""
        return [order for order in self.orders if order.status == "denied"]

    def __str__(self) -> str:
        """The bars with what happened in each, to be read or pasted."""
        return show(self.table, ["; ".join(told) for told in self.happened])


def play_table(
    table: str,
    *plugins: Entry,
    instrument: str | Mapping[str, Any] | None = None,
    timeframe: str = "1m",
    start: datetime = START,
    data: Mapping[str, Any] | None = None,
    **sections: Any,
) -> Played:
    """Play plugins over the bars of a table, whose orders a strategy of its own gives.

    Args:
        table: See `barstep.testing.table`; without orders where a strategy is among the plugins.
        plugins: Classes, instances, or entries such as `{"use": "max_trades", "options": {"trades": 2}}`; also a fee model,
            a slippage model and metrics. An instance is played as it is, a class anew. Risk rules run in the order given.
        instrument: As in `data.instrument`; by default one with a tick of 1 point worth 1 USD, open around the clock.
        timeframe: Length of a bar.
        start: Start of the first bar, with a zone.
        data: Other keys of the data section, such as `history`.
        sections: Other sections of a run file: `account` (by default 10,000 USD and no fees), `fills` (`strict` with
            `at_end: mark`), `seed`, `broker` (`helpers` plays through an embedded gateway).

    Raises:
        ConfigError: A section, an option or a plugin class is refused, as it would be in a run file.
        PluginError: A plugin raised.
        ValueError: The table cannot be read.
    """
    read = read_table(table)
    if start.tzinfo is None:
        raise ValueError(f"start {start}: expected a datetime with a zone")
    shelf = Shelf()
    document = make_document(read, plugins, shelf, start, timeframe)
    document["data"] |= {"instrument": instrument or PLAIN, "timeframe": timeframe, **(data or {})}
    for key, given in sections.items():
        base = document.get(key)
        document[key] = {**base, **given} if isinstance(base, dict) and isinstance(given, Mapping) else given
    plan = load_plan(document, loader=shelf)
    with TemporaryDirectory(prefix="barstep-") as folder:
        return _played(plan, read, Path(folder))


def show(table: Table, told: list[str]) -> str:
    """A table as text: its bars, and a text behind each."""
    prices = [" ".join(f"{price:g}" for price in row.bar[:4]) for row in table.rows]
    width = max(map(len, prices))
    return "\n".join(f"{bar:{width}} | {text}".rstrip() for bar, text in zip(prices, told, strict=True))


class _Keeper:
    """Keeps what a replay records, and where there are metrics writes their tables too."""

    def __init__(self, played: Played, spool: RunSpool | None) -> None:
        self.played, self.spool = played, spool

    def take(self, recorder: Recorder, equity: dict[str, NDArray[np.int64]]) -> None:
        """Keep a chunk of records."""
        played = self.played
        played.fills += recorder.fills
        played.trades += recorder.trades
        played.orders += recorder.orders
        played.notes += [(note.plugin, note.text) for note in recorder.notes]
        if self.spool is not None:
            self.spool.take(recorder, equity)


def _played(plan: RunPlan, table: Table, folder: Path) -> Played:
    metrics, balance = plan.of("metrics"), plan.account.start_balance
    played = Played(table, [[] for _ in table.rows])
    keeper = _Keeper(played, RunSpool(folder, balance, lambda _: None) if metrics else None)
    make = build if plan.loaded.config.broker.kind == "embedded" else build_remote
    replay = make(plan, keeper, run_logger(run="table"))
    replay.delivery.listener = _Listener(replay, played).hear
    try:
        replay.run()
    except BaseException:
        if keeper.spool is not None:
            keeper.spool.abort()
        raise
    exchange = replay.exchange
    played.bars, played.end_ns = exchange.current.next_bar, exchange.current.stamps[1]
    played.balance, played.equity = exchange.balance / MICROS, exchange.equity / MICROS
    played.failed = exchange.failed
    played.plugins = {entry.name: entry.plugin for entry in replay.hooks.plugins}
    if keeper.spool is not None:
        keeper.spool.finish()
        played.metrics = measured(metrics, folder, balance / MICROS)
    return played


class _Listener:
    """Puts what happens into the words of a table, bar by bar."""

    def __init__(self, replay: Replay, played: Played) -> None:
        self._replay, self._played = replay, played
        self._told: set[int] = set()

    def hear(self, event: Event) -> None:
        """Note an event in the line of its bar; what a session's start brings stands in the line before."""
        told = self._words(event)
        if told:
            number = event.bar_index if isinstance(event, Fill) else self._replay.exchange.current.next_bar - 1
            self._played.happened[max(number, 0)].append(told)

    def _words(self, event: Event) -> str:
        if isinstance(event, Fill):
            why = f" ({event.reason})" if event.reason else ""
            return f"{event.phase} {event.side} {event.size} @ {event.price:.10g} {event.rule}{why}"
        if isinstance(event, Breach):
            return f"guard {event.guard.name}: {event.guard.action}"
        if not isinstance(event, Order) or id(event) in self._told:
            return ""
        kind = "" if event.kind == "market" else f" {event.kind}"
        what = f"{event.side} {event.asked or event.size}{kind}"
        if event.status in ("denied", "rejected"):
            self._told.add(id(event))
            return f"{event.status} {what}: {event.reason}"
        if event.status == "working" and event.asked > event.size and event.verdicts:
            self._told.add(id(event))
            return f"resized {what} to {event.size}: {event.reason.removeprefix('resized: ')}"
        return ""
