"""Models behind a gateway: the same run in process, by the server's own file for others, and never by a caller's word."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import barstep
from barstep import ConfigError
from barstep.broker.http import HttpApi
from barstep.broker.wire import GatewayError
from barstep.cli.main import app
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener
from barstep.serve.loopback import start_loopback

ROOT = Path(__file__).parents[2]
RESTLESS = ROOT / "tests" / "conformance" / "restless.py"
FEES = """
from barstep import FeeModel, option

class Mine(FeeModel):
    sell: float = option(3.0, ge=0)

    def fee(self, contract, side, size):
        return self.sell if side == "sell" else 0.5 * size
"""
SLIP = """
from barstep import SlippageModel

class Wide(SlippageModel):
    def ticks(self, fill):
        if fill.bar is None:
            return fill.usual
        return round((fill.bar.high - fill.bar.low) / 4 * 4) // 2 + fill.random.randrange(2)
"""
VALID = """
version: 1
data: {instrument: ES, timeframe: 1m, source: sample}
account: {fees: {use: mine}}
strategies: []
"""
EVIL = "from pathlib import Path\nPath('was-here').touch()\n"


@pytest.fixture
def desk(barstep_workspace):
    barstep_workspace.write("plugins/mine.py", FEES)
    barstep_workspace.write("plugins/wide.py", SLIP)
    barstep_workspace.write("evil.py", EVIL)
    return barstep_workspace


def restless(**fills):
    return {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
        "account": {"fees": {"use": "mine"}},
        "fills": {"profile": "strict", "slippage": {"use": "wide"}, **fills},
        "strategies": [{"use": f"{RESTLESS}:Restless"}],
        "risk": [{"use": f"{RESTLESS}:Strict"}],
    }


@pytest.mark.parametrize(
    "fills", [{}, {"market_fill": "current_close", "participation": "0.002"}, {"resolution": "1s"}]
)
def test_the_helpers_give_the_same_run(desk, fills):
    here, there = (desk.run(restless(**fills), f"broker.kind={kind}") for kind in ("embedded", "helpers"))
    assert here.fills > 20
    assert (here.digest, here.fees, here.metrics) == (there.digest, there.fees, there.metrics)
    for table in ("fills", "trades", "orders", "equity"):
        one, two = (pl.read_parquet(result.folder / f"{table}.parquet") for result in (here, there))
        assert one.equals(two), table


def test_over_http_a_model_in_the_run_file_is_refused_by_its_key(desk):
    run = restless()
    http = ("broker.kind=http", "broker.url=http://127.0.0.1:9/api/topstep-sim", "broker.token=x")
    with pytest.raises(
        ConfigError, match=r"broker.kind: got http, expected embedded or helpers: account.fees names a model"
    ):
        desk.run(run, *http)
    with pytest.raises(ConfigError, match=r"fills.slippage names a model, .* barstep serve CONFIG"):
        desk.run({**run, "account": {"fees": "none"}}, *http)


class Client:
    def __init__(self, **base):
        self.gateway = Gateway(make_opener(base, Path.cwd()))

    def ask(self, path, **body):
        return self.gateway.handle(path, body)

    def start(self, **more):
        day = {"instrumentSymbol": "ES", "startDate": "2013-09-03", "endDate": "2013-09-03", "timeframe": "1m"}
        return self.ask("Replay/start", **day, **more)


def test_a_gateway_fills_by_the_models_of_its_own_file(desk):
    client = Client(account={"fees": {"use": "mine", "options": {"sell": "2"}}}, fills={"slippage": {"use": "wide"}})
    started = client.start()
    account, contract = started["accountId"], started["contractId"]
    client.ask("Replay/step", accountId=account, count=30)
    for side in (0, 1):
        client.ask("Order/place", accountId=account, contractId=contract, type=2, side=side, size=3)
        client.ask("Replay/step", accountId=account)
    trades = client.ask("Trade/search", accountId=account)["trades"]
    assert [(trade["side"], trade["size"], trade["fees"]) for trade in trades] == [(0, 3, 4.5), (1, 3, 6.0)]


def test_over_http_everybodys_orders_are_filled_by_the_servers_models(desk):
    base = {"account": {"fees": {"use": "mine"}}, "fills": {"profile": "strict", "slippage": {"use": "wide"}}}
    url, stop = start_loopback(Gateway(make_opener(base, Path.cwd())), "word")
    try:
        api = HttpApi(url, "word")
        day = {"instrumentSymbol": "ES", "startDate": "2013-09-03", "endDate": "2013-09-03", "timeframe": "1m"}
        started = api("Replay/start", day)
        mine = {"accountId": started["accountId"]}
        api("Replay/step", {**mine, "count": 60})
        api("Order/place", {**mine, "contractId": started["contractId"], "type": 2, "side": 1, "size": 2})
        bar = api("Replay/step", {**mine, "count": 1})["bar"]
        (trade,) = api("Trade/search", mine)["trades"]
    finally:
        stop()
    assert (trade["fees"], trade["price"] < bar["o"]) == (6.0, True)


@pytest.mark.parametrize(
    "asked",
    [
        {"fills": {"slippage": {"use": "evil.py"}}},
        {"fills": {"profile": "strict", "slippage": {"use": "evil.py"}}},
        {"fees": {"use": "evil.py"}},
        {"fees": {"use": "mine"}},
        {"source": {"use": "evil.py"}},
        {"source": {"kind": "plugin", "use": "evil.py"}},
        {"source": {"kind": "sample", "use": "evil.py"}},
    ],
)
def test_a_caller_names_no_plugin(desk, asked):
    try:
        told = Client().start(barstep=asked)["errorMessage"]
    except GatewayError as error:
        told = str(error)
    assert told
    assert not Path("was-here").exists(), "a file that a caller named was imported"


def test_validate_tells_of_models(desk):
    desk.write("configs/a.yaml", VALID)
    shown = CliRunner().invoke(app, ["validate", "configs/a.yaml", "--show"]).stdout
    assert "ESU3      by the model" in shown
    assert "valid (strategies 0, risk 0, observers 0, fees 1)" in shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"account": {"fees": {"use": "mine", "options": {"sel": 1}}}},
            r"account.fees.options.sel: .*did you mean sell\?",
        ),
        (
            {"account": {"fees": {"use": "min"}}},
            r"got 'min', expected .* the fee models; did you mean mine\?",
        ),
        (
            {"account": {"fees": {"use": "wide"}}},
            r"Wide is not a FeeModel; list it under fills.slippage:",
        ),
        (
            {"account": {"fees": {"us": "mine"}}},
            r"account.fees.us: got the unknown key us, expected one of use, options",
        ),
        ({"account": {"fees": []}}, r"account.fees: got a list, expected a number >= 0 or text"),
        ({"fills": {"slippage": "wide"}}, r"fills.slippage: got wide, expected a mapping; did you mean `use: wide`\?"),
        ({"risk": [{"use": "mine"}]}, r"risk\[0\].use: mine: Mine is not a RiskRule; list it under account.fees:"),
        ({"metrics": [{"use": "mine"}]}, r"metrics\[0\].use: mine: Mine is not a Metric; list it under account.fees:"),
        ({"metrics": {"use": "mine"}}, r"metrics: got .*, expected a list"),
    ],
)
def test_mistakes_in_the_configuration(desk, change, told):
    with pytest.raises(ConfigError, match=told) as caught:
        desk.run({**restless(), **change})
    assert len(caught.value.problems) <= 2


FEE = "def fee(self, contract, side, size): return 1"
SILENT = {
    "class A(FeeModel): pass": r"a.py:2: A has no fee: write def fee\(self, contract, side, size\)",
    "class A(FeeModel):\n    def fee(self, side, size): return 1": r"A.fee takes \(self, side, size\): write def fee",
    f"class A(FeeModel):\n    async {FEE}": "write it as a plain def fee",
    "class A(FeeModel):\n    fee = 2": "A.fee would not be called",
    f"class A(FeeModel):\n    def on_bar(self): ...\n    {FEE}": "A.on_bar would never run: hooks belong to strategies",
    "class A(DataSource):\n    def bars(self, contract, timeframe, start, end): yield {}": "A.stamp is '': write stamp",
}


@pytest.mark.parametrize(("text", "told"), SILENT.items(), ids=range(len(SILENT)))
def test_classes_that_would_stay_silent_are_refused(desk, text, told):
    desk.write("plugins/a.py", f"from barstep import *\n{text}\n")
    run = restless()
    if "DataSource" in text:
        run["data"] |= {"source": {"use": "a"}, "start": "2024-01-03"}
    else:
        run["account"] = {"fees": {"use": "a"}}
    with pytest.raises(ConfigError, match=told):
        desk.run(run)


def test_a_models_options_are_set_by_its_name(desk):
    dear, cheap = (desk.run(restless(), f"mine.sell={usd}") for usd in (3, 0))
    assert (dear.digest == cheap.digest, dear.fees > cheap.fees) == (False, True), "the digest has the final balance"
    assert isinstance(dear, barstep.RunResult)
