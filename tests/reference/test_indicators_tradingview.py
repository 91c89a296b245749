"""Indicator values as TradingView drew them on real bars, every row that has one.

The data has no license to ship, so it lives beside the checkout and the tests skip where it is absent.
"""

import numpy as np
import polars as pl
import pytest

from barstep.data import SessionTable, session_hours
from barstep.domain.bar import BarColumns
from barstep.indicators import EMA, SMA, Bollinger, SessionVWAP

TICK = (1, 4)  # NQ and ES
NAMES = ["NQ_1m_2022-01-16_2022-01-28", "NQ_5m_2021-12-05_2022-01-28", "ES_5m_2021-12-05_2022-01-28"]


def session_starts(start: np.ndarray) -> np.ndarray:
    """True on the first bar of each trading day of the equity index session, whose holidays run on into the next day."""
    _, index, inside = SessionTable(session_hours("equity_index")).locate(start)
    assert inside.all()
    return np.diff(index, prepend=-1) != 0


@pytest.fixture(scope="module", params=NAMES)
def series(request, shared):
    """Bars as columns, session starts, and TradingView's values by column name."""
    bars, drawn = shared(f"{request.param}.parquet"), shared(f"reference/tv_{request.param}.parquet")
    frame, reference = pl.read_parquet(bars), pl.read_parquet(drawn)
    assert frame["t"].equals(reference["t"])
    start = frame["t"].dt.epoch("ns").to_numpy()
    ticks = {
        name: np.rint(frame[short].to_numpy() * TICK[1] / TICK[0]).astype(np.int64)
        for name, short in (("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"))
    }
    columns = BarColumns(start_ns=start, end_ns=start + 1, volume=frame["v"].to_numpy(), **ticks)
    values = {name: reference[name].to_numpy() for name in reference.columns if name != "t"}
    return columns, session_starts(start), values


def replay(indicator, columns, new, *names):
    """Attributes after each bar, by `update`: one array per name."""
    indicator.bind(*TICK)
    rows = []
    for row in zip(
        columns.open.tolist(),
        columns.high.tolist(),
        columns.low.tolist(),
        columns.close.tolist(),
        columns.volume.tolist(),
        new.tolist(),
        strict=True,
    ):
        indicator.update(*row)
        rows.append([getattr(indicator, name) for name in names])
    return np.array(rows).T


def agree(found, drawn):
    """Within 1e-6 wherever TradingView drew a value, and NaN where it drew none."""
    assert np.array_equal(np.isnan(found), np.isnan(drawn))
    assert np.nanmax(np.abs(found - drawn)) < 1e-6


@pytest.mark.parametrize(
    ("name", "indicator"),
    [
        ("ema5", EMA(5)),
        ("ema10", EMA(10)),
        ("ema60", EMA(60)),
        ("bb20_mid", SMA(20)),
        ("vol_sma20", SMA(20, source="volume")),
        ("vwap", SessionVWAP()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_line(series, name, indicator):
    columns, new, drawn = series
    (found,) = replay(indicator, columns, new, "value")
    agree(found, drawn[name])
    assert found.tobytes() == indicator.compute(columns, *TICK, new).tobytes()


@pytest.mark.parametrize("k", [2, 3])
def test_bollinger(series, k):
    columns, new, drawn = series
    names = ("middle", "upper", "lower")
    found = replay(Bollinger(20, k), columns, new, *names)
    array_form = Bollinger(20, k).compute_lines(columns, *TICK, new)
    for line, expected, array_line in zip(found, ("bb20_mid", f"bb20_{k}_up", f"bb20_{k}_lo"), array_form, strict=True):
        agree(line, drawn[expected])
        assert line.tobytes() == array_line.tobytes()


def test_the_holiday_runs_on(series):
    """A VWAP that starts anew on the evening of 2022-01-17 is not TradingView's."""
    columns, new, drawn = series
    evening = np.datetime64("2022-01-17T23:00", "ns").astype(np.int64)
    (row,) = np.flatnonzero(columns.start_ns == evening)
    assert not new[row]
    wrong = new.copy()
    wrong[row] = True
    assert np.abs(replay(SessionVWAP(), columns, wrong, "value")[0] - drawn["vwap"])[row] > 0.5
