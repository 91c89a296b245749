"""The helper functions over a gateway that answers what the test says: requests sent, answers returned, lines on stderr."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from barstep.broker.helpers import GLOBALS, HELPERS, Helpers
from barstep.broker.wire import GatewayError, answer, done, failed

BAR = {"o": 1.0, "h": 2.0, "l": 0.5, "c": 1.5, "v": 3}


class Desk:
    """A gateway of prepared answers that remembers what it was asked."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.answers = {name.replace("_", "/"): told for name, told in answers.items()}
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        self.asked.append((path, body))
        return self.answers.get(path, done())


def helpers(desk: Desk, **scope: Any) -> Helpers:
    return Helpers(desk, {**GLOBALS, "ACCOUNT_ID": 7, "CONTRACT_ID": "CON.F.US.ENQ.H25", **scope}, "")


def test_install_keeps_globals_that_are_there() -> None:
    scope: dict[str, Any] = {"STEP_DELAY": 0.5}
    Helpers(Desk(), scope, "").install()
    assert set(scope) == {*HELPERS, *GLOBALS}
    assert (len(HELPERS), len(GLOBALS), scope["STEP_DELAY"]) == (7, 11, 0.5)


def test_an_order_as_documented() -> None:
    desk = Desk(Order_place=done(orderId="ord_1", orderStatus=2))
    assert helpers(desk).place_order(7, "C", 1, 2, 4, None, 99.5) == done(orderId="ord_1", orderStatus=2)
    body = {"accountId": 7, "contractId": "C", "type": 4, "side": 1, "size": 2, "limitPrice": None, "stopPrice": 99.5}
    assert desk.asked == [("Order/place", body)]


def test_distances_become_brackets() -> None:
    desk = Desk()
    helpers(desk).place_order(7, "C", 0, 1, sl_ticks=20, tp_ticks=40)
    body = desk.asked[0][1]
    assert (body["stopLossBracket"], body["takeProfitBracket"]) == ({"ticks": 20, "type": 4}, {"ticks": 40, "type": 1})


def test_each_position_is_closed_under_its_own_contract() -> None:
    positions = [
        {"contractId": "A", "type": 1, "size": 2, "averagePrice": 1.0},
        {"contractId": "B", "type": 2, "size": 3, "averagePrice": 1.0},
        {"type": 1, "size": 1, "averagePrice": 1.0},
    ]
    desk = Desk(Position_searchOpen=done(positions=positions))
    assert helpers(desk).close_all_positions(7, "C") is None
    sent = [(body["contractId"], body["side"], body["size"], body["type"]) for path, body in desk.asked[1:]]
    assert sent == [("A", 1, 2, 2), ("B", 0, 3, 2), ("C", 1, 1, 2)]


@pytest.mark.parametrize("told", [done(), done(positions=[]), done(positions=None), failed(1, "no such account")])
def test_flat_is_an_empty_list(told: dict[str, Any]) -> None:
    desk = Desk(Position_searchOpen=told)
    assert helpers(desk).get_positions(7) == []
    assert helpers(desk).close_all_positions(7, "C") is None
    assert len(desk.asked) == 2


def test_accounts() -> None:
    accounts = [{"id": 1, "balance": 5.0, "equity": 6.0}, {"id": 2, "balance": 7.0, "equity": 8.0}]
    desk = Desk(Account_search=done(accounts=accounts))
    assert helpers(desk).get_account() == accounts[0]
    assert helpers(desk).get_account(2) == accounts[1]
    assert helpers(desk).get_account(3) is None
    assert [body for _, body in desk.asked] == [{"onlyActiveAccounts": flag} for flag in (True, False, False)]
    assert helpers(Desk(Account_search=done(accounts=[]))).get_account() is None
    assert helpers(Desk(Account_search=failed(500, "broken"))).get_account() is None


def test_equity_is_worked_out_where_a_gateway_does_not_tell_it() -> None:
    held = {"contractId": "CON.F.US.ENQ.H25", "type": 2, "size": 2, "averagePrice": 2.0}
    desk = Desk(
        Account_search=done(accounts=[{"id": 7, "balance": 1000.0}]),
        Position_searchOpen=done(positions=[held]),
        Contract_searchById=done(contract={"tickSize": 0.25, "tickValue": 5.0}),
        Replay_step=done(bar={"t": "2025-01-15T14:30:00Z", **BAR}),
    )
    script = helpers(desk)
    assert script.get_account()["equity"] is None  # no bar, no price
    script.get_next_bar()
    assert script.get_account()["equity"] == 1020.0  # short two from 2.0 to 1.5: two ticks of 5 USD each
    desk.answers["Position/searchOpen"] = done(positions=[])
    assert script.get_account()["equity"] == 1000.0


@pytest.mark.parametrize(("code", "line"), [(500, "[ERROR] X/y: HTTP 500: why\n"), (-1, "[ERROR] X/y: why\n"), (2, "")])
def test_the_line_on_stderr(capsys: pytest.CaptureFixture[str], code: int, line: str) -> None:
    told = failed(code, "why")
    assert helpers(Desk(X_y=told)).api("X/y", {"a": 1}) == told
    assert capsys.readouterr().err == line


def test_no_bar_is_none_and_only_an_error_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert helpers(Desk(Replay_step=done(bar=None, done=True))).get_next_bar() is None
    assert helpers(Desk(Replay_step=failed(3, "ended"))).get_next_bar() is None
    assert capsys.readouterr().err == ""
    assert helpers(Desk(Replay_step=failed(-1, "gone"))).get_next_bar() is None
    assert capsys.readouterr().err == "[ERROR] Replay/step: gone\n"


@pytest.mark.parametrize("zone", ["Z", "", "+00:00", ".0000000+00:00"])
@pytest.mark.parametrize(
    ("end", "last", "over"),
    [
        ("2025-01-15", "2025-01-15T23:59:59", "2025-01-16T00:00:00"),
        ("2025-01-15T14:30:00Z", "2025-01-15T14:30:00", "2025-01-15T14:30:01"),
        ("2025-01-15T08:30:00-06:00", "2025-01-15T14:30:00", "2025-01-15T14:31:00"),
        ("2025-01-15 14:30", "2025-01-15T14:30:00", "2025-01-15T14:31:00"),
        ("soon", "2099-01-01T00:00:00", ""),
        ("", "2099-01-01T00:00:00", ""),
    ],
)
def test_the_end_date_is_inclusive_in_any_form_of_time(end: str, last: str, over: str, zone: str) -> None:
    for start, wanted in ((last, True), (over, False)):
        if start:
            bar = {"t": start + zone, **BAR}
            found = helpers(Desk(Replay_step=done(bar=bar)), END_DATE=end).get_next_bar()
            assert found == (bar if wanted else None)


def test_a_refused_request_in_process_has_the_shape_of_an_http_error() -> None:
    def handle(path: str, body: object = None) -> dict[str, Any]:
        raise GatewayError(404, "no such thing")

    assert answer(handle)("A/b", None) == {"success": False, "errorCode": 404, "errorMessage": "no such thing"}
