"""Requests that are malformed are told so by field; answers have the fields that the tables name, and no others."""

from __future__ import annotations

import json
import math

import pytest

from barstep.broker import enums
from barstep.broker.wire import GatewayError
from barstep.gateway.endpoints import ENDPOINTS
from barstep.gateway.fields import Field, expected, read, to_ns

SAMPLE = {
    "int": 1, "number": 1.5, "text": "x", "flag": True, "time": "2025-01-15T14:30:00Z", "date": "2025-01-15",
    "order id": "ord_1", "object": {}, "list": [], "any": 1,
}  # fmt: skip
WRONG = {
    "int": ["1", 1.0, True, math.nan, [], {}],
    "number": ["1", True, math.nan, math.inf, -math.inf, 10**400, []],
    "text": [1, 1.5, True, [], {}],
    "flag": [1, 0, "true", 1.0],
    "time": ["", "today", "2025-13-01T00:00:00Z", 5, True, "2025-01-15T25:00:00Z"],
    "date": ["", "2025-1-5", "9999-12-31", "0001-01-01", "2025-02-30", "2025-01-15T00:00:00Z", 20250115, True],
    "order id": [1.0, True, [], {}],
    "object": [1, "x", [], True],
    "list": [1, "x", {}, True],
    "any": [],
}


def whole(fields):
    return {field.name: _sample(field) for field in fields}


def _sample(field):
    if field.fields and field.kind == "object":
        return whole(field.fields)
    return SAMPLE[field.kind]


def places(endpoint):
    """Each field of a request with the path that messages give it."""
    for field in endpoint.fields:
        yield field, ""
        for inner in field.fields:
            yield inner, f"{field.name}."


CASES = [
    pytest.param(path, field, where, value, id=f"{path}-{where}{field.name}-{value!r:.12}")
    for path, endpoint in ENDPOINTS.items()
    for field, where in places(endpoint)
    for value in WRONG[field.kind]
]


@pytest.mark.parametrize(("path", "field", "where", "value"), CASES)
def test_a_wrong_type_is_400_and_names_the_field(client, path, field, where, value):
    body = whole(ENDPOINTS[path].fields)
    place = body[where[:-1]] if where else body
    place[field.name] = value
    with pytest.raises(GatewayError) as raised:
        client.ask(path, body)
    assert raised.value.status == 400
    assert raised.value.message.startswith(f"{where}{field.name}: found ")
    assert raised.value.message.endswith(f", expected {expected(field)}")


@pytest.mark.parametrize("dialect", ["sim", "live"])
@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_missing_field_is_400_where_it_is_required(client, path, dialect):
    fields = ENDPOINTS[path].fields
    for field in fields:
        for body in ({**whole(fields), field.name: None}, {k: v for k, v in whole(fields).items() if k != field.name}):
            if field.needed(dialect):
                found = "null" if field.name in body else "nothing"
                with pytest.raises(GatewayError, match=f"^{field.name}: found {found}, expected ") as raised:
                    client.other(dialect).ask(path, body)
                assert raised.value.status == 400
            else:
                assert read(fields, body, dialect)[field.name] is None


@pytest.mark.parametrize("body", [[], "x", 1, True, [{}]])
def test_a_body_is_an_object(client, body):
    with pytest.raises(GatewayError, match=r"the request body: found .*, expected an object"):
        client.ask("Account/search", body)


def test_unknown_names_are_ignored_but_not_in_our_own_object(started):
    assert started.place(orderType=2, whatever=[1])["orderStatus"] == 2
    with pytest.raises(GatewayError, match="barstep: found the key 'ocogroup', expected one of ocoGroup, reduceOnly"):
        started.place(barstep={"ocogroup": "a"})


@pytest.mark.parametrize("path", ["", "Order", "order/place", "Replay/steps", "x" * 500, "Order/v2/query"])
def test_an_unknown_path_is_404_and_names_a_near_one_or_none(client, path):
    with pytest.raises(GatewayError, match=r"did you mean|named as Order/place") as raised:
        client.ask(path)
    assert raised.value.status == 404
    assert "Status/ping" not in raised.value.message


