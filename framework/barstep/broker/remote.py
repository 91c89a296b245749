"""The typed broker over the seven helper functions: any gateway that speaks the API, in process or over HTTP.

Our own gateway reports what happened in each call (`barstep.broker.report`). Of any other gateway the fills and the orders
that ended are asked for after each step, and whatever has no wire form there is refused with the name of the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec

from barstep.broker.order_form import order_request
from barstep.broker.plain import PlainReports, number
from barstep.broker.report import OrderReport, Report
from barstep.broker.wire import words
from barstep.domain.errors import BrokerError
from barstep.domain.risk import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from barstep.broker.helpers import Helpers
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order

PREFIX = "/api/topstep-sim"
"""How the address of a replay gateway ends (gateway API, 1.1)."""
LOWEST_STATUS = 400
"""Codes from here on are HTTP statuses (gateway API, 2.2)."""


class Follower(Protocol):
    """Who keeps the picture of the account: takes reports and refusals.

    Attributes:
        failed: Name of the guard that failed the account, or empty.
    """

    failed: str

    @property
    def last_price(self) -> float | None:
        """The last close, None before the first bar."""

    def take(self, report: Report) -> None:
        """Book what happened."""

    def place(self, order: Order) -> None:
        """An order was accepted: it works from now on."""

    def link(self, first: Order, second: Order) -> str:
        """Two orders cancel each other from now on."""

    def refuse(self, order: Order, status: Literal["denied", "rejected"], reason: str) -> None:
        """An order was not accepted."""

    def working_orders(self, contract: Contract) -> list[Order]:
        """The orders that work on a contract, by id."""


class Stepped(NamedTuple):
    """Answer of a step: the bar's start and prices as the API gives them, None when a session begins or nothing is left."""

    bar: Mapping[str, Any] | None
    done: bool
    report: Report


