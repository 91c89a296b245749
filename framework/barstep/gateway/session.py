"""One replay on one account: how far it is, what was ordered and filled, and the clock it plays by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from barstep.broker.forms import bar_form, fill_ns
from barstep.broker.wire import done, failed
from barstep.domain.bar import Bar
from barstep.domain.errors import BarstepError
from barstep.domain.fill import Fill
from barstep.domain.order import Order
from barstep.gateway.codes import FAULT
from barstep.sim.records import AmbiguousBar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from barstep.domain.bar import BarColumns
    from barstep.domain.session import Session as TradingDay
    from barstep.engine.replay import Replay
    from barstep.gateway.extension import EventLog
    from barstep.sim.records import Event


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What Replay/start asks for.

    Attributes:
        instrument: Name of an instrument, `ES`.
        timeframe: Length of a bar, `1m`.
        start: First UTC date.
        end: Last UTC date, inclusive; None for the end of the trading session of `start`.
        extension: The request's `barstep` object, empty without one.
    """

    instrument: str
    timeframe: str
    start: date
    end: date | None
    extension: Mapping[str, Any]


class OpenedRun(Protocol):
    """A replay of one contract that is ready to step, and what the gateway tells about it.

    Attributes:
        replay: The replay, its risk rules and observers registered.
        total_bars: Bars it will play.
        first_ns, last_ns: Start of the first bar and end of the last, UTC nanoseconds.
        fills: Name of the fill profile.
    """

    replay: Replay
    total_bars: int
    first_ns: int
    last_ns: int
    fills: str

    def history(self) -> BarColumns:
        """All bars of the run; whoever asks cuts them at the replay's clock."""

    def close(self) -> None:
        """The replay has ended: write what there is to write."""


class Opener(Protocol):
    """Makes a replay of a request; BarstepError says why there is none."""

    def __call__(self, request: StartRequest) -> OpenedRun:
        """Open a run."""


