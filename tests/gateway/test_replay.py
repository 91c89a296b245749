"""Replay: start, step, end, and what happens around them."""

from __future__ import annotations

import pytest

from barstep.broker.wire import GatewayError, answer


def test_start_tells_the_account_the_contract_and_the_bars(client):
    told = client.start()
    assert told == {
        "success": True, "errorCode": 0, "errorMessage": None, "accountId": 1001, "contractId": "CON.F.US.EP.U13",
        "totalBars": 1119, "startTime": "2013-09-03T00:00:00Z", "endTime": "2013-09-03T18:52:00Z",
    }  # fmt: skip


def test_dates_are_utc_and_inclusive(client):
    both = client.start("2013-09-02", "2013-09-03")
    assert both["startTime"] == "2013-09-02T00:00:00Z"
    assert both["endTime"] == "2013-09-03T18:52:00Z"


def test_without_an_end_date_it_ends_with_the_trading_session(client):
    told = client.ask("Replay/start", {"instrumentSymbol": "ES", "startDate": "2013-09-02", "timeframe": "1m"})
    assert told["startTime"] == "2013-09-02T00:00:00Z"
    assert told["endTime"] > "2013-09-03", "the holiday belongs to the trading day of the 3rd"


def test_steps_hand_out_every_bar_once_and_then_none(client):
    total = client.start()["totalBars"]
    one = client.step()
    assert one["bar"] == {"t": "2013-09-03T00:00:00Z", "o": 1645.25, "h": 1646.0, "l": 1645.25, "c": 1645.75, "v": 134}
    assert (one["bars"], one["index"], one["totalBars"], one["done"]) == ([one["bar"]], 1, total, False)
    rest = client.step(total - 1)
    assert (len(rest["bars"]), rest["bar"], rest["done"]) == (total - 1, rest["bars"][-1], False)
    times = [one["bar"]["t"], *(bar["t"] for bar in rest["bars"])]
    assert times == sorted(set(times))
    for answered in (client.step(), client.fine("Replay/step"), client.step(5)):
        told = (answered["bar"], answered["bars"], answered["index"], answered["done"])
        assert told == (None, [], total, True)


def test_a_batch_that_reaches_the_end_is_done(client):
    total = client.start()["totalBars"]
    client.step(total - 2)
    last = client.step(5)
    assert (len(last["bars"]), last["done"]) == (2, True)


def test_the_short_way_of_a_step_answers_as_the_long_one(make):
    quick, slow = make(), make()
    quick.start()
    slow.start()
    for _ in range(5):
        assert quick.fine("Replay/step") == slow.fine("Replay/step", count=1)
    for _ in range(3):
        assert quick.other("live").fine("Replay/step") == slow.other("live").fine("Replay/step", count=1)


@pytest.mark.parametrize("count", [0, -1, 10_001, True, 1.0, "2"])
def test_a_count_out_of_bounds_is_malformed(started, count):
    with pytest.raises(GatewayError, match=r"count: found .*, expected a whole number from 1 to 10,000") as raised:
        started("Replay/step", count=count)
    assert raised.value.status == 400


def test_end_sums_up_and_a_second_end_is_harmless(started):
    started.place(0, 2)
    started.step(10)
    started.place(1, 3)  # a flip: one exit and one entry
    started.step(10)
    first = started.fine("Replay/end")
    result = first["results"]
    assert result["totalTrades"] == 4, "entry, flip (two), and the close at the end"
    assert result["closingTrades"] == 2
    assert result["winRate"] == 100 * result["winningTrades"] / 2
    assert result["finalBalance"] == result["startingBalance"] + result["netPnl"] == 50_000 + result["grossPnl"]
    assert (result["fills"], result["bars"]) == ("playground", 23)
    assert started.fine("Replay/end") == first
    assert len(started.fine("Trade/search")["trades"]) == 3
    assert started.fine("Position/searchOpen")["positions"] == []
    assert started.step()["done"] is True
    assert "Replay/start" in started.refused(10, "Order/place", **started.wanted())


