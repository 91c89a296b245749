"""`barstep serve` as a process: what it prints and logs, how it stops, and what it refuses to start with."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from caller import KEY, START, Client
from typer.testing import CliRunner

from barstep.cli.main import app

LONG = "a-token-of-some-length"
CONFIG = """\
version: 1
data: {instrument: ES, timeframe: 1m, source: sample}
account: {balance: 70000}
strategies: []
observers:
  - use: ./farewell.py
risk:
  - use: max_position
    options: {contracts: 2}
"""
OBSERVER = """\
from pathlib import Path

from barstep import Observer, hookimpl


class Farewell(Observer):
    @hookimpl
    def on_stop(self, ctx):
        Path(__file__).with_name("stopped").write_text(str(ctx.position.size))
"""
Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `barstep serve` on a free port; the process and its address."""
    running: list[subprocess.Popen[str]] = []

    def call(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "barstep", "serve", "--port", "0", *arguments]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "NO_COLOR": "1", **environment}, **pipes)
        running.append(process)
        return process, process.stdout.readline().strip()  # type: ignore[union-attr]

    yield call
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_stops_gracefully_and_ends_the_replays_that_run(
    start: Start, tmp_path: Path, number: int, code: int
) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    (desk / "run.yaml").write_text(CONFIG)
    (desk / "farewell.py").write_text(OBSERVER)
    process, url = start("desk/run.yaml", BARSTEP_TOKEN=KEY)
    client = Client(url)
    replay = client.done("Replay/start", START)
    account = {"accountId": replay["accountId"]}
    client.done("Replay/step", account)
    order = {**account, "contractId": replay["contractId"], "type": 2, "side": 0}
    client.done("Order/place", {**order, "size": 2})
    denied = client("Order/place", {**order, "size": 1})[1]
    assert (denied["errorCode"], "max_position" in denied["errorMessage"]) == (2, True)
    assert client.done("Account/search")["accounts"][0]["balance"] == 70_000
    host, port = url.split("/")[2].split(":")
    half = [b"", b"POST / HTTP/1.1\r\nHost: lo", b"POST /api/Account/search HTTP/1.1\r\nHost: localhost\r\n"]
    half[2] += f"Authorization: Bearer {KEY}\r\nContent-Length: 30\r\n\r\n{{".encode()
    idle = [socket.create_connection((host, int(port))) for _ in half]
    for door, sent in zip(idle, half, strict=True):
        door.sendall(sent)
    process.send_signal(number)
    _, told = process.communicate(timeout=20)
    for door in idle:
        door.close()
    assert process.returncode == code, told
    assert "Traceback" not in told
    assert (desk / "stopped").read_text() in ("0", "2")
    assert ("interrupted:" in told) == (code == 130)


def test_it_tells_where_it_is_which_bars_it_has_and_how_to_log_in(start: Start) -> None:
    process, url = start("--balance", "25000", "--fills", "strict")
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/api/topstep-sim")
    lines = [process.stderr.readline() for _ in range(3)]  # type: ignore[union-attr]
    assert "ESU3 1m from 2013-09-01 17:00 CDT to 2013-09-03 13:52 CDT, strict fills" in lines[0]
    assert url in lines[1]
    token = lines[2].rpartition("the token is ")[2].strip()
    account = Client(url, token).done("Account/search")["accounts"][0]
    assert account["balance"] == 25_000


def test_no_log_holds_a_secret(start: Start, tmp_path: Path) -> None:
    key = "a-secret-of-the-house"
    (tmp_path / "key.txt").write_text(f"{key}\n")
    process, url = start("--token-file", "key.txt", "--access-log")
    login = {"userName": "ann", "apiKey": key}
    token = requests.post(f"{url}/Auth/loginKey", json=login, timeout=20).json()["token"]
    mine, owner = Client(url, token), Client(url, key)
    mine.done("Account/search")
    owner.done("Account/search")
    mine(f"Order/{token}?access_token={token}")
    owner(f"Order/{key}?access_token={key}")
    owner.raw("Account/search", data=f'{{"{key}"'.encode(), headers={"Content-Type": "application/json"})
    requests.post(f"{url}/Auth/loginKey", json={"userName": key, "apiKey": key + "?"}, timeout=20)
    requests.get(f"{url.partition('/api')[0]}/{token}", timeout=20)
    mine.done("Auth/logout")
    process.terminate()
    out, told = process.communicate(timeout=20)
    lines = [line for line in told.splitlines() if '"request"' in line]
    assert len(lines) == 9
    assert '"path": "/api/topstep-sim/Order/***", "status": 404' in told
    for secret in (key, token):
        assert secret not in told + out


