"""The handler: `(path, body) -> dict` over the replays of a process (design, section 4)."""

from __future__ import annotations

import time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from barstep.broker.forms import iso, zone_of
from barstep.broker.wire import GatewayError, done, failed
from barstep.domain.errors import BarstepError
from barstep.gateway import accounts, contracts, controls, guards, history, orders, positions, replays, trades
from barstep.gateway.codes import FAULT
from barstep.gateway.endpoints import ENDPOINTS
from barstep.gateway.extension import EventLog
from barstep.gateway.fields import read
from barstep.gateway.seats import Call, RefusedError, Seat
from barstep.gateway.session import Session, StartRequest
from barstep.gateway.wording import in_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from barstep.gateway.fields import Dialect
    from barstep.gateway.session import Opener

    Act = Callable[[Call], dict[str, Any]]
    Answer = Callable[[Mapping[str, Any] | None, str, Dialect], dict[str, Any]]

MOST_REPLAYS = 64
"""Replays a user may have running at once."""

_ACTS: dict[str, Act] = {
    "Auth/loginKey": accounts.login_key,
    "Auth/validate": accounts.validate,
    "Auth/logout": accounts.logout,
    "Status/ping": accounts.ping,
    "Account/search": accounts.search,
    "Contract/search": contracts.search,
    "Contract/searchById": contracts.search_by_id,
    "Contract/available": contracts.available,
    "History/retrieveBars": history.retrieve,
    "Order/place": orders.place,
    "Order/search": orders.search,
    "Order/searchOpen": orders.search_open,
    "Order/searchById": orders.search_by_id,
    "Order/cancel": orders.cancel,
    "Order/modify": orders.modify,
    "Position/searchOpen": positions.search_open,
    "Position/closeContract": positions.close,
    "Position/partialCloseContract": positions.close_part,
    "Trade/search": trades.search,
    "Replay/step": replays.step,
    "Replay/play": replays.play,
    "Replay/pause": replays.pause,
    "Replay/jumpTo": replays.jump_to,
    "Replay/speed": replays.speed,
    "Replay/status": replays.status,
    "Replay/end": replays.end,
    "Extension/link": controls.link,
    "Extension/protect": controls.protect,
    "Extension/exitsOnly": controls.exits_only,
    "Extension/flatten": controls.flatten,
    "Extension/setGuard": controls.set_guard,
    "Extension/failAccount": controls.fail_account,
    "Extension/removeGuard": controls.remove_guard,
    "Extension/flatBy": controls.flat_by,
}