def test_end_before_the_first_bar(client):
    client.start()
    assert client.fine("Replay/end")["results"]["winRate"] == 0.0


def test_end_cancels_what_works(started):
    working = started.place(type=1, limitPrice=1500.0)["orderId"]
    started.fine("Replay/end")
    order = started.fine("Order/searchById", orderId=working)["order"]
    assert (order["status"], order["reason"]) == (3, "end of data")


def test_an_account_is_used_again_and_reset(started):
    started.place()
    started.fine("Replay/end")
    assert started.start()["accountId"] == 1001
    assert started.fine("Trade/search")["trades"] == started.fine("Order/search")["orders"] == []
    assert started.ask("Account/search")["accounts"][0]["balance"] == 50_000.0
    assert started.fine("Replay/status")["index"] == 0


def test_a_running_account_is_not_taken(started):
    assert started.start()["accountId"] == 1002
    with pytest.raises(GatewayError, match="1001 has a replay running: call Replay/end") as raised:
        started.start(accountId=1001)
    assert raised.value.status == 409
    with pytest.raises(GatewayError, match="no account 77 of yours") as raised:
        started.start(accountId=77)
    assert raised.value.status == 404


def test_two_replays_have_their_own_account_and_clock(client):
    client.start()
    other = client.other("sim")
    other.start("2013-09-02")
    client.step(5)
    other.step(2)
    client.place(0, 1)
    assert other.fine("Trade/search")["trades"] == []
    assert client.fine("Replay/status")["index"] == 5
    assert other.fine("Replay/status")["index"] == 2
    other.fine("Replay/end")
    assert client.step()["done"] is False


def test_users_see_their_own_accounts_only(make):
    anne = make("anne")
    anne.start()
    bert = type(anne)(anne.gateway, "bert")
    assert [row["id"] for row in bert.ask("Account/search")["accounts"]] == [1002]
    bert.account = anne.account
    for path, body in (("Replay/step", {}), ("Replay/end", {}), ("Trade/search", {}), ("Replay/status", {})):
        assert "no account 1001 of yours; you have 1002" in bert.refused(1, path, **body)
    assert anne.step()["index"] == 1


@pytest.mark.parametrize(
    "path", ["Replay/step", "Replay/play", "Replay/pause", "Replay/end", "Replay/speed", "Replay/jumpTo"]
)
def test_an_idle_account_says_what_to_do(client, path):
    client.account = client.ask("Account/search")["accounts"][0]["id"]
    assert "Replay/start" in client.refused(2, path, speed=1, timestamp="2013-09-03T12:00:00Z")
    assert client.fine("Replay/status")["status"] == "idle"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"instrumentSymbol": "EURUSD"}, "EURUSD"),
        ({"instrumentSymbol": "NQ"}, "no sample bars of NQ 1m; there are ES 1m, ES 1s"),
        ({"timeframe": "7x"}, "timeframe"),
        ({"startDate": "2020-01-01", "endDate": "2020-01-02"}, "no bars from 2020-01-01"),
        ({"endDate": "2013-09-01"}, "endDate: found 2013-09-01, expected 2013-09-03"),
        ({"barstep": {"source": "/etc/passwd"}}, "barstep.source"),
        ({"barstep": {"source": {"kind": "file", "path": "x.csv"}}}, "barstep.source"),
        ({"barstep": {"fill": "strict"}}, "barstep: found the key 'fill', expected one of fills,"),
        ({"barstep": {"fills": "lucky"}}, "lucky"),
        ({"barstep": {"balance": -5}}, "balance"),
        ({"barstep": {"balance": 1e15}}, "barstep.balance: found 1000000000000000.0"),
        ({"barstep": {"fees": 1e9}}, "fees is 1e+09, expected at most 1,000"),
        ({"barstep": {"fills": {"market_slip_ticks": 10**25}}}, "market_slip_ticks is 1e+25"),
        ({"barstep": {"source": {"kind": "synthetic", "bars": 10**12}}}, "bars is 1e+12"),
        ({"barstep": {"source": {"kind": "synthetic", "days": 10**12}}}, "days is 1e+12, expected at most 7,500"),
        (
            {"barstep": {"source": {"kind": "synthetic"}}, "timeframe": "1s", "endDate": "2199-01-01"},
            "expected at most 7,500 days",
        ),
        (
            {"barstep": {"source": {"kind": "synthetic"}}, "timeframe": "1s", "endDate": "2023-01-01"},
            "10,000,000, choose",
        ),
        ({"barstep": {"source": {"kind": "synthetic", "start": "soon"}}}, "out of range"),
        ({"barstep": {"source": "sample", "start": "0001-01-01"}}, "out of range"),
        ({"barstep": {"source": {"kind": "synthetic", "start": "9999-12-31"}}}, "expected at most 7,500 days"),
        ({"barstep": {"source": {"kind": "synthetic"}}, "timeframe": "90000D"}, "timeframe: got 90000D"),
        ({"instrumentSymbol": ""}, "instrument"),
    ],
)
def test_a_replay_that_cannot_be_opened_is_400_with_the_reason(client, changes, told):
    with pytest.raises(GatewayError) as raised:
        client.start(**changes)
    assert raised.value.status == 400
    assert told in raised.value.message
    assert len(client.ask("Account/search")["accounts"]) == 1


