"""The gateway that a script talks to: it may be called by several threads, and stops when the script is interrupted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from barstep.broker.wire import GatewayError
from barstep.gateway.handler import Gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barstep.broker.remote import HelperBroker
    from barstep.gateway.fields import Dialect
    from barstep.gateway.session import Opener

_NEEDS_REPLAY = ("Replay/", "Order/", "Position/", "Trade/", "History/")


class ScriptGateway(Gateway):
    """A gateway that a script's threads and a loopback server may call at once, all in the script's own account.

    A script that names Replay/start may start the replay itself, or may only talk about it: the replay is started for it
    as soon as it asks for something that needs one.

    Attributes:
        elsewhere: The gateway that replays, where that is another one.
        halted: Ctrl-C was pressed: no more bars.
        lock: Held while the replay is at work.
    """

    def __init__(
        self, opener: Opener, request: Mapping[str, Any], *, start_account: int, balance: float, client: str
    ) -> None:
        super().__init__(opener, start_account=start_account, balance=balance, client=client)
        self.lock = threading.RLock()
        self._request = request
        self._waits = True
        self.halted = False
        self.elsewhere: HelperBroker | None = None

    def handle(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        user: str = "",  # noqa: ARG002 - every caller here is the script
        dialect: Dialect = "sim",
    ) -> dict[str, Any]:
        """See `Gateway.handle`; `user` makes no difference."""
        with self.lock:
            if self.halted and path == "Replay/step":
                raise GatewayError(409, "the script was interrupted: there are no more bars")
            if self._waits and path.startswith(_NEEDS_REPLAY):
                self._waits = False
                if path != "Replay/start":
                    super().handle("Replay/start", self._request, "", dialect)
            if self.elsewhere is not None and path == "History/retrieveBars":
                return self.elsewhere.helpers.api(
                    path, self._addressed(self.elsewhere, body)
                )  # who replays has the bars
            return super().handle(path, body, "", dialect)

    @staticmethod
    def _addressed(broker: HelperBroker, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """The script's question about its own replay: the number here means nothing there; other gateways take none."""
        asked = {name: value for name, value in (body or {}).items() if name != "accountId"}
        return {**asked, "accountId": broker.account} if broker.extended else asked
