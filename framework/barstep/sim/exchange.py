"""The simulated exchange: one account, one or more contracts, the rules of the fill model.

It knows bars, orders and money, but neither hooks nor configuration nor HTTP. Whoever drives it plays bars one by one and
reads `events`: fills, trades, order changes, guard breaches and ambiguous bars, in the order in which they happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.sim.entry import OrderEntry
from barstep.sim.guards import ArmedGuard, Guard, test_guards
from barstep.sim.records import Breach
from barstep.sim.single import play_single

if TYPE_CHECKING:
    from barstep.domain.fill import Phase
    from barstep.domain.instrument import Contract
    from barstep.sim.market import Market


class SimulatedExchange(OrderEntry):
    """Accepts, amends and cancels orders (`OrderEntry`), keeps the account (`AccountState`) and plays bars."""

    # -- bars --------------------------------------------------------------------------------------------------

    def start_session(self, market: Market, start_ns: int, *, new_day: bool = True) -> None:
        """Phase A of a contract's new session: its session orders expire (R3).

        On the first contract of a new trading day the guards are reset too and the day's result starts (R19).
        """
        market.session_first = market.next_bar
        self._expire(market, start_ns, session_over=True)
        if not new_day:
            return
        self._day_start = self.equity
        for each in self.markets:
            each.book.locked = ""
            for armed in each.book.guards:
                armed.start_day(self._day_start)
            each.arm(each.book.guards)

    def play(self, market: Market, row: int) -> None:
        """Phases A to D of one bar that needs work (`market.needs_work`); leaves `market.row` at it."""
        if market.expiring:
            self._expire(market, market.starts[row], session_over=False)
        book = market.book
        book.next_id = self._next_id
        if len(self.markets) > 1:
            book.base = self._worth_of_others(market)
        if market.may_be_simple(row) and play_single(market, self.records, row):
            self._next_id = book.next_id
        else:
            self._walk(market, row)
        market.finish_bar(row)
        if len(self.markets) > 1:
            self._keep_watch()

    def _walk(self, market: Market, row: int) -> None:
        """Phases B to D of a bar by the general walk: any number of events, both paths where they may differ (R17)."""
        outcomes = market.play(row)
        market.row = row
        self._next_id = market.book.next_id
        if market.book.log:
            self.records.book_bar(market, outcomes)
        if market.finer is not None:
            self.records.book_finer(market, market.finer)
        if not market.silent:
            self._after_guards(market, market.armed_before)

    def finish(self) -> None:
        """The end of the data (R25): cancel all orders and, under `at_end: close`, close at the last close."""
        for market in self.markets:
            if market.last_close is None:
                continue
            if self.options.at_end == "close":
                self._liquidate(market, self.options.market_slip_ticks, "end", "R25", "end of data")
            else:
                for order in self.working_orders(market.feed.contract):
                    self._cancel_now(market, order, "end of data")

    def flatten(self, reason: str, rule: str, phase: Phase, only: Contract | None = None) -> None:
        """Cancel all orders and close all positions at the last close less the forced slip (R18).

        The slip may reach a floor when nothing is held any more: guards are tested then too (R19).
        """
        slip = self.options.forced_slip_ticks
        for market in self.markets:
            close = market.last_close
            if close is None or (only is not None and market.feed.contract.id != only.id):
                continue
            self._liquidate(market, slip, phase, rule, reason)
            if market.book.guards and not self.failed:
                before = [armed.copy() for armed in market.book.guards]
                market.book.base = self._worth_of_others(market)
                test_guards(market.book, close, slip, phase, 0)
                self._after_guards(market, before)

    # -- guards ------------------------------------------------------------------------------------------------

    def set_guard(self, guard: Guard) -> None:
        """Put a guard in force, or replace the one of that name by the same plugin (R19)."""
        self._guards[guard.plugin, guard.name] = guard
        self._arm()

    def remove_guard(self, plugin: str, name: str) -> None:
        """Take a guard out of force; nothing happens when there is none."""
        if self._guards.pop((plugin, name), None) is not None:
            self._arm()

    def fail(self, guard: Guard) -> None:
        """Fail the account now, as the guard does when it is breached inside a bar: close all at the last close."""
        self.failed = self.failed or guard.name
        self.flatten(guard.name, "R19", "hooks")
        self.events.append(Breach(guard, self.clock_ns, guard.level))

    def restart(self) -> None:
        """A new attempt of a flat account: the balance is put back to the start by an adjustment, guards begin anew."""
        for market in self.markets:
            for order in self.working_orders(market.feed.contract):
                self._cancel_now(market, order, "a new attempt begins")
            market.book.guards = []
            market.book.failed = market.book.locked = ""
        amount = self.start_balance - self.balance
        self.adjustments.append((self.clock_ns, amount))
        self._opening += amount
        self.failed = ""
        for market in self.markets:
            market.book.base = self._worth_of_others(market)
        self._arm()

    def _arm(self) -> None:
        old = {id(armed.guard): armed for armed in self.markets[0].book.guards}
        armed = [old.get(id(guard)) or ArmedGuard(guard, self._day_start) for guard in self._guards.values()]
        armed.sort(key=lambda each: each.severity)
        watched = any(each.guard.basis == "position" for each in armed)
        for market in self.markets:
            market.book.lots = [(lot.size, lot.price) for lot in market.ledger.lots] if watched else None
            market.arm(armed)

    def _after_guards(self, market: Market, before: list[ArmedGuard]) -> None:
        """Report the guards that acted in a bar, and let account guards act on the other contracts too."""
        armed_now = market.book.guards
        for other in self.markets:
            other.book.guards = armed_now
        acted = [armed for armed, was in zip(armed_now, before, strict=False) if armed.breaches != was.breaches]
        for armed in sorted(acted, key=lambda each: each.turn):
            self.events.append(Breach(armed.guard, self.clock_ns, armed.level))
            if armed.guard.basis != "position":
                for other in self.markets:
                    if other is not market and other.last_close is not None:
                        slip = self.options.forced_slip_ticks
                        self._liquidate(other, slip, "settle", "R19", armed.guard.name)
        self.failed = self.failed or market.book.failed
        self._keep_watch()

    def _keep_watch(self) -> None:
        """With several contracts a guard's price in one moves with the others, so every bar is looked at."""
        if len(self.markets) > 1 and self._guards:
            for each in self.markets:
                each.wake()