class HelperBroker:
    """A `Broker` over the helper functions of one account.

    Args:
        helpers: The seven functions, over either transport.
        contract: What is traded.
        name: The gateway's address, for messages.

    Attributes:
        ended: Whether the replay there has been ended.
        needs: Keys of the run's configuration that only barstep's own gateway takes.
        lost: Why the gateway cannot be relied on any more: set when a call failed inside a hook, raised by the replay.
        extended: Whether it is our gateway, which reports what happened in each call.
    """

    def __init__(self, helpers: Helpers, contract: Contract, name: str) -> None:
        self.helpers = helpers
        self.contract = contract
        self.name = name
        self.account = 0
        self.total_bars = 0
        self.extended = False
        self.needs: Sequence[str] = ()
        self.ended = False
        self.lost: BrokerError | None = None
        self.follower: Follower
        self._plain: PlainReports | None = None
        self._warnings: list[str] = []

    # -- the replay --------------------------------------------------------------------------------------------

    def start(self, request: Mapping[str, Any]) -> None:
        """Open the replay; a BrokerError says why it cannot be used."""
        reply = self._call("Replay/start", request)
        self.account = reply["accountId"]
        self.total_bars = reply.get("totalBars", 0)
        self.extended = "barstep" in reply
        if self.needs and not self.extended:
            keys = ", ".join(self.needs)
            raise BrokerError(
                f"{self.name} does not take the keys {keys}, only barstep's own gateway does: leave them out"
            )
        if reply["contractId"] != self.contract.id:
            raise BrokerError(
                f"{self.name} replays {reply['contractId']}, the run trades {self.contract.id}: name it in data.contract"
            )
        if not self.extended:
            self._plain = PlainReports(self.helpers, self.account, self.contract)

    def step(self) -> Stepped:
        """Play the next bar, or up to the moment a session begins. Never repeated: a lost answer ends the run."""
        reply = self._call("Replay/step", {"accountId": self.account, "count": 1})
        return Stepped(reply.get("bar"), bool(reply.get("done")), self._report(reply))

    def end(self) -> Report:
        """End the replay as at the end of the data: what is open is closed (R25)."""
        if not self.extended:
            self.helpers.close_all_positions(self.account, self.contract.id)
        self.ended = True
        reply = self._call("Replay/end", {"accountId": self.account})
        return self._report(reply) if self._plain is None else self._plain.collect((), always=True)

    def leave(self) -> list[str]:
        """Free the gateway's account when the run is over, however that came; what a user should know about its end."""
        if not self.ended and self.lost is None and self.account:
            self.ended = True
            body: dict[str, Any] = {"accountId": self.account}
            if self.extended:
                body["barstep"] = {"settle": False}
            self.helpers.api("Replay/end", body)
        return self._warnings

    # -- orders ------------------------------------------------------------------------------------------------

    def place_order(self, order: Order) -> None:
        """Send an order; afterwards it is working, filled or rejected with a reason."""
        if self.follower.failed:
            self.follower.refuse(order, "rejected", f"the account has failed ({self.follower.failed})")
            return
        body, extras = order_request(order, self.account, self.follower.last_price)
        if self.extended:
            if order.trail is not None:
                extras["trailTicks"] = order.trail
            body["barstep"] = {**extras, "tag": order.tag, "plugin": order.plugin}
        elif order.kind == "market" and list(extras) == ["reduceOnly"]:
            pass  # its size is at most the position's: it closes, whoever executes it
        elif extras:
            self.follower.refuse(order, "rejected", self._lacks(*extras))
            return
        reply = self.helpers.api("Order/place", body)
        if not reply.get("success"):
            report = self._report(reply)
            self._note_loss("Order/place", reply)
            refused = [e for e in report.events if isinstance(e, OrderReport) and e.id < 0]
            denied = bool(refused) and refused[-1].status == "denied"  # by a rule of the gateway's own
            reason = refused[-1].reason if refused else str(reply.get("errorMessage"))
            if denied:
                order.verdicts = [*order.verdicts, *(Verdict(*told) for told in refused[-1].verdicts)]
            self.follower.refuse(order, "denied" if denied else "rejected", reason)
            self.follower.take(report)
            return
        order.id = number(reply["orderId"])
        if not order.id:
            told = f"{self.name} calls its order {reply['orderId']!r}, expected a number or ord_ and a number"
            self.lost = self.lost or BrokerError(f"{told}: its fills could not be told apart; run on another gateway")
        order.status = "working"
        self.follower.place(order)
        self.follower.take(self._report(reply))

    def modify_order(
        self,
        order: Order,
        *,
        size: int | None = None,
        limit: float | None = None,
        stop: float | None = None,
        trail: int | None = None,
    ) -> str:
        """Change a working order (R23)."""
        if trail is not None and not self.extended:
            return self._lacks("trailTicks")
        body: dict[str, Any] = {"accountId": self.account, "orderId": order.id, "limitPrice": limit, "stopPrice": stop}
        body["size"] = None if size is None else size + order.filled
        if trail is not None:
            body["barstep"] = {"trailTicks": trail}
        return self._ask("Order/modify", body)

    def cancel_order(self, order: Order, reason: str = "cancelled") -> bool:
        """Cancel a working order; False when it is not working."""
        if order.status != "working":
            return False
        body: dict[str, Any] = {"accountId": self.account, "orderId": order.id}
        if self.extended:
            body["barstep"] = {"reason": reason}
        return not self._ask("Order/cancel", body)

    def link_orders(self, first: Order, second: Order) -> str:
        """Make two working orders cancel each other (OCO)."""
        refused = self.extension("link", {"orderId": first.id, "linkedOrderId": second.id})
        return refused or self.follower.link(first, second)

    def open_orders(self, contract: Contract) -> list[Order]:
        """The orders that work on a contract, by id."""
        return self.follower.working_orders(contract)

    def extension(self, verb: str, body: Mapping[str, Any]) -> str:
        """Call `Extension/<verb>`; the reason when it is refused, else an empty string."""
        if not self.extended:
            return self._lacks(verb)
        return self._ask(f"Extension/{verb}", {"accountId": self.account, **body})

    # -- inside ------------------------------------------------------------------------------------------------

    def _ask(self, path: str, body: Mapping[str, Any]) -> str:
        reply = self.helpers.api(path, body)
        self._note_loss(path, reply)
        self.follower.take(self._report(reply))
        return "" if reply.get("success") else str(reply.get("errorMessage"))

    def _call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.lost is not None:
            raise self.lost
        reply = self.helpers.api(path, body)
        if not reply.get("success"):
            raise self._failure(path, reply)
        return reply

    def _note_loss(self, path: str, reply: Mapping[str, Any]) -> None:
        code = reply.get("errorCode", 0)
        if not reply.get("success") and (code < 0 or code >= LOWEST_STATUS):
            self.lost = self.lost or self._failure(path, reply)

    def _failure(self, path: str, reply: Mapping[str, Any]) -> BrokerError:
        code, told = reply.get("errorCode", 0), words(str(reply.get("errorMessage")))
        if code == -1:
            return BrokerError(f"{self.name} cannot be reached ({path}): {told}")
        if code == 404 and path.startswith("Replay/"):
            hint = "start one with `barstep serve`"
            if self.name.startswith("http") and not self.name.endswith(PREFIX):
                hint = f"is its address {urlsplit(self.name)._replace(path=PREFIX).geturl()}? Else {hint}"
            return BrokerError(f"{self.name} has no {path}: it is no replay gateway; {hint}")
        return BrokerError(f"{self.name} refuses {path} with code {code}: {told}")

    def _report(self, reply: Mapping[str, Any]) -> Report:
        if self._plain is not None:
            return self._plain.collect(self.follower.working_orders(self.contract))
        told = reply.get("barstep")
        report = Report() if told is None else msgspec.convert(told, Report)
        self._warnings += report.warnings
        return report

    def _lacks(self, *keys: str) -> str:
        """The reason for what has no words in the plain API; it ends the run, which would not be the one asked for."""
        told = f"needs {', '.join(keys)}, which {self.name} does not take: only barstep's own gateway does"
        self.lost = self.lost or BrokerError(f"the run {told}")
        return told
