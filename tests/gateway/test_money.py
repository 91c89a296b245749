"""Position, Trade and Account: what a client learns about its money."""

from __future__ import annotations

import pytest


def test_no_position_is_an_empty_list(started):
    assert started.fine("Position/searchOpen")["positions"] == []
    started.place(1, 3)
    (row,) = started.fine("Position/searchOpen")["positions"]
    assert row == {"accountId": 1001, "contractId": started.contract, "type": 2, "size": 3, "averagePrice": 1645.5}


def test_the_live_position_has_an_id_and_a_time(started):
    live = started.other("live")
    started.place(0, 2)
    first = live.fine("Position/searchOpen")["positions"][0]
    assert (first["id"], first["creationTimestamp"]) == (1, "2013-09-03T00:03:00+00:00")
    started.step()
    started.place(0, 1)
    assert live.fine("Position/searchOpen")["positions"][0]["id"] == 1
    started.step()
    started.place(1, 4)  # a flip opens another position
    second = live.fine("Position/searchOpen")["positions"][0]
    assert (second["id"], second["type"], second["size"]) == (2, 2, 1)
    assert second["creationTimestamp"] == "2013-09-03T00:05:00+00:00"


def test_close_all_or_a_part(started):
    started.place(0, 5)
    started.fine("Position/partialCloseContract", contractId=started.contract, size=2)
    assert started.fine("Position/searchOpen")["positions"][0]["size"] == 3
    for size in (0, -1, 4, 10**12):
        told = started.refused(5, "Position/partialCloseContract", contractId=started.contract, size=size)
        assert "the position has 3" in told
    started.fine("Position/closeContract", contractId=started.contract)
    assert started.fine("Position/searchOpen")["positions"] == []


@pytest.mark.parametrize("path", ["Position/closeContract", "Position/partialCloseContract"])
def test_what_cannot_be_closed(started, path):
    started.refused(2, path, contractId=started.contract, size=1)
    started.refused(3, path, contractId="CON.F.US.NONE.U13", size=1)
    started.refused(4, path, contractId="CON.F.US.ENQ.U13", size=1)


def test_closing_twice_before_the_open_is_pending(make):
    strict = make(fills={"profile": "strict"})
    strict.start()
    strict.step(3)
    strict.place(0, 3)
    strict.step()
    whole, part = "Position/closeContract", "Position/partialCloseContract"
    strict.fine(part, contractId=strict.contract, size=2)
    assert "only 1 are not being closed" in strict.refused(7, part, contractId=strict.contract, size=2)
    strict.fine(whole, contractId=strict.contract)
    assert "waits for the next bar" in strict.refused(6, whole, contractId=strict.contract)
    strict.step()
    assert strict.fine("Position/searchOpen")["positions"] == []


def test_positions_left_open_by_the_end_cannot_be_traded(make):
    marked = make(fills={"profile": "playground", "at_end": "mark"})
    marked.start()
    marked.step(3)
    marked.place(0, 2)
    marked.fine("Replay/end")
    assert marked.fine("Position/searchOpen")["positions"][0]["size"] == 2
    marked.refused(8, "Position/closeContract", contractId=marked.contract)
    marked.refused(9, "Position/partialCloseContract", contractId=marked.contract, size=1)


def test_trades_are_fills_in_event_order(make):
    client = make(account={"fees": 1.4})
    client.start()
    client.step(3)
    client.place(0, 2)
    client.step()
    client.place(1, 3)
    client.step()
    client.place(0, 1)
    rows = client.fine("Trade/search")["trades"]
    assert [row["id"] for row in rows] == ["trd_1", "trd_2", "trd_3"]
    assert rows[0] == {
        "id": "trd_1", "orderId": "ord_1", "accountId": 1001, "contractId": "CON.F.US.EP.U13", "side": 0, "size": 2,
        "price": 1645.5, "timestamp": "2013-09-03T00:03:00Z", "profitAndLoss": None, "fees": 2.8,
    }  # fmt: skip
    assert rows[1]["profitAndLoss"] == (rows[1]["price"] - rows[0]["price"]) * 2 * 50, "gross, of the closing part"
    assert rows[2]["profitAndLoss"] == (rows[1]["price"] - rows[2]["price"]) * 50
    balance = client.ask("Account/search")["accounts"][0]["balance"]
    assert balance == 50_000 + sum(row["profitAndLoss"] or 0 for row in rows) - sum(row["fees"] for row in rows)
    live = client.other("live").fine("Trade/search")["trades"]
    assert [row["id"] for row in live] == [3, 2, 1], "newest first"
    assert live[2] == {
        "id": 1, "orderId": 1, "accountId": 1001, "contractId": "CON.F.US.EP.U13", "side": 0, "size": 2, "price": 1645.5,
        "creationTimestamp": "2013-09-03T00:03:00+00:00", "profitAndLoss": None, "fees": 2.8, "voided": False,
    }  # fmt: skip


def test_trades_by_time(started):
    started.place()
    started.step(10)
    started.place(1)

    def found(**window):
        return [row["id"] for row in started.fine("Trade/search", **window)["trades"]]

    assert found(startDate="2013-09-03") == ["trd_1", "trd_2"]
    assert found(startDate="2013-09-04") == []
    assert found(startTimestamp="2013-09-03T00:04:00Z") == ["trd_2"]
    assert found(endTimestamp="2013-09-03T00:03:00") == ["trd_1"], "a time without a zone is UTC"


def test_the_account_shows_cash_and_equity(started):
    started.place(0, 1)
    close = started.step()["bar"]["c"]
    (account,) = started.ask("Account/search")["accounts"]
    assert account == {
        "id": 1001, "name": "SIM-1001", "balance": 50_000.0, "canTrade": True, "equity": 50_000 + (close - 1645.5) * 50,
    }  # fmt: skip
    (live,) = started.other("live").ask("Account/search", {"onlyActiveAccounts": True})["accounts"]
    assert live == {
        "id": 1001, "name": "SIM-1001", "balance": 50_000.0, "canTrade": True, "isVisible": True, "simulated": True,
    }  # fmt: skip


def test_an_idle_account_is_there_before_any_replay(client):
    assert client.ask("Account/search", {"onlyActiveAccounts": True})["accounts"][0]["id"] == 1001
    client.account = 1001
    for path, name in (
        ("Position/searchOpen", "positions"), ("Order/search", "orders"), ("Order/searchOpen", "orders"),
        ("Trade/search", "trades"),
    ):  # fmt: skip
        assert client.fine(path)[name] == []
    client.refused(10, "Order/place", **client.wanted())
    client.refused(2, "Order/cancel", orderId=1)
    client.refused(2, "Position/closeContract", contractId="CON.F.US.EP.U13")
    assert client.start()["accountId"] == 1001


def test_auth_and_ping_in_process(client):
    assert client.ask("Auth/loginKey", {"userName": "me", "apiKey": "k"})["token"]
    assert client.ask("Auth/validate")["newToken"]
    assert client.ask("Auth/logout")["success"] is True
    assert client.ask("Status/ping")["status"] == "ok"
