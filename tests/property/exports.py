"""Bars as text, in the forms that programs export."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import polars as pl

Lines = list[str]


class Written(NamedTuple):
    """A clean file as text: a header or none, lines, and how to change a line's price."""

    form: str
    name: str
    header: str
    lines: Lines
    separator: str


def times(bars: pl.DataFrame, form: str, zone: str = "UTC", minutes: int = 0) -> list[str]:
    moved = (bars["t"] + timedelta(minutes=minutes)).dt.convert_time_zone(zone)
    return moved.dt.strftime(form).to_list()


def write(form: str, bars: pl.DataFrame) -> Written:
    """The bars (5 minutes, `t` their start) as a program would export them."""
    o, h, l, c = (bars[key].to_list() for key in "ohlc")  # noqa: E741
    v = bars["v"].to_list()
    values = list(zip(o, h, l, c, v, strict=True))
    if form == "barstep":
        stamps = times(bars, "%Y-%m-%dT%H:%M:%SZ")
        return Written(form, "NQ.csv", "t,o,h,l,c,v", _rows(stamps, values, ","), ",")
    if form == "NinjaTrader":
        stamps = times(bars, "%Y%m%d %H%M%S", minutes=5)
        return Written(form, "NQ 03-22.Last.txt", "", _rows(stamps, values, ";"), ";")
    if form == "TradingView":
        stamps = times(bars, "%Y-%m-%dT%H:%M:%S%:z", "America/Chicago")
        return Written(form, "CME_MINI_NQ1!, 5.csv", "time,open,high,low,close,Volume", _rows(stamps, values, ","), ",")
    if form == "Databento":
        stamps = [f"{when},1,3522" for when in bars["t"].dt.epoch("ns").to_list()]
        fixed = [(*(round(price * 10**9) for price in row[:4]), row[4]) for row in values]
        header = "ts_event,publisher_id,instrument_id,open,high,low,close,volume"
        return Written(form, "NQ.databento.csv", header, _rows(stamps, fixed, ","), ",")
    if form == "Sierra":
        stamps = times(bars, "%Y/%-m/%-d, %H:%M:%S", "America/New_York")
        header = "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades"
        return Written(form, "NQH22-CME.txt", header, [f"{row}, 7" for row in _rows(stamps, values, ", ")], ", ")
    stamps = times(bars, "%Y-%m-%d %H:%M:%S", "America/New_York")
    return Written("FirstRate", "NQ_5min.txt", "", _rows(stamps, values, ","), ",")


FORMS = ("barstep", "NinjaTrader", "TradingView", "Databento", "Sierra", "FirstRate")


def _rows(stamps: list[str], values: list[tuple[float, ...]], separator: str) -> Lines:
    return [separator.join([stamp, *(f"{value:.10g}" if isinstance(value, float) else str(value) for value in row)])
            for stamp, row in zip(stamps, values, strict=True)]  # fmt: skip
