"""Peers that behave badly, and many at once: each is answered or let go, and the others do not notice."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from caller import KEY, START, Client

from barstep.domain.errors import ConfigError
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener
from barstep.serve.front import MOST_BYTES, Front
from barstep.serve.limits import Limits
from barstep.serve.server import listen, make_server, origin_of


def head(path: str, length: int | str, *more: str) -> bytes:
    lines = [
        f"POST /api/topstep-sim/{path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {KEY}",
        "Content-Type: application/json", f"Content-Length: {length}", *more,
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(door: socket.socket) -> tuple[int, dict[str, object], bytes]:
    """Status, document and head of the next answer; (0, {}, b"") when the server has closed the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = door.recv(65536)
        if not part:
            return 0, {}, data
        data += part
    top, _, body = data.partition(b"\r\n\r\n")
    length = int(top.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += door.recv(65536)
    return int(top.split()[1]), json.loads(body), top


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """A server that waits a third of a second for bodies."""
    front = Front(Gateway(make_opener({}, Path.cwd())), KEY, body_seconds=0.3)
    yield from _served(front)


def _served(front: Front) -> Iterator[tuple[str, int]]:
    door = listen("127.0.0.1", 0)
    address = door.getsockname()[:2]
    made = make_server(front)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [door]})
    thread.start()
    yield address
    made.should_exit = True
    thread.join()


@pytest.fixture
def replay(server: tuple[str, int]) -> Iterator[tuple[Client, dict[str, int]]]:
    client = Client(f"http://{server[0]}:{server[1]}/api/topstep-sim")
    account = {"accountId": client.done("Replay/start", START)["accountId"]}
    yield client, account
    client.done("Replay/end", account)
    client.session.close()


def test_a_body_that_arrives_in_pieces_is_read(server: tuple[str, int]) -> None:
    body = b'{"searchText": "ES"}'
    with socket.create_connection(server, 10) as door:
        door.sendall(head("Contract/search", len(body)))
        for place in range(len(body)):
            time.sleep(0.005)
            door.sendall(body[place : place + 1])
        assert answer(door)[:1] == (200,)
        door.sendall(head("Contract/search", len(body)) + body)
        assert answer(door)[0] == 200


def test_a_body_that_never_ends_is_given_up(server: tuple[str, int]) -> None:
    with socket.create_connection(server, 10) as door:
        door.sendall(head("Contract/search", 100) + b'{"searchText"')
        status, document, top = answer(door)
        assert (status, document["errorCode"]) == (408, 408)
        assert b"connection: close" in top.lower()
        assert answer(door)[0] == 0


def test_who_leaves_before_the_body_is_whole_has_asked_for_nothing(
    server: tuple[str, int], replay: tuple[Client, dict[str, int]]
) -> None:
    client, account = replay
    body = json.dumps(account).encode()
    for end in (len(body) - 1, 0):
        with socket.create_connection(server, 10) as door:
            door.sendall(head("Replay/step", len(body)) + body[:end])
    with socket.create_connection(server, 10) as door:
        door.sendall(b"POST /api/topstep-sim/Replay/step HTTP/1.1\r\nHost: loc")
    time.sleep(0.1)
    assert client.done("Replay/status", account)["index"] == 0


def test_who_leaves_before_the_answer_has_asked_once(
    server: tuple[str, int], replay: tuple[Client, dict[str, int]]
) -> None:
    client, account = replay
    body = json.dumps(account).encode()
    with socket.create_connection(server, 10) as door:
        door.sendall(head("Replay/step", len(body)) + body)
    time.sleep(0.1)
    assert client.done("Replay/status", account)["index"] == 1


def test_requests_sent_without_waiting_are_answered_in_order(
    server: tuple[str, int], replay: tuple[Client, dict[str, int]]
) -> None:
    _, account = replay
    body = json.dumps(account).encode()
    with socket.create_connection(server, 10) as door:
        for _ in range(5):
            door.sendall(head("Replay/step", len(body)) + body)
            time.sleep(0.02)
        seen = b""
        while seen.count(b"totalBars") < 5:
            seen += door.recv(65536)
    assert [int(part.partition(b",")[0]) for part in seen.split(b'"index":')[1:]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("length", [MOST_BYTES + 1, 10**15, "9" * 400])
def test_a_large_length_is_refused_at_once(server: tuple[str, int], length: int | str) -> None:
    with socket.create_connection(server, 10) as door:
        door.sendall(head("Contract/search", length))
        assert door.recv(65536)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "sent", [b"\x00" * 100, b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00", head("Status/ping", "-5")]
)
def test_what_is_no_http_does_no_harm(server: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(server, 10) as door:
        door.sendall(sent)
        assert door.recv(65536)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 405", b"")
    with socket.create_connection(server, 10) as door:
        door.sendall(head("Account/search", 0))
        assert answer(door)[0] == 200


def test_a_websocket_gets_an_answer(server: tuple[str, int]) -> None:
    with socket.create_connection(server, 10) as door:
        more = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
        door.sendall(b"GET /hubs/user HTTP/1.1\r\nHost: localhost\r\n" + "\r\n".join(more).encode() + b"\r\n\r\n")
        assert door.recv(65536)[:12] == b"HTTP/1.1 404"


def test_two_hundred_connections_at_once(server: tuple[str, int], replay: tuple[Client, dict[str, int]]) -> None:
    client, account = replay
    body = json.dumps(account).encode()
    doors = [socket.create_connection(server, 20) for _ in range(200)]
    try:
        with ThreadPoolExecutor(50) as pool:
            for _ in range(2):
                list(pool.map(lambda door: door.sendall(head("Replay/step", len(body)) + body), doors))
                answers = list(pool.map(answer, doors))
                assert {status for status, _, _ in answers} == {200}
    finally:
        for door in doors:
            door.close()
    assert client.done("Replay/status", account)["index"] == 400


def test_the_documented_limits_when_they_are_asked_for() -> None:
    front = Front(Gateway(make_opener({}, Path.cwd())), KEY, limits=Limits())
    for address in _served(front):
        client = Client(f"http://{address[0]}:{address[1]}/api")
        statuses = [client("Account/search", {"onlyActiveAccounts": False})[0] for _ in range(201)]
        assert statuses == [200] * 200 + [429]
        refused = client.raw("Account/search", json={})
        assert refused.json()["errorCode"] == 429
        assert 50 <= int(refused.headers["Retry-After"]) <= 60
        bars = {"contractId": "x", "unit": 2, "unitNumber": 1, "limit": 1, "live": False, "includePartialBar": False}
        times = {"startTime": "2013-09-03T00:00:00Z", "endTime": "2013-09-03T00:00:00Z"}
        statuses = [client("History/retrieveBars", {**bars, **times})[0] for _ in range(51)]
        assert statuses == [200] * 50 + [429]
        client.session.close()


def test_small_answers_are_sent_at_once(server: tuple[str, int]) -> None:
    """Without TCP_NODELAY each answer on a kept connection would wait 40 ms for an acknowledgement."""
    with socket.create_connection(server, 10) as door:
        began = time.perf_counter()
        for _ in range(50):
            door.sendall(head("Account/search", 0))
            assert answer(door)[0] == 200
        assert time.perf_counter() - began < 1.5


def test_an_ipv6_address_is_written_in_brackets() -> None:
    try:
        door = listen("::1", 0)
    except ConfigError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with door:
        assert origin_of(door).startswith("http://[::1]:")