class Session:
    """A replay as the gateway sees it.

    Args:
        run: The opened run.
        client: Who the orders are from, in messages and results.
        now: Wall clock in seconds, for Replay/play.

    Attributes:
        index: Bars played.
        orders: Every order of the replay by its number, refused ones (negative) included.
        fills: Every fill in event order.
        updated: The replay's clock at an order's last change, by number.
        links: Orders placed with `linkedOrderId`, both ways.
        tags: Orders by their `customTag`.
        groups: Orders placed with an `ocoGroup`, by its name.
        ended: Replay/end has been called.
        error: What ended the replay, or None.
        serial: Which replay of the gateway it is, counted from 1.
        log: Collects events for the extension's reports, when the replay was started with a `barstep` object.
    """

    def __init__(self, run: OpenedRun, client: str, now: Callable[[], float] = time.monotonic) -> None:
        self.run = run
        self.client = client
        self.replay = run.replay
        self.desk = run.replay.desk
        self.exchange = run.replay.exchange
        self.stream = self.desk.streams[0]
        self.contract = self.stream.feed.contract
        self.total = run.total_bars
        self.index = 0
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self.updated: dict[int, int] = {}
        self.links: dict[int, int] = {}
        self.tags: dict[str, int] = {}
        self.groups: dict[str, list[Order]] = {}
        self.opened_ns = 0
        self.positions = 0
        self.ambiguous = 0
        self.ended = False
        self.error: BarstepError | None = None
        self.speed = 1.0
        self.playing = False
        self.serial = 0
        self.log: EventLog | None = None
        self._now = now
        self._since = 0.0
        self._played = 0
        self._held = 0
        self._bars: BarColumns | None = None
        self._next = run.replay.step
        run.replay.delivery.listener = self._hear

    # -- the clock ---------------------------------------------------------------------------------------------

    @property
    def plain(self) -> bool:
        """Whether a step needs no look at the clock or at what ended."""
        return not (self.playing or self.ended or self.log is not None)

    @property
    def status(self) -> str:
        """`stepping`, `playing`, `ended` or `failed`."""
        if self.error is not None:
            return "failed"
        return "ended" if self.ended else "playing" if self.playing else "stepping"

    @property
    def over(self) -> bool:
        """Whether no bar is left."""
        return self.ended or self.index >= self.total

    def step(self, zone: str) -> dict[str, Any]:
        """Play one bar and answer it; the hot path of a script."""
        index = self.index
        if index < self.total:
            try:
                bar = self._next()
            except BarstepError as error:
                return self.fail(error)
            if bar is not None:
                self.index = index = index + 1
                form = bar_form(bar, zone)
                return {
                    "success": True,
                    "errorCode": 0,
                    "errorMessage": None,
                    "bar": form,
                    "bars": [form],
                    "index": index,
                    "totalBars": self.total,
                    "done": False,
                }
        return done(bar=None, bars=[], index=index, totalBars=self.total, done=True)

    def advance(self, count: int) -> list[Bar]:
        """Play up to a number of bars; fewer when none are left, the account failed, or an error ended the replay."""
        bars: list[Bar] = []
        try:
            while len(bars) < count and self.index < self.total:
                bar = self._next()
                if bar is None:
                    break
                self.index += 1
                bars.append(bar)
        except BarstepError as error:
            self.fail(error)
        return bars

    def report(self, log: EventLog) -> None:
        """From now on report events: the replay was started with a `barstep` object."""
        self.log = log

    def advance_reported(self) -> Bar | TradingDay | None:
        """Play the next bar, or stop where a session begins; None when nothing is left (see `Replay.advance`)."""
        if self.index >= self.total or self.ended:
            return None
        try:
            played = self.replay.advance()
        except BarstepError as error:
            self.fail(error)
            return None
        self.index += isinstance(played, Bar)
        return played

    def jump(self, to_ns: int) -> None:
        """Play every bar that is complete by a time."""
        while self.error is None and self.index < self.total and self._next_end() <= to_ns:
            if not self.advance(1):
                return

    def play(self, speed: float) -> None:
        """Let bars become due by the wall clock, `speed` of them a second."""
        self.speed = speed
        self._since, self._played = self._now(), 0
        self.playing = not self.over and self.error is None

    def catch_up(self) -> None:
        """Play the bars that have become due since Replay/play."""
        if not self.playing:
            return
        due = max(0, int(min((self._now() - self._since) * self.speed, self.total)) - self._played)
        self._played += due
        played = self.advance(due)
        self.playing = self.error is None and not self.over and len(played) == due

    @property
    def clock_ns(self) -> int:
        """The end of the last bar played, UTC nanoseconds; a time before all bars when there is none."""
        return self.exchange.clock_ns if self.index else self.run.first_ns

    @property
    def history(self) -> BarColumns:
        """All bars of the run, loaded when first asked for."""
        if self._bars is None:
            self._bars = self.run.history()
        return self._bars

    def _next_end(self) -> int:
        market = self.stream.market
        row = market.row + 1
        if row < len(market.ends):
            return market.ends[row]
        return self.stream.next_end() or self.run.first_ns + self.stream.feed.timeframe.ns

    # -- orders and fills --------------------------------------------------------------------------------------

    def tag(self, order: Order) -> str | None:
        """The customTag of an order: exits and forced closes have none."""
        return order.tag or None if order.parent is None and order.plugin == self.client else None

    def linked(self, order: Order) -> int | None:
        """The order that an order was placed to cancel, or the other exit of its bracket."""
        if order.id in self.links or order.parent is None:
            return self.links.get(order.id)
        parent = self.orders.get(order.parent)
        others = [c for c in parent.children if (c.kind == "limit") != (order.kind == "limit")] if parent else []
        return min(others, key=lambda child: abs(child.id - order.id)).id if others else None

    def _hear(self, event: Event) -> None:
        if isinstance(event, Order):
            self.orders[event.id] = event
            self.updated[event.id] = self.exchange.clock_ns
        elif isinstance(event, Fill):
            self.fills.append(event)
            after = event.position_after
            if after and (not self._held or (after > 0) != (self._held > 0)):
                self.opened_ns = fill_ns(event)
                self.positions += 1
            self._held = after
            if event.order.id not in self.orders:  # a forced close has an order of its own
                self.orders[event.order.id] = event.order
        elif isinstance(event, AmbiguousBar):
            self.ambiguous += 1
        if self.log is not None:
            self.log.hear(event)

    # -- the end -----------------------------------------------------------------------------------------------

    def fail(self, error: BarstepError) -> dict[str, Any]:
        """An error ended the replay: keep it, and answer it."""
        self.error = error
        self.playing = False
        self.finish()
        return self.fault()

    def fault(self, code: int = FAULT) -> dict[str, Any]:
        """The answer to whoever asks more of a replay that an error ended."""
        return failed(code, f"the replay was ended by an error: {self.error}; mend it and call Replay/start again")

    def finish(self, *, settle: bool = True) -> None:
        """End the replay where it stands, once (R25); without `settle` orders and positions stay as they are."""
        if self.ended:
            return
        self.ended = True
        self.playing = False
        try:
            self.replay.end() if settle and self.error is None else self.replay.close()
        except BarstepError as error:
            self.error = self.error or error
        self.run.close()
