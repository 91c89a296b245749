"""What a strategy reads of its declared indicators is the array form's value of the bar at hand, and no later one's."""

from __future__ import annotations

import json
from datetime import date
from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest

import barstep
from barstep import indicators
from barstep.data import SessionTable, SyntheticStream, Windows, front_contract, instrument, session_hours
from barstep.domain.bar import BarColumns, Timeframe

BARS = 9_000  # more than two chunks computed ahead
KINDS = [
    'SMA(10)', 'EMA(20)', 'RMA(14)', 'RSI(14)', 'RSI(5, "simple")', 'ATR(14)', 'StdDev(20)', 'Highest(20)',
    'Lowest(9, exclude_current=True)', 'LinearRegressionSlope(14)', 'SMA(30, "volume")', 'SessionVWAP()',
    'Bollinger(20)', 'Keltner(20)', 'Donchian(20)', 'MACD()', 'Cross(SMA(10), SMA(30))', 'Above(RSI(14), 55)',
    'Cross(EMA(5), SessionVWAP())',
]  # fmt: skip
if find_spec("talib"):
    KINDS += ['TA("RSI")', 'TA("BBANDS", output="upperband")', 'Cross(TA("ADX"), 25)']
WATCHER = f"""\
import json

from barstep import Strategy, hookimpl
from barstep.indicators import *

KINDS = {KINDS!r}


class Watcher(Strategy):
    @hookimpl
    def on_start(self, ctx):
        self.own = [ctx.indicator(eval(kind)) for kind in KINDS]
        self.longer = [ctx.indicator(eval(kind), timeframe="15m") for kind in KINDS]

    @hookimpl
    def on_session_start(self, session, ctx):
        ctx.note("session " + repr([x.value for x in self.own]))

    @hookimpl
    def on_bar(self, bar, ctx):
        ctx.note("bar " + repr([x.value for x in self.own]))
        ctx.note("lines " + repr([[getattr(x, name) for name in x.lines] for x in self.own if x.lines]))
        ctx.note("longer " + repr([x.value for x in self.longer]))
"""


def made(kind: str) -> indicators.Indicator:
    return eval(kind, vars(indicators))  # noqa: S307 - the list above


@pytest.fixture(scope="module")
def columns() -> BarColumns:
    contract = front_contract(instrument("ES"), date(2020, 1, 2))
    stream = SyntheticStream(contract, Timeframe.parse("1m"), seed=7, start=date(2020, 1, 2), bars=BARS)
    first, *rest = stream.chunks()
    for chunk in rest:
        first = first.followed_by(chunk)
    return first


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, list[float]]]:
    """What the watcher wrote: the kind of line, and the values it read."""
    folder = tmp_path_factory.mktemp("declared")
    (folder / "watcher.py").write_text(WATCHER)
    source = {"kind": "synthetic", "seed": 7, "bars": BARS}
    run = {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "also": ["15m"], "source": source},
        "strategies": [{"use": str(folder / "watcher.py")}],
    }
    barstep.run(run, out=folder / "run")
    lines = pl.read_parquet(folder / "run" / "notes.parquet")["text"]
    return [(line.split()[0], numbers(line)) for line in lines]


def numbers(line: str) -> list[float]:
    return json.loads(line.split(" ", 1)[1].replace("nan", "NaN"))


def bits(values: np.ndarray) -> bytes:
    return np.where(np.isnan(values), np.nan, values).tobytes()


def session_starts(columns: BarColumns) -> np.ndarray:
    _, index, _ = SessionTable(session_hours("equity_index")).locate(columns.start_ns)
    return np.diff(index, prepend=-1) != 0


def test_each_bar_has_its_own_value_bit_for_bit(columns, read):
    found = np.array([values for kind, values in read if kind == "bar"])
    new = session_starts(columns)
    assert len(found) == BARS
    assert new.sum() > 3
    for place, kind in enumerate(KINDS):
        assert bits(found[:, place]) == bits(made(kind).compute(columns, 1, 4, new)), kind


def test_each_bar_has_its_own_lines_bit_for_bit(columns, read):
    found = np.array([values for kind, values in read if kind == "lines"])
    new = session_starts(columns)
    several = [each for each in map(made, KINDS) if each.lines]
    assert found.shape == (BARS, 4, 3)
    for place, each in enumerate(several):
        for line, expected in zip(found[:, place].T, each.compute_lines(columns, 1, 4, new), strict=True):
            assert bits(line) == bits(expected)


def test_at_a_session_start_the_values_are_those_of_the_bar_before(read):
    before, sessions = None, 0
    for kind, values in read:
        if kind == "session" and before is not None:
            sessions += 1
            assert repr(values) == repr(before)
        if kind == "bar":
            before = values
    assert sessions > 3


def test_a_longer_timeframe_has_the_values_of_its_complete_bars(columns, read):
    table = SessionTable(session_hours("equity_index"))
    windows = Windows(table, Timeframe.parse("15m"))
    ends = np.array([windows.at(start)[1] for start in columns.start_ns.tolist()])
    last = np.flatnonzero(np.diff(ends, append=-1))  # the last minute of each longer bar
    first = np.concatenate(([0], last[:-1] + 1))
    edges = list(zip(first.tolist(), (last + 1).tolist(), strict=True))
    longer = BarColumns(
        columns.start_ns[first], ends[last], columns.open[first], np.array([columns.high[a:b].max() for a, b in edges]),
        np.array([columns.low[a:b].min() for a, b in edges]), columns.close[last],
        np.array([columns.volume[a:b].sum() for a, b in edges]),
    )  # fmt: skip
    new = session_starts(columns)[first]
    assert (columns.end_ns[last] == ends[last]).all(), "no holes: each longer bar is complete at its last minute"
    rows = np.searchsorted(last, np.arange(BARS), side="right") - 1
    found = np.array([values for kind, values in read if kind == "longer"])
    for place, kind in enumerate(KINDS):
        values = made(kind).compute(longer, 1, 4, new)
        none = 0.0 if kind.startswith(("Cross", "Above")) else np.nan
        expected = np.where(rows >= 0, values[rows], none)
        assert bits(found[:, place]) == bits(expected), kind


HEARER = """\
from barstep import Strategy, hookimpl
from barstep.indicators import SMA


class Hearer(Strategy):
    @hookimpl
    def on_start(self, ctx):
        self.means = [ctx.indicator(SMA(length)) for length in range(2, 2 + MEANS)]

    @hookimpl
    def on_fill(self, fill, ctx):
        ctx.note(f"fill {fill.bar_index} {[mean.value for mean in self.means]}")

    @hookimpl
    def on_bar(self, bar, ctx):
        ctx.note(f"bar {bar.index} {[mean.value for mean in self.means]}")
        ctx.set_position(1 if bar.index % 4 < 2 else -1)
"""


@pytest.mark.parametrize("means", [0, 1, 2, 3])
def test_a_fill_finds_the_values_of_its_own_bar(tmp_path, means):
    (tmp_path / "hearer.py").write_text(HEARER.replace("MEANS", str(means)))
    barstep.run(
        {
            "version": 1,
            "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 3, "bars": 3000}},
            "strategies": [{"use": str(tmp_path / "hearer.py")}],
        },
        out=tmp_path / "run",
    )
    lines = pl.read_parquet(tmp_path / "run" / "notes.parquet")["text"].to_list()
    told = {kind: dict(line.split(" ", 2)[1:] for line in lines if line.startswith(kind)) for kind in ("bar", "fill")}
    assert len(told["fill"]) > 1400
    assert told["fill"] == {bar: told["bar"][bar] for bar in told["fill"]}
