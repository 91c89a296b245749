"""Scripts that bring a header of their own run against a gateway on this machine, and leave the same folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

REPO = Path(__file__).resolve().parents[2]
TEMPLATE = (REPO / "strategies" / "scripts" / "sma_crossover.py").read_text(encoding="utf-8")
OWN = """
import urllib.request
def post(path, body):
    request = urllib.request.Request(os.environ["TESTMAX_API_URL"] + "/" + path, json.dumps(body).encode())
    request.add_header("Authorization", "Bearer " + os.environ["TESTMAX_TOKEN"])
    request.add_header("Content-Type", "application/json")
    return json.loads(urllib.request.urlopen(request).read())
"""

pytest.importorskip("uvicorn")


@pytest.fixture
def header(cli: Callable[..., object]) -> str:
    done = cli("script", "--print-header")
    assert done.code == 0
    return str(done.out)


def test_the_printed_header_needs_only_the_standard_library(header: str) -> None:
    imported = {line.split()[1] for line in header.splitlines() if line.startswith("import ")}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    assert max(map(len, header.splitlines())) <= 128


def test_a_template_with_the_printed_header_gives_the_same_run(play: Callable[..., object], header: str) -> None:
    settings = ["--end", "2013-09-02", "--set", "FAST_PERIOD=5", "--set", "STEP_DELAY=0"]
    plain = play(TEMPLATE, *settings)
    alone = play(header + TEMPLATE, *settings, name="alone.py")
    assert alone.result["trades"] > 10
    for name in ("digest", "final_balance", "trades", "bars", "metrics", "start", "end"):
        assert alone.result[name] == plain.result[name], name
    assert '"finalBalance": ' + str(plain.result["final_balance"]) in alone.out
    assert alone.result["warnings"] == []
    assert "[ERROR]" not in alone.err


def test_the_header_runs_without_barstep_against_a_gateway(
    play: Callable[..., object], header: str, here: Path
) -> None:
    (here / "alone.py").write_text(header + TEMPLATE, encoding="utf-8")
    outer = (
        "import subprocess\n"
        "alone = subprocess.run([sys.executable, '-I', 'alone.py'], env={**os.environ, 'TESTMAX_API_URL': API_URL, "
        "'TESTMAX_TOKEN': TOKEN, 'MAX_BARS': '100'}, capture_output=True, text=True)\n"
        "print(alone.returncode, alone.stderr, alone.stdout)\n"
        "'Replay/start'\n"
    )
    done = play(outer)
    assert done.out.startswith("0  [INFO] CON.F.US.EP.U13 1m from 2013-09-01, 2264 bars")
    assert done.result["bars"] == 100


def test_helpers_and_own_requests_reach_the_same_replay(play: Callable[..., object]) -> None:
    text = OWN + (
        "a = get_next_bar()\nb = post('Replay/step', {'accountId': ACCOUNT_ID})['bar']\nc = get_next_bar()\n"
        "print(a['t'], b['t'], c['t'], os.environ['TESTMAX_API_URL'] == API_URL.rstrip('/'))\n"
        "print(post('Account/search', {})['accounts'][0]['id'])\n"
    )
    done = play(text)
    assert done.out.splitlines()[:2] == [
        "2013-09-01T22:00:00Z 2013-09-01T22:01:00Z 2013-09-01T22:02:00Z True",
        "1001",
    ]
    assert (done.result["bars"], done.code) == (3, 0)
    assert "TESTMAX_TOKEN" not in os.environ


def test_a_header_that_asks_for_other_bars_is_told_what_there_is(play: Callable[..., object], header: str) -> None:
    done = play(header.replace('os.environ.get("INSTRUMENT", "NQ")', '"NQ"') + TEMPLATE)
    assert done.code == 1
    assert "got NQ, but this run has ES 1m from 2013-09-01 to 2013-09-03: change data.instrument" in done.err
    late = play(header.replace('os.environ.get("START_DATE", "2025-01-15")', '"2025-01-15"') + TEMPLATE)
    assert "got a start on 2025-01-15, but this run has ES 1m from 2013-09-01" in late.err


def test_an_earlier_end_of_the_header_is_honoured(play: Callable[..., object], header: str) -> None:
    text = (
        header.replace('os.environ.get("END_DATE", "")', '"2013-09-02"')
        + "while get_next_bar(): pass\nprint(TOTAL_BARS)"
    )
    done = play(text)
    whole = play("while get_next_bar(): pass", "--end", "2013-09-02")
    assert done.result["bars"] == whole.result["bars"] == int(done.out.splitlines()[1])


def test_a_run_file_starts_the_gateway_too(cli: Callable[..., object], header: str, here: Path) -> None:
    (here / "alone.py").write_text(header + "get_next_bar()\n", encoding="utf-8")
    run = "version: 1\ndata: {instrument: ES, timeframe: 1m, source: sample}\nstrategies: [{use: alone.py}]\n"
    (here / "run.yaml").write_text(run, encoding="utf-8")
    done = cli("run", "run.yaml", "-q")
    assert (done.code, done.result["bars"]) == (0, 1)
    assert done.out.startswith("[INFO] CON.F.US.EP.U13")


def test_nothing_of_the_server_is_imported_for_a_plain_script(here: Path) -> None:
    (here / "my.py").write_text("print('uvicorn' in sys.modules, 'starlette' in sys.modules)", encoding="utf-8")
    command = [sys.executable, "-m", "barstep", "script", "my.py", "-q"]
    assert subprocess.run(command, capture_output=True, text=True).stdout.startswith("False False\n")


def test_no_limit_below_the_printed_header_means_all_bars(play: Callable[..., object], header: str) -> None:
    done = play(header + "MAX_BARS = 0\nfor i in range(MAX_BARS):\n    get_next_bar()\n", "--end", "2013-09-01")
    assert done.result["bars"] > 10


REMOTE = [
    'API_URL = "https://gateway.example.com/api"\n',
    'URL = "https://gateway.example.com"\nprint(os.environ["TESTMAX_TOKEN"])\n',
    'URL = os.environ.get("MY_URL", "https://gateway.example.com")\n',
    'HOST = "gateway.example.com"\nURL = f"https://{HOST}/api"\n',
    'URL = "http://127.0.0.1.example.com"\n',
]
HERE = [
    'URL = os.environ.get("TESTMAX_API_URL", "https://gateway.example.com/api")\n',
    'URL = os.getenv("TESTMAX_API_URL") or "https://gateway.example.com"\n',
    'URL = "http://localhost:1/api"\nOTHER = "http://[::1]:2", "http://127.0.0.1:3"\n',
    '"""See https://gateway.example.com"""\n# https://gateway.example.com\nok = "x".startswith("http://")\n',
]


