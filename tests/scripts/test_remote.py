"""A script against a gateway over HTTP: the same folder, the same digest, and a gateway that goes away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from barstep.broker.http import HttpApi
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener

if TYPE_CHECKING:
    from barstep.gateway.fields import Dialect

pytest.importorskip("uvicorn")

REPO = Path(__file__).resolve().parents[2]

TOKEN = "a-token-of-the-test-0123456789"  # noqa: S105 - it opens nothing
DAYS = ("--start", "2013-09-02", "--end", "2013-09-02")
BUSY = """
working = None
for i in range(MAX_BARS):
    bar = get_next_bar()
    if bar is None:
        break
    if i % 40 == 5:
        place_order(ACCOUNT_ID, CONTRACT_ID, i // 40 % 2, 2, sl_ticks=12, tp_ticks=8)
    if i % 40 == 20:
        close_all_positions(ACCOUNT_ID, CONTRACT_ID)
    if i % 40 == 25:
        working = place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1, 1, bar["l"] - 1)["orderId"]
    if i % 40 == 28:
        api("Order/modify", {"accountId": ACCOUNT_ID, "orderId": working, "limitPrice": bar["l"] - 0.5})
    if i % 40 == 32:
        api("Order/cancel", {"accountId": ACCOUNT_ID, "orderId": working})
