"""What a plugin's own error does to a replay, guards given at the start, and where an opener finds its bars."""

from __future__ import annotations

import pytest

from barstep.broker.wire import GatewayError
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener

RULE = """
from barstep import RiskRule, hookimpl

class Faulty(RiskRule):
    @hookimpl
    def {hook}:
        raise ZeroDivisionError("no reason")
"""


@pytest.fixture
def faulty(make, tmp_path):
    def build(hook):
        file = tmp_path / "faulty.py"
        file.write_text(RULE.format(hook=hook))
        client = make(risk=[{"use": str(file)}])
        client.start()
        return client

    return build


def test_a_rule_that_raises_ends_the_replay(faulty):
    client = faulty("on_risk(self, order, ctx)")
    client.step(3)
    told = client.refused(7, "Order/place", **client.wanted())
    assert "faulty" in told
    assert "no reason" in told
    assert "Replay/start again" in told
    assert client.fine("Replay/status")["status"] == "failed"
    assert client.ask("Account/search", {"onlyActiveAccounts": True})["accounts"] == []
    assert "no reason" in client.refused(99, "Replay/step")
    assert "no reason" in client.refused(99, "Replay/step", count=2)
    assert "no reason" in client.refused(3, "Replay/play")
    assert "no reason" in client.refused(10, "Order/place", **client.wanted())
    assert client.fine("Replay/end")["results"]["totalTrades"] == 0
    assert client.start()["accountId"] == 1001


@pytest.mark.parametrize("body", [{}, {"count": 5}])
def test_an_error_inside_a_step_is_code_99(faulty, body):
    client = faulty("on_bar(self, bar, ctx)")
    assert "no reason" in client.refused(99, "Replay/step", **body)
    assert "no reason" in client.refused(99, "Replay/step", **body)


def test_an_error_at_the_end_is_told_by_the_status(faulty):
    client = faulty("on_stop(self, ctx)")
    client.step()
    client.fine("Replay/end")
    assert client.fine("Replay/status")["status"] == "failed"


def test_an_error_inside_a_jump_and_while_playing(faulty, clock):
    client = faulty("on_bar(self, bar, ctx)")
    assert "no reason" in client.refused(99, "Replay/jumpTo", timestamp="2013-09-03T12:00:00Z")
    client.start()
    client.fine("Replay/play", speed=5)
    clock.seconds += 10
    assert client.fine("Replay/status")["status"] == "failed"


def test_a_guard_given_at_the_start_acts_inside_the_bar(client):
    client.start(barstep={"guards": [{"name": "floor", "level": 49_900.0, "action": "fail"}]})
    while client.fine("Replay/step")["bar"] is None:
        pass
    client.place(0, 10)
    client.fine("Replay/jumpTo", timestamp="2013-09-03T18:00:00Z")
    assert client.fine("Position/searchOpen")["positions"] == []
    assert "has failed (floor)" in client.refused(4, "Order/place", **client.wanted())


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ({"level": 1.0}, "barstep.guards[0].name: found nothing, expected text"),
        ({"name": "a", "level": "1"}, "barstep.guards[0].level: found '1'"),
        (
            {"name": "a", "level": 1.0, "basis": "month"},
            "barstep.guards[0].basis: found 'month', expected one of equity",
        ),
        ({"name": "a", "level": 1e300}, "barstep.guards[0].level: found 1e+300"),
        ({"name": "a", "level": 1.0, "trail": 0}, "barstep.guards[0].trail: found 0"),
        ({"name": "a", "level": 1.0, "more": 1}, "barstep.guards[0]: found the key 'more'"),
        (None, "barstep.guards[0]: found null"),
        (5, "barstep.guards[0]: found 5, expected an object"),
    ],
)
def test_guards_that_cannot_be_read(client, guard, told):
    with pytest.raises(GatewayError) as raised:
        client.start(barstep={"guards": [guard]})
    assert told in raised.value.message


def test_files_are_found_from_the_openers_folder(tmp_path, monkeypatch):
    lines = [f"2024-03-04T15:{minute:02}:00Z,100.25,101,100,100.5,{minute + 1}" for minute in range(20)]
    (tmp_path / "bars.csv").write_text("\n".join(["t,o,h,l,c,v", *lines]))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    data = {"instrument": "ES", "timeframe": "1m", "source": "bars.csv"}
    gateway = Gateway(make_opener({"data": data}, tmp_path))
    body = {"instrumentSymbol": "ES", "startDate": "2024-03-04", "timeframe": "1m"}
    told = gateway.handle("Replay/start", body)
    assert (told["totalBars"], told["contractId"]) == (20, "CON.F.US.EP.H24")
    with pytest.raises(GatewayError, match="no bars of ES 90s here: this gateway has ES 1m"):
        gateway.handle("Replay/start", {**body, "timeframe": "90s"})
    with pytest.raises(GatewayError, match="no bars from 2024-03-05"):
        gateway.handle("Replay/start", {**body, "startDate": "2024-03-05"})


def test_a_user_has_so_many_replays(make, monkeypatch):
    monkeypatch.setattr("barstep.gateway.handler.MOST_REPLAYS", 2)
    client = make()
    client.start()
    client.start()
    with pytest.raises(GatewayError, match="2 replays of yours are running: end one") as raised:
        client.start()
    assert raised.value.status == 409
    client.fine("Replay/end")
    client.start()


def test_the_sample_is_there_without_any_data(make):
    assert make().start(timeframe="1s")["totalBars"] > 1000
