"""What a plugin can see and do: its context. Each plugin has its own."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from barstep.domain.instrument import micros
from barstep.domain.order import Bracket, Change, Order, Side
from barstep.domain.session import to_datetime
from barstep.engine import words
from barstep.engine.desk import Note
from barstep.engine.flat_times import FlatTime
from barstep.engine.views import Positions
from barstep.sim.guards import Guard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from barstep.domain.bar import Bar
    from barstep.domain.fill import Trade
    from barstep.domain.instrument import Contract, Instrument
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
        bracket = words.bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_ticks, stop_loss, take_profit)
        return self._ask("buy", size, limit, stop, trail_ticks, join, bracket, expires, reduce_only, tag, contract)

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
        bracket = words.bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_ticks, stop_loss, take_profit)
        return self._ask("sell", size, limit, stop, trail_ticks, join, bracket, expires, reduce_only, tag, contract)

    def set_position(
        self,
        size: int,
        *,
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
        bracket = words.bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_ticks, None, None)
        return self._ask(side, abs(missing), None, None, None, False, bracket, None, False, tag, contract)

    def close(self, *, reason: str = "close", contract: Contract | str | None = None) -> Order | None:
        """Close the whole position with a reduce-only market order; None while flat, or when that is under way already."""
        market = self._market if contract is None else self._desk.stream(contract, self._stream).market
        size = market.ledger.position
        left = size + market.under_way()
        if not size or left * size <= 0:
            return None
        side: Side = "sell" if size > 0 else "buy"
        return self._ask(side, abs(left), None, None, None, False, None, None, True, reason, contract)

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
            order = self._ask(
                side,
                abs(size),
                float(value) if role == "target" else None,
                float(value) if role == "stop" else None,
                int(value) if role == "trail" else None,
                False,
                None,
                None,
                True,
                "protect",
                None,
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

    def _ask(
        self,
        side: Side,
        size: int,
        limit: float | None,
        stop: float | None,
        trail: int | None,
        join: bool,
        bracket: Bracket | None,
        expires: Any,
        reduce_only: bool,
        tag: str,
        contract: Contract | str | None,
    ) -> Order:
        faults: list[str] = []
        kind = words.kind_of(limit, stop, trail, join, faults)
        if type(size) is not int or size > words.MOST_CONTRACTS:
            size = words.whole(size, "size", faults)
        if kind not in ("market", "join"):
            limit, stop = words.price(limit, "limit", faults), words.price(stop, "stop", faults)
            trail = words.whole(trail, "trail_ticks", faults)
        if bracket is not None:
            words.clean(bracket, faults)
        if type(tag) is not str:
            tag = "" if tag is None else str(tag)
        desk = self._desk
        traded = self._contract if contract is None else desk.stream(contract, self._stream).feed.contract
        order = Order(traded, side, size, kind, limit, stop, trail, bracket, expires, reduce_only, tag, self.plugin)
        if faults:
            desk.exchange.refuse(order, "rejected", "; ".join(faults))
            return order
        return desk.submit(order)


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


def context_for(kind: str, desk: Desk, plugin: str, streams: Sequence[Stream]) -> ReadContext:
    """The context of a plugin of a section of the configuration; `streams` are those of its contracts, its own first."""
    made = {"strategies": Context, "risk": RiskContext, "observers": ReadContext}[kind]
    return made(desk, plugin, streams)
