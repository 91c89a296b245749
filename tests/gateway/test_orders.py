"""Order/place, with every code that can occur."""

from __future__ import annotations

import pytest

CODES = {"limit": 1, "market": 2, "stop_limit": 3, "stop": 4, "trailing": 5, "join_bid": 6, "join_ask": 7}


def test_a_market_order_fills_within_the_call(started):
    told = started.place(0, 2)
    assert (told["orderId"], told["orderStatus"]) == ("ord_1", 2)
    assert started.order("ord_1") == started.order(1) == {
        "id": "ord_1", "accountId": 1001, "contractId": "CON.F.US.EP.U13", "symbolId": "F.US.EP",
        "creationTimestamp": "2013-09-03T00:03:00Z", "updateTimestamp": "2013-09-03T00:03:00Z", "status": 2, "type": 2,
        "side": 0, "size": 2, "limitPrice": None, "stopPrice": None, "fillVolume": 2, "filledPrice": 1645.5,
        "customTag": None, "trailDistance": None, "trailPrice": None, "parentOrderId": None, "linkedOrderId": None,
        "reason": None,
    }  # fmt: skip


def test_before_the_first_bar_there_is_no_price(client):
    client.start()
    assert "no price yet: play the first bar with Replay/step" in client.refused(2, "Order/place", **client.wanted())


def test_after_the_last_bar_a_market_order_still_fills(client):
    client.start()
    client.step(1118)
    last = client.step(10)["bar"]
    client.place(0)
    assert client.fine("Trade/search")["trades"][0]["price"] == last["c"]
    client.fine("Position/closeContract", contractId=client.contract)
    assert client.fine("Replay/end")["results"]["totalTrades"] == 2


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"contractId": "CON.F.US.XX.U13"}, 8, "no contract"),
        ({"contractId": ""}, 8, "no contract"),
        ({"contractId": "CON.F.US.ENQ.U13"}, 9, "trades CON.F.US.EP.U13"),
        ({"contractId": "CON.F.US.EP.Z13"}, 9, "trades CON.F.US.EP.U13"),
        ({"contractId": "CON.F.US.EP.F13"}, 8, "no contract"),
        ({"type": 0}, 2, "type 0: expected one of 1 limit"),
        ({"type": 8}, 2, "type 8"),
        ({"side": 2}, 2, "side 2: expected 0 to buy or 1 to sell"),
        ({"side": -1}, 2, "side -1"),
        ({"size": 0}, 2, "invalid order size 0"),
        ({"size": -3}, 2, "invalid order size -3"),
        ({"size": 10**30}, 2, "invalid order size"),
        ({"type": 1}, 2, "limitPrice: an order of type 1 needs one"),
        ({"type": 4}, 2, "stopPrice: an order of type 4 needs one"),
        ({"type": 3, "stopPrice": 1650.0}, 2, "limitPrice: an order of type 3 needs one"),
        ({"type": 5}, 2, "trailPrice"),
        ({"type": 5, "trailPrice": 1640.1}, 2, "not aligned to the tick size: use 1640 or 1640.25"),
        ({"type": 5, "trailPrice": 1200.0}, 2, "exceeds the maximum of 1,000"),
        ({"type": 5, "trailPrice": 1645.5}, 2, "at least a tick away"),
        ({"type": 6, "side": 1}, 2, "6 joins the bid to buy"),
        ({"type": 7, "side": 0}, 2, "7 the ask to sell"),
        ({"type": 1, "limitPrice": 1e300}, 2, "limitPrice 1e+300"),
        ({"type": 5, "trailPrice": 1e300}, 2, "trailPrice 1e+300"),
        ({"linkedOrderId": 77}, 2, "linkedOrderId: order 77 is unknown"),
        ({"linkedOrderId": "what"}, 2, "linkedOrderId: that is no order id"),
        ({"stopLossBracket": {"ticks": 0, "type": 4}}, 2, "invalid stop loss ticks (0)"),
        ({"stopLossBracket": {"ticks": 8, "type": 1}}, 2, "invalid stop loss type 1"),
        ({"takeProfitBracket": {"ticks": 8, "type": 4}}, 2, "invalid take profit type 4"),
        (
            {"takeProfitBracket": {"ticks": -8, "type": 1}},
            2,
            "take profit ticks (-8): ticks should be greater than zero",
        ),
        ({"side": 1, "stopLossBracket": {"ticks": -8, "type": 4}}, 2, "should be greater than zero when going short"),
    ],
)
def test_refusals_of_place(started, changes, code, told):
    answer = started("Order/place", **started.wanted(**changes))
    assert (answer["success"], answer["errorCode"], answer["orderId"]) == (False, code, None)
    assert told in answer["errorMessage"]
    assert started.fine("Order/searchOpen")["orders"] == []


