"""Hooks for schemathesis: requests are about a replay that runs, not about accounts and orders there never were.

Three of four requests get the account, contract and a plausible order of a replay that this file starts itself, again
after every 300 requests. Read by `schemathesis run` through SCHEMATHESIS_HOOKS; see test_openapi.py.
"""

import os
import random
from typing import Any

import requests
import schemathesis

URL, KEY = os.environ["FUZZ_URL"], os.environ["FUZZ_KEY"]
START = {"instrumentSymbol": "ES", "startDate": "2013-09-03", "timeframe": "1m", "endDate": "2013-09-03"}
session = requests.Session()
session.headers["Authorization"] = f"Bearer {KEY}"
state: dict[str, Any] = {"asked": 0}


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    return session.post(f"{URL}/{path}", json=body, timeout=20).json()


def start() -> None:
    """A replay with a position, a working order and a bracket, in account 1001."""
    post("Replay/end", {"accountId": 1001})
    state.update(post("Replay/start", {**START, "accountId": 1001}))
    post("Replay/step", {"accountId": 1001, "count": 5})
    order = {"accountId": 1001, "contractId": state["contractId"], "side": 0, "size": 2}
    post("Order/place", {**order, "type": 2, "stopLossBracket": {"ticks": 40}, "takeProfitBracket": {"ticks": 60}})
    post("Order/place", {**order, "type": 1, "limitPrice": 1600.0, "customTag": "far"})


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    if state["asked"] % 300 == 0:
        session.post(f"{URL}/Account/search", json={}, timeout=20)
        start()
    state["asked"] += 1
    if not isinstance(case.body, dict) or random.random() < 0.25:
        return
    real = {
        "accountId": (int, 1001),
        "contractId": (str, state["contractId"]),
        "orderId": (int | str, random.randint(1, 9)),
        "size": (int, random.randint(-1, 4)),
        "type": (int, random.randint(0, 8)),
        "side": (int, random.randint(0, 1)),
        "limitPrice": (int | float, 1640 + random.randint(-60, 60) / 4),
        "stopPrice": (int | float, 1640 + random.randint(-60, 60) / 4),
        "trailPrice": (int | float, 1640 + random.randint(-60, 60) / 4),
        "count": (int, random.randint(1, 30)),
        "instrumentSymbol": (str, "ES"),
        "timeframe": (str, random.choice(["1m", "5m", "1h"])),
        "startDate": (str, "2013-09-03"),
        "endDate": (str, "2013-09-03"),
    }
    for name, (kind, value) in real.items():
        given = case.body.get(name)
        if isinstance(given, kind) and not isinstance(given, bool) and random.random() < 0.75:
            case.body[name] = value
