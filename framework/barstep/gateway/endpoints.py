"""The table of endpoints: what each does, takes and answers, and its error codes (gateway API, 3 to 9 and 11)."""

from __future__ import annotations

from barstep.gateway import codes, objects
from barstep.gateway.endpoint import ACCOUNT_ID, ORDER_ID, Endpoint
from barstep.gateway.extras import CANCEL_EXTRAS, END_EXTRAS, EXTENSIONS, ORDER_EXTRAS, START_EXTRAS, TRAIL_EXTRAS
from barstep.gateway.fields import Field

MAX_BARS = 20_000
"""Most bars one call of History/retrieveBars answers."""
MAX_STEPS = 10_000
"""Most bars one call of Replay/step plays."""
MAX_SPEED = 1_000_000
"""Most bars per second that Replay/play may be asked for."""


_CONTRACT = Field("contractId", "text", "the contract", True)
_WHOSE = Field("accountId", "int", "whose replay's clock bounds the answer; by default the earliest that runs")
_LIVE = Field("live", "flag", "live or simulated data: taken and ignored", live=True)
_CONTRACTS = (Field("contracts", "list", "the contracts found", True, fields=objects.CONTRACT),)
_ORDERS = (Field("orders", "list", "", True, fields=objects.ORDER),)
_UP_TO = Field("endTimestamp", "time", "up to this time, inclusive")
_WINDOW = (
    Field("startTimestamp", "time", "from this time on, inclusive"),
    _UP_TO,
)
_STEP_ANSWER = (
    Field("bar", "object", "the last bar played, null when none was left", fields=objects.BAR),
    Field("bars", "list", "all bars played by this call, oldest first", True, fields=objects.BAR),
    Field("index", "int", "bars played so far", True),
    Field("totalBars", "int", "bars of the replay", True),
    Field("done", "flag", "true when fewer bars were left than asked for, or the replay has ended", True),
)


def _bracket(name: str, meaning: str) -> Field:
    ticks = Field("ticks", "int", "distance from the fill price; signed as price minus entry, or without a sign", True)
    kind = Field("type", "int", "OrderType of the exit: 4 (or 5, trailing) for the loss, 1 for the target")
    return Field(name, "object", meaning, fields=(ticks, kind))