def test_off_grid_and_wrong_side_are_the_fill_profiles_business(make):
    strict = make(fills={"profile": "strict"})
    strict.start()
    strict.step(3)
    told = strict.refused(2, "Order/place", **strict.wanted(type=1, limitPrice=1640.1))
    assert "1640 or 1640.25" in told
    assert "already reached" in strict.refused(2, "Order/place", **strict.wanted(type=4, stopPrice=1600.0))
    strict.place(type=2)
    working = strict.fine("Order/searchOpen")["orders"]
    assert [(row["type"], row["status"]) for row in working] == [(2, 6)], "waits for the next open, refused ones do not"
    refused = strict.fine("Order/search")["orders"][0]
    assert (refused["id"], refused["status"]) == ("ord_-1", 5)
    assert strict.order("ord_-1") == refused


def test_unknown_account(started):
    started.account = 5
    assert "no account 5 of yours; you have 1001" in started.refused(1, "Order/place", **started.wanted())
    for path in ("Order/search", "Order/searchOpen", "Position/searchOpen", "Trade/search", "Replay/status"):
        started.refused(1, path)
    for path in ("Order/cancel", "Order/modify", "Order/searchById"):
        started.refused(1, path, orderId=1)
    started.refused(1, "Position/closeContract", contractId=started.contract)
    started.refused(1, "Position/partialCloseContract", contractId=started.contract, size=1)


@pytest.mark.parametrize(
    ("kind", "side", "prices"),
    [
        ("limit", 0, {"limitPrice": 1640.0}),
        ("stop", 1, {"stopPrice": 1640.0}),
        ("stop_limit", 1, {"stopPrice": 1640.0, "limitPrice": 1639.0}),
        ("join_bid", 0, {}),
        ("join_ask", 1, {}),
    ],
)
def test_resting_orders_show_what_was_asked(started, kind, side, prices):
    wanted = started.place(side, 1, CODES[kind], **prices)["orderId"]
    if kind.startswith("join"):
        assert started.order(wanted)["type"] == CODES[kind]
        return
    (row,) = started.fine("Order/searchOpen")["orders"]
    assert {name: row[name] for name in prices} == prices
    assert (row["type"], row["side"], row["status"], row["fillVolume"]) == (CODES[kind], side, 6, 0)


def test_a_trailing_stop_keeps_its_distance(started):
    wanted = started.place(1, 1, 5, trailPrice=1644.0)["orderId"]
    row = started.order(wanted)
    assert (row["trailDistance"], row["trailPrice"], row["stopPrice"]) == (6, 1.5, 1644.0)


def test_prices_that_a_type_has_no_use_for_are_ignored(started):
    assert started.place(type=2, limitPrice=1.0, stopPrice=2.0, trailPrice=3.0)["orderStatus"] == 2


def test_brackets_with_and_without_signs(started):
    for side, loss, gain in ((0, -8, 12), (0, 8, 12), (1, 8, -12), (1, 8, 12)):
        wanted = started.place(
            side, 1, stopLossBracket={"ticks": loss, "type": 4}, takeProfitBracket={"ticks": gain, "type": 1}
        )["orderId"]
        entry = started.order(wanted)
        stop, target = started.fine("Order/searchOpen")["orders"]
        way = 1 if side == 0 else -1
        assert stop["stopPrice"] == entry["filledPrice"] - way * 2.0
        assert target["limitPrice"] == entry["filledPrice"] + way * 3.0
        assert (stop["type"], target["type"], stop["side"], target["side"]) == (4, 1, 1 - side, 1 - side)
        assert stop["parentOrderId"] == target["parentOrderId"] == wanted
        assert (stop["linkedOrderId"], target["linkedOrderId"]) == (target["id"], stop["id"])
        started.fine("Position/closeContract", contractId=started.contract)
        assert started.fine("Order/searchOpen")["orders"] == [], "exits end with the position"


