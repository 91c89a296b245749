"""Random sequences of calls: money adds up from the rows alone (R20), enums hold, and nothing but GatewayError is raised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from barstep.broker.enums import OrderSide, OrderStatus, OrderType, PositionType
from barstep.broker.wire import GatewayError
from barstep.gateway.endpoints import ENDPOINTS
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener

BARS = {"source": {"kind": "synthetic", "seed": 11, "bars": 120}, "instrument": "ES"}
PROFILES = (
    {"profile": "playground"},
    {"profile": "strict"},
    {"profile": "backtrader", "participation": 0.002},
    {"profile": "playground", "intrabar": "nearest_extreme", "at_end": "mark"},
)
RISK = (
    [],
    [{"use": "max_position", "options": {"contracts": 6}}, {"use": "daily_loss_limit", "options": {"usd": 4000}}],
)
SIDES = st.integers(0, 1)
SIZES = st.integers(1, 5)
AWAY = st.integers(-30, 30)
BRACKETS = st.none() | st.fixed_dictionaries({"ticks": st.integers(-20, 20)})
ODD = (
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
)


class Calls(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.close = 0.0

    @initialize(
        fills=st.sampled_from(PROFILES), risk=st.sampled_from(RISK), fees=st.sampled_from(["none", "topstepx", "0.37"])
    )
    def open(self, fills, risk, fees):
        base = {"data": BARS, "fills": fills, "risk": risk, "account": {"fees": fees}}
        self.gateway = Gateway(make_opener(base, Path.cwd()), now=lambda: self.seconds)
        self.start()

    def ask(self, path, dialect="sim", **body):
        answer = self.gateway.handle(path, {"accountId": self.account, **body}, "", dialect)
        json.dumps(answer, allow_nan=False)
        assert answer["success"] is (answer["errorCode"] == 0)
        assert (answer["errorMessage"] is None) is answer["success"]
        assert answer["errorCode"] < len(ENDPOINTS[path].codes), "no code beyond the table, 99 included"
        return answer

    def start(self, **body):
        self.account = None
        told = self.gateway.handle(
            "Replay/start", {"instrumentSymbol": "ES", "startDate": "2020-01-02", "timeframe": "5m", **body}
        )
        self.account, self.contract = told["accountId"], told["contractId"]

    def price(self, away):
        return round(self.close * 4) / 4 + away / 4

    @rule(count=st.integers(1, 8))
    def step(self, count):
        bars = self.ask("Replay/step", count=count)["bars"]
        self.close = bars[-1]["c"] if bars else self.close

    @rule()
    def quick_step(self):
        bar = self.ask("Replay/step")["bar"]
        self.close = bar["c"] if bar else self.close

    @precondition(lambda self: self.close)
    @rule(kind=st.sampled_from([1, 2, 2, 3, 4, 5, 6, 7]), side=SIDES, size=SIZES, one=AWAY, two=AWAY, loss=BRACKETS,
          gain=BRACKETS, linked=st.none() | st.integers(1, 9), tag=st.none() | st.sampled_from("abc"))  # fmt: skip
    def place(self, kind, side, size, one, two, loss, gain, linked, tag):
        self.ask(
            "Order/place", contractId=self.contract, type=kind, side=side, size=size, limitPrice=self.price(one),
            stopPrice=self.price(two), trailPrice=self.price(one), stopLossBracket=loss, takeProfitBracket=gain,
            linkedOrderId=linked, customTag=tag,
        )  # fmt: skip

    @precondition(lambda self: self.close)
    @rule(wanted=st.integers(1, 12), size=st.none() | SIZES, one=st.none() | AWAY, two=st.none() | AWAY)
    def modify(self, wanted, size, one, two):
        limit, stop = (None if away is None else self.price(away) for away in (one, two))
        self.ask("Order/modify", orderId=wanted, size=size, limitPrice=limit, stopPrice=stop, trailPrice=stop)

    @rule(wanted=st.integers(-2, 12))
    def cancel(self, wanted):
        self.ask("Order/cancel", orderId=f"ord_{wanted}")

    @rule(size=st.none() | SIZES)
    def close_position(self, size):
        if size is None:
            self.ask("Position/closeContract", contractId=self.contract)
        else:
            self.ask("Position/partialCloseContract", contractId=self.contract, size=size)

    @rule(seconds=st.floats(0, 20), speed=st.none() | st.floats(0, 3))
    def play(self, seconds, speed):
        self.ask("Replay/play", speed=speed)
        self.seconds += seconds
        self.ask("Replay/pause")

    @rule(again=st.booleans())
    def end(self, again):
        first = self.ask("Replay/end")
        assert self.ask("Replay/end") == first
        if again:
            self.start(accountId=self.account)

    @rule()
    def another(self):
        if self.account < 1010:
            self.start()

    @rule(
        path=st.sampled_from(sorted(ENDPOINTS)),
        field=st.integers(0, 12),
        value=ODD,
        dialect=st.sampled_from(["sim", "live"]),
    )
    def odd(self, path, field, value, dialect):
        fields = ENDPOINTS[path].fields
        body = {"contractId": self.contract, "type": 2, "side": 0, "size": 1, "orderId": 1}
        if fields:
            body[fields[field % len(fields)].name] = value
        if path == "Replay/start":
            return
        try:
            self.ask(path, dialect, **body)
        except GatewayError as error:
            raised = error
        else:
            return
        assert raised.status == 400
        assert ": found " in raised.message

    @invariant()
    def money_adds_up(self):
        if not hasattr(self, "gateway"):
            return
        accounts = self.gateway.handle("Account/search")["accounts"]
        for account in accounts:
            rows = self.gateway.handle("Trade/search", {"accountId": account["id"]})["trades"]
            status = self.gateway.handle("Replay/status", {"accountId": account["id"]})
            results = sum(row["profitAndLoss"] or 0 for row in rows) - sum(row["fees"] for row in rows)
            assert account["balance"] == pytest.approx(50_000 + results, abs=1e-6)
            held = sum((1 if row["side"] == OrderSide.BID else -1) * row["size"] for row in rows)
            self.check_position(account["id"], held)
            assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
            if rows and status["status"] != "idle":
                cash = sum((-1 if row["side"] == OrderSide.BID else 1) * row["size"] * row["price"] for row in rows)
                close = self.last_close(account["id"], status)
                worth = (cash + held * close) * 50 - sum(row["fees"] for row in rows)
                assert account["equity"] == pytest.approx(50_000 + worth, abs=1e-6)

    def last_close(self, account, status):
        session = self.gateway.session(account)
        assert status["index"] == session.index
        return session.history[: session.index].close[-1] / 4

    def check_position(self, account, held):
        found = self.gateway.handle("Position/searchOpen", {"accountId": account})["positions"]
        signed = {PositionType.LONG: 1, PositionType.SHORT: -1}
        assert sum(signed[row["type"]] * row["size"] for row in found) == held
        for row in self.gateway.handle("Order/search", {"accountId": account})["orders"]:
            OrderStatus(row["status"])
            OrderSide(row["side"])
            assert OrderType(row["type"]) != OrderType.UNKNOWN
            assert 0 <= row["fillVolume"] <= row["size"]
            assert (row["filledPrice"] is None) is (row["fillVolume"] == 0)


Calls.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCalls = Calls.TestCase
