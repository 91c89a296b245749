"""Gateways that are not ours, and gateways that fail: what works there, and what the run says where it does not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import polars as pl
import pytest
import yaml
from gateways import ROOT, TOKEN, served

import barstep
from barstep import ConfigError
from barstep.broker.wire import GatewayError
from barstep.domain.errors import BrokerError
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener
from barstep.serve.loopback import start_loopback


def plain_run(name: str, **changes) -> dict:
    """A configured run without what only our own gateway takes."""
    run = yaml.safe_load((ROOT / "configs" / f"{name}.yaml").read_text())
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    return {**{k: v for k, v in run.items() if k not in ("account", "fills")}, "risk": [], "data": data, **changes}


def over_http(url: str) -> list[str]:
    return ["broker.kind=http", f"broker.url={url}", f"broker.token={TOKEN}"]


@pytest.mark.parametrize("name", ["sma_crossover", "rsi_scalper", "channel_breakout"])
def test_strategies_that_need_no_extension_run_on_a_plain_gateway(name, tmp_path, plain_url):
    direct = barstep.run(plain_run(name, account={"fees": "none"}), out=tmp_path / "direct")
    plain = barstep.run(plain_run(name), over_http(plain_url), out=tmp_path / "plain")
    lines = [
        pl.read_parquet(result.folder / "fills.parquet").select("bar_end", "side", "size", "price").rows()
        for result in (direct, plain)
    ]
    assert len(lines[0]) > 4
    assert lines[0] == lines[1]


TRAILING = """\
from barstep import Strategy, hookimpl


