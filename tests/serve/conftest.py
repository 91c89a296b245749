"""A server on a free port of this machine for each module, over the packaged sample; `caller` is importable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener
from barstep.serve.loopback import start_loopback

sys.path.insert(0, str(Path(__file__).parent))

from caller import KEY, Client


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The sim dialect's address of a server."""
    address, stop = start_loopback(Gateway(make_opener({}, Path.cwd())), KEY)
    yield address
    stop()


@pytest.fixture(scope="module")
def origin(url: str) -> str:
    return url.removesuffix("/api/topstep-sim")


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    made = Client(url)
    yield made
    made.session.close()


@pytest.fixture
def login(url: str) -> Iterator[Callable[[str], Client]]:
    """Logs a user in: `login("ann")`."""
    made: list[Client] = []

    def call(user: str) -> Client:
        body = {"userName": user, "apiKey": KEY}
        token = requests.post(f"{url}/Auth/loginKey", json=body, timeout=20).json()["token"]
        made.append(Client(url, token))
        return made[-1]

    yield call
    for client in made:
        client.session.close()
