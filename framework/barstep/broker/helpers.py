"""The seven helper functions of a playground script and its eleven globals (gateway API, 12.3 and 12.4), over any `Api`."""

from __future__ import annotations

import math
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barstep.broker.wire import Api

HELPERS = (
    "api",
    "place_order",
    "get_positions",
    "close_all_positions",
    "get_account",
    "read_speed",
    "get_next_bar",
)
"""Names of the helper functions."""

GLOBALS: dict[str, Any] = {
    "API_URL": "",
    "TOKEN": "",
    "INSTRUMENT": "",
    "START_DATE": "",
    "END_DATE": "",
    "TIMEFRAME": "",
    "STEP_DELAY": 0.0,
    "ACCOUNT_ID": 0,
    "CONTRACT_ID": "",
    "TOTAL_BARS": 0,
    "MAX_BARS": 0,
}
"""The globals by name, with what each holds until a session sets it; STEP_DELAY is in seconds."""

_LONGEST_DELAY = 86_400.0
_SPEED_BYTES = 64
_NO_REPLAY = (1, 2)  # codes of Replay/step: no such account, no replay in it; 3 is the end
_SECOND = 19  # characters of 2013-09-03T14:30:00


class Helpers:
    """The helper functions as bound methods; they read ACCOUNT_ID, END_DATE and STEP_DELAY where a script changes them.

    Args:
        api: The transport: in process or HTTP.
        scope: The script's globals, or any dict.
        speed_file: Path that `read_speed` reads; by default what SPEED_FILE in the environment says.
    """

    def __init__(self, api: Api, scope: dict[str, Any], speed_file: str | None = None) -> None:
        self.transport = api
        self.scope = scope
        self.speed_file = os.environ.get("SPEED_FILE", "") if speed_file is None else speed_file
        self.last_close: float | None = None
        self._end: Any = ""
        self._limit = ""

    def install(self) -> None:
        """Put the functions into the scope, and the globals that are missing there."""
        for name in HELPERS:
            self.scope[name] = getattr(self, name)
        for name, value in GLOBALS.items():
            self.scope.setdefault(name, value)

    def api(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call an endpoint such as `Order/place`; never raises for what a gateway answers (gateway API, 2.2).

        Returns:
            The answer. For an HTTP error its `errorCode` is the status, without a connection it is -1; both are told
            on stderr too.
        """
        answer = self.transport(path, body)
        if not answer.get("success"):
            _tell(path, answer)
        return answer

    def place_order(
        self,
        account_id: int,
        contract_id: str,
        side: int,
        size: int,
        order_type: int = 2,
        limit_price: float | None = None,
        stop_price: float | None = None,
        *,
        sl_ticks: int | None = None,
        tp_ticks: int | None = None,
    ) -> dict[str, Any]:
        """Place an order: side 0 buys, 1 sells; type 1 limit, 2 market, 3 stop-limit, 4 stop.

        `sl_ticks` and `tp_ticks` bring a stop and a target along, as distances in ticks from the fill price, above 0
        (gateway API, 7.2).

        Returns:
            The gateway's answer, unchanged: `orderId` and `orderStatus` when it succeeded.
        """
        body: dict[str, Any] = {
            "accountId": account_id,
            "contractId": contract_id,
            "type": order_type,
            "side": side,
            "size": size,
            "limitPrice": limit_price,
            "stopPrice": stop_price,
        }
        if sl_ticks is not None:
            body["stopLossBracket"] = {"ticks": sl_ticks, "type": 4}
        if tp_ticks is not None:
            body["takeProfitBracket"] = {"ticks": tp_ticks, "type": 1}
        return self.api("Order/place", body)

    def get_positions(self, account_id: int) -> list[dict[str, Any]]:
        """Open positions: dicts with `type` (1 long, 2 short), `size`, `averagePrice`, `contractId`; [] when flat."""
        positions: list[dict[str, Any]] = (
            self.api("Position/searchOpen", {"accountId": account_id}).get("positions") or []
        )
        return positions

    def close_all_positions(self, account_id: int, contract_id: str) -> None:
        """Close every position of the account at market, each under its own contract; orders stay as they are.

        `contract_id` is used where a position does not name its contract (gateway API, 12.4).
        """
        for position in self.get_positions(account_id):
            contract = position.get("contractId") or contract_id
            self.place_order(account_id, contract, 1 if position["type"] == 1 else 0, position["size"])

    def get_account(self, account_id: int | None = None) -> dict[str, Any] | None:
        """An account by id, or the first active one, or that of the session; None when there is none.

        An account that a risk rule has failed is not active: the session's own, ACCOUNT_ID, is still told then, so that
        a script can print its balance.

        Returns:
            `id`, `name`, `balance` (USD, cash), `canTrade` and `equity` (USD, balance and open result); a gateway that
            tells no equity has it worked out from positions and the last bar, None where that cannot be done.
        """
        answer = self.api("Account/search", {"onlyActiveAccounts": account_id is None})
        for account in answer.get("accounts") or ():
            if account_id is None or account["id"] == account_id:
                found = dict(account)
                if "equity" not in found:
                    found["equity"] = self._equity(found)
                return found
        own = self.scope.get("ACCOUNT_ID")
        return self.get_account(own) if account_id is None and own else None

    def read_speed(self) -> float:
        """Seconds to wait after each bar: the number in the speed file, which becomes STEP_DELAY.

        A file that is missing, or holds anything but a number from 0 on, changes nothing (gateway API, 12.4, #32).
        """
        if self.speed_file:
            delay = _speed(self.speed_file)
            if delay is not None:
                self.scope["STEP_DELAY"] = delay
        wanted: float = self.scope["STEP_DELAY"]
        return wanted

    def get_next_bar(self) -> dict[str, Any] | None:
        """Step the replay: the next bar as a dict `t o h l c v`, or None after the last one or past END_DATE.

        END_DATE is inclusive: a date counts to the end of its day in UTC (gateway API, 12.4).
        """
        scope = self.scope
        answer = self.transport("Replay/step", {"accountId": scope["ACCOUNT_ID"]})
        bar: dict[str, Any] | None = answer.get("bar")
        if bar is None:
            if not answer.get("success"):
                _tell("Replay/step", answer, also=_NO_REPLAY)
            return None
        end = scope["END_DATE"]
        if end:
            if end != self._end:
                self._end, self._limit = end, _last_second(end)
            if bar["t"][:_SECOND] > self._limit:
                return None
        self.last_close = bar["c"]
        return bar

    def _equity(self, account: Mapping[str, Any]) -> float | None:
        """Equity of an account from its balance, its positions and the last bar of the script's contract."""
        total = float(account["balance"])
        for position in self.get_positions(account["id"]):
            if self.last_close is None or position.get("contractId") != self.scope["CONTRACT_ID"]:
                return None
            contract = self.api("Contract/searchById", {"contractId": position["contractId"]}).get("contract")
            if not contract:
                return None
            points = (self.last_close - position["averagePrice"]) * (1 if position["type"] == 1 else -1)
            total += points / contract["tickSize"] * contract["tickValue"] * position["size"]
        return round(total, 6)


def _tell(path: str, answer: Mapping[str, Any], also: tuple[int, ...] = ()) -> None:
    """The line on stderr for an HTTP status or a lost connection; a refusal by an endpoint's own code has none."""
    code = answer.get("errorCode")
    if isinstance(code, int) and (code >= 400 or code == -1):
        what = "" if code == -1 else f"HTTP {code}: "
    elif code in also:
        what = ""
    else:
        return
    sys.stderr.write(f"[ERROR] {path}: {what}{answer.get('errorMessage')}\n")


def _speed(path: str) -> float | None:
    """The number in a file, or None when there is none that can be waited for."""
    with suppress(OSError, ValueError):
        handle = os.open(path, os.O_RDONLY)
        try:
            text = os.read(handle, _SPEED_BYTES + 1)
        finally:
            os.close(handle)
        delay = float(text)
        if len(text) <= _SPEED_BYTES and math.isfinite(delay) and 0 <= delay <= _LONGEST_DELAY:
            return abs(delay)  # -0.0 is no delay either
    return None


def _last_second(end: Any) -> str:
    """The last second that END_DATE lets through, as bars write it; text that is no date lets everything through."""
    text = str(end).strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "~"
    if len(text) <= len("2013-09-03"):
        return f"{moment:%Y-%m-%d}T23:59:59"
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
