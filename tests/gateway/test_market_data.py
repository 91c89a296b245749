"""History: bars that are complete on the replay's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barstep.broker.wire import GatewayError

UNITS = {1: timedelta(seconds=1), 2: timedelta(minutes=1), 3: timedelta(hours=1)}


def when(text):
    return datetime.fromisoformat(text)


def bars(client, unit=2, number=1, **more):
    body = {"contractId": client.contract, "unit": unit, "unitNumber": number, **more}
    answer = client.ask("History/retrieveBars", body)
    assert answer["success"], answer
    return answer["bars"]


def live_bars(client, **more):
    body = {
        "contractId": client.contract, "live": False, "startTime": "2000-01-01T00:00:00Z",
        "endTime": "2030-01-01T00:00:00Z", "unit": 2, "unitNumber": 1, "limit": 20_000, "includePartialBar": False,
    }  # fmt: skip
    answer = client.other("live").ask("History/retrieveBars", {**body, **more})
    assert answer["success"], answer
    return answer["bars"]


def merged(rows):
    return {
        "t": rows[0]["t"], "o": rows[0]["o"], "h": max(row["h"] for row in rows), "l": min(row["l"] for row in rows),
        "c": rows[-1]["c"], "v": sum(row["v"] for row in rows),
    }  # fmt: skip


def test_never_a_bar_that_is_not_complete_at_any_clock(client):
    total = client.start("2013-09-02")["totalBars"]
    seen, clock = [], None
    for _ in range(0, total, 7):
        for unit, number in ((2, 1), (2, 5), (3, 1)):
            rows = bars(client, unit, number, barsBack=3, endTime="2100-01-01T00:00:00Z")
            length = UNITS[unit] * number
            assert all(when(row["t"]) + length <= clock for row in rows), "none before the first bar"
            assert live_bars(client, unit=unit, unitNumber=number, limit=3)[0]["c"] == rows[-1]["c"] if rows else True
        assert bars(client, barsBack=5) == seen[-5:]
        seen += client.step(7)["bars"]
        clock = when(seen[-1]["t"]) + timedelta(minutes=1)
    assert bars(client, startTime="2013-01-01") == seen


def test_before_the_first_bar_there_are_none(client):
    client.start()
    assert bars(client, barsBack=10) == []
    assert bars(client, 4, 1, includePartialBar=True) == []


def test_oldest_first_and_counted_back_from_the_end(started):
    started.step(20)
    every = bars(started)
    assert len(every) == 23
    assert every == sorted(every, key=lambda row: row["t"])
    assert bars(started, barsBack=4) == every[-4:]
    assert bars(started, barsBack=4, endTime="2013-09-03T00:10:00Z") == every[6:10]
    assert bars(started, barsBack=4, endTime="2013-09-03T00:10:59Z") == every[6:10], "not complete by then"
    assert bars(started, startTime="2013-09-03T00:20:00Z") == every[20:]
    assert bars(started, startTime="2013-09-03T00:20:00Z", limit=2) == every[20:22], "forward from the start"
    assert bars(started, startTime="2013-09-03T00:05:00Z", endTime="2013-09-03T00:07:00Z") == every[5:7]
    assert bars(started, startTime="2013-09-04T00:00:00Z") == []


def test_newest_first_in_the_live_dialect_keeping_the_most_recent(started):
    started.step(20)
    every = bars(started)
    newest = live_bars(started, limit=5)
    assert [row["t"] for row in newest] == [row["t"].replace("Z", "+00:00") for row in every[:-6:-1]]
    assert [row["c"] for row in newest] == [row["c"] for row in every[:-6:-1]]


def test_longer_bars_are_made_of_the_replays_own(started):
    started.step(60)
    ones = bars(started)
    fives = bars(started, 2, 5)
    assert fives == [merged(ones[i : i + 5]) for i in range(0, 60, 5)], "63 bars: the last three are not complete"
    assert bars(started, 2, 5, barsBack=3) == fives[-3:]
    assert bars(started, 2, 5, includePartialBar=True) == [*fives, merged(ones[60:])]
    assert bars(started, 1, 300) == fives, "300 seconds"
    assert bars(started, 3, 1) == [merged(ones[:60])]
    assert bars(started, 2, 7)[0]["t"] == "2013-09-02T23:56:00Z", "UTC floors: the first period began before the replay"


def test_days_are_trading_days(client):
    client.start("2013-09-01", "2013-09-03")
    total = client.fine("Replay/status")["totalBars"]
    client.step(total)
    ones = bars(client, startTime="2013-01-01")
    assert bars(client, 4, 1) == [], "the holiday and the 3rd are one trading day, not over at 18:52"
    (day,) = bars(client, 4, 1, includePartialBar=True)
    assert day == {**merged(ones), "t": "2013-09-01T22:00:00Z"}


def test_a_day_is_complete_when_its_session_closes(make):
    client = make(data={"source": {"kind": "synthetic", "seed": 5, "days": 3}})
    client.start("2020-01-06", timeframe="15m")
    found = []
    while (bar := client.step()["bar"]) is not None:
        rows = bars(client, 4, 1)
        if len(rows) > len(found):
            end = when(bar["t"]) + timedelta(minutes=15)
            assert (end.hour, end.minute) == (22, 0), "16:00 in Chicago"
            found = rows
    assert len(found) == 3
    assert len(bars(client, 4, 2)) == 1, "two trading days, and one that is not full"
    assert bars(client, 4, 2)[0]["v"] == found[0]["v"] + found[1]["v"]


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"contractId": "CON.F.US.XX.U13"}, 1, "no contract"),
        ({"contractId": "CON.F.US.ENQ.U13"}, 1, "no replay of CON.F.US.ENQ.U13 was started"),
        ({"unit": 0}, 2, "unit 0: expected 1 second, 2 minute, 3 hour, 4 day"),
        ({"unit": 5}, 2, "unit 5"),
        ({"unitNumber": 0}, 3, "unitNumber 0"),
        ({"unitNumber": 10**9}, 3, "unitNumber"),
        ({"unit": 1, "unitNumber": 30}, 3, "only multiples of 1m"),
        ({"barsBack": 0}, 4, "barsBack 0: expected 1 to 20,000"),
        ({"barsBack": 20_001}, 4, "barsBack 20001"),
        ({"limit": 0}, 4, "limit 0"),
    ],
)
def test_refusals_of_bars(started, body, code, told):
    request = {"contractId": started.contract, "unit": 2, "unitNumber": 1, **body}
    assert told in started.refused(code, "History/retrieveBars", **request)


def test_bars_back_and_a_start_exclude_each_other(started):
    with pytest.raises(GatewayError, match="barsBack and startTime: found both"):
        bars(started, barsBack=1, startTime="2013-09-03")


def test_bars_are_kept_after_the_end_and_of_the_latest_replay(started):
    started.fine("Replay/end")
    assert len(bars(started)) == 3
    started.start()
    assert bars(started) == []


def ask_bars(client, **more):
    return client.ask("History/retrieveBars", {"contractId": client.contract, "unit": 2, "unitNumber": 1, **more})


def test_an_ended_replay_shows_nothing_to_one_that_runs(client):
    client.start()
    client.step(500)
    client.fine("Replay/end")
    client.start(accountId=None)
    seen = client.step(5)["bars"]
    assert bars(client) == seen
    other = client.other("sim")
    other.start()
    other.step(400)
    other.fine("Replay/end")
    assert bars(client) == seen
    assert len(bars(client, accountId=other.account)) == 400


def test_an_ended_replay_of_another_contract_shows_nothing_either(client):
    client.start()
    client.step(300)
    client.fine("Replay/end")
    other = client.other("sim")
    other.start(barstep={"contract": "ESZ3", "source": {"kind": "synthetic", "seed": 7}}, accountId=None)
    client.start(accountId=None)
    client.fine("Replay/end")
    assert other.contract != client.contract
    assert "has ended while another runs" in ask_bars(client)["errorMessage"]


def test_of_replays_that_run_the_earliest_clock_answers(client):
    late, early = client, client.other("sim")
    late.start()
    late.step(200)
    early.start()
    assert bars(early) == bars(late) == []
    seen = early.step(10)["bars"]
    assert bars(early) == bars(late) == seen
    assert live_bars(late)[0]["c"] == seen[-1]["c"]
    assert len(bars(late, accountId=late.account)) == 200
    assert live_bars(late, accountId=late.account, limit=300)[0]["c"] == bars(late, accountId=late.account)[-1]["c"]
    early.fine("Replay/end")
    assert len(bars(early)) == 200


def test_an_account_that_is_named_answers_for_its_own_replay_only(started):
    idle = type(started)(started.gateway, "another")
    answer = ask_bars(started, accountId=9999)
    assert (answer["errorCode"], "no account 9999" in answer["errorMessage"]) == (1, True)
    other = started.ask("Contract/searchById", {"contractId": "CON.F.US.EP.Z13"})["contract"]["id"]
    answer = ask_bars(started, accountId=started.account, contractId=other)
    assert (answer["errorCode"], "was started on account" in answer["errorMessage"]) == (1, True)
    idle.contract = started.contract
    assert ask_bars(idle, accountId=started.account)["errorCode"] == 1, "another user's"


def test_a_question_about_bars_takes_no_report_away(client):
    client.start(barstep={})
    client.step()
    client.step(3)
    placed = client("Order/place", **client.wanted(type=1, limitPrice=1600.0))
    assert placed["success"]
    answer = ask_bars(client, accountId=client.account)
    assert "barstep" not in answer


CALLS = st.tuples(st.sampled_from(("start", "step", "end", "play")), st.integers(0, 2), st.integers(1, 40))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CALLS, max_size=14))
def test_no_mix_of_replays_shows_a_bar_beyond_a_clock_that_runs(make, clock, calls):
    client = make()
    client.start()
    accounts = {0: client.account}
    running = {client.account}
    for verb, which, count in calls:
        account = accounts.get(which)
        if verb == "start" and account not in running:
            reply = client.start(accountId=account)
            accounts[which] = reply["accountId"]
            running.add(reply["accountId"])
        elif account in running:
            if verb == "end":
                running.discard(account)
            clock.seconds += count
            body = {"accountId": account, **({"count": count} if verb == "step" else {})}
            client.ask(f"Replay/{verb if verb != 'start' else 'status'}", body)
        clocks = [client.ask("Replay/status", {"accountId": number})["time"] for number in running]
        rows = bars(client)
        if running:
            assert not rows or None not in clocks
            assert all(when(rows[-1]["t"]) + timedelta(minutes=1) <= when(clock) for clock in clocks if rows)
