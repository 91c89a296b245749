"""Replay/jumpTo, and Replay/play by the wall clock."""

from __future__ import annotations

JUMP = "2013-09-03T12:00:00Z"


def test_jump_plays_every_bar_on_the_way_and_tests_orders_there(started):
    order = started.place(type=1, limitPrice=1640.0, size=2)["orderId"]
    told = started.fine("Replay/jumpTo", timestamp=JUMP)
    assert told["done"] is False
    assert started.fine("Replay/status")["time"] == JUMP
    assert told["index"] == started.step()["index"] - 1
    filled = started.fine("Order/searchById", orderId=order)["order"]
    low = min(bar["l"] for bar in started.ask("History/retrieveBars", _hours(started))["bars"])
    assert (filled["status"] == 2) is (low <= 1640.0)


def _hours(client):
    return {"contractId": client.contract, "unit": 3, "unitNumber": 1, "barsBack": 12}


def test_jump_to_where_it_stands_does_nothing_and_backwards_is_refused(started):
    assert started.fine("Replay/jumpTo", timestamp="2013-09-03T00:03:00Z")["index"] == 3
    assert "forward only and stands at 2013-09-03T00:03:00Z" in started.refused(
        3, "Replay/jumpTo", timestamp="2013-09-03T00:02:59Z"
    )


def test_jump_before_the_first_bar_and_past_the_last(client):
    total = client.start()["totalBars"]
    assert client.fine("Replay/jumpTo", timestamp="2000-01-01")["index"] == 0
    assert client.fine("Replay/jumpTo", timestamp="9999-12-31")["index"] == total
    assert client.fine("Replay/status")["done"] is True


def test_play_brings_due_bars_at_the_next_request(started, clock):
    started.fine("Replay/play", speed=2)
    assert started.fine("Replay/status")["status"] == "playing"
    clock.seconds = 1.4
    assert started.fine("Replay/status")["index"] == 3 + 2
    clock.seconds = 10.0
    started.fine("Position/searchOpen")
    assert started.fine("Replay/speed", speed=10)["speed"] == 10.0
    clock.seconds = 11.0
    assert started.fine("Replay/pause")["index"] == 3 + 20 + 10
    clock.seconds = 99.0
    assert started.fine("Replay/status")["index"] == 33
    assert started.step()["index"] == 34
    started.fine("Replay/play")
    clock.seconds = 1e9
    assert started.fine("Replay/status")["done"] is True
    assert started.step()["bar"] is None


def test_play_and_steps_go_together(started, clock):
    started.fine("Replay/play", speed=1)
    clock.seconds = 2.0
    assert started.step()["index"] == 3 + 2 + 1
    clock.seconds = 1.0  # a clock that goes back plays nothing
    assert started.fine("Replay/status")["index"] == 6


def test_play_and_jump_after_the_end_are_refused(started):
    started.fine("Replay/end")
    assert "Replay/start" in started.refused(3, "Replay/play")
    assert "Replay/start" in started.refused(3, "Replay/jumpTo", timestamp=JUMP)
