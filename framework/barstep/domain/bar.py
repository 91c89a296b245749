"""Bars and timeframes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from barstep.domain.instrument import Contract
from barstep.domain.session import NS, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

DAY_SECONDS = 86_400
"""Seconds of the timeframe 1D, which is a trading day however long that is."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "D": DAY_SECONDS}


@dataclass(frozen=True, slots=True)
class Timeframe:
    """The length of a bar, written as the gateway writes it: `1s 5s 1m 15m 1h 4h 1D`."""

    text: str
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """Read `15m`; a ValueError says what is allowed."""
        match = re.fullmatch(r"([1-9]\d*)([smhD])", text)
        if not match:
            raise ValueError("a number and one of s, m, h, D, such as 1m or 15m")
        return cls(text, int(match[1]) * _UNITS[match[2]])

    @property
    def ns(self) -> int:
        """Length in nanoseconds."""
        return self.seconds * NS

    def makes(self, longer: Timeframe) -> bool:
        """Whether bars of a longer timeframe, a day at most, can be made of bars of this one."""
        return self.seconds < longer.seconds <= DAY_SECONDS and not longer.seconds % self.seconds


@dataclass(frozen=True, slots=True)
class Feed:
    """What all bars of one stream share: the contract, the timeframe and the zone times are shown in."""

    contract: Contract
    timeframe: Timeframe
    zone: ZoneInfo


class Bar(Struct, gc=False, eq=False):
    """One completed bar: prices are floats on the tick grid, `volume` is in contracts.

    `start` and `end` are aware datetimes in the exchange's zone, made when asked for; the bar covers [start, end).
    `index` counts the contract's bars from 0.
    """

    open: float
    high: float
    low: float
    close: float
    volume: int
    start_ns: int
    end_ns: int
    index: int
    feed: Feed

    @property
    def contract(self) -> Contract:
        """The contract that traded."""
        return self.feed.contract

    @property
    def timeframe(self) -> str:
        """The bar's length, such as `1m`."""
        return self.feed.timeframe.text

    @property
    def start(self) -> datetime:
        """When the bar opened."""
        return to_datetime(self.start_ns, self.feed.zone)

    @property
    def end(self) -> datetime:
        """When the bar was complete."""
        return to_datetime(self.end_ns, self.feed.zone)

    def __repr__(self) -> str:
        ohlc = f"{self.open} {self.high} {self.low} {self.close}"
        return f"Bar({self.contract.name} {self.start:%Y-%m-%d %H:%M:%S} {ohlc} v={self.volume})"


@dataclass(slots=True)
class BarColumns:
    """A chunk of bars as columns of equal length, all int64; prices in whole ticks, times in UTC nanoseconds.

    `first` is the index of the chunk's first bar in its stream.
    """

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    open: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    close: NDArray[np.int64]
    volume: NDArray[np.int64]
    first: int = 0

    def __len__(self) -> int:
        return len(self.start_ns)

    def __getitem__(self, rows: slice) -> BarColumns:
        """The same columns cut to a range of rows (views, no copy); `first` moves with the cut."""
        start = rows.indices(len(self))[0]
        return BarColumns(
            self.start_ns[rows], self.end_ns[rows], self.open[rows], self.high[rows], self.low[rows],
            self.close[rows], self.volume[rows], self.first + start,
        )  # fmt: skip

    def followed_by(self, later: BarColumns) -> BarColumns:
        """These bars and later ones of the same stream in one piece."""
        join = np.concatenate
        return BarColumns(
            join((self.start_ns, later.start_ns)), join((self.end_ns, later.end_ns)), join((self.open, later.open)),
            join((self.high, later.high)), join((self.low, later.low)), join((self.close, later.close)),
            join((self.volume, later.volume)), self.first,
        )  # fmt: skip


def view(column: NDArray[Any]) -> Sequence[Any]:
    """A column that gives plain ints or floats one by one, with no list of them all."""
    return memoryview(column)  # type: ignore[arg-type]


class BarStream:
    """Bars of one contract in time order, readable once per call of `chunks`.

    Attributes:
        feed: Contract, timeframe and zone.
        volume_known: False when the volume column says nothing (R5): every bar then counts as tradable.
        source: Where the bars come from, for the manifest: kind, path, sha256 and the like.
        warnings: What a user should know about the data.
    """

    feed: Feed
    volume_known: bool
    source: dict[str, object]
    warnings: list[str]

    def chunks(self) -> Iterator[BarColumns]:
        """Yield the bars in chunks of bounded size, checked against R1."""
        raise NotImplementedError

    def count(self) -> int | None:
        """How many bars there will be, or None when that is not known cheaply."""
        raise NotImplementedError
