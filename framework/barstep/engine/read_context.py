"""What every plugin sees: the part of its context that changes nothing."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

from barstep.domain.instrument import micros
from barstep.domain.session import to_datetime
from barstep.engine import words
from barstep.engine.desk import Note
from barstep.engine.views import Positions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from barstep.domain.bar import Bar
    from barstep.domain.fill import Trade
    from barstep.domain.instrument import Contract, Instrument
    from barstep.domain.order import Order
    from barstep.domain.session import Session
    from barstep.engine.desk import Desk
    from barstep.engine.higher import Higher
    from barstep.engine.streams import Stream
    from barstep.engine.views import Account, Position
    from barstep.indicators.base import Indicator

AnyIndicator = TypeVar("AnyIndicator", bound="Indicator")


class ReadContext:
    """What every plugin sees: bars, positions, orders, the account and the clock. Nothing of it lies in the future.

    Attributes:
        plugin: The plugin's name in this run.
        contracts: What it trades, its own first; all contracts of the run for rules and observers.
        instrument: The product of the first of them; bars, positions and orders are of this one unless said otherwise.
        position: The position in that contract.
        account: The account.
        random: A generator of its own, seeded by the run's `seed` and the plugin's name, so that runs repeat (R27).
        log: A structlog logger that carries the plugin's name.
    """

    def __init__(self, desk: Desk, plugin: str, streams: Sequence[Stream]) -> None:
        self._desk = desk
        self._stream = stream = streams[0]
        self.contracts: tuple[Contract, ...] = tuple(each.feed.contract for each in streams)
        self._market = stream.market
        self._contract = stream.feed.contract
        self.plugin = plugin
        self.instrument: Instrument = self._contract.instrument
        self.position: Position = desk.positions[self._contract.id]
        self.account: Account = desk.account
        self.random = Random(f"{desk.seed}/{plugin}")  # noqa: S311 - for simulations, and it must repeat
        self.log = desk.log.bind(plugin=plugin)

    @property
    def bar(self) -> Bar | None:
        """The last complete bar of the contract, None before the first."""
        return next(iter(self._stream.recent(1)), None)

    @property
    def bar_index(self) -> int:
        """Number of the contract's last complete bar, -1 before the first."""
        return self._stream.market.next_bar - 1

    @property
    def now(self) -> datetime:
        """The replay's clock: the end of the last complete bar, or a session's first bar's start in its start hook."""
        if self._stream.session is None:
            raise RuntimeError("there is no clock yet: it starts with on_session_start")
        return to_datetime(self._desk.now_ns, self._stream.feed.zone)

    @property
    def session(self) -> Session:
        """The trading day of the contract; a RuntimeError before the first one begins."""
        session = self._stream.session
        if session is None:
            raise RuntimeError("there is no session yet: the first one begins with on_session_start")
        session.clock_ns = self._desk.now_ns
        return session

    @property
    def positions(self) -> Mapping[str, Position]:
        """Positions by contract name, such as `ESU3`; `positions["ES"]` finds it too."""
        return Positions(self._desk)

    @property
    def orders(self) -> Sequence[Order]:
        """Working orders of this plugin's own contract, by id."""
        return self._desk.broker.open_orders(self._contract)

    def orders_of(self, contract: Contract | str) -> Sequence[Order]:
        """Working orders of a contract of the run, by id."""
        return self._desk.broker.open_orders(self._desk.stream(contract, self._stream).feed.contract)

    @property
    def trades(self) -> Sequence[Trade]:
        """The last closed trades of the run, oldest first, at most `data.history` of them."""
        self._desk.hear_trades()
        return self._desk.trades

    def bars(self, count: int, *, timeframe: str | None = None, contract: Contract | str | None = None) -> list[Bar]:
        """The last `count` complete bars of the contract, oldest first; fewer near the start of the data.

        Args:
            count: At most `data.history`.
            timeframe: One of `data.also`, such as `15m`; by default the run's own. A longer bar is there from the bar on
                at whose end it is complete.
            contract: Another contract of the run.
        """
        return self._read_from(timeframe, contract).recent(count)

    def indicator(
        self,
        indicator: AnyIndicator,
        *,
        timeframe: str | None = None,
        contract: Contract | str | None = None,
    ) -> AnyIndicator:
        """Have an indicator updated with each complete bar of the contract, before the hooks see the bar.

        Args:
            indicator: A new one.
            timeframe: One of `data.also`: then it is updated when a bar of that timeframe is complete.
            contract: Another contract of the run.
        """
        stream = self._read_from(timeframe, contract)
        tick = stream.feed.contract.instrument.tick_size
        indicator.bind(tick.numerator, tick.denominator)
        stream.add_indicator(indicator)
        return indicator

    def _read_from(self, timeframe: str | None, contract: Contract | str | None) -> Stream | Higher:
        stream = self._desk.stream(contract, self._stream)
        return stream if timeframe is None else stream.longer(timeframe)

    def round_price(self, price: float) -> float:
        """The price on the tick grid that is nearest."""
        low, high = self.instrument.neighbours(price)
        exact = price / float(self.instrument.tick_size)
        return self.instrument.price(low if exact - low < high - exact else high)

    def size_for_risk(self, usd: float, stop_ticks: int) -> int:
        """Contracts whose stop at a distance in ticks loses at most an amount in USD; 0 when one already loses more."""
        faults: list[str] = []
        distance = words.whole(stop_ticks, "stop_ticks", faults)
        if faults or distance is None or distance < 1:
            raise ValueError(f"size_for_risk: got a stop of {stop_ticks!r} ticks, expected a whole number, 1 or more")
        return int(max(0, micros(usd) // (distance * self.instrument.tick_value)))

    def note(self, text: str) -> None:
        """Write a line into the run's notes, with the clock and the plugin's name."""
        self._desk.notes.append(Note(self._desk.now_ns, self.plugin, str(text)))
