"""One account over one or more contracts: its markets, its money and the replay's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.sim.market import Market
from barstep.sim.records import Event, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.domain.bar import Feed
    from barstep.domain.fill_options import FillOptions
    from barstep.domain.instrument import Contract
    from barstep.sim.guards import Guard


class AccountState:
    """What the simulated exchange holds, and what it comes to.

    Args:
        feeds: One for each contract, in the order in which bars of equal time are played (R25b).
        options: The fill options.
        fees: Micro-dollars per contract and side, one for each feed.
        start_balance: Micro-dollars.

    Attributes:
        adjustments: When the balance was put back to the start for a new attempt, and by how much: the replay's clock in
            UTC nanoseconds, and micro-dollars.
        failed: Name of the guard that failed the account, or empty.
        between_bars: True in phase A, while session hooks run: an order asked for then waits for the bar's open.
        current: The market whose bar is being played.
        begins_ns: What the clock shows before the first bars are loaded; the driver sets it.
        can_be_quiet: Whether events that nobody hears may be left out (`Records.quiet`).
    """

    can_be_quiet = True

    def __init__(self, feeds: Sequence[Feed], options: FillOptions, fees: Sequence[int], start_balance: int) -> None:
        self.options = options
        self.start_balance = start_balance
        self.adjustments: list[tuple[int, int]] = []
        self._opening = start_balance
        self.markets = [Market(feed, options, fee) for feed, fee in zip(feeds, fees, strict=True)]
        self._by_contract = {market.feed.contract.id: market for market in self.markets}
        self.records = Records()
        self.failed = ""
        self.between_bars = True
        self.current = self.markets[0]
        self.begins_ns = 0
        self._next_id = 1
        self._refused = 0
        self._groups = 0
        self._guards: dict[tuple[str, str], Guard] = {}
        self._day_start = start_balance
        for market in self.markets:
            market.book.base = start_balance

    @property
    def events(self) -> list[Event]:
        """What has happened since the list was last emptied, in order; the driver empties it."""
        return self.records.events

    def market(self, contract: Contract) -> Market:
        """The market of a contract."""
        return self._by_contract[contract.id]

    @property
    def balance(self) -> int:
        """Start balance and adjustments, realised results and fees, in micro-dollars (R20)."""
        return self._opening + sum(market.ledger.balance for market in self.markets)

    @property
    def equity(self) -> int:
        """Balance and open results at the last closes, in micro-dollars."""
        return self._opening + sum(market.ledger.worth(market.last_close or 0) for market in self.markets)

    @property
    def day_result(self) -> int:
        """Equity since the trading day began, in micro-dollars."""
        return self.equity - self._day_start

    def floor(self) -> int | None:
        """The highest floor of equity that is in force, in micro-dollars, or None."""
        levels = [
            armed.level + (armed.day_start if armed.guard.basis == "day" else 0)
            for armed in self.markets[0].book.guards
            if armed.guard.side == "floor" and armed.guard.basis != "position"
        ]
        return max(levels, default=None)

    @property
    def clock_ns(self) -> int:
        """The replay's clock: the end of the last complete bar, or in phase A the start of the next, UTC nanoseconds."""
        market = self.current
        row = market.row
        if row >= 0 and not self.between_bars:
            return market.ends[row]
        if not market.starts:
            return self.begins_ns
        if self.between_bars and row + 1 < len(market.starts):
            return market.starts[row + 1]
        return market.stamps[1]

    def _worth_of_others(self, market: Market) -> int:
        if len(self.markets) == 1:
            return self._opening
        others = (other for other in self.markets if other is not market)
        return self._opening + sum(other.ledger.worth(other.last_close or 0) for other in others)
