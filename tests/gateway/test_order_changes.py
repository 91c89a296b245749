"""Order: search, cancel and modify, with every code that can occur."""

from __future__ import annotations

import pytest


def test_cancel(started):
    wanted = started.place(type=1, limitPrice=1600.0)["orderId"]
    started.fine("Order/cancel", orderId=wanted)
    assert started.order(wanted)["status"] == 3
    assert "is cancelled" in started.refused(3, "Order/cancel", orderId=wanted)
    for unknown in (99, "ord_99", "nonsense", 0, -1):
        assert "Order/search" in started.refused(2, "Order/cancel", orderId=unknown)


def test_an_id_that_is_none_is_not_called_order_0(started):
    for path, more in (("Order/cancel", {}), ("Order/modify", {}), ("Extension/link", {"linkedOrderId": 1})):
        told = started.refused(2, path, orderId="zzz", **more)
        assert ("order 0" not in told, "expected ord_12 or 12" in told) == (True, True)


def test_modify_leaves_what_is_null_or_left_out(started):
    wanted = started.place(0, 2, 3, stopPrice=1660.0, limitPrice=1661.0)["orderId"]
    started.fine("Order/modify", orderId=wanted, stopPrice=1662.0, limitPrice=None)
    started.fine("Order/modify", orderId=wanted, size=3)
    started.fine("Order/modify", orderId=wanted)
    row = started.order(wanted)
    assert (row["stopPrice"], row["limitPrice"], row["size"]) == (1662.0, 1661.0, 3)


def test_modify_to_a_price_that_the_close_satisfies_fills_at_once(started):
    close = started.step()["bar"]["c"]
    wanted = started.place(0, 1, 1, limitPrice=close - 20)["orderId"]
    started.fine("Order/modify", orderId=wanted, limitPrice=close + 5)
    assert started.order(wanted)["status"] == 2
    (trade,) = started.fine("Trade/search")["trades"]
    assert trade["price"] == close
    assert started.fine("Position/searchOpen")["positions"][0]["size"] == 1


def test_modify_a_trail(started):
    wanted = started.place(1, 1, 5, trailPrice=1644.0)["orderId"]
    started.fine("Order/modify", orderId=wanted, trailPrice=1645.0)
    assert started.order(wanted)["trailDistance"] == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": 0}, "size 0: expected 1 to"),
        ({"size": -2}, "size -2"),
        ({"stopPrice": 1650.0}, "has no stop to change"),
        ({"trailPrice": 1640.0}, "has no trail to change"),
        ({"limitPrice": 1e300}, "limitPrice 1e+300"),
    ],
)
def test_refusals_of_modify(started, changes, told):
    wanted = started.place(type=1, limitPrice=1600.0)["orderId"]
    assert told in started.refused(3, "Order/modify", orderId=wanted, **changes)
    assert started.order(wanted)["limitPrice"] == 1600.0


def test_modify_an_order_that_is_gone_or_unknown(started):
    filled = started.place()["orderId"]
    assert "is filled" in started.refused(3, "Order/modify", orderId=filled, size=3)
    started.refused(2, "Order/modify", orderId=77, size=3)


def test_the_size_of_a_partly_filled_order_is_its_total(make):
    thin = make(fills={"profile": "strict", "participation": 0.1})
    thin.start()
    thin.step(3)
    wanted = thin.place(0, 1000, 1, limitPrice=1700.0)["orderId"]
    thin.step()
    row = thin.order(wanted)
    assert 0 < row["fillVolume"] < row["size"] == 1000
    assert row["status"] == 1
    thin.refused(3, "Order/modify", orderId=wanted, size=row["fillVolume"])
    thin.fine("Order/modify", orderId=wanted, size=row["fillVolume"] + 5)
    assert thin.order(wanted)["size"] == row["fillVolume"] + 5


def test_search_by_time(started):
    early = started.place(type=1, limitPrice=1600.0)["orderId"]
    started.step(5)
    late = started.place(type=1, limitPrice=1601.0)["orderId"]

    def found(**window):
        return [row["id"] for row in started.fine("Order/search", **window)["orders"]]

    assert found() == [early, late]
    assert found(startTimestamp="2013-09-03T00:04:00Z") == [late]
    assert found(endTimestamp="2013-09-03T00:03:00Z") == [early]
    assert found(startTimestamp="2013-09-03T02:03:00+02:00") == [early, late]


def test_search_by_id_of_an_unknown_order(started):
    answer = started("Order/searchById", orderId=5)
    assert (answer["errorCode"], answer["order"]) == (1, None)
