"""The books of a run, kept a second time: from `fills.parquet` alone, in whole ticks and micro-dollars (R20)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import polars as pl

MICROS = 1_000_000


@dataclass(frozen=True)
class Terms:
    """What a second book-keeper has to know of the contract and the account, money in micro-dollars."""

    tick_value: int
    fee: int
    start: int


def fills_of(folder: Path) -> list[tuple[int, int, int, int]]:
    """(bar, signed size, price in ticks, bar end in ns) of each fill, in order."""
    table = pl.read_parquet(folder / "fills.parquet").with_columns(
        pl.when(pl.col("side") == "buy").then(pl.col("size")).otherwise(-pl.col("size")).alias("signed"),
        pl.col("bar_end").dt.epoch("ns").alias("end"),
    )
    return table.select("bar_index", "signed", "price_ticks", "end").rows()


def recompute(fills, closes: dict[int, int], terms: Terms) -> dict[int, tuple[int, int]]:
    """Balance and equity after each bar with a fill, by bar end in ns.

    The balance comes from first-in-first-out lots, the equity from the cash flow: two ways that share nothing.
    """
    lots: deque[list[int]] = deque()
    cash = position = realised = fees = 0
    books = {}
    for _, signed, price, end in fills:
        cash -= signed * price
        position += signed
        fees += abs(signed) * terms.fee
        left = signed
        while left and lots and (lots[0][0] > 0) != (left > 0):
            lot = lots[0]
            part = min(abs(left), abs(lot[0])) * (1 if lot[0] > 0 else -1)
            realised += part * (price - lot[1])
            lot[0] -= part
            left += part
            if not lot[0]:
                lots.popleft()
        if left:
            lots.append([left, price])
        balance = terms.start + realised * terms.tick_value - fees
        equity = terms.start + (cash + position * closes[end]) * terms.tick_value - fees
        books[end] = (balance, equity)
    return books


def kept(folder: Path) -> dict[int, tuple[int, int]]:
    """Balance and equity that the run itself wrote, by bar end in ns."""
    table = pl.read_parquet(folder / "equity.parquet").select(
        pl.col("time").dt.epoch("ns"),
        *((pl.col(name) * MICROS).round().cast(pl.Int64) for name in ("balance", "equity")),
    )
    return {time: (balance, equity) for time, balance, equity in table.iter_rows()}


def differences(folder: Path, fills, closes: dict[int, int], terms: Terms) -> list[int]:
    """Ends of the bars with a fill on which the run's books and the second ones differ."""
    written = kept(folder)
    return [end for end, both in recompute(fills, closes, terms).items() if written[end] != both]


def closes_in_ticks(bars: pl.DataFrame, tick: float, seconds: int) -> dict[int, int]:
    """Closes by bar end in ns; `bars` has the columns t (open-stamped) and c."""
    ends = bars["t"].dt.epoch("ns") + seconds * 1_000_000_000
    return dict(zip(ends.to_list(), (bars["c"] / tick).round().cast(pl.Int64).to_list(), strict=True))
