"""What form a file is in, told from its first lines, and what its name says."""

from __future__ import annotations

import pytest

from barstep.data import guess
from barstep.data.forms import detect
from barstep.domain.errors import DataError


@pytest.mark.parametrize(
    ("lines", "name", "zoned"),
    [
        (["20240508 130000;1;1;1;1;5"], "NinjaTrader", False),
        (["20240508;130000;1;1;1;1;5"], "NinjaTrader", False),
        (["20240508;1;1;1;1;5"], "NinjaTrader", False),
        (["20240508 130000;1;5"], "NinjaTrader ticks", False),
        (["20240508 130000 1230000;1;1;1.25;5"], "NinjaTrader ticks", False),
        (["time,open,high,low,close,Volume", "1715173200,1,1,1,1,5"], "TradingView", True),
        (["time,open,high,low,close", "2024-05-08T08:00:00-05:00,1,1,1,1"], "TradingView", True),
        (["time,open,high,low,close", "2024-05-08T08:00:00,1,1,1,1"], "TradingView", False),
        (["ts_event,rtype,open,high,low,close,volume", "1715173200000000000,33,1,1,1,1,5"], "Databento", True),
        (["ts_event,open,high,low,close,volume", "2024-05-08T13:00:00.000000000Z,1,1,1,1,5"], "Databento", True),
        (["Date, Time, Open, High, Low, Last, Volume", "2024/5/8, 13:00:00, 1, 1, 1, 1, 5"], "Sierra Chart", False),
        (["2024-05-08 13:00:00,1,1,1,1,5"], "FirstRate", False),
        (["2024-05-08 13:00:00,1,1,1,1,5,900"], "FirstRate", False),
        (["t,o,h,l,c,v", "2024-05-08T13:00:00Z,1,1,1,1,5"], "barstep", True),
        (["Datetime,Open,High,Low,Close,Adj Close,Volume", "2024-05-08 13:00:00+00:00,1,1,1,1,1,5"], "CSV", True),
        (["Date\tTime\tOpen\tHigh\tLow\tClose\tVol", "2024.05.08\t13:00\t1\t1\t1\t1\t5"], "CSV", False),
    ],
)
def test_forms(lines: list[str], name: str, zoned: bool) -> None:
    form = detect("x", lines)
    assert (form.name, form.zoned) == (name, zoned)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["t;o;h;l;c", "2024-05-08;1,5;1,5;1,5;1,5"], "the comma may be decimals or thousands"),
        (["open,high,low,close", "1,1,1,1"], "none that is t"),
        (["time,open,high,low,close,volume,vol", "1,1,1,1,1,1,1"], "volume and vol could each be v"),
        (["time,date time,open,high,low,close", "1,1,1,1,1,1"], "could each be t"),
        (["Time,time,open,high,low,close", "1,1,1,1,1,1"], "stands twice"),
        (["Date,Open,High,Low,Close", "05/08/2024 13:00,1,1,1,1"], "day and month are not guessed"),
        (["1,2,3"], "no header line"),
    ],
)
def test_forms_that_are_not_guessed(lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        detect("x.csv", lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("NQ 03-22.Last.txt", ("NQ", "NQH22")),
        ("NQH22-CME.txt", ("NQ", "NQH22")),
        ("MNQZ5", ("MNQ", "MNQZ5")),
        ("CME_MINI_NQ1!, 5.csv", ("NQ", None)),
        ("CME_MINI_DL_MES1!, 5_ab12.csv", ("MES", None)),
        ("ES_1m_2013.csv.gz", ("ES", None)),
        ("NQ=F.csv", ("NQ", None)),
        ("ESH5-ESM5", None),
        ("export.csv", None),
        ("ESTATE.csv", None),
    ],
)
def test_names(text: str, told: object) -> None:
    assert guess(text) == told