def test_the_extension_changes_fills_money_and_source(client):
    source = {"kind": "synthetic", "seed": 3, "bars": 50}
    extras = {"fills": "strict", "balance": 1000.0, "fees": 2.5, "source": source}
    told = client.start("2020-01-02", barstep=extras)
    assert told["totalBars"] == 50
    assert client.ask("Account/search")["accounts"][0]["balance"] == 1000.0
    client.fine("Replay/step")
    while client.fine("Replay/step")["bar"] is None:
        pass
    assert client.place()["orderStatus"] == 6, "strict: waits for the next open"
    client.step(1)
    assert client.fine("Trade/search")["trades"][0]["fees"] == 2.5
    assert client.fine("Replay/end")["results"]["fills"] == "strict"


def test_one_of_several_data_sections_is_chosen(make):
    sections = [
        {"instrument": "NQ", "timeframe": "5m", "source": "none.csv"},
        {"instrument": "ES", "timeframe": "1m", "source": "sample"},
    ]
    assert make(data=sections).start()["totalBars"] == 1119
    with pytest.raises(GatewayError, match="no bars of CL 1m here: this gateway has NQ 5m"):
        make(data=sections[:1]).start(instrumentSymbol="CL")


def test_in_process_an_error_is_an_envelope(client):
    api = answer(client.gateway.handle)
    assert api("Replay/steep", None)["errorCode"] == 404
    assert "Replay/step" in api("Replay/steep", None)["errorMessage"]
    assert api("Replay/step", {})["errorCode"] == 400


def test_closing_a_gateway_ends_its_replays(started):
    started.place()
    started.gateway.close()
    assert started.fine("Replay/status")["status"] == "ended"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"startDate": "2019-01-01"}, "Replay/start: startDate: ES_1m"),
        ({"startDate": "2019-01-01"}, "Choose startDate and endDate inside"),
        ({"instrumentSymbol": "NQ"}, "no sample bars of NQ 1m"),
        ({"instrumentSymbol": "NQ"}, "or ask for barstep.source {kind: synthetic"),
        ({"barstep": {"fees": "x"}}, "Replay/start: barstep.fees: "),
        ({"barstep": {"fills": "zz"}}, "Replay/start: barstep.fills.profile: got zz"),
        ({"barstep": {"contract": "ESZZ"}}, "Replay/start: barstep.contract: got ESZZ"),
    ],
)
def test_a_refused_start_names_the_fields_of_the_request(client, changes, told):
    wanted = {"instrumentSymbol": "ES", "startDate": "2013-09-03", "timeframe": "1m", **changes}
    with pytest.raises(GatewayError) as raised:
        client.ask("Replay/start", wanted)
    assert told in raised.value.message
    assert ("data." in raised.value.message, "  " in raised.value.message) == (False, False)