@pytest.mark.parametrize("text", REMOTE)
def test_a_header_with_an_address_elsewhere_is_refused_before_it_runs(play: Callable[..., object], text: str) -> None:
    text = "print('ran')\ndef api(path, body=None): pass\n" + text
    done = play(text)
    assert (done.code, done.out, done.folder.exists()) == (2, "", False)
    assert f"my.py:{3 + text.count('HOST =')}: http" in done.err
    assert "--allow-remote" in done.err
    assert play(text, "--allow-remote").out.startswith("ran")


@pytest.mark.parametrize("text", HERE)
def test_addresses_that_stay_on_this_machine_are_fine(play: Callable[..., object], text: str) -> None:
    assert play(text + "def api(path, body=None): pass\nprint('ran')\n").out.startswith("ran")


def test_an_address_in_a_neighbour_an_option_or_a_run_file_is_refused_too(
    play: Callable[..., object], cli: Callable[..., object], here: Path
) -> None:
    (here / "client.py").write_text("def api(path, body=None):\n    return 'https://gateway.example.com'\n")
    assert "client.py:2: https://gateway" in play("from client import api\nprint('ran')\n").err
    text = "def api(path, body=None): pass\nURL = os.environ['MY_URL']\n"
    assert "MY_URL=https://gateway" in play(text, "--set", "MY_URL=https://gateway.example.com").err
    run = "version: 1\ndata: {instrument: ES, timeframe: 1m, source: sample}\nstrategies: [{use: my.py}]\n"
    (here / "my.py").write_text(text.replace("os.environ['MY_URL']", "'https://gateway.example.com'"))
    (here / "run.yaml").write_text(run, encoding="utf-8")
    assert cli("run", "run.yaml", "-q").code == 2
    assert cli("run", "run.yaml", "-q", "--allow-remote").code == 0


def test_the_printed_header_takes_odd_answers_for_no_connection(header: str) -> None:
    seen: list[str] = []

    class Odd(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            if self.path == "/redirect":
                self.send_response(307)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
            elif self.path == "/cut":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            elif self.path == "/noise":
                self.wfile.write(b"what?\r\n\r\n")
            else:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        text = header.partition("_session = ")[0] + (
            "for path in ('list', 'cut', 'noise', 'redirect'):\n    print(api(path)['errorCode'])\n"
        )
        environment = {**os.environ, "TESTMAX_API_URL": f"http://127.0.0.1:{server.server_port}"}
        done = subprocess.run(
            [sys.executable, "-I", "-c", text], env=environment, capture_output=True, text=True, timeout=30
        )
        server.shutdown()
    assert done.stdout.split() == ["-1", "-1", "-1", "307"], done.stderr
    assert "/elsewhere" not in seen
