"""Observers in the array lane: they hear of fills, trades and orders in order, with a clock and a notebook."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from barstep.domain.fill import Fill, Trade
from barstep.domain.order import Order
from barstep.domain.session import to_datetime
from barstep.engine.desk import Note

if TYPE_CHECKING:
    from datetime import datetime

    from barstep.domain.bar import Feed
    from barstep.hooks.manager import HookManager
    from barstep.sim.records import Event


class Clock:
    """The replay's clock, shared by the contexts of a run: UTC nanoseconds."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.ns = 0
        self.notes: list[Note] = []

    @property
    def now(self) -> datetime:
        """The clock as a datetime of the exchange's zone."""
        return to_datetime(self.ns, self.feed.zone)


class EventContext:
    """What an observer with `events_only = True` sees in the array lane: no bars, no account, no positions.

    Attributes:
        plugin: The plugin's name in this run.
        contracts, instrument: What is traded.
        random, log: As `ReadContext` has them.
    """

    def __init__(self, clock: Clock, plugin: str, seed: int, log: Any) -> None:
        self._clock = clock
        self.plugin = plugin
        self.contracts = (clock.feed.contract,)
        self.instrument = clock.feed.contract.instrument
        self.random = Random(f"{seed}/{plugin}")  # noqa: S311 - for simulations, and it must repeat
        self.log = log.bind(plugin=plugin)

    @property
    def now(self) -> datetime:
        """The replay's clock."""
        return self._clock.now

    def note(self, text: str) -> None:
        """Write a line into the run's notes, with the clock and the plugin's name."""
        self._clock.notes.append(Note(self._clock.ns, self.plugin, str(text)))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"ctx.{name} is not there in the array lane: {self.plugin} says events_only = True; take that line away "
            "and the event lane runs"
        )


def tell(hooks: HookManager, event: Event) -> None:
    """Call the observers that hear of an event."""
    if isinstance(event, Fill):
        hooks.on_fill(event)
    elif isinstance(event, Trade):
        hooks.on_trade(event)
    elif isinstance(event, Order):
        hooks.on_order(event)
