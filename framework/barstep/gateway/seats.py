"""Accounts and who they belong to, and one call as the endpoints see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.domain.instrument import MICROS

if TYPE_CHECKING:
    from barstep.domain.order import Order
    from barstep.gateway.fields import Dialect
    from barstep.gateway.session import Session


class RefusedError(Exception):
    """A well-formed request that is not carried out: its code, what to do, and fields of the payload that are null."""

    def __init__(self, code: int, message: str, *null: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.payload: dict[str, Any] = dict.fromkeys(null)


class Seat:
    """An account: idle, or with a replay (running or ended).

    Args:
        number: Its id.
        user: Whose it is.
        balance: USD it shows before its first replay.
    """

    def __init__(self, number: int, user: str, balance: float) -> None:
        self.number = number
        self.user = user
        self.session: Session | None = None
        self._balance = balance

    @property
    def name(self) -> str:
        """A label for people."""
        return f"SIM-{self.number}"

    @property
    def running(self) -> bool:
        """Whether a replay is under way."""
        return self.session is not None and not self.session.ended

    @property
    def balance(self) -> float:
        """USD in cash."""
        return self.session.exchange.balance / MICROS if self.session else self._balance

    @property
    def equity(self) -> float:
        """USD with open results at the last close."""
        return self.session.exchange.equity / MICROS if self.session else self._balance

    @property
    def can_trade(self) -> bool:
        """False once a guard has failed the account or an error ended its replay."""
        return self.session is None or not (self.session.exchange.failed or self.session.error)


class Call:
    """One call: its values by field name (see `fields.read`), who asks and in which dialect.

    Attributes:
        session: The replay it is about, once `seat` has found one.
        played: What the call played last, for the extension's report.
    """

    __slots__ = ("dialect", "live", "played", "seats", "session", "user", "values")

    def __init__(self, seats: dict[int, Seat], values: dict[str, Any], user: str, dialect: Dialect) -> None:
        self.seats = seats
        self.values = values
        self.user = user
        self.dialect = dialect
        self.live = dialect == "live"
        self.session: Session | None = None
        self.played: Any = None

    @property
    def own(self) -> list[Seat]:
        """The caller's accounts, by number."""
        return [seat for seat in self.seats.values() if seat.user == self.user]

    def in_view(self) -> list[Session]:
        """The replays whose clocks a question about the market may see; the first one answers.

        An account that the call names is seen as it is. Else the replays that run, the earliest clock first, so that
        nobody learns from one replay what another has still before it; ended ones (the last one started first) only
        while none runs. RefusedError 1 when the account named is not the caller's.
        """
        if self.values["accountId"] is not None:
            session = self.seat().session
            self.session = None  # a question brings no report: it would take the events from whoever follows them
            return [] if session is None else [session]
        sessions = [seat.session for seat in self.own if seat.session is not None]
        for session in sessions:
            session.catch_up()
        running = [session for session in sessions if not session.ended]
        return sorted(running or sessions, key=lambda each: (each.clock_ns if running else 0, -each.serial))

    def seat(self, *null: str) -> Seat:
        """The account that the call names, its replay played up to now; RefusedError 1 when there is none."""
        number = self.values["accountId"]
        seat = self.seats.get(number)
        if seat is None or seat.user != self.user:
            numbers = ", ".join(str(own.number) for own in self.own) or "none yet: call Account/search or Replay/start"
            raise RefusedError(1, f"there is no account {number} of yours; you have {numbers}", *null)
        self.session = seat.session
        if self.session is not None:
            self.session.catch_up()
        return seat

    def order(self, code: int, *null: str) -> tuple[Session, Order]:
        """The order that the call names; RefusedError when the account's replay has none of that id."""
        seat, wanted = self.seat(*null), self.values["orderId"]
        order = None if seat.session is None else seat.session.orders.get(wanted)
        if order is None or seat.session is None:
            what = f"order {wanted}" if wanted else "order of that id, expected ord_12 or 12"
            raise RefusedError(code, f"account {seat.number} has no {what}: see Order/search", *null)
        return seat.session, order

    def replay(self, code: int = 2, *null: str) -> Session:
        """The account's replay, running or ended; RefusedError when none was started, or an error ended it."""
        seat = self.seat(*null)
        session = seat.session
        if session is None:
            raise RefusedError(code, f"account {seat.number} has no replay: call Replay/start first", *null)
        return session

    def trading(self, code: int, *null: str) -> Session:
        """The account's replay while it takes orders; RefusedError otherwise."""
        session = self.replay(code, *null)
        if session.error is not None:
            raise RefusedError(code, session.fault()["errorMessage"], *null)
        if session.ended:
            raise RefusedError(code, "the replay has ended: call Replay/start for another", *null)
        return session
