"""Who may call, and what is answered to those who may not."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable

import pytest
import requests
from caller import KEY, START, Client

from barstep.broker.wire import GatewayError
from barstep.gateway.endpoints import ENDPOINTS
from barstep.serve import peers
from barstep.serve.front import MOST_BYTES
from barstep.serve.limits import Limits
from barstep.serve.tokens import LIFE, MOST, Tokens

OPEN = [path for path, endpoint in ENDPOINTS.items() if endpoint.open]


def refused(answer: requests.Response, status: int) -> str:
    """The message of a refusal, in the form that every refusal has."""
    assert answer.status_code == status, answer.text
    document = answer.json()
    assert (document["success"], document["errorCode"]) == (False, status)
    assert answer.headers["Content-Type"] == "application/json"
    return document["errorMessage"]


def test_a_login_gives_a_token_that_works_until_it_is_given_back(url: str, login: Callable[[str], Client]) -> None:
    ann = login("Ann@example.org")
    assert ann.done("Account/search")["accounts"]
    again = Client(url, ann.done("Auth/validate")["newToken"])
    assert again.done("Account/search") == ann.done("Account/search")
    ann.done("Auth/logout")
    assert "given back" in refused(ann.raw("Account/search", json={}), 401)
    assert "given back" in refused(ann.raw("Auth/validate"), 401)
    again.done("Account/search")


def test_the_servers_own_token_is_a_bearer_token_that_stays_good(client: Client) -> None:
    client.done("Auth/logout")
    assert client.done("Account/search")["accounts"]


@pytest.mark.parametrize("body", [{"userName": "ann", "apiKey": KEY + "x"}, {"userName": "ann", "apiKey": ""}])
def test_a_wrong_key_answers_in_the_envelope(client: Client, body: dict[str, str]) -> None:
    status, document = client("Auth/loginKey", body)
    assert status == 200
    assert (document["success"], document["errorCode"], document["token"]) == (False, 3, None)
    assert document["errorMessage"]


def test_a_login_without_a_field_is_malformed(client: Client) -> None:
    assert "apiKey: found nothing" in refused(client.raw("Auth/loginKey", json={"userName": "ann"}), 400)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer nonsense", f"bearer{KEY}"])
@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path not in OPEN])
def test_no_call_without_a_good_token(url: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.post(f"{url}/{path}", json={}, headers=headers, timeout=20)
    assert "Auth/loginKey" in refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["Order", "Order/Place", "order/place", "Order/place/", "Auth/loginApp", ""])
def test_unknown_paths_under_the_prefix(client: Client, path: str) -> None:
    assert "/openapi.json" in refused(client.raw(path, json={}), 404)


@pytest.mark.parametrize("path", ["", "x", "favicon.ico", "openapi.json/"])
def test_unknown_paths_elsewhere(origin: str, path: str) -> None:
    refused(requests.get(f"{origin}/{path}", timeout=20), 404)


@pytest.mark.parametrize(("method", "path"), [("GET", "Order/place"), ("PUT", "Order/place"), ("PUT", "Status/ping")])
def test_other_methods_are_told_the_right_one(client: Client, method: str, path: str) -> None:
    answer = client.raw(path, method=method)
    refused(answer, 405)
    assert answer.headers["Allow"] == {"Order/place": "POST", "Status/ping": "GET, POST"}[path]


def test_the_health_check_needs_no_token_and_may_be_posted(url: str) -> None:
    for method in ("GET", "POST"):
        answer = requests.request(method, f"{url}/Status/ping", timeout=20)
        assert (answer.status_code, answer.json()["success"]) == (200, True)


def test_a_cross_origin_preflight_gets_nothing(client: Client) -> None:
    answer = client.raw("Order/place", method="OPTIONS", headers={"Access-Control-Request-Method": "POST"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b"{} x", b"\xff\xfe", b'{"accountId": NaN}', b"[" * 50_000, b'"\xed\xa0\x80"', b"1e999"]
)
def test_what_is_not_json_is_malformed(client: Client, body: bytes) -> None:
    answer = client.raw("Order/search", data=body, headers={"Content-Type": "application/json"})
    assert "the request body is" in refused(answer, 400)


@pytest.mark.parametrize("body", [[], "text", 1, True])
def test_a_body_that_is_no_object_is_malformed(client: Client, body: object) -> None:
    assert "expected an object" in refused(client.raw("Order/search", json=body), 400)


def test_the_field_is_named(client: Client) -> None:
    assert "accountId: found 'x', expected a whole number" in refused(
        client.raw("Order/search", json={"accountId": "x"}), 400
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_only_json_is_taken(client: Client, headers: dict[str, str]) -> None:
    refused(client.raw("Account/search", data=b"{}", headers=headers), 415)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "text/json"])
def test_json_may_be_declared_in_other_words(client: Client, kind: str) -> None:
    assert client.raw("Account/search", data=b"{}", headers={"Content-Type": kind}).json()["success"]


def test_no_body_counts_as_an_empty_object(client: Client) -> None:
    assert client.raw("Account/search").json()["success"]


def test_large_bodies_are_refused_before_they_are_read(client: Client, url: str) -> None:
    most = b'{"searchText": "%s"}' % (b"x" * (MOST_BYTES - 18))
    assert len(most) == MOST_BYTES
    kind = {"Content-Type": "application/json"}
    assert client.raw("Contract/search", data=most, headers=kind).json()["success"]
    refused(client.raw("Contract/search", data=most + b" ", headers=kind), 413)
    refused(client.raw("Contract/search", data=(most[:1000] for _ in range(1000)), headers=kind), 413)
    refused(requests.post(f"{url}/Order/place", data=most * 2, headers=kind, timeout=20), 401)
    client.done("Account/search")


def test_a_name_that_only_leads_here_is_refused(client: Client, origin: str) -> None:
    port = origin.rpartition(":")[2]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "["):
        assert "no address of the gateway's" in refused(client.raw("Account/search", headers={"Host": host}), 403)
        assert requests.get(f"{origin}/openapi.json", headers={"Host": host}, timeout=20).status_code == 403
    for host in (f"localhost:{port}", "localhost", "LOCALHOST:99", "[::1]:80", "127.0.0.2"):
        assert client.raw("Account/search", headers={"Host": host}).status_code == 200


def test_web_pages_are_refused(client: Client, origin: str) -> None:
    for page in ("https://evil.example", "null", "http://localhost:3000", "file://", f"{origin}.evil.example"):
        assert "web pages" in refused(client.raw("Account/search", json={}, headers={"Origin": page}), 403)
    assert client.raw("Account/search", json={}, headers={"Origin": origin}).status_code == 200


def test_behind_another_address_other_addresses_are_ours_too_but_foreign_names_are_not() -> None:
    mine = peers.Peers("0.0.0.0")  # noqa: S104
    for host in ("192.168.1.7:8087", "localhost", "[fe80::1]:1", socket.gethostname()):
        mine.check(host.encode(), None)
    with pytest.raises(GatewayError) as refusal:
        mine.check(b"evil.example", None)
    assert refusal.value.status == 403
    assert peers.is_loopback("::1")
    assert not peers.is_loopback("0.0.0.0")  # noqa: S104


def test_tokens_live_for_a_day_and_the_oldest_make_room() -> None:
    now = [1000.0]
    tokens = Tokens("key", lambda: now[0])
    first = tokens.login(" Ann ", "key")
    assert first is not None
    header = f"Bearer {first}".encode()
    assert tokens.user(header) == "ann"
    now[0] += LIFE
    with pytest.raises(GatewayError, match="24 hours"):
        tokens.user(header)
    fresh = tokens.give("ann")
    for _ in range(MOST):
        tokens.give("ben")
    with pytest.raises(GatewayError, match="not known"):
        tokens.user(f"Bearer {fresh}".encode())


def test_a_token_tells_clients_when_it_expires() -> None:
    """project-x-py logs in before each request when it cannot read that."""
    token = Tokens("key").give("ann")
    claims = token.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert abs(told["exp"] - time.time() - LIFE) < 5
    assert "ann" not in str(told)
    assert Tokens("key").give("ann") != token


def test_limits_slide() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    for path, most, window in (("History/retrieveBars", 50, 30), ("Order/search", 200, 60)):
        assert [limits.wait("user a", path) for _ in range(most)] == [0] * most
        now[0] += 10
        assert limits.wait("user a", path) == window - 10
        assert limits.wait("user b", path) == 0
        now[0] += window - 10
        assert limits.wait("user a", path) == 0
    for number in range(3000):  # callers that have gone are forgotten
        now[0] += 1
        limits.wait(f"user {number}", "Order/search")
    assert len(limits._seen) <= 1001


def test_two_users_have_accounts_and_clocks_of_their_own(login: Callable[[str], Client]) -> None:
    ann, ben = login("ann of two"), login("ben of two")
    first, second = ann.done("Replay/start", START), ben.done("Replay/start", {**START, "startDate": "2013-09-02"})
    assert first["accountId"] != second["accountId"]
    mine, other = ({"accountId": one["accountId"]} for one in (first, second))
    for _ in range(3):
        ann.done("Replay/step", mine)
    ben.done("Replay/step", other)
    assert (ann.done("Replay/status", mine)["index"], ben.done("Replay/status", other)["index"]) == (3, 1)
    ann.done("Order/place", {**mine, "contractId": first["contractId"], "type": 2, "side": 0, "size": 1})
    assert len(ann.done("Position/searchOpen", mine)["positions"]) == 1
    assert ben.done("Position/searchOpen", other)["positions"] == []
    for path in ("Position/searchOpen", "Replay/step", "Order/search", "Trade/search"):
        assert ben(path, mine)[1]["errorCode"] == 1
    status, document = ann("Replay/start", {**START, "accountId": first["accountId"]})
    assert (status, document["errorCode"]) == (409, 409)
    assert ben("Replay/start", {**START, "accountId": first["accountId"]})[0] == 404
    more = ann.done("Replay/start", START)
    assert more["accountId"] not in (first["accountId"], second["accountId"])
    ann.done("Replay/end", mine)
    ann.done("Replay/end", {"accountId": more["accountId"]})
    ben.done("Replay/end", other)