def test_one_exit_cancels_the_other(started):
    started.place(0, 1, stopLossBracket={"ticks": 400}, takeProfitBracket={"ticks": 4})
    started.fine("Replay/jumpTo", timestamp="2013-09-03T18:00:00Z")
    assert started.fine("Order/searchOpen")["orders"] == []
    assert [row["status"] for row in started.fine("Order/search")["orders"]] == [2, 3, 2]


def test_a_trailing_exit(started):
    started.place(0, 1, stopLossBracket={"ticks": 8, "type": 5})
    (stop,) = started.fine("Order/searchOpen")["orders"]
    assert (stop["type"], stop["trailDistance"]) == (5, 8)


def test_custom_tags_are_unique_in_an_account(started):
    wanted = started.place(type=1, limitPrice=1600.0, customTag="mine", stopLossBracket={"ticks": 4})["orderId"]
    assert started.order(wanted)["customTag"] == "mine"
    assert "taken by order 1" in started.refused(2, "Order/place", **started.wanted(customTag="mine"))
    started.fine("Replay/end")
    started.start()
    started.step()
    started.place(customTag="mine", stopLossBracket={"ticks": 400})
    assert [row["customTag"] for row in started.fine("Order/search")["orders"]] == ["mine", None]


def test_linked_orders_cancel_each_other(started):
    low = started.place(0, 1, 1, limitPrice=1640.0)["orderId"]
    high = started.place(0, 1, 4, stopPrice=1655.0, linkedOrderId=low)["orderId"]
    assert started.order(low)["linkedOrderId"] == high
    assert started.order(high)["linkedOrderId"] == low
    started.fine("Replay/jumpTo", timestamp="2013-09-03T18:00:00Z")
    assert sorted(row["status"] for row in started.fine("Order/search")["orders"]) == [2, 3]


def test_an_order_that_fills_at_once_cancels_the_linked_one(started):
    low = started.place(0, 1, 1, limitPrice=1600.0)["orderId"]
    started.place(0, 1, linkedOrderId=low)
    assert started.order(low)["status"] == 3
    assert "is cancelled, expected a working order" in started.refused(
        2, "Order/place", **started.wanted(linkedOrderId=low)
    )


def test_a_group_cancels_all_its_others(client):
    client.start(barstep={"source": "sample"})
    while client.fine("Replay/step")["bar"] is None:
        pass
    group = {"barstep": {"ocoGroup": "g"}}
    for price in (1600.0, 1601.0, 1602.0):
        client.place(type=1, limitPrice=price, **group)
    client.place(type=2, **group)
    assert client.fine("Order/searchOpen")["orders"] == []


def test_risk_denies_with_code_2_rule_and_reason(make):
    careful = make(risk=[{"use": "max_position", "options": {"contracts": 2}}])
    careful.start()
    careful.step(3)
    wanted = careful.place(0, 5)["orderId"]
    assert careful.order(wanted)["size"] == 2, "resized"
    told = careful.refused(2, "Order/place", **careful.wanted())
    assert "max_position" in told
    assert "at most 2 contracts" in told
    denied = careful.fine("Order/search")["orders"][-1]
    assert (denied["status"], denied["reason"]) == (5, told)
    working = careful.place(1, 1, 1, limitPrice=1700.0)["orderId"]
    assert "max_position" in careful.refused(3, "Order/modify", orderId=working, size=9)


def test_a_locked_account_denies_and_a_failed_one_is_in_violation(make):
    losing = make(risk=[{"use": "daily_loss_limit", "options": {"usd": 50}}])
    losing.start()
    losing.step(3)
    losing.place(0, 10)
    losing.fine("Replay/jumpTo", timestamp="2013-09-03T18:00:00Z")
    assert losing.fine("Position/searchOpen")["positions"] == []
    assert "daily_loss_limit" in losing.refused(2, "Order/place", **losing.wanted())
    ruined = make(risk=[{"use": "max_loss_limit", "options": {"usd": 50}}])
    ruined.start()
    ruined.step(3)
    ruined.place(0, 10)
    ruined.fine("Replay/jumpTo", timestamp="2013-09-03T18:00:00Z")
    assert "has failed" in ruined.refused(4, "Order/place", **ruined.wanted())
    (account,) = ruined.ask("Account/search")["accounts"]
    assert account["canTrade"] is False
    assert ruined.ask("Account/search", {"onlyActiveAccounts": True})["accounts"] == []