def test_long_and_odd_values_are_cut_in_messages():
    with pytest.raises(GatewayError) as raised:
        read((Field("a", "int"),), {"a": "x" * 9999}, "sim")
    assert len(raised.value.message) < 120
    with pytest.raises(GatewayError, match="more than 30 digits"):
        read((Field("a", "number"),), {"a": 10**400}, "sim")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1), ("1970-01-01T00:00:01", 1), ("1970-01-01T01:00:01+01:00", 1), ("1970-01-02", 86400),
        ("1970-01-01T00:00:01.0000000Z", 1), ("1969-12-31T23:59:59Z", -1),
    ],
)  # fmt: skip
def test_times(text, seconds):
    assert to_ns(text) == seconds * 1_000_000_000


def test_times_beyond_what_nanoseconds_can_count_are_the_farthest_ones():
    assert to_ns("9999-12-31") == -to_ns("0001-01-01") == 2**63 - 1


# -- answers -----------------------------------------------------------------------------------------------------------


def check_answer(path, answer, dialect):
    """The payload has the fields of the table, of the types it says, and is JSON."""
    json.dumps(answer, allow_nan=False)
    payload = {k: v for k, v in answer.items() if k not in ("success", "errorCode", "errorMessage", "barstep")}
    check_fields(ENDPOINTS[path].answer, payload, dialect)


def check_fields(fields, payload, dialect):
    assert set(payload) == {field.name for field in fields if field.only in ("", dialect)}
    for field in fields:
        if field.only in ("", dialect):
            check_value(field, payload[field.name], dialect)


def check_value(field, value, dialect):
    if value is None:
        assert not field.required, field.name
    elif field.kind == "list":
        for row in value:
            check_fields(field.fields, row, dialect)
    elif field.kind == "object":
        check_fields(field.fields, value, dialect)
    elif field.kind == "order id":
        assert isinstance(value, int if dialect == "live" else str), field.name
    elif field.kind == "time":
        assert value.endswith("+00:00" if dialect == "live" else "Z"), field.name
    else:
        wanted = {"int": int, "number": (int, float), "text": str, "flag": bool, "any": object}[field.kind]
        assert isinstance(value, wanted), field.name
        assert not isinstance(value, bool) or field.kind == "flag", field.name


@pytest.mark.parametrize("dialect", ["sim", "live"])
def test_each_answer_has_the_fields_of_its_table(started, dialect):
    started.place(0, 2, stopLossBracket={"ticks": 40}, takeProfitBracket={"ticks": 40})
    started.place(1, 1, 5, trailPrice=1650.0)
    started.place(1, 1, 1, limitPrice=1700.0, customTag="tag")
    client = started.other(dialect)
    window = {"startTime": "2000-01-01", "endTime": "2100-01-01", "limit": 5, "includePartialBar": False}
    asked = {
        "Account/search": {"onlyActiveAccounts": True},
        "Contract/search": {"searchText": "ES", "live": False},
        "Contract/searchById": {"contractId": client.contract},
        "Contract/available": {"live": False},
        "History/retrieveBars": {"contractId": client.contract, "unit": 2, "unitNumber": 1, "live": False, **window},
        "Order/place": client.wanted(type=1, limitPrice=1500.0),
        "Order/search": {"startTimestamp": "2000-01-01"},
        "Order/searchById": {"orderId": 1},
        "Order/modify": {"orderId": 6, "limitPrice": 1501.0},
        "Order/cancel": {"orderId": 5},
        "Position/partialCloseContract": {"contractId": client.contract, "size": 1},
        "Position/closeContract": {"contractId": client.contract},
        "Replay/jumpTo": {"timestamp": "2013-09-03T01:00:00Z"},
        "Replay/speed": {"speed": 2},
        "Auth/loginKey": {"userName": "a", "apiKey": "b"},
    }
    paths = [path for path in ENDPOINTS if not path.startswith("Extension/") and path != "Replay/end"]
    for path in [*paths, "Replay/end"]:
        if path == "Replay/start":
            continue
        if path == "Position/partialCloseContract":
            started.place(0, 2)
        check_answer(path, client.fine(path, **asked.get(path, {})), dialect)
    check_answer("Replay/start", client.start(), dialect)
    check_answer("Replay/status", client.fine("Replay/status"), dialect)
    check_answer("Replay/end", client.fine("Replay/end"), dialect)


def test_the_enumerations_are_the_documented_ones():
    assert [int(value) for value in enums.OrderType] == list(range(8))
    assert [int(value) for value in enums.OrderStatus] == list(range(9))
    assert (enums.OrderSide.BID, enums.OrderSide.ASK, enums.PositionType.LONG, enums.PositionType.SHORT) == (0, 1, 1, 2)
    assert [int(value) for value in enums.BarUnit] == list(range(8))