class Trailing(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index % 50 == 10 and not ctx.position.size:
            ctx.buy(1, stop_loss_ticks=12, take_profit_ticks=8)
        elif bar.index % 50 == 30 and not ctx.orders:
            ctx.sell(1, trail_ticks=6)
"""


def test_brackets_in_ticks_and_trails_run_on_a_plain_gateway(tmp_path, plain_url):
    (tmp_path / "trailing.py").write_text(TRAILING)
    run = plain_run("sma_crossover", strategies=[{"use": str(tmp_path / "trailing.py")}])
    direct = barstep.run({**run, "account": {"fees": "none"}}, out=tmp_path / "direct")
    plain = barstep.run(run, over_http(plain_url), out=tmp_path / "plain")
    lines = [
        pl.read_parquet(result.folder / "fills.parquet").select("bar_end", "side", "size", "price").rows()
        for result in (direct, plain)
    ]
    assert len(lines[0]) > 20
    assert lines[0] == lines[1]


def test_longer_timeframes_are_the_same_on_a_plain_gateway(tmp_path, plain_url):
    run = plain_run("trend_pullback", observers=[])
    run["data"]["also"] = ["15m"]
    direct = barstep.run({**run, "account": {"fees": "none"}}, out=tmp_path / "direct")
    plain = barstep.run(run, over_http(plain_url), out=tmp_path / "plain")
    far = {**run, "data": {**run["data"], "source": "gateway", "start": "2013-09-01", "end": "2013-09-03"}}
    remote = barstep.run(far, over_http(plain_url), out=tmp_path / "far")
    lines = [
        pl.read_parquet(result.folder / "fills.parquet").select("bar_end", "side", "size", "price").rows()
        for result in (direct, plain, remote)
    ]
    assert len(lines[0]) >= 4
    assert lines[0] == lines[1] == lines[2]


def test_an_extension_in_the_file_is_refused_at_the_start_by_its_key(tmp_path, plain_url):
    run = plain_run("sma_crossover", fills={"profile": "playground"}, account={"balance": 1000})
    with pytest.raises(BrokerError, match="does not take the keys account, fills"):
        barstep.run(run, over_http(plain_url), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_rule_that_needs_an_extension_is_refused_before_the_first_bar(tmp_path, plain_url):
    run = plain_run("sma_crossover", risk=[{"use": "daily_loss_limit"}])
    with pytest.raises(BrokerError, match="setGuard"):
        barstep.run(run, over_http(plain_url), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_order_that_needs_an_extension_ends_the_run_and_keeps_it(tmp_path, plain_url):
    with pytest.raises(BrokerError, match=r"needs expires, which .* does not take.*the last complete bar .*08:45:00"):
        barstep.run(plain_run("opening_range_breakout"), over_http(plain_url), out=tmp_path / "run")
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == "interrupted"


class Silent:
    """A gateway of the live kind: it has no Replay."""

    def handle(self, path, body=None, user="", dialect="sim"):
        from barstep.broker.wire import GatewayError

        raise GatewayError(404, f"no {path}")


def test_a_gateway_without_replay_is_refused(tmp_path):
    url, stop = start_loopback(Silent(), TOKEN)
    try:
        with pytest.raises(BrokerError, match="has no Replay/start: it is no replay gateway"):
            barstep.run(plain_run("sma_crossover"), over_http(url), out=tmp_path / "run")
    finally:
        stop()
    assert not (tmp_path / "run").exists()


def test_an_address_without_its_path_is_told_the_path(tmp_path, gateway_url):
    origin = gateway_url.removesuffix("/api/topstep-sim")
    with pytest.raises(BrokerError, match=f"is its address {origin}/api/topstep-sim"):
        barstep.run(plain_run("sma_crossover"), over_http(origin), out=tmp_path / "run")


class Dying(Gateway):
    """Answers nothing any more once an order comes, or a question about bars."""

    dead = False

    def handle(self, path, body=None, user="", dialect="sim"):
        self.dead = self.dead or path in ("Order/place", "History/retrieveBars")
        if self.dead:
            raise GatewayError(503, "gone")
        return super().handle(path, body, user, dialect)


@pytest.mark.parametrize(
    "last",
    [
        "place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)",
        "api('History/retrieveBars', {'contractId': CONTRACT_ID, 'unit': 2, 'unitNumber': 1, 'limit': 1})",
    ],
)
def test_a_gateway_that_dies_at_an_order_or_a_question_has_the_last_bar_named(last, tmp_path):
    (tmp_path / "short.py").write_text(f"for _ in range(5):\n    get_next_bar()\n{last}\n")
    run = plain_run("sma_crossover", strategies=[{"use": str(tmp_path / "short.py")}])
    for url in served(Dying(make_opener({}, ROOT))):
        with pytest.raises(BrokerError, match=r"the last complete bar is the one ending 2013-09-01 17:05:00"):
            barstep.run(run, over_http(url), out=tmp_path / "run")


class Named(Gateway):
    """Calls its orders by names that are no numbers."""

    def handle(self, path, body=None, user="", dialect="sim"):
        plain = {key: value for key, value in (body or {}).items() if key != "barstep"}
        reply = super().handle(path, plain, user, dialect)
        return {**reply, "orderId": "ord_ab7f"} if path == "Order/place" else reply


def test_orders_that_cannot_be_told_apart_end_the_run(tmp_path):
    url, stop = start_loopback(Named(make_opener({}, ROOT)), TOKEN)
    try:
        with pytest.raises(BrokerError, match=r"calls its order 'ord_ab7f', expected a number or ord_ and a number"):
            barstep.run(plain_run("sma_crossover"), over_http(url), out=tmp_path / "run")
    finally:
        stop()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["broker.url=http://127.0.0.1:9/api"], "cannot be reached"),
        (["broker.token=wrong"], "refuses Replay/start with code 401"),
    ],
)
def test_an_unreachable_or_refusing_gateway_is_one_message(change, words, tmp_path, gateway_url):
    with pytest.raises(BrokerError, match=words) as caught:
        barstep.run(plain_run("sma_crossover"), [*over_http(gateway_url), *change], out=tmp_path / "run")
    assert TOKEN not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_another_contract_than_the_gateway_has_is_named(tmp_path, gateway_url):
    run = plain_run(
        "sma_crossover", data={"instrument": "NQ", "timeframe": "1m", "source": "gateway", "start": "2013-09-01"}
    )
    with pytest.raises(BrokerError, match="NQ"):
        barstep.run(run, over_http(gateway_url), out=tmp_path / "run")


def test_bars_of_the_gateway_need_no_file_here(tmp_path, gateway_url):
    data = {"instrument": "ES", "timeframe": "1m", "source": "gateway", "start": "2013-09-02", "end": "2013-09-03"}
    far = barstep.run(plain_run("sma_crossover", data=data), over_http(gateway_url), out=tmp_path / "far")
    near = barstep.run(plain_run("sma_crossover", data={**data, "source": "sample"}), out=tmp_path / "near")
    assert far.digest == near.digest


def test_several_contracts_are_refused(tmp_path):
    one = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    run = plain_run("sma_crossover", data=[one, {**one, "instrument": "MES", "source": {"kind": "synthetic"}}])
    run["strategies"][0]["contract"] = "ES"
    with pytest.raises(ConfigError, match="embedded for several contracts"):
        barstep.run(run, ["broker.kind=helpers"], out=tmp_path / "run")


SLOW = """\
import sys

from barstep import Strategy, hookimpl


class Counting(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        ctx.buy(1) if bar.index % 2 else ctx.sell(1)
        if bar.index == 200:
            print("READY", file=sys.stderr, flush=True)
"""


def test_a_server_that_dies_leaves_the_results_so_far(tmp_path):
    """Killed in the middle: exit code 4, the bar named, the run kept as interrupted, no order sent twice."""
    (tmp_path / "counting.py").write_text(SLOW)
    run = plain_run("sma_crossover", strategies=[{"use": "counting.py"}], data={
        "instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "bars": 50000}})  # fmt: skip
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({**run, "name": "doomed"}))
    environment = {**os.environ, "BARSTEP_TOKEN": TOKEN, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "barstep"]
    server = subprocess.Popen(
        [*command, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    assert server.stderr is not None
    told = ""
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", told)):
        told += server.stderr.readline()
    sets = [f"--set={text}" for text in over_http(f"{found[0]}/api/topstep-sim")]
    client = subprocess.Popen(
        [*command, "run", str(tmp_path / "run.yaml"), *sets, "--out", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert client.stderr is not None
    assert any("READY" in line for line in iter(client.stderr.readline, ""))
    server.send_signal(signal.SIGKILL)
    _, errors = client.communicate(timeout=60)
    server.wait()
    server.stderr.close()
    assert client.returncode == 4, errors
    assert "Traceback" not in errors
    assert "the last complete bar is the one ending 20" in errors
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["status"] == "interrupted"
    orders = pl.read_parquet(tmp_path / "out" / "orders.parquet")
    assert result["bars"] > 200
    sent = orders.filter(pl.col("id") > 0)
    assert sent["id"].is_unique().all()
    assert sent["asked_at"].is_unique().all(), "one order a bar was asked for, and one was sent"
