"""A firm's plan is the same whoever executes: floors that trail inside the bar, at the close, caps and hours."""

from __future__ import annotations

import pytest
from gateways import ROOT
from test_three_brokers import assert_same, overrides

import barstep
from barstep import ConfigError

ENDS = [
    ("bulenox-option1-50k", 4, "failed"),
    ("bulenox-option1-50k", 9, "passed"),
    ("lucid-flex-50k", 9, "failed"),
    ("topstep-combine-50k", 9, "failed"),
    ("myfundedfutures-pro-50k", 9, "failed"),
]


def run_of(plan: str, seed: int = 9, **more) -> dict:
    data = {"instrument": "MES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": seed, "days": 8}}
    strategies = [{"use": str(ROOT / "strategies" / "channel_breakout.py"), "options": {"size": 4}}]
    account = {"plan": plan, "fees": "topstepx"}
    return {"version": 1, "name": "plan", "data": data, "account": account, "strategies": strategies, **more}


@pytest.mark.parametrize("kind", ["helpers", "http"])
@pytest.mark.parametrize(("plan", "seed", "verdict"), ENDS)
def test_a_plan_ends_alike(plan, seed, verdict, kind, tmp_path, gateway_url):
    direct = barstep.run(run_of(plan, seed), out=tmp_path / "direct")
    other = barstep.run(run_of(plan, seed), overrides(kind, gateway_url), out=tmp_path / kind)
    assert_same(direct, other)
    assert direct.risk["attempts"][0]["verdict"] == verdict


def test_an_account_that_starts_at_nothing_needs_no_gateway(tmp_path, gateway_url):
    funded = run_of("topstep-express-funded-50k")
    direct = barstep.run(funded, out=tmp_path / "direct")
    assert_same(direct, barstep.run(funded, overrides("helpers", ""), out=tmp_path / "helpers"))
    with pytest.raises(
        ConfigError, match=r"account\.plan: the account starts with less than 1 USD, which no gateway takes"
    ):
        barstep.run(funded, overrides("http", gateway_url), out=tmp_path / "http")
    assert not (tmp_path / "http").exists()


def test_several_attempts_need_the_embedded_exchange(tmp_path, gateway_url):
    run = {**run_of("topstep-combine-50k"), "account": {"plan": "topstep-combine-50k", "on_fail": "reset"}}
    with pytest.raises(ConfigError, match=r"broker\.kind: got http, expected embedded, since account.on_fail is reset"):
        barstep.run(run, overrides("http", gateway_url), out=tmp_path / "http")


def test_a_gateway_without_our_extension_is_refused_by_the_key(tmp_path, plain_url):
    sample = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    with pytest.raises(barstep.BrokerError, match="account"):
        barstep.run(
            {**run_of("topstep-combine-50k"), "data": sample}, overrides("http", plain_url), out=tmp_path / "http"
        )
