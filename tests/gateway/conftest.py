"""A client that talks to a gateway in process, through `Gateway.handle` only, on the packaged ES bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener


class Client:
    """One user of one gateway; after `start` it knows its account and contract."""

    def __init__(self, gateway: Gateway, user: str = "", dialect: Any = "sim") -> None:
        self.gateway, self.user, self.dialect = gateway, user, dialect
        self.account, self.contract = 0, ""

    def ask(self, path: str, body: Any = None) -> dict[str, Any]:
        return self.gateway.handle(path, body, self.user, self.dialect)

    def __call__(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask about the started account."""
        return self.ask(path, {"accountId": self.account, **body})

    def fine(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self(path, **body)
        assert (answer["success"], answer["errorCode"], answer["errorMessage"]) == (True, 0, None), answer
        return answer

    def refused(self, code: int, path: str, **body: Any) -> str:
        """The message of a refusal: every failure has one."""
        answer = self(path, **body)
        assert (answer["success"], answer["errorCode"]) == (False, code), answer
        assert len(answer["errorMessage"]) > 10
        return answer["errorMessage"]

    def start(self, day: str = "2013-09-03", end: str | None = None, **more: Any) -> dict[str, Any]:
        body = {"instrumentSymbol": "ES", "startDate": day, "endDate": end or day, "timeframe": "1m", **more}
        answer = self.ask("Replay/start", body)
        self.account, self.contract = answer["accountId"], answer["contractId"]
        return answer

    def step(self, count: int = 1) -> dict[str, Any]:
        return self.fine("Replay/step", count=count)

    def place(self, side: int = 0, size: int = 1, type: int = 2, **more: Any) -> dict[str, Any]:
        return self.fine("Order/place", **self.wanted(side=side, size=size, type=type, **more))

    def order(self, wanted: object) -> dict[str, Any]:
        return self.fine("Order/searchById", orderId=wanted)["order"]

    def wanted(self, **more: Any) -> dict[str, Any]:
        return {"contractId": self.contract, "side": 0, "size": 1, "type": 2, **more}

    def other(self, dialect: Any) -> Client:
        """The same user and account in another dialect."""
        twin = Client(self.gateway, self.user, dialect)
        twin.account, twin.contract = self.account, self.contract
        return twin


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock):
    """Makes a client of a new gateway; keywords are keys of a run file."""

    def build(user: str = "", **base: Any) -> Client:
        return Client(Gateway(make_opener(base, Path.cwd()), now=clock), user)

    return build


@pytest.fixture
def client(make):
    return make()


@pytest.fixture
def started(client):
    """A client three bars into 2013-09-03."""
    client.start()
    client.step(3)
    return client
