"""A run read a second time: trades, excursions, equity inside bars and days, from its bars and its fills alone.

Plain Python in whole ticks and micro-dollars; nothing of barstep is imported. What it takes from the run's folder: fills (bar,
phase, leg, level, price, size, fees), the outcome kept in ambiguous bars, and the orders' own prices. It books the fills first
in, first out, and follows the price through each bar on the path that R14 and R17 name: a trade sees the prices from its entry
to its exit and no others, and both fills' own prices.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

MICROS = 1_000_000
CHICAGO = ZoneInfo("America/Chicago")
HOLIDAYS = {
    date(2013, 9, 2): date(2013, 9, 3), date(2022, 1, 17): date(2022, 1, 18), date(2025, 5, 26): date(2025, 5, 27),
    date(2025, 6, 19): date(2025, 6, 20), date(2025, 7, 4): date(2025, 7, 7),
}  # fmt: skip
"""Holidays with a short session in the bars used here, and the trade date that it counts for."""


@dataclass
class Market:
    """The contract of one product: bars (start in ns; open, high, low, close in ticks), its tick and what that is worth."""

    product: str
    bars: list[tuple[int, int, int, int, int]]
    seconds: int
    tick: float
    tick_value: int


@dataclass
class Lot:
    fill: dict[str, Any]
    size: int  # signed
    low: int
    high: int


@dataclass
class Round:
    """A closed round trip; money in micro-dollars."""

    entry: dict[str, Any]
    exit: dict[str, Any]
    size: int
    gross: int
    fees: int
    mae: int
    mfe: int
    risk: int
    ambiguous: bool

    @property
    def net(self) -> int:
        return self.gross - self.fees

    @property
    def minutes(self) -> float:
        return (self.exit["time"] - self.entry["time"]) / timedelta(minutes=1)


@dataclass
class EquityBar:
    """The account in one bar: its end in ns, equity at the close and its extremes, contracts held at the end."""

    end: int
    close: int
    low: int
    high: int
    position: int
    day: date


@dataclass
class Book:
    market: Market
    last: int = 0
    cash: int = 0
    fees: int = 0
    position: int = 0
    lots: list[Lot] = field(default_factory=list)

    def worth(self, price: int) -> int:
        return (self.cash + self.position * price) * self.market.tick_value - self.fees


class SecondReading:
    """What a run came to.

    Args:
        folder: The run's.
        markets: What it traded, in the order of its configuration.
        start: Start balance, micro-dollars.
        intrabar: `fills.intrabar` of the run.
        through: `fills.limit_through_ticks` of the run.
    """

    def __init__(self, folder: Path, markets: list[Market], start: int, intrabar: str, through: int = 1) -> None:
        self.start, self.intrabar, self.through = start, intrabar, through
        self.orders = {row["id"]: row for row in pl.read_parquet(folder / "orders.parquet").rows(named=True)}
        self.children = defaultdict(list)
        for row in self.orders.values():
            self.children[row["parent"]].append(row)
        self.fills = pl.read_parquet(folder / "fills.parquet").rows(named=True)
        unsure = pl.read_parquet(folder / "ambiguous.parquet").rows(named=True)
        self.outcomes = unsure
        self.kept = {(product(row), nanos(row["bar_end"])): row["path"][0] for row in unsure if row["chosen"]}
        self.trades: list[Round] = []
        self.bars: list[EquityBar] = []
        self.late: list[tuple[Book, dict[str, Any]]] = []
        self.begin = min(market.bars[0][0] for market in markets)
        self.books = [Book(market) for market in markets]
        waiting = defaultdict(list)
        for fill in self.fills:
            waiting[product(fill), nanos(fill["bar_start"])].append(fill)
        order = sorted((bar[0], n, bar) for n, market in enumerate(markets) for bar in market.bars)
        for opened, n, bar in order:
            self._play(self.books[n], bar, waiting.pop((markets[n].product, opened), []))
        assert not waiting, "every fill lies in a bar"
        self._end()

    def _play(self, book: Book, bar: tuple[int, int, int, int, int], fills: list[dict[str, Any]]) -> None:
        """One bar: from the open along the path to the close, fill by fill."""
        opened, o, h, low, c = bar
        end = opened + book.market.seconds * 10**9
        others = self.start + sum(other.worth(other.last) for other in self.books if other is not book)
        seen: list[int] = []

        def see(*prices: int) -> None:
            for price in prices:
                seen.append(others + book.worth(price))
                for lot in book.lots:
                    lot.low, lot.high = min(lot.low, price), max(lot.high, price)

        path = self._path(book.market.product, end, bar)
        turns = (o, h, low, c) if path == "A" else (o, low, h, c)
        leg, at = 0, o
        see(o)
        for fill in fills:
            if fill["phase"] == "path":
                see(*turns[leg : fill["leg"]])
                if leg != fill["leg"]:
                    leg, at = fill["leg"], turns[fill["leg"] - 1]
                event = self._event(book.market, fill, fills)
                assert (event - at) * (turns[leg] - event) >= 0, f"{fill} is not ahead on leg {leg} of {turns}"
                at = event
            elif fill["phase"] == "end":
                self.late.append((book, fill))
                continue
            elif fill["phase"] != "open":
                see(*turns[leg:])
                leg, at = len(turns), c
            see(at)
            self._book(book, fill)
            see(at)
        see(*turns[leg:])
        book.last = c
        self.bars.append(EquityBar(end, others + book.worth(c), min(seen), max(seen), book.position, trade_date(end)))

    def _end(self) -> None:
        """R25: what was open at the end of all data is closed after its last bar."""
        bar = self.bars[-1]
        for book, fill in self.late:
            self._book(book, fill)
            bar.close = self.start + sum(each.worth(each.last) for each in self.books)
            bar.low, bar.high = min(bar.low, bar.close), max(bar.high, bar.close)
        bar.position = bar.position if not self.late else 0

    def _path(self, product: str, end: int, bar: tuple[int, int, int, int, int]) -> str:
        """R17: the outcome kept where the bar is ambiguous, else the nearest extreme; or what the option says."""
        _, o, h, low, _ = bar
        fixed = {"ohlc": "A", "olhc": "B"}.get(self.intrabar)
        return fixed or self.kept.get((product, end)) or ("A" if h - o < o - low else "B")

    def _event(self, market: Market, fill: dict[str, Any], fills: list[dict[str, Any]]) -> int:
        """Where the price stood when a fill in the path happened (R7-R10, R15-R17b, R19)."""
        order, sign = self.orders[fill["order_id"]], 1 if fill["side"] == "buy" else -1
        level = fill["level_ticks"]
        if fill["rule"] == "R17b":
            target = next(child for child in self.children[order["parent"]] if child["kind"] == "limit")
            return round(first_price(target, "limit") / market.tick) - sign * self.through
        rests = fill["rule"] == "R9" and level != round(order["stop"] / market.tick)
        event = level - sign * self.through if fill["rule"] in ("R7", "R11") or rests else level
        parent = next((f for f in fills if f["order_id"] == order["parent"] and f["phase"] == "path"), None)
        if parent is not None and parent["leg"] == fill["leg"]:
            born_at = self._event(market, parent, fills)
            needs = -sign if order["kind"] == "limit" else sign
            if needs * (born_at - event) >= 0:  # R13, R16: already true where it was born
                return born_at
        return event

    def _book(self, book: Book, fill: dict[str, Any]) -> None:
        """R20: close lots first in, first out, then open the rest."""
        price, left = fill["price_ticks"], fill["size"] if fill["side"] == "buy" else -fill["size"]
        book.cash -= left * price
        book.position += left
        book.fees += round(fill["fees"] * MICROS)
        while left and book.lots and book.lots[0].size * left < 0:
            lot = book.lots[0]
            way, size = (1 if lot.size > 0 else -1), min(abs(left), abs(lot.size))
            paid, value = lot.fill["price_ticks"], size * book.market.tick_value
            moves = [way * (seen - paid) for seen in (lot.low, lot.high, price)]
            fees = sum(round(each["fees"] * MICROS) * size // each["size"] for each in (lot.fill, fill))
            self.trades.append(
                Round(
                    lot.fill, fill, size, way * (price - paid) * value, fees, min(0, *moves) * value,
                    max(0, *moves) * value, self._risk(book.market, lot.fill) * value, self._hung(lot.fill) or self._hung(fill),
                )
            )  # fmt: skip
            lot.size -= way * size
            left += way * size
            if not lot.size:
                book.lots.pop(0)
        if left:
            book.lots.append(Lot(fill, left, price, price))

    def _hung(self, fill: dict[str, Any]) -> bool:
        """R17: whether a fill lies in the path of an ambiguous bar."""
        return fill["phase"] == "path" and (product(fill), nanos(fill["bar_end"])) in self.kept

    def _risk(self, market: Market, entry: dict[str, Any]) -> int:
        """Ticks from an entry to the stop among its children, 0 where it has none ahead of it."""
        for order in self.children[entry["order_id"]]:
            if order["kind"] == "trailing_stop":
                return int(first_price(order, "trail_ticks"))
            if order["kind"] == "stop":
                away = entry["price_ticks"] - round(first_price(order, "stop") / market.tick)
                return max(0, away if entry["side"] == "buy" else -away)
        return 0


def first_price(order: dict[str, Any], what: str) -> float:
    """What an order was born with: its stored price is the one it ended with."""
    changes = json.loads(order["changes"]) if order["changes"] else []
    return next((each["before"] for each in changes if each["what"] == what), order[what])


def product(row: dict[str, Any]) -> str:
    """`ENQ` of `CON.F.US.ENQ.H22`."""
    return str(row["contract"]).split(".")[3]


def nanos(when: datetime) -> int:
    """UTC nanoseconds of a moment of whole seconds."""
    return int(when.timestamp()) * 10**9


def trade_date(end: int) -> date:
    """The exchange's date of a bar by its end: a day opens at 17:00 in Chicago."""
    local = datetime.fromtimestamp(end // 10**9, CHICAGO) - timedelta(seconds=1)
    found = (local.replace(tzinfo=None) + timedelta(hours=7)).date()
    return HOLIDAYS.get(found, found)


def market(bars: pl.DataFrame, product: str, tick: float, tick_value: float, seconds: int) -> Market:
    """A market of bars with the columns t (start), o, h, l, c."""
    stamps = bars["t"].dt.epoch("ns").to_list()
    prices = ((bars[key] / tick).round().cast(pl.Int64).to_list() for key in "ohlc")
    return Market(product, list(zip(stamps, *prices, strict=True)), seconds, tick, round(tick_value * MICROS))
