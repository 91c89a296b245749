"""backtrader with the same rules, on bars that are ready as a DataFrame."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import backtrader as bt

from benchmarks.work import BRACKET, CASH, FAST, FEE, POINT, SLOW, TICK, Answer, frame

if TYPE_CHECKING:
    from benchmarks.work import Series


class Counted(bt.Strategy):
    contracts = 0

    def notify_order(self, order: bt.Order) -> None:
        if order.status == order.Completed:
            self.contracts += abs(int(order.executed.size))


class Noop(Counted):
    def next(self) -> None: ...


class Sma(Counted):
    def __init__(self) -> None:
        self.quick, self.steady = (bt.ind.SMA(period=n) for n in (FAST, SLOW))

    def next(self) -> None:
        quick, steady = self.quick[0], self.steady[0]
        if quick != steady:
            self.order_target_size(target=1 if quick > steady else -1)


class Orders(Counted):
    def __init__(self) -> None:
        self.side, self.entry = -1, None

    def next(self) -> None:
        if self.position.size:
            return
        if self.entry is not None and self.entry.alive():
            self.cancel(self.entry)
        self.side = -self.side
        price = self.data.close[0] - self.side * TICK
        send = self.buy_bracket if self.side > 0 else self.sell_bracket
        gap = self.side * BRACKET * TICK
        self.entry = send(size=1, price=price, stopprice=price - gap, limitprice=price + gap)[0]


def run(work: str, bars: Series, variant: str = "") -> Answer:
    """One run, the feed's reading of the frame included: backtrader reads it bar by bar."""
    del variant
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(bars)))
    cerebro.addstrategy({"noop": Noop, "sma": Sma, "orders": Orders}[work])
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=FEE, margin=1.0, mult=POINT)
    start = time.perf_counter()
    (strategy,) = cerebro.run()
    seconds = time.perf_counter() - start
    return Answer(seconds, strategy.contracts, cerebro.broker.getvalue() - CASH)