class Gateway:
    """Accounts, each with a replay of its own, behind one call. Not for several threads at once.

    Args:
        opener: Makes a replay of a Replay/start.
        start_account: Id of the first account.
        balance: USD that an account shows before its first replay.
        client: Who orders are from, in messages and results: a script's name.
        now: Wall clock in seconds, for Replay/play.
    """

    def __init__(
        self,
        opener: Opener,
        *,
        start_account: int = 1001,
        balance: float = 50_000.0,
        client: str = "gateway",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opener = opener
        self._next_account = start_account
        self._balance = balance
        self._client = client
        self._now = now
        self._started = 0
        self._seats: dict[int, Seat] = {}
        self._users: set[str] = set()
        self._answers: dict[str, Answer] = {path: self._bind(path, act) for path, act in _ACTS.items()}
        self._answers["Replay/start"] = self._bind("Replay/start", self._start)
        self._answers["Replay/step"] = self._quick_step(self._answers["Replay/step"])

    def handle(
        self, path: str, body: Mapping[str, Any] | None = None, user: str = "", dialect: Dialect = "sim"
    ) -> dict[str, Any]:
        """Answer one call.

        Args:
            path: Area and verb, `Order/place`.
            body: The request, None for an empty one.
            user: Who asks; each user sees his own accounts only.
            dialect: `sim` for the playground's forms, `live` for the live gateway's.

        Returns:
            The envelope with the endpoint's payload.

        Raises:
            GatewayError: 404 for a path or account there is not, 400 for a malformed request, 409 for a conflict.
        """
        answer = self._answers.get(path)
        if answer is None:
            near = get_close_matches(path, self._answers, 1)
            told = f"did you mean {near[0]}?" if near else "endpoints are named as Order/place, see docs/gateway-api.md"
            raise GatewayError(404, f"there is no {path[:60]!r}: {told}")
        return answer(body, user, dialect)

    def session(self, account: int) -> Session | None:
        """The replay of an account, for those who serve it: what is told to its owner is `handle`'s."""
        seat = self._seats.get(account)
        return seat.session if seat is not None else None

    def close(self) -> None:
        """End every replay that runs: a server stops."""
        for seat in self._seats.values():
            if seat.session is not None:
                seat.session.finish()

    # -- dispatch ----------------------------------------------------------------------------------------------

    def _bind(self, path: str, act: Act) -> Answer:
        endpoint, seats = ENDPOINTS[path], self._seats
        fault = endpoint.codes.index("UnknownError") if "UnknownError" in endpoint.codes else FAULT

        def answer(body: Mapping[str, Any] | None, user: str, dialect: Dialect) -> dict[str, Any]:
            values = read(endpoint.fields, body, dialect)
            if user not in self._users:
                self._welcome(user)
            call = Call(seats, values, user, dialect)
            try:
                told = act(call)
            except RefusedError as refusal:
                told = failed(refusal.code, refusal.message, **refusal.payload)
            except BarstepError as error:  # a plugin's own code failed
                if call.session is None:
                    raise GatewayError(400, str(error)) from error
                call.session.fail(error)
                told = call.session.fault(fault)
            if call.session is not None and call.session.log is not None:
                told["barstep"] = call.session.log.reply(call.played)
            return told

        return answer

    def _quick_step(self, slow: Answer) -> Answer:
        """Replay/step in its commonest form, one bar of one's own replay, on the shortest way."""
        seats = self._seats

        def step(body: Mapping[str, Any] | None, user: str, dialect: Dialect) -> dict[str, Any]:
            if type(body) is dict and len(body) == 1:
                number = body.get("accountId")
                seat = seats.get(number) if type(number) is int else None
                if seat is not None and seat.user == user:
                    session = seat.session
                    if session is not None and session.plain:
                        return session.step("Z" if dialect == "sim" else "+00:00")
            return slow(body, user, dialect)

        return step

    # -- accounts and replays ----------------------------------------------------------------------------------

    def _welcome(self, user: str) -> None:
        """Give a new user an idle account, so that clients that look for one find it."""
        self._users.add(user)
        self._new_seat(user)

    def _new_seat(self, user: str) -> Seat:
        number = self._next_account
        self._next_account += 1
        seat = self._seats[number] = Seat(number, user, self._balance)
        return seat

    def _start(self, call: Call) -> dict[str, Any]:
        """Replay/start: takes an idle account, or makes one, and resets it (gateway API, 16 #24)."""
        values = call.values
        seat = self._free_seat(call)
        instrument, extras = values["instrumentSymbol"], values["barstep"]
        if values["endDate"] is not None and values["endDate"] < values["startDate"]:
            told = f"endDate: found {values['endDate']}, expected {values['startDate']} (startDate) or later"
            raise GatewayError(400, told)
        request = StartRequest(
            instrument, values["timeframe"], values["startDate"], values["endDate"], dict(extras or {})
        )
        watched = guards.parse(request.extension.get("guards"))
        try:
            run = self._opener(request)
        except BarstepError as error:
            raise GatewayError(400, f"Replay/start: {in_request(str(error))}") from error
        seat = seat or self._new_seat(call.user)
        session = seat.session = call.session = Session(run, self._client, self._now)
        guards.arm(session, watched)
        self._started += 1
        session.serial = self._started
        if extras is not None:
            session.report(EventLog(session.replay))
        zone = zone_of(call.live)
        return done(
            accountId=seat.number,
            contractId=session.contract.id,
            totalBars=session.total,
            startTime=iso(run.first_ns, zone),
            endTime=iso(run.last_ns, zone),
        )

    def _free_seat(self, call: Call) -> Seat | None:
        """The account to start on: the one named, else the first idle one, else None for a new one."""
        number = call.values["accountId"]
        if number is not None:
            seat = self._seats.get(number)
            if seat is None or seat.user != call.user:
                raise GatewayError(404, f"there is no account {number} of yours: leave accountId out to get one")
            if seat.running:
                raise GatewayError(409, f"account {number} has a replay running: call Replay/end first")
            return seat
        idle = next((seat for seat in call.own if not seat.running), None)
        if idle is None and len(call.own) >= MOST_REPLAYS:
            raise GatewayError(409, f"{MOST_REPLAYS} replays of yours are running: end one with Replay/end")
        return idle