_TABLE = (
    Endpoint(
        "Auth/loginKey", "Exchange a user name and a key for a token.",
        (Field("userName", "text", "any name: each user has accounts of his own", True),
         Field("apiKey", "text", "the key that the server was started with", True)),
        (Field("token", "text", "the bearer token, null on failure"),), codes.LOGIN, open=True,
    ),
    Endpoint(
        "Auth/validate", "Renew a token.", (), (Field("newToken", "text", "the token to use from now on"),),
        ("Success", "InvalidSession", "SessionNotFound", "ExpiredToken", "UnknownError"),
    ),
    Endpoint("Auth/logout", "Give a token back.", (), (), ("Success", "InvalidSession", "UnknownError")),
    Endpoint("Status/ping", "Health check.", (), (Field("status", "text", "always ok", True),), method="GET", open=True),
    Endpoint(
        "Account/search", "The caller's accounts.",
        (Field("onlyActiveAccounts", "flag", "leave out accounts that cannot trade", live=True),),
        (Field("accounts", "list", "", True, fields=objects.ACCOUNT),),
    ),
    Endpoint(
        "Contract/search", "Contracts by instrument, short name or description.",
        (Field("searchText", "text", "part of any of them; null for all"), _LIVE, _WHOSE), _CONTRACTS, codes.ACCOUNT,
    ),
    Endpoint(
        "Contract/searchById", "One contract, also an expired one.", (_CONTRACT, _WHOSE),
        (Field("contract", "object", "null when there is none", fields=objects.CONTRACT),), ("Success", "ContractNotFound"),
    ),
    Endpoint("Contract/available", "All front contracts.", (_LIVE, _WHOSE), _CONTRACTS, codes.ACCOUNT),
    Endpoint(
        "History/retrieveBars", "Bars that are complete on the replay's clock.",
        (_CONTRACT,
         Field("unit", "int", "BarUnit: 1 second, 2 minute, 3 hour, 4 day", True),
         Field("unitNumber", "int", "units per bar", True),
         Field("barsBack", "int", "that many bars up to endTime; not together with startTime", only="sim"),
         Field("startTime", "time", "bars that start then or later", live=True),
         Field("endTime", "time", "bars complete by then; never beyond the replay's clock", live=True),
         Field("limit", "int", f"most bars, 1 to {MAX_BARS:,}", live=True),
         Field("includePartialBar", "flag", "add the bar that is still forming", live=True),
         _LIVE, _WHOSE),
        (Field("bars", "list", "sim: oldest first; live: newest first", True, fields=objects.BAR),),
        ("Success", "ContractNotFound", "UnitInvalid", "UnitNumberInvalid", "LimitInvalid"),
    ),
    Endpoint(
        "Order/place", "Place an order; risk rules judge it first.",
        (ACCOUNT_ID, _CONTRACT,
         Field("type", "int", "OrderType: 1 limit, 2 market, 3 stop-limit, 4 stop, 5 trailing stop, 6, 7 join", True),
         Field("side", "int", "OrderSide: 0 buys, 1 sells", True),
         Field("size", "int", "contracts, 1 or more", True),
         Field("limitPrice", "number", "of limit and stop-limit orders"),
         Field("stopPrice", "number", "of stop and stop-limit orders"),
         Field("trailPrice", "number", "of a trailing stop: a price; its distance from the last price is kept"),
         Field("customTag", "text", "your word for it, unique in the account"),
         Field("linkedOrderId", "order id", "a working order; when one of the two fills the other is cancelled"),
         _bracket("stopLossBracket", "the stop that its fill brings along"),
         _bracket("takeProfitBracket", "the target that its fill brings along"),
         ORDER_EXTRAS),
        (Field("orderId", "order id", "sim: ord_12; live: 12; null when it was refused"),
         Field("orderStatus", "int", "2 filled, 6 working, 1 partly filled, 3 cancelled", only="sim")),
        codes.PLACE,
    ),
    Endpoint(
        "Order/search", "All orders of the replay.",
        (ACCOUNT_ID, Field("startTimestamp", "time", "from this time on, inclusive", live=True), _UP_TO),
        _ORDERS, codes.ACCOUNT,
    ),
    Endpoint("Order/searchOpen", "The working orders.", (ACCOUNT_ID,), _ORDERS, codes.ACCOUNT),
    Endpoint(
        "Order/searchById", "One order.", (ACCOUNT_ID, ORDER_ID),
        (Field("order", "object", "null when there is none", fields=objects.ORDER),), ("Success", "OrderNotFound"),
    ),
    Endpoint(
        "Order/cancel", "Cancel a working order.", (ACCOUNT_ID, ORDER_ID, CANCEL_EXTRAS), (),
        codes.CANCEL,
    ),
    Endpoint(
        "Order/modify", "Change a working order; null or nothing leaves a value as it is.",
        (ACCOUNT_ID, ORDER_ID,
         Field("size", "int", "contracts in all, filled ones included"),
         Field("limitPrice", "number", "new limit price"),
         Field("stopPrice", "number", "new stop price"),
         Field("trailPrice", "number", "new trail, as in Order/place"),
         TRAIL_EXTRAS),
        (), (*codes.CANCEL, "ContractNotFound"),
    ),
    Endpoint(
        "Position/searchOpen", "Open positions, none while flat.", (ACCOUNT_ID,),
        (Field("positions", "list", "", True, fields=objects.POSITION),), codes.ACCOUNT,
    ),
    Endpoint("Position/closeContract", "Close a position with a market order.", (ACCOUNT_ID, _CONTRACT), (), codes.CLOSE),
    Endpoint(
        "Position/partialCloseContract", "Close a part of a position with a market order.",
        (ACCOUNT_ID, _CONTRACT, Field("size", "int", "contracts to close", True)), (), codes.PARTIAL,
    ),
    Endpoint(
        "Trade/search", "The fills of the replay; also after Replay/end.",
        (ACCOUNT_ID, *_WINDOW, Field("startDate", "date", "from this UTC date on", only="sim")),
        (Field("trades", "list", "sim: in event order; live: newest first", True, fields=objects.TRADE),), codes.ACCOUNT,
    ),
    Endpoint(
        "Replay/start", "Open a replay on an idle account and reset the account.",
        (Field("instrumentSymbol", "text", "the instrument, such as ES", True),
         Field("startDate", "date", "first day, UTC", True),
         Field("timeframe", "text", "length of a bar: 1s, 1m, 5m, 15m, 30m, 1h, 4h, 1D", True),
         Field("endDate", "date", "last day, UTC and inclusive; null for the end of startDate's trading session"),
         Field("accountId", "int", "an account to use again; by default the first idle one, or a new one"),
         START_EXTRAS),
        (Field("accountId", "int", "the account to trade in", True),
         Field("contractId", "text", "the contract that the replay trades", True),
         Field("totalBars", "int", "bars of the replay", True),
         Field("startTime", "time", "start of the first bar", True),
         Field("endTime", "time", "end of the last bar", True)),
        statuses=(404, 409),
    ),
    Endpoint(
        "Replay/step", "Play the next bar, or several one by one.",
        (ACCOUNT_ID, Field("count", "int", "bars to play, by default 1", low=1, high=MAX_STEPS)),
        _STEP_ANSWER, codes.REPLAY,
    ),
    Endpoint(
        "Replay/play", "Let bars become due by the wall clock; they are played at the next request of the account.",
        (ACCOUNT_ID, Field("speed", "number", "bars per second; by default the last one, at first 1", low=0, high=MAX_SPEED)),
        (Field("speed", "number", "bars per second", True),), codes.REPLAY,
    ),
    Endpoint("Replay/pause", "Stop playing.", (ACCOUNT_ID,), _STEP_ANSWER[2:], codes.REPLAY),
    Endpoint(
        "Replay/jumpTo", "Play all bars complete by a time; working orders are tested on each.",
        (ACCOUNT_ID, Field("timestamp", "time", "not before the replay's clock", True)), _STEP_ANSWER[2:], codes.REPLAY,
    ),
    Endpoint(
        "Replay/speed", "Set the bars per second of Replay/play.",
        (ACCOUNT_ID, Field("speed", "number", "bars per second", True, low=0, high=MAX_SPEED)),
        (Field("speed", "number", "bars per second", True),), codes.REPLAY,
    ),
    Endpoint(
        "Replay/status", "Where a replay stands.", (ACCOUNT_ID,),
        (Field("status", "text", "idle, stepping, playing, ended or failed", True),
         Field("contractId", "text", "null while idle"),
         *_STEP_ANSWER[2:],
         Field("time", "time", "the replay's clock, null before the first bar"),
         Field("startTime", "time", "start of the first bar, null while idle"),
         Field("endTime", "time", "end of the last bar, null while idle"),
         Field("speed", "number", "bars per second of Replay/play", True)),
        codes.ACCOUNT,
    ),
    Endpoint(
        "Replay/end", "End the replay: cancel orders, close positions where the fill options say so, and sum up.",
        (ACCOUNT_ID, END_EXTRAS), (Field("results", "object", "the statistics", fields=objects.RESULTS),), codes.REPLAY,
    ),
    *EXTENSIONS,
)  # fmt: skip

ENDPOINTS = {endpoint.path: endpoint for endpoint in _TABLE}
"""All endpoints by path. Code 99 (UnknownFault: a plugin's error ended the replay) may come from every one that plays bars."""
