"""What a plugin sees of positions and the account: live views with plain attributes, money in USD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS

if TYPE_CHECKING:
    from datetime import datetime

    from barstep.engine.desk import Desk
    from barstep.sim.market import Market


class Position:
    """The position in one contract, as it is now; `size` is signed and 0 while flat."""

    __slots__ = ("_ledger", "_market")

    def __init__(self, market: Market) -> None:
        self._market = market
        self._ledger = market.ledger

    @property
    def size(self) -> int:
        """Signed contracts."""
        return self._ledger.position

    @property
    def average_price(self) -> float:
        """Size-weighted mean of the entries, unchanged by reductions; 0 while flat (R20)."""
        return self._ledger.average * float(self._market.feed.contract.instrument.tick_size)

    @property
    def open_pnl(self) -> float:
        """USD that the open lots stand ahead at the last close, before fees."""
        return self._ledger.open_result(self._market.last_close or 0) / MICROS

    @property
    def bars_held(self) -> int:
        """Complete bars since the oldest open lot was filled, 0 while flat."""
        lots = self._ledger.lots
        return self._market.next_bar - 1 - lots[0].fill.bar_index if lots else 0

    @property
    def entry_time(self) -> datetime | None:
        """When the oldest open lot was filled, None while flat."""
        lots = self._ledger.lots
        return lots[0].fill.time if lots else None

    @property
    def entries(self) -> int:
        """Opening fills since the position was last flat."""
        return self._ledger.entries

    @property
    def last_entry_price(self) -> float | None:
        """Price of the newest opening fill, None while flat."""
        lots = self._ledger.lots
        return lots[-1].fill.price if lots else None

    def __repr__(self) -> str:
        return f"Position({self._market.feed.contract.name} {self.size:+d} at {self.average_price})"


class Positions(dict[str, Position]):
    """Positions by contract name, such as `ESU3`; an instrument's name, an id or a contract will do too."""

    def __init__(self, desk: Desk) -> None:
        super().__init__({s.feed.contract.name: desk.positions[s.feed.contract.id] for s in desk.streams})
        self._desk = desk

    def __missing__(self, key: object) -> Position:
        try:
            stream = self._desk.stream(key, self._desk.streams[0])  # type: ignore[arg-type]
        except ConfigError as error:
            raise KeyError(str(error)) from None
        return self._desk.positions[stream.feed.contract.id]


class Account:
    """The account as it is now, in USD."""

    __slots__ = ("_desk",)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def balance(self) -> float:
        """Start balance plus realised results less fees (R20)."""
        return self._desk.exchange.balance / MICROS

    @property
    def equity(self) -> float:
        """Balance plus open results at the last closes."""
        return self._desk.exchange.equity / MICROS

    @property
    def day_pnl(self) -> float:
        """Change of equity since the trading day began."""
        return self._desk.exchange.day_result / MICROS

    @property
    def floor(self) -> float | None:
        """The highest equity at which a guard acts, or None without a floor."""
        floor = self._desk.exchange.floor()
        return None if floor is None else floor / MICROS

    @property
    def headroom(self) -> float | None:
        """Equity less the floor, or None without a floor."""
        floor = self._desk.exchange.floor()
        return None if floor is None else (self._desk.exchange.equity - floor) / MICROS

    @property
    def start_balance(self) -> float:
        """What the account began with, and each attempt anew."""
        return self._desk.exchange.start_balance / MICROS

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1: an account that is reset begins another one at the start balance."""
        return 1 if self._desk.attempts is None else self._desk.attempts.number

    @property
    def locked(self) -> bool:
        """Whether nothing may open now."""
        return self._desk.lock_reason() != ""

    @property
    def failed(self) -> bool:
        """Whether a guard has failed the account."""
        return bool(self._desk.exchange.failed)

    def __repr__(self) -> str:
        return f"Account(balance={self.balance:.2f} equity={self.equity:.2f})"
