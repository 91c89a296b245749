"""Contract: what there is to trade."""

from __future__ import annotations

import pytest

from barstep.gateway.endpoints import ENDPOINTS


def test_contract_search(started):
    names = [row["name"] for row in started.ask("Contract/search", {"searchText": "es"})["contracts"]]
    assert names[0] == "ES"
    assert "MES" in names
    assert started.ask("Contract/search", {"searchText": "nothing like it"})["contracts"] == []
    every = started.ask("Contract/search", {})["contracts"]
    assert len(every) > 20
    assert every == started.ask("Contract/available")["contracts"]
    live = started.other("live")
    assert len(live.ask("Contract/search", {"searchText": "", "live": False})["contracts"]) == 20


def test_contract_forms(started):
    wanted = {"contractId": "CON.F.US.EP.U13"}
    assert started.ask("Contract/searchById", wanted)["contract"] == {
        "id": "CON.F.US.EP.U13", "name": "ES", "description": "E-mini S&P 500: September 2013", "tickSize": 0.25,
        "tickValue": 12.5, "contractSize": 1,
    }  # fmt: skip
    assert started.other("live").ask("Contract/searchById", wanted)["contract"] == {
        "id": "CON.F.US.EP.U13", "name": "ESU3", "description": "E-mini S&P 500: September 2013", "tickSize": 0.25,
        "tickValue": 12.5, "activeContract": True, "symbolId": "F.US.EP",
    }  # fmt: skip


@pytest.mark.parametrize("wanted", ["CON.F.US.GCE.G25", "CON.F.US.ENQ.H25", "CON.F.US.EP.H99"])
def test_expired_contracts_resolve(started, wanted):
    found = started.other("live").ask("Contract/searchById", {"contractId": wanted})["contract"]
    assert (found["id"], found["activeContract"]) == (wanted, False)


@pytest.mark.parametrize(
    "wanted", ["", "ES", "CON.F.US.EP.F13", "CON.F.US.EP.U2013", "CON.F.EU.EP.U13", "con.f.us.ep.u13"]
)
def test_unknown_contracts(started, wanted):
    answer = started("Contract/searchById", contractId=wanted)
    assert (answer["errorCode"], answer["contract"]) == (1, None)
    assert "CON.F.US." in answer["errorMessage"]


@pytest.mark.parametrize("path", ["Contract/search", "Contract/searchById", "Contract/available"])
def test_contracts_on_the_clock_of_an_account_that_is_not_there(started, path):
    answer = started(path, accountId=0, contractId="CON.F.US.EP.U13")
    assert (answer["success"], answer["errorCode"]) == (False, 1)
    assert "there is no account 0 of yours" in answer["errorMessage"]
    assert len(ENDPOINTS[path].codes) > 1


def test_contracts_before_any_replay(client):
    assert client.ask("Contract/search", {"searchText": "ES"})["contracts"][0]["name"] == "ES"
    client.contract = client.ask("Contract/search", {"searchText": "ES"})["contracts"][0]["id"]
    client.refused(1, "History/retrieveBars", contractId=client.contract, unit=2, unitNumber=1)


def test_contract_search_knows_the_month_of_the_earliest_clock(make):
    client = make(data={"source": {"kind": "synthetic", "seed": 5, "days": 80}})
    late, early = client, client.other("sim")
    late.start("2020-01-06", "2020-03-31", timeframe="1h")
    late.step(1500)
    early.start("2020-01-06", "2020-03-31", timeframe="1h")
    asked = ({}, {"accountId": early.account}, {"accountId": late.account})
    ids = [early.ask("Contract/search", {"searchText": "MCL", **one})["contracts"][0]["id"] for one in asked]
    assert ids[0] == ids[1] != ids[2]
