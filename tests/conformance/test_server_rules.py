"""A gateway that was started with risk rules of its own: whoever runs against it sees and follows what they do."""

from __future__ import annotations

import polars as pl
import pytest
from gateways import ROOT, TOKEN, served

import barstep
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener

LOSER = """\
from barstep import Strategy, hookimpl


class Loser(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if not ctx.position.size and not ctx.orders:
            ctx.buy(3)
        self.floor = ctx.account.floor
        assert self.floor is None or self.floor < 60_000
"""
SCRIPT = """\
while True:
    bar = get_next_bar()
    if bar is None:
        break
    if not get_positions(ACCOUNT_ID):
        place_order(ACCOUNT_ID, CONTRACT_ID, 0, 3)
"""
RULES = {
    "daily_loss_limit": {"usd": 300},
    "max_loss_limit": {"usd": 300},
    "max_position": {"contracts": 2},
}


def rules(name):
    return [{"use": name, "options": RULES[name]}]


def base(risk):
    return {"fills": {"profile": "strict"}, "account": {"fees": "none", "balance": 50_000}, "risk": risk}


def run_of(use, **more):
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    return {"version": 1, "name": "loser", "data": data, "strategies": [{"use": str(use)}], **more}


def table(result, name, *columns):
    return pl.read_parquet(result.folder / f"{name}.parquet").select(*columns).rows()


@pytest.fixture
def loser(tmp_path):
    (tmp_path / "loser.py").write_text(LOSER)
    return tmp_path / "loser.py"


@pytest.mark.parametrize("name", ["daily_loss_limit", "max_loss_limit"])
def test_a_guard_of_the_gateway_acts_is_recorded_and_followed(name, loser, tmp_path):
    direct = barstep.run(run_of(loser, **base(rules(name))), out=tmp_path / "direct")
    for url in served(Gateway(make_opener(base(rules(name)), ROOT))):
        broker = {"kind": "http", "url": url, "token": TOKEN}
        remote = barstep.run(run_of(loser, **base([]), broker=broker), out=tmp_path / "remote")
    assert [breach["guard"] for breach in remote.risk["breaches"]], "it acted"
    assert remote.risk == direct.risk
    columns = ("bar_end", "side", "size", "price", "reason")
    assert table(remote, "fills", *columns) == table(direct, "fills", *columns)
    assert len(table(remote, "fills", "side")) > 1


@pytest.mark.parametrize("name", ["daily_loss_limit", "max_loss_limit"])
def test_the_same_rule_on_both_sides_acts_once(name, loser, tmp_path):
    run = run_of(loser, **base(rules(name)))
    direct = barstep.run(run, out=tmp_path / "direct")
    for url in served(Gateway(make_opener(base(rules(name)), ROOT))):
        remote = barstep.run({**run, "broker": {"kind": "http", "url": url, "token": TOKEN}}, out=tmp_path / "remote")
    assert [breach["time"] for breach in remote.risk["breaches"]] == [b["time"] for b in direct.risk["breaches"]]
    assert table(remote, "fills", "bar_end", "price") == table(direct, "fills", "bar_end", "price")


def test_an_order_that_a_rule_of_the_gateway_changes_or_denies_says_so(loser, tmp_path):
    for url in served(Gateway(make_opener(base(rules("max_position")), ROOT))):
        broker = {"kind": "http", "url": url, "token": TOKEN}
        remote = barstep.run(run_of(loser, **base([]), broker=broker), out=tmp_path / "remote")
    direct = barstep.run(run_of(loser, **base(rules("max_position"))), out=tmp_path / "direct")
    columns = ("bar_end", "side", "size", "price")
    assert table(remote, "fills", *columns) == table(direct, "fills", *columns)
    columns = ("status", "reason", "size")
    assert table(remote, "orders", *columns) == table(direct, "orders", *columns)


@pytest.mark.parametrize("name", RULES)
def test_a_script_against_a_gateway_with_rules_ends_as_one_does_here(name, tmp_path):
    (tmp_path / "loser_script.py").write_text(SCRIPT)
    run = run_of(tmp_path / "loser_script.py", fills={"profile": "strict"}, account={"fees": "none", "balance": 50_000})
    direct = barstep.run({**run, "risk": rules(name)}, out=tmp_path / "direct")
    for url in served(Gateway(make_opener(base(rules(name)), ROOT))):
        broker = {"kind": "http", "url": url, "token": TOKEN}
        remote = barstep.run({**run, "broker": broker}, out=tmp_path / "remote")
    assert table(remote, "fills", "bar_end", "price", "size") == table(direct, "fills", "bar_end", "price", "size")
    statuses = table(remote, "orders", "status", "reason")
    assert statuses == table(direct, "orders", "status", "reason")
