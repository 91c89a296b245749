"""What a risk rule may do besides judging orders: flatten, lock, watch levels, fail the account, end the day flat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from barstep.domain.instrument import micros
from barstep.engine.flat_times import FlatTime
from barstep.engine.read_context import ReadContext
from barstep.sim.guards import Guard

if TYPE_CHECKING:
    from datetime import datetime

    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order


class RiskContext(ReadContext):
    """What a risk rule sees and may do besides judging orders: flatten, lock, watch levels, end the day flat."""

    def exposure(self, order: Order) -> int:
        """Contracts already held or working on an order's side, in the worst case and without the order; 0 or more."""
        sign = 1 if order.side == "buy" else -1
        return max(0, sign * self._desk.exchange.worst_case(order.contract, sign))

    def most_held(self, contract: Contract | str) -> int:
        """Contracts of a contract held or working on its larger side, in the worst case; 0 or more."""
        traded = self._desk.stream(contract, self._stream).feed.contract
        exchange = self._desk.exchange
        return max(0, exchange.worst_case(traded, 1), -exchange.worst_case(traded, -1))

    def flatten(self, reason: str) -> None:
        """Cancel all orders and close all positions at the last close, less the forced slip (R18)."""
        self._desk.exchange.flatten(reason, "R18", "hooks")

    def lock(self, until: Literal["session"] | datetime | None, reason: str) -> None:
        """Deny whatever opens until the session ends, a time, or for good (None); entries are cancelled, exits stay."""
        self._desk.lock(until, reason, self.plugin)

    def set_guard(
        self,
        name: str,
        *,
        level: float,
        basis: Literal["equity", "day", "position"] = "equity",
        side: Literal["floor", "cap"] = "floor",
        action: Literal["fail", "lock", "flatten"] = "flatten",
        trail: float | None = None,
        trail_until: float | None = None,
    ) -> None:
        """Watch a level inside the bar, from now on until removed (R19); the same name again replaces it.

        Args:
            name: What results and reasons call it.
            level: USD: of equity, of the day's result, or of one position's open result (a loss is negative).
            basis: What is watched.
            side: A floor is breached at or below the level, a cap at or above.
            action: Fail the account, lock the day, or flatten; all three close everything first.
            trail: USD that a floor stays below the highest value seen, or None.
            trail_until: USD at which a trailing floor stops for good, or None.
        """
        way, stop = (None if usd is None else micros(usd) for usd in (trail, trail_until))
        self._desk.set_guard(name, basis, micros(level), side, action, way, self.plugin, stop)

    def fail(self, name: str, level: float) -> None:
        """Fail the account now: all is closed at the last close less the forced slip, as a guard does inside a bar (R19).

        Args:
            name: The rule, as results call it.
            level: USD of equity that it asked for.
        """
        self._desk.exchange.fail(Guard(name, "equity", micros(level), "floor", "fail", None, self.plugin))

    def remove_guard(self, name: str) -> None:
        """Stop watching a level of this plugin."""
        self._desk.exchange.remove_guard(self.plugin, name)

    def flat_by(self, clock: Any, before_pause: int = 0) -> None:
        """Be flat by a time of day: R18 closes at the last bar that ends by then, and nothing opens between that bar and then.

        Args:
            clock: Time of day in the exchange's zone; None ends it.
            before_pause: On a holiday that belongs to the next trading day, minutes before trading pauses, if that is earlier.
        """
        if clock is None:
            self._desk.flat_times.pop(self.plugin, None)
        else:
            self._desk.flat_times[self.plugin] = FlatTime(clock, before_pause, self.plugin)
