"""backtesting.py with the same rules, on bars that are ready as a DataFrame."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.work import BRACKET, CASH, FAST, FEE, POINT, SLOW, TICK, Answer, frame

if TYPE_CHECKING:
    from benchmarks.work import Series

warnings.simplefilter("ignore")
from backtesting import Backtest, Strategy  # noqa: E402 - it warns when imported outside a notebook


def _mean(values: Any, n: int) -> Any:
    return pd.Series(values).rolling(n).mean()


class Noop(Strategy):
    def init(self) -> None: ...
    def next(self) -> None: ...


class Sma(Strategy):
    def init(self) -> None:
        self.quick, self.steady = (self.I(_mean, self.data.Close, n) for n in (FAST, SLOW))

    def next(self) -> None:
        quick, steady = self.quick[-1], self.steady[-1]
        if quick > steady and not self.position.is_long:
            self.position.close()
            self.buy(size=1)
        elif quick < steady and not self.position.is_short:
            self.position.close()
            self.sell(size=1)


class Orders(Strategy):
    def init(self) -> None:
        self.side = -1

    def next(self) -> None:
        if self.position:
            return
        for order in self.orders:
            order.cancel()
        self.side = -self.side
        price = self.data.Close[-1] - self.side * TICK
        send = self.buy if self.side > 0 else self.sell
        gap = self.side * BRACKET * TICK
        send(size=1, limit=price, sl=price - gap, tp=price + gap)


def run(work: str, bars: Series, variant: str = "") -> Answer:
    """One run. Its money is in points: a contract is one unit of the price."""
    del variant
    rule = {"noop": Noop, "sma": Sma, "orders": Orders}[work]
    table = frame(bars)
    start = time.perf_counter()
    result = Backtest(table, rule, cash=CASH, commission=(FEE / POINT, 0)).run()
    seconds = time.perf_counter() - start
    contracts = 2 * int(result["# Trades"]) + len(result["_strategy"].trades)
    return Answer(seconds, contracts, (result["Equity Final [$]"] - CASH) * POINT)
