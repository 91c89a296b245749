"""What the contexts of all plugins share: the exchange, the streams, the clock, locks and the order gate."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import ConfigError
from barstep.domain.risk import Verdict
from barstep.domain.session import NS, to_datetime
from barstep.engine.views import Account, Position
from barstep.sim.guards import Guard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.broker.protocol import Broker
    from barstep.domain.fill import Trade
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order
    from barstep.engine.attempts import Attempts
    from barstep.engine.flat_times import FlatTime, FlatUntil
    from barstep.engine.streams import Stream
    from barstep.hooks.manager import HookManager
    from barstep.sim.exchange import SimulatedExchange
    from barstep.sim.guards import Action, Basis, GuardSide

FOREVER = 1 << 62


class Lock(NamedTuple):
    """Nothing opens until a time: UTC nanoseconds, 0 for the end of the session, FOREVER."""

    until_ns: int
    plugin: str
    reason: str


class Note(NamedTuple):
    """What a plugin wrote with `ctx.note`."""

    at_ns: int
    plugin: str
    text: str


class Desk:
    """The state of a run that plugins reach through their contexts."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        broker: Broker,
        streams: Sequence[Stream],
        trades_kept: int,
        seed: int,
        log: Any,
    ) -> None:
        self.exchange = exchange
        self.broker = broker
        self.streams = list(streams)
        self.hooks: HookManager | None = None
        self.accepting = False
        self.trades: deque[Trade] = deque(maxlen=trades_kept)
        self.attempts: Attempts | None = None
        self.account = Account(self)
        self.positions = {stream.feed.contract.id: Position(stream.market) for stream in streams}
        self.locks: list[Lock] = []
        self.flat_times: dict[str, FlatTime] = {}
        self.flat_until: dict[str, FlatUntil] = {}
        self.notes: list[Note] = []
        self.seed = seed
        self.log = log

    def stream(self, contract: Contract | str | None, default: Stream) -> Stream:
        """The stream of a contract given as an object, an id, a short name or an instrument's name."""
        if contract is None:
            return default
        if not isinstance(contract, str):
            contract = contract.id
        for stream in self.streams:
            own = stream.feed.contract
            if contract in (own.id, own.name, own.instrument.name):
                return stream
        names = ", ".join(stream.feed.contract.name for stream in self.streams)
        raise ConfigError(f"contract {contract!r} is not in this run, which has {names}")

    @property
    def now_ns(self) -> int:
        """The replay's clock, UTC nanoseconds."""
        return self.exchange.clock_ns

    def when(self) -> str:
        """The replay's clock as text, for messages."""
        market = self.exchange.current
        if not market.starts:
            return "before the first bar"
        return f"{to_datetime(self.now_ns, market.feed.zone):%Y-%m-%d %H:%M:%S %Z}"

    def keep_trades(self) -> None:
        """Keep the last of the trades that nobody was told of, which are about to be written."""
        records = self.exchange.records
        if records.trades is not records.events:
            self.trades.extend(records.trades[-(self.trades.maxlen or 0) :])

    def hear_trades(self) -> None:
        """Somebody reads trades, so from now on each is whole when it closes."""
        self.keep_trades()
        self.exchange.records.trades = self.exchange.events
        for stream in self.streams:
            market = stream.market
            market.ledger.at_leisure = False
            market.ledger.measure(market.lows, market.highs)

    # -- the order gate ----------------------------------------------------------------------------------------

    def submit(self, order: Order) -> Order:
        """Pass an order through the gate: risk rules first, then the venue. The order itself tells the outcome."""
        exchange = self.exchange
        order.asked = size = order.size
        if not self.accepting and not exchange.failed:
            exchange.refuse(order, "rejected", "orders are taken from the first session's start to the last bar")
            return order
        order.asked_ns = exchange.clock_ns
        if not order.reduce_only and isinstance(size, int) and size > 0:
            self._judge(order)
            if order.status == "denied":
                return order
        self.broker.place_order(order)
        return order

    def _judge(self, order: Order) -> None:
        """Ask the risk rules about what would open or add, and cut the order to what they let through."""
        sign = 1 if order.side == "buy" else -1
        contract = order.contract
        worst = sign * self.exchange.worst_case(contract, sign)
        opens = order.size if worst >= 0 else worst + order.size
        if opens <= 0:
            return
        order.opens = opens
        verdicts = self.verdicts(order)
        if not verdicts:
            return
        position = self.positions[contract.id].size
        closes = min(order.size, max(0, -sign * position))
        order.verdicts = verdicts
        allowed = min(order.opens, *(verdict.size for verdict in verdicts))
        if allowed == order.opens:
            return
        size = max(closes, order.size - (order.opens - allowed))
        reason = "; ".join(f"{v.rule}: {v.reason}" for v in verdicts if v.size < order.opens)
        if not size:
            self.exchange.refuse(order, "denied", reason)
            return
        order.size = size
        order.reduce_only = size == closes
        order.reason = f"{'opening part denied' if not allowed else 'resized'}: {reason}"
        if order.reduce_only:
            order.bracket = None

    def judge_addition(self, more: Order) -> str:
        """Judge contracts that a modification adds (design: it passes again); the reason when they are refused."""
        sign = 1 if more.side == "buy" else -1
        worst = sign * self.exchange.worst_case(more.contract, sign)
        more.asked = more.size
        more.asked_ns = self.now_ns
        more.opens = max(0, worst + more.size) - max(0, worst)
        objections = [v for v in self.verdicts(more) if v.size < more.opens] if more.opens else []
        return "; ".join(f"{v.rule}: {v.reason}" for v in objections)

    def verdicts(self, order: Order) -> list[Verdict]:
        """What locks and risk rules say to an order, the strictest first; the order of the plugins does not matter."""
        found = self.hooks.on_risk(order) if self.hooks is not None else []
        if self.locks:
            found += [Verdict(lock.plugin, 0, lock.reason) for lock in self.active_locks()]
        if self.flat_until:
            flat = self.flat_until.get(order.contract.id)
            if flat is not None and flat.moment_ns > self.now_ns:
                found.append(flat.verdict)
        if len(found) < 2:
            return found
        return sorted(found, key=lambda verdict: (verdict.size, verdict.rule, verdict.reason))

    def set_guard(
        self,
        name: str,
        basis: Basis,
        level: int,
        side: GuardSide,
        action: Action,
        trail: int | None,
        plugin: str,
        trail_until: int | None = None,
    ) -> None:
        """Put a guard in force; money in micro-dollars."""
        self.exchange.set_guard(Guard(name, basis, level, side, action, trail, plugin, trail_until))
        if self.attempts is not None:
            self.attempts.watch()

    # -- locks -------------------------------------------------------------------------------------------------

    def active_locks(self) -> list[Lock]:
        """The locks that hold now."""
        if not self.locks:
            return self.locks
        now = self.now_ns
        self.locks = [lock for lock in self.locks if not lock.until_ns or lock.until_ns > now]
        return self.locks

    def lock_reason(self) -> str:
        """Why nothing may open now, or an empty string."""
        return "; ".join(lock.reason for lock in self.active_locks())

    def lock(self, until: str | datetime | None, reason: str, plugin: str) -> None:
        """Deny opening until `"session"` ends, a time, or for good (None); cancel entries, keep exits."""
        if until == "session":
            until_ns = 0
        elif until is None:
            until_ns = FOREVER
        elif isinstance(until, datetime) and until.tzinfo is not None:
            until_ns = int(until.timestamp()) * NS
        else:
            raise ValueError(f"lock until {until!r}: expected 'session', an aware datetime, or None for good")
        lock = Lock(until_ns, plugin, reason)
        if lock not in self.locks:
            self.locks.append(lock)
        for stream in self.streams:
            self.exchange.exits_only(stream.feed.contract, reason)

    def end_session(self) -> None:
        """Lift the locks that hold for a session."""
        self.locks = [lock for lock in self.locks if lock.until_ns]
