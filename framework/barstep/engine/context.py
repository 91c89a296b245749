"""What a strategy can see and do: its context. Each plugin has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from barstep.domain.order import Bracket, Change, Kind, Order, Side
from barstep.engine import words
from barstep.engine.read_context import ReadContext
from barstep.engine.risk_context import RiskContext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from barstep.domain.instrument import Contract
    from barstep.engine.desk import Desk
    from barstep.engine.streams import Stream


class Context(ReadContext):
    """What a strategy sees and does. Prices are floats on the tick grid; `_ticks` are distances in ticks.

    Every order passes the order gate and comes back as an `Order`, also when it is denied or rejected: its `status` and
    `reason` tell. An order asked for at the close of bar k is eligible from the open of bar k+1 (R4).
    """

    def buy(
        self,
        size: int = 1,
        *,
        limit: float | None = None,
        stop: float | None = None,
        trail_ticks: int | None = None,
        join: bool = False,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        trailing_stop_ticks: int | None = None,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        expires: Literal["session"] | int | datetime | None = None,
        reduce_only: bool = False,
        tag: str = "",
        contract: Contract | str | None = None,
    ) -> Order:
        """Buy: at market, or at a limit, a stop, a stop-limit (both), a trailing stop, or joining the bid.

        Args:
            size: Contracts.
            limit, stop: Prices.
            trail_ticks: Distance of a trailing stop.
            join: A limit at the last close, as if at the best quote (R11).
            stop_loss_ticks, take_profit_ticks, trailing_stop_ticks: Bracket distances from the fill price (R12).
            stop_loss, take_profit: The same as prices.
            expires: None for the whole replay, `session`, a number of bars, or an aware datetime.
            reduce_only: Never open or add.
            tag: Your word for it.
            contract: Another contract of the run.
        """
        faults: list[str] = []
        kind = words.kind_of(limit, stop, trail_ticks, join, faults)
        bracket = words.bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_ticks, stop_loss, take_profit, faults)
        return self._send(
            "buy", size, kind, limit, stop, trail_ticks, bracket, expires, reduce_only, tag, contract, faults
        )

    def sell(
        self,
        size: int = 1,
        *,
        limit: float | None = None,
        stop: float | None = None,
        trail_ticks: int | None = None,
        join: bool = False,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        trailing_stop_ticks: int | None = None,
        stop_loss: float | None = None,
        take_profit: float | None = None,
        expires: Literal["session"] | int | datetime | None = None,
        reduce_only: bool = False,
        tag: str = "",
        contract: Contract | str | None = None,
    ) -> Order:
        """Sell; the arguments are those of `buy`."""
        faults: list[str] = []
        kind = words.kind_of(limit, stop, trail_ticks, join, faults)
        bracket = words.bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_ticks, stop_loss, take_profit, faults)
        return self._send(
            "sell", size, kind, limit, stop, trail_ticks, bracket, expires, reduce_only, tag, contract, faults
        )

    def set_position(  # asked on every bar, so its words may stand in order: keyword-only ones cost as much as the answer
        self,
        size: int,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        trailing_stop_ticks: int | None = None,
        tag: str = "",
        contract: Contract | str | None = None,
    ) -> Order | None:
        """Bring the position to a signed size with one market order; None when it is there, or on its way there.

        Args:
            size: Signed contracts.
            stop_loss_ticks, take_profit_ticks, trailing_stop_ticks: Bracket of what the order opens or adds (R12).
            tag: Your word for it.
            contract: Another contract of the run.
        """
        market = self._market if contract is None else self._desk.stream(contract, self._stream).market
        missing = size - market.ledger.position
        if market.book.live:
            missing -= market.under_way()
        if not missing:
            return None
        side: Side = "buy" if missing > 0 else "sell"
        faults: list[str] = []
        bracket = None
        if not (stop_loss_ticks is take_profit_ticks is trailing_stop_ticks is None):
            bracket = words.bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_ticks, None, None, faults)
        return self._send(side, abs(missing), "market", None, None, None, bracket, None, False, tag, contract, faults)

    def close(self, *, reason: str = "close", contract: Contract | str | None = None) -> Order | None:
        """Close the whole position with a reduce-only market order; None while flat, or when that is under way already."""
        market = self._market if contract is None else self._desk.stream(contract, self._stream).market
        size = market.ledger.position
        left = size + market.under_way()
        if not size or left * size <= 0:
            return None
        side: Side = "sell" if size > 0 else "buy"
        return self._send(side, abs(left), "market", None, None, None, None, None, True, reason, contract, [])

    def protect(
        self, *, stop: float | None = None, target: float | None = None, trail_ticks: int | None = None
    ) -> list[Order]:
        """Put exits on the whole position, replacing the ones set before; they cancel each other and end with it.

        Args:
            stop, target: Prices of a stop and of a limit.
            trail_ticks: Distance of a trailing stop, in place of `stop`.
        """
        size = self.position.size
        if not size:
            return []
        side: Side = "sell" if size > 0 else "buy"
        for order in self.orders:
            if order.tag == "protect" and order.plugin == self.plugin:
                self.cancel(order, "replaced")
        made: list[Order] = []
        wanted: tuple[tuple[Literal["stop", "trail", "target"], float | int | None], ...] = (
            ("stop", stop),
            ("trail", trail_ticks),
            ("target", target),
        )
        for role, value in wanted:
            if value is None:
                continue
            order = self._send(
                side,
                abs(size),
                _KINDS[role],
                float(value) if role == "target" else None,
                float(value) if role == "stop" else None,
                int(value) if role == "trail" else None,
                None,
                None,
                True,
                "protect",
                None,
                [],
            )
            if order.is_open:
                self._desk.exchange.protect(order, role)
                if made:
                    self.oco(made[0], order)
            made.append(order)
        return made

    def oco(self, first: Order, second: Order) -> None:
        """Make two working orders cancel each other when one fills; a ValueError says why they cannot."""
        refusal = "an order with itself" if first is second else self._desk.broker.link_orders(first, second)
        if refusal:
            raise ValueError(f"oco: {refusal}")

    def modify(
        self,
        order: Order,
        *,
        size: int | None = None,
        limit: float | None = None,
        stop: float | None = None,
        trail_ticks: int | None = None,
    ) -> bool:
        """Change a working order; what adds exposure passes the risk rules again. False when refused, see `reason`.

        `size` is what is left to fill. A change of price or a larger size makes the order arriving again (R23).
        """
        faults: list[str] = []
        size, trail_ticks = words.whole(size, "size", faults), words.whole(trail_ticks, "trail_ticks", faults)
        limit, stop = words.price(limit, "limit", faults), words.price(stop, "stop", faults)
        if faults:
            order.reason = "; ".join(faults)
            return False
        left = order.size - order.filled
        if size is not None and size > left and not order.reduce_only:
            more = Order(order.contract, order.side, size - left, order.kind, plugin=self.plugin, tag=order.tag)
            refused = self._desk.judge_addition(more)
            if refused:
                order.reason = refused
                return False
        asked = (
            ("size", left, size),
            ("limit", order.limit, limit),
            ("stop", order.stop, stop),
            ("trail", order.trail, trail_ticks),
        )
        refusal = self._desk.broker.modify_order(order, size=size, limit=limit, stop=stop, trail=trail_ticks)
        if refusal:
            order.reason = refusal
            return False
        now = self._desk.now_ns
        order.changes += tuple(Change(now, *each) for each in asked if None not in each and each[1] != each[2])
        return True

    def cancel(self, order: Order, reason: str = "cancelled") -> bool:
        """Cancel a working order; False when it is not working."""
        return self._desk.broker.cancel_order(order, reason)

    def cancel_entries(self) -> int:
        """Cancel the contract's working orders that could open or add; how many there were."""
        way: Side | None = "sell" if self.position.size > 0 else "buy" if self.position.size < 0 else None
        entries = [o for o in self.orders if not o.reduce_only and o.side != way]
        return sum(self.cancel(order, "entries cancelled") for order in entries)

    def _send(
        self,
        side: Side,
        size: int,
        kind: Kind,
        limit: float | None,
        stop: float | None,
        trail: int | None,
        bracket: Bracket | None,
        expires: Any,
        reduce_only: bool,
        tag: str,
        contract: Contract | str | None,
        faults: list[str],
    ) -> Order:
        """Make an order of a plugin's words and pass it on; with faults in them it is rejected."""
        if type(size) is not int or size > words.MOST_CONTRACTS:
            size = words.whole(size, "size", faults)
        if kind not in ("market", "join"):
            limit, stop = words.price(limit, "limit", faults), words.price(stop, "stop", faults)
            trail = words.whole(trail, "trail_ticks", faults)
        if type(tag) is not str:
            tag = "" if tag is None else str(tag)
        desk = self._desk
        traded = self._contract if contract is None else desk.stream(contract, self._stream).feed.contract
        order = Order(traded, side, size, kind, limit, stop, trail, bracket, expires, reduce_only, tag, self.plugin)
        if faults:
            desk.exchange.refuse(order, "rejected", "; ".join(faults))
            return order
        return desk.submit(order)


_KINDS: dict[str, Kind] = {"stop": "stop", "trail": "trailing_stop", "target": "limit"}
"""The order behind each of the exits that `protect` sets."""


def context_for(kind: str, desk: Desk, plugin: str, streams: Sequence[Stream]) -> ReadContext:
    """The context of a plugin of a section of the configuration; `streams` are those of its contracts, its own first."""
    made = {"strategies": Context, "risk": RiskContext, "observers": ReadContext}[kind]
    return made(desk, plugin, streams)
