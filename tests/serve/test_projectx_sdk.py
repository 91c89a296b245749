"""PyPI's projectx-sdk, as it is: a client of the live API that nobody here wrote, over a socket, beside a replay.

It knows no replay, so its own raw `post` steps one; brackets go the same way, for its `orders.place` has none.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from caller import KEY, START

pytestmark = pytest.mark.filterwarnings("ignore")  # its models use an older pydantic's words

DAY = datetime(2013, 9, 3, tzinfo=UTC)


@pytest.fixture
def sdk(origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client that has logged in; it keeps its tokens under HOME."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from projectx_sdk import ProjectXClient
    client = ProjectXClient(username="ann@example.org", api_key=KEY, base_url=origin)
    yield client
    assert [path.name for path in tmp_path.iterdir()] == [".projectx_sdk"]


def step(sdk: Any, account: int, count: int = 1) -> dict[str, Any]:
    return sdk.post("Replay/step", json={"accountId": account, "count": count})


def test_a_day_of_an_unmodified_client(sdk: Any) -> None:
    from projectx_sdk.endpoints.history import TimeUnit
    from projectx_sdk.utils.constants import OrderSide, OrderType

    assert sdk.auth.is_authenticated()
    assert sdk.auth.validate_token()
    (found,) = sdk.accounts.search(only_active_accounts=True)
    assert (found.can_trade, found.is_visible, found.balance) == (True, True, 50_000)
    replay = sdk.post("Replay/start", json=START)
    account, contract = replay["accountId"], replay["contractId"]
    assert account == found.id
    ours = next(one for one in sdk.contracts.search("ES") if one.id == contract)
    assert (ours.name, ours.tick_size, ours.tick_value, ours.active_contract) == ("ESU3", 0.25, 12.5, True)

    step(sdk, account, 30)
    bars = sdk.history.retrieve_bars(contract, DAY, DAY + timedelta(days=1), TimeUnit.MINUTE, 1, limit=10)
    assert [bar.timestamp for bar in bars] == [DAY + timedelta(minutes=29 - n) for n in range(10)]
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    hours = sdk.history.retrieve_bars(contract, DAY, DAY + timedelta(days=1), TimeUnit.HOUR)
    assert hours == []  # the first is not complete on the replay's clock

    close = bars[0].close
    entry = sdk.orders.place(account, contract, OrderType.MARKET, OrderSide.BUY, 2)
    (position,) = sdk.positions.search_open(account)
    assert (position.type, position.size, position.average_price) == (1, 2, close)
    far = sdk.orders.place(
        account, contract, OrderType.LIMIT, OrderSide.BUY, 1, limit_price=close - 50, custom_tag="far"
    )
    (working,) = sdk.orders.search_open(account)
    assert (working.id, working.status, working.limit_price, working.custom_tag) == (far, 1, close - 50, "far")
    assert sdk.orders.modify(account, far, size=3, limit_price=close - 40)
    (working,) = sdk.orders.search_open(account)
    assert (working.size, working.limit_price) == (3, close - 40)
    assert sdk.orders.cancel(account, far)
    assert sdk.orders.search_open(account) == []

    assert sdk.positions.partial_close_contract(account, contract, 1)
    assert sdk.positions.close_contract(account, contract)
    assert sdk.positions.search_open(account) == []

    order = {"accountId": account, "contractId": contract, "type": 2, "side": 1, "size": 1}
    brackets = {"stopLossBracket": {"ticks": 4, "type": 4}, "takeProfitBracket": {"ticks": -4, "type": 1}}
    bracketed = sdk.post("Order/place", json={**order, **brackets})["orderId"]
    exits = sdk.orders.search_open(account)
    assert {(one.type, one.side, one.stop_price or one.limit_price) for one in exits} == {
        (4, 0, close + 1),
        (1, 0, close - 1),
    }
    while sdk.positions.search_open(account):
        assert step(sdk, account)["bars"]
    assert sdk.orders.search_open(account) == []

    orders = sdk.orders.search(account, DAY)
    by_id = {one.id: one for one in orders}
    assert (by_id[entry].status, by_id[far].status, by_id[bracketed].status) == (2, 3, 2)
    assert sorted(by_id[one.id].status for one in exits) == [2, 3]
    trades = sdk.trades.search(account, DAY)
    assert [trade.size for trade in reversed(trades)] == [2, 1, 1, 1, 1]
    assert [trade.profit_and_loss is None for trade in reversed(trades)] == [True, False, False, True, False]
    result = sum(trade.profit_and_loss or 0 for trade in trades)
    assert abs(trades[0].profit_and_loss) >= 50
    (after,) = sdk.accounts.search()
    assert after.balance == 50_000 + result
    assert sdk.post("Replay/end", json={"accountId": account})["results"]["netPnl"] == result


def test_what_it_makes_of_refusals(sdk: Any) -> None:
    from projectx_sdk import AuthenticationError, ProjectXClient
    from projectx_sdk.exceptions import ProjectXError, RequestError, ResourceNotFoundError

    with pytest.raises(AuthenticationError, match="apiKey is not this server's"):
        ProjectXClient(username="ben", api_key="wrong", base_url=sdk.base_url)
    with pytest.raises(ProjectXError, match="there is no account 77") as refusal:
        sdk.orders.search_open(77)
    assert refusal.value.error_code == 1
    with pytest.raises(RequestError, match="accountId: found 'x'"):
        sdk.orders.search_open("x")
    with pytest.raises(ResourceNotFoundError):
        sdk.post("Order/nothing")
    sdk.auth.token = "nonsense"  # noqa: S105
    with pytest.raises(AuthenticationError):
        sdk.accounts.search()


def test_it_logs_in_again_from_its_cache(sdk: Any) -> None:
    from projectx_sdk import ProjectXClient

    again = ProjectXClient(username="ann@example.org", api_key=KEY, base_url=sdk.base_url)
    assert again.auth.token == sdk.auth.token
    assert [one.id for one in again.accounts.search()] == [one.id for one in sdk.accounts.search()]