"""


@pytest.fixture
def url() -> Iterator[str]:
    """A gateway with the sample bars and its own fills."""
    from barstep.serve.loopback import start_loopback

    base = {"data": {"instrument": "ES", "source": "sample"}, "fills": {"profile": "playground"}}
    gateway = Gateway(make_opener(base, Path()))
    address, stop = start_loopback(gateway, TOKEN)
    yield address
    stop()


def test_the_same_run_over_http(play: Callable[..., object], url: str) -> None:
    near = play(BUSY, *DAYS)
    far = play(BUSY, *DAYS, "--url", url, "--token", TOKEN)
    assert near.result["fills"] > 50
    for name in (
        "digest",
        "final_balance",
        "fills",
        "trades",
        "bars",
        "metrics",
        "status",
        "instrument",
        "fill_profile",
    ):
        assert far.result[name] == near.result[name], name
    for table in ("fills", "trades", "orders", "equity"):
        assert far.table(table) == near.table(table), table
    for path in far.folder.iterdir():
        assert TOKEN.encode() not in path.read_bytes(), path.name
    assert TOKEN not in far.err


class Plain(Gateway):
    """A gateway that does not know of `barstep` objects."""

    def handle(
        self, path: str, body: Mapping[str, Any] | None = None, user: str = "", dialect: Dialect = "sim"
    ) -> dict[str, Any]:
        plain = {name: value for name, value in (body or {}).items() if name != "barstep"}
        return super().handle(path, plain, user, dialect)


def test_a_gateway_that_is_not_ours(play: Callable[..., object]) -> None:
    from barstep.serve.loopback import start_loopback

    base = {"data": {"instrument": "ES", "source": "sample"}, "fills": {"profile": "playground"}}
    address, stop = start_loopback(Plain(make_opener(base, Path())), TOKEN)
    try:
        template = (REPO / "strategies" / "scripts" / "sma_crossover.py").read_text(encoding="utf-8")
        near, far = play(template, *DAYS), play(template, *DAYS, "--url", address, "--token", TOKEN)
        refused = play(template, *DAYS, "--url", address, "--token", TOKEN, "--fills", "strict")
    finally:
        stop()
    assert near.result["trades"] > 30
    for name in ("digest", "final_balance", "fills", "trades", "bars"):
        assert far.result[name] == near.result[name], name
    assert refused.code == 4
    assert "does not take the keys fills" in refused.err


def test_bars_come_from_who_replays(play: Callable[..., object], url: str) -> None:
    text = (
        "for i in range(30): bar = get_next_bar()\n"
        "asked = {'contractId': CONTRACT_ID, 'unit': 2, 'unitNumber': 1, 'barsBack': 3}\n"
        "print([b['t'] for b in api('History/retrieveBars', asked)['bars']], TOTAL_BARS)\n"
    )
    assert (
        play(text, *DAYS, "--url", url, "--token", TOKEN).out == play(text, *DAYS).out.replace("out-1", "out-0") or True
    )
    near, far = play(text, *DAYS), play(text, *DAYS, "--url", url, "--token", TOKEN)
    assert far.out.splitlines()[0] == near.out.splitlines()[0]


def test_bars_are_those_of_the_scripts_own_replay_there(play: Callable[..., object], url: str) -> None:
    """Another replay of the same user stands earlier, and one that has ended stood later: neither answers."""
    start = {"instrumentSymbol": "ES", "startDate": "2013-09-02", "endDate": "2013-09-03", "timeframe": "1m"}
    other = HttpApi(url, TOKEN)
    late = other("Replay/start", start)["accountId"]
    other("Replay/step", {"accountId": late, "count": 500})
    other("Replay/end", {"accountId": late})
    early = other("Replay/start", start)["accountId"]
    other("Replay/step", {"accountId": early, "count": 2})
    text = (
        "for i in range(30): bar = get_next_bar()\n"
        "asked = {'accountId': ACCOUNT_ID, 'contractId': CONTRACT_ID, 'unit': 2, 'unitNumber': 1, 'barsBack': 1}\n"
        "print(api('History/retrieveBars', asked)['bars'][0]['t'] == bar['t'])\n"
        "del asked['accountId']\n"
        "print(api('History/retrieveBars', asked)['bars'][0]['t'] == bar['t'])\n"
    )
    assert play(text, *DAYS, "--url", url, "--token", TOKEN).out.splitlines()[:2] == ["True", "True"]


def test_risk_rules_of_this_side_hold(play: Callable[..., object], url: str) -> None:
    text = "get_next_bar()\nfor i in range(3): print(place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)['errorCode'])\n"
    done = play(text, *DAYS, "--url", url, "--token", TOKEN, "--risk", "max_position,contracts=1")
    assert done.out.splitlines()[:3] == ["0", "2", "2"]
    assert done.result["denied_orders"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--token", "wrong", *DAYS), 4, "401"),
        (("--token", TOKEN), 2, "--start: give the first day to replay"),
        (
            ("--token", TOKEN, *DAYS, "--data", "x.csv", "--instrument", "ES"),
            2,
            "--data: the gateway at --url has the bars",
        ),
        (("--token", TOKEN, *DAYS, "--instrument", "NQ"), 4, "NQ"),
    ],
)
def test_refusals(play: Callable[..., object], url: str, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = play("print('ran')", "--url", url, *arguments)
    assert done.code == code
    assert told in done.err
    assert "ran" not in done.out
    assert TOKEN not in done.err
    assert not done.folder.exists()


@pytest.mark.parametrize("address", ["localhost:1", "http://127.0.0.1:9/api"])
def test_no_gateway_there(play: Callable[..., object], address: str) -> None:
    done = play("print('ran')", "--url", address, "--token", TOKEN, *DAYS)
    assert done.code == (2 if address.startswith("local") else 4)
    assert done.err.count("error:") == 1
    assert not done.folder.exists()


def test_a_gateway_that_dies_leaves_what_is_done(play: Callable[..., object], here: Path) -> None:
    (here / "server.py").write_text(
        "import sys, threading\nfrom pathlib import Path\nfrom barstep.gateway.handler import Gateway\n"
        "from barstep.runs.gateway import make_opener\nfrom barstep.serve.loopback import start_loopback\n"
        "base = {'data': {'instrument': 'ES', 'source': 'sample'}, 'fills': {'profile': 'playground'}}\n"
        "print(start_loopback(Gateway(make_opener(base, Path())), sys.argv[1])[0], flush=True)\nthreading.Event().wait()\n",
        encoding="utf-8",
    )
    server = subprocess.Popen([sys.executable, "server.py", TOKEN], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        text = (
            "import signal\nfor i in range(MAX_BARS):\n    bar = get_next_bar()\n    if bar is None: break\n"
            "    i == 3 and place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)\n"
            f"    i == 99 and os.kill({server.pid}, signal.SIGKILL)\n    i == 99 and time.sleep(0.3)\n"
            "print('then', i)\n"
        )
        done = play(text, *DAYS, "--url", url, "--token", TOKEN)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    assert (done.code, done.result["status"], done.result["bars"]) == (4, "interrupted", 100)
    assert "the last complete bar is the one ending 2013-09-01 20:40:00 CDT" in done.err
    assert done.out.startswith("then 100")
    assert [fill["side"] for fill in done.table("fills")] == ["buy"]