def test_only_notable_requests_are_logged_otherwise(start: Start) -> None:
    process, url = start(BARSTEP_TOKEN=KEY)
    client = Client(url)
    account = {"accountId": client.done("Replay/start", START)["accountId"]}
    for _ in range(20):
        client.done("Replay/step", account)
    client("Order/nothing")
    process.terminate()
    told = process.communicate(timeout=20)[1]
    assert told.count('"request"') == 2
    assert KEY not in told


def test_another_address_brings_a_warning(start: Start) -> None:
    process, url = start("--host", "0.0.0.0", BARSTEP_TOKEN=LONG)  # noqa: S104
    assert Client(url, LONG).done("Account/search")
    process.terminate()
    assert "warning: 0.0.0.0 is reached from other machines" in process.communicate(timeout=20)[1]


def test_listening_everywhere_it_prints_an_address_that_works_and_lets_named_hosts_in(start: Start) -> None:
    process, url = start("--host", "0.0.0.0", "--allow-host", "Box.Local", BARSTEP_TOKEN=LONG)  # noqa: S104
    assert url.startswith("http://127.0.0.1:")
    client = Client(url, LONG)
    assert client.raw("Account/search", json={}, headers={"Host": "box.local:1"}).status_code == 200
    refused = client.raw("Account/search", json={}, headers={"Host": "other.local"})
    assert (refused.status_code, "--allow-host" in refused.json()["errorMessage"]) == (403, True)
    process.terminate()
    assert "box.local" in process.communicate(timeout=20)[1].lower()


def test_a_token_soon_guessed_is_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARSTEP_TOKEN", "x")
    result = CliRunner().invoke(app, ["serve", "--port", "0", "--host", "0.0.0.0"])  # noqa: S104
    assert (result.exit_code, "expected 16 characters or more" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"broker": {"kind": "http", "url": "http://127.0.0.1:9/api"}}, "is executed here"),
        (
            {
                "broker": {"kind": "http", "url": "http://127.0.0.1:9/api"},
                "data": {"instrument": "ES", "timeframe": "1m", "source": "gateway", "start": "2013-09-02"},
            },
            "is executed here",
        ),
        (
            {"data": {"instrument": "ES", "timeframe": "1m", "source": "gateway", "start": "2013-09-02"}},
            "data.source: got gateway",
        ),
    ],
)
def test_a_run_of_another_gateway_is_not_served(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    run = {**yaml.safe_load(CONFIG), "observers": [], **change}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))
    result = CliRunner().invoke(app, ["serve", "--port", "0", str(tmp_path / "run.yaml")])
    assert (result.exit_code, told in result.output) == (2, True), result.output


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = str(door.getsockname()[1])
        result = CliRunner().invoke(app, ["serve", "--port", port])
    assert result.exit_code == 2
    assert f"127.0.0.1 port {port} cannot be listened on" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--token-file", "nowhere"], "nowhere cannot be read"),
        (["--token-file", "empty"], "expected one word"),
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid"),
        (["--instrument", "NOPE"], "NOPE"),
        (["--instrument", "NQ"], "error: --timeframe: no sample bars of NQ 1m"),
        (["--data", "nowhere.csv"], "--instrument: give the instrument of nowhere.csv"),
        (["--data", "nowhere.csv", "--instrument", "ES"], "nowhere.csv"),
        (["--allow-host", "http://box:80"], "--allow-host: got 'http://box:80'"),
        (["--fills", "kind"], "fills.profile"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["--risk", "nothing"], "nothing"),
    ],
)
def test_what_it_does_not_start_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").write_text(" \n")
    result = CliRunner().invoke(app, ["serve", "--port", "0", *arguments])
    assert result.exit_code in (2, 3)
    assert told in result.output
    assert result.output.count("error:") == 1


def test_options_win_over_the_file(start: Start, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(CONFIG.replace("observers:\n  - use: ./farewell.py\n", ""))
    _, url = start("run.yaml", "--risk", "daily_loss_limit", "--set", "account.balance=1234", BARSTEP_TOKEN=KEY)
    client = Client(url)
    replay = client.done("Replay/start", START)
    account = {"accountId": replay["accountId"]}
    client.done("Replay/step", account)
    assert client.done("Account/search")["accounts"][0]["balance"] == 1234
    client.done("Order/place", {**account, "contractId": replay["contractId"], "type": 2, "side": 0, "size": 3})


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barstep.serve.find_spec", lambda _name: None)
    result = CliRunner().invoke(app, ["serve"])
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        "error: the gateway's server needs starlette, uvicorn, httptools: pip install 'barstep[serve]'"
    ]
