"""The HTTP transport against a server of the test's own that answers, refuses, hangs up or hangs."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from barstep.broker.http import ATTEMPTS, READS, HttpApi
from barstep.domain.errors import ConfigError

OK = (200, {}, {"success": True, "errorCode": 0, "errorMessage": None, "bar": None})
TOKEN = "secret-token"  # noqa: S105 - it opens nothing
WRITES = ("Order/place", "Order/modify", "Order/cancel", "Position/closeContract", "Replay/step", "Replay/start")


class Server(ThreadingHTTPServer):
    """Answers from a list, the last one for ever; `None` hangs up, a number waits for so many seconds."""

    daemon_threads = True
    plan: list[Any]
    asked: list[tuple[str, str, dict[str, str], bytes]]
    peers: set[Any]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = self.server
        server.asked.append((self.command, self.path, dict(self.headers), body))
        server.peers.add(self.client_address)
        told = server.plan.pop(0) if len(server.plan) > 1 else server.plan[0]
        if isinstance(told, float):
            time.sleep(told)
            told = OK
        if told is None:
            self.close_connection = True
            return
        status, headers, document = told
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.plan, made.asked, made.peers = [OK], [], set()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[Callable[..., HttpApi]]:
    made: list[HttpApi] = []

    def make(**options: Any) -> HttpApi:
        made.append(HttpApi(f"http://127.0.0.1:{server.server_port}/api/topstep-sim/", TOKEN, **options))
        return made[-1]

    yield make
    for api in made:
        api.close()


def test_one_connection_json_and_a_bearer_token(server: Server, client: Callable[..., HttpApi]) -> None:
    api = client()
    for number in range(5):
        assert api("Replay/step", {"accountId": number}) == OK[2]
    assert api("Auth/logout") == OK[2]
    command, path, headers, body = server.asked[4]
    assert (command, path, json.loads(body)) == ("POST", "/api/topstep-sim/Replay/step", {"accountId": 4})
    assert (headers["Authorization"], headers["Content-Type"]) == ("Bearer secret-token", "application/json")
    assert server.asked[5][3] == b"{}"
    assert len(server.peers) == 1


def test_the_health_check_is_a_get(server: Server, client: Callable[..., HttpApi]) -> None:
    server.plan = [(200, {}, b'"pong"')]
    assert client()("Status/ping")["success"] is True
    assert server.asked[0][0] == "GET"


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("told", [None, (429, {"Retry-After": "0"}, b"slow down"), (503, {}, b"busy")])
def test_what_changes_something_is_asked_once(
    server: Server, client: Callable[..., HttpApi], path: str, told: object
) -> None:
    server.plan = [told, OK]
    answer = client()(path, {"accountId": 1})
    assert answer["success"] is False
    assert answer["errorCode"] == (-1 if told is None else told[0])
    assert len(server.asked) == 1


@pytest.mark.parametrize("path", sorted(READS - {"Status/ping"}))
def test_a_read_is_asked_again(server: Server, client: Callable[..., HttpApi], path: str) -> None:
    pauses: list[float] = []
    server.plan = [None, (503, {}, b"busy"), (429, {"Retry-After": "3"}, b"slow down"), OK]
    assert client(sleep=pauses.append)(path, {}) == OK[2]
    assert len(server.asked) == 4
    assert 0.1 < pauses[0] <= 0.25
    assert 0.25 <= pauses[1] <= 0.5
    assert pauses[2] == 3


def test_a_read_gives_up(server: Server, client: Callable[..., HttpApi]) -> None:
    pauses: list[float] = []
    server.plan = [(503, {}, b"busy")]
    assert client(sleep=pauses.append)("Trade/search", {})["errorCode"] == 503
    assert (len(server.asked), len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)
    server.plan, server.asked = [(429, {"Retry-After": "3600"}, b"tomorrow")], []
    assert client(sleep=pauses.append)("Trade/search", {})["errorCode"] == 429
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 500])
def test_a_status_is_the_error_code_and_its_body_the_message(
    server: Server, client: Callable[..., HttpApi], status: int
) -> None:
    server.plan = [(status, {}, b"no account for secret-token")]
    assert client()("Account/search", {}) == {
        "success": False, "errorCode": status, "errorMessage": "no account for ***",
    }  # fmt: skip
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed(server: Server, client: Callable[..., HttpApi]) -> None:
    server.plan = [(308, {"Location": "http://elsewhere.invalid/api"}, b"")]
    answer = client()("Order/place", {})
    assert (answer["errorCode"], len(server.asked)) == (308, 1)
    assert "points to http://elsewhere.invalid/api" in answer["errorMessage"]


@pytest.mark.parametrize("data", [b"<html>", b"[1]", b"", b"\xff\xfe"])
def test_an_answer_that_is_no_object(server: Server, client: Callable[..., HttpApi], data: bytes) -> None:
    server.plan = [(200, {}, data)]
    answer = client()("Order/place", {})
    assert (answer["success"], answer["errorCode"]) == (False, -1)
    assert "something else than a JSON object" in answer["errorMessage"]


def test_no_connection_is_minus_one(client: Callable[..., HttpApi], server: Server) -> None:
    gone = HttpApi("http://127.0.0.1:9/api", "secret-token", sleep=lambda _: None)
    assert gone("Replay/step", {})["errorCode"] == -1
    told = gone("Account/search", {})["errorMessage"]
    assert told.startswith("no connection to http://127.0.0.1:9/api: ")
    assert "secret-token" not in told + repr(gone)


def test_a_server_that_hangs_may_have_done_it(server: Server, client: Callable[..., HttpApi]) -> None:
    server.plan = [0.6]
    answer = client(timeout=(1.0, 0.2))("Order/place", {})
    assert answer["errorCode"] == -1
    assert answer["errorMessage"].endswith("in time; whether it was carried out is unknown")
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api", "http://no.such.host.invalid/api"])
def test_where_no_connection_came_about_nothing_can_have_been_carried_out(url: str) -> None:
    answer = HttpApi(url)("Order/place", {})
    assert (answer["errorCode"], "carried out" in answer["errorMessage"]) == (-1, False)
    assert answer["errorMessage"].startswith(f"no connection to {url}: ")


def test_a_connection_that_breaks_leaves_an_order_unknown_but_a_question_is_harmless() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_hang_up, args=(door,), daemon=True).start()
        api = HttpApi(f"http://127.0.0.1:{door.getsockname()[1]}/api", sleep=lambda _: None)
        placed, asked = api("Order/place", {}), api("Account/search", {})
    assert placed["errorMessage"].startswith("the connection broke to http://127.0.0.1")
    assert "whether it was carried out is unknown" in placed["errorMessage"]
    assert "carried out" not in asked["errorMessage"]


def _hang_up(door: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            visitor, _ = door.accept()
            visitor.recv(65536)
            visitor.close()


def test_a_netrc_does_not_replace_the_token(
    server: Server, client: Callable[..., HttpApi], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    client()("Order/place", {})
    assert server.asked[0][2]["Authorization"] == "Bearer secret-token"


@pytest.mark.parametrize("url", ["localhost:8087", "ftp://localhost", "http://", "", "http://user:word@localhost/api"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="url: "):
        HttpApi(url)
