"""Data sources of one's own, through run files."""

from __future__ import annotations

import json

import pytest

from barstep import ConfigError, DataError, PluginError

SOURCE = '''
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from barstep import DataError, DataSource, option


class Walk(DataSource):
    """A walk of one tick up each minute."""

    stamp = "open"
    bars_: int = 0
    count: int = option(30, ge=1, help="bars")
    form: str = "arrays"
    fault: str = ""
    late: int = option(0, help="seconds after the start")

    def bars(self, contract, timeframe, start, end):
        assert (contract.name, timeframe) == ("ESH4", "1m"), (contract, timeframe)
        first = int(start.timestamp()) + self.late
        for a in range(0, self.count, 7):
            n = np.arange(a, min(a + 7, self.count))
            yield self.chunk(first + 60 * n, n)

    def chunk(self, t, n):
        price = 5000 + n * 0.25
        columns = {"t": t * 10**9, "o": price, "h": price + 0.5, "l": price - 0.5, "c": price + 0.25, "v": n + 1}
        if self.form == "seconds":
            columns["t"] = t
        if self.form == "datetime64":
            columns["t"] = t.astype("datetime64[s]")
        if self.form == "text":
            columns["t"] = [datetime.utcfromtimestamp(int(s)).isoformat() + "Z" for s in t]
        if self.form == "lists":
            columns = {key: list(map(float, column)) if key != "t" else column.tolist() for key, column in columns.items()}
        if self.fault == "order" and n[0] == 7:
            columns["t"] = columns["t"][::-1]
        if self.fault == "grid" and n[0] == 7:
            columns["h"] = price + 0.6
        if self.fault == "null" and n[0] == 7:
            columns["c"] = [None, *columns["c"][1:]]
        if self.fault == "column":
            del columns["h"]
        if self.fault == "shape":
            return [1, 2, 3]
        if self.fault == "raise" and n[0] == 7:
            raise KeyError("no such table")
        if self.fault == "told":
            raise DataError("the archive has no bars of ESH4. Ask for another contract")
        if self.fault == "other":
            self.bars_ += 1
            columns["v"] = columns["v"] + self.bars_
        if self.form == "polars":
            return pl.DataFrame(columns)
        if self.form == "lazy":
            return pl.LazyFrame(columns)
        return columns
'''

RUN = {
    "version": 1,
    "data": {"instrument": "ES", "timeframe": "1m", "source": {"use": "walk"}, "start": "2024-01-03"},
    "strategies": [{"use": "buyer"}],
}
BUYER = """
from barstep import Strategy, hookimpl

class Buyer(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index in (3, 9):
            ctx.set_position(1 if bar.index == 3 else -1)
"""


@pytest.fixture
def desk(barstep_workspace):
    barstep_workspace.write("plugins/walk.py", SOURCE)
    barstep_workspace.write("strategies/buyer.py", BUYER)
    return barstep_workspace


def walked(**options):
    return {**RUN, "data": {**RUN["data"], "source": {"use": "walk", "options": options}}}


def test_a_source_is_played_as_a_file_of_the_same_bars_is(desk):
    rows = [
        f"{1704236400 + 60 * n},{5000 + n / 4},{5000.5 + n / 4},{4999.5 + n / 4},{5000.25 + n / 4},{n + 1}"
        for n in range(30)
    ]
    desk.write("bars.csv", "\n".join(["t,o,h,l,c,v", *rows]) + "\n")
    here = desk.run(RUN)
    there = desk.run({**RUN, "data": {**RUN["data"], "source": "bars.csv"}})
    assert (here.digest, here.bars, here.start, here.warnings) == (there.digest, 30, there.start, there.warnings)
    source = json.loads((here.folder / "manifest.json").read_text())["data"][0]
    assert {key: source[key] for key in ("kind", "use", "rows", "stamp")} == {
        "kind": "plugin", "use": "walk", "rows": 30, "stamp": "open",
    }  # fmt: skip
    assert len(source["sha256"]) == 64
    assert desk.run(RUN, "data.source.options.count=31").bars == desk.run(RUN, "walk.count=31").bars == 31


@pytest.mark.parametrize("form", ["seconds", "datetime64", "text", "lists", "polars", "lazy"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_form_gives_the_same_run(desk, form):
    usual = desk.run(RUN)
    if form == "datetime64":
        with pytest.raises(DataError, match=r"walk, chunk 1: times such as .* carry no zone"):
            desk.run(walked(form=form))
        text = SOURCE.replace('stamp = "open"', 'stamp = "open"\n    zone = "UTC"')
        desk.write("plugins/walk.py", text)
    assert desk.run(walked(form=form)).digest == usual.digest


def test_stamps_at_the_close(desk):
    desk.write(
        "plugins/walk.py", SOURCE.replace('stamp = "open"', 'stamp = "close"').replace("60 * n, n", "60 * n + 60, n")
    )
    assert desk.run(RUN).start == "2024-01-02T17:00:00-06:00"


def test_bounds_cut_and_an_empty_range_is_refused(desk):
    cut = desk.run({**RUN, "data": {**RUN["data"], "start": "2024-01-02T23:00:00Z", "end": "2024-01-02T23:10:00Z"}})
    assert cut.bars == 10
    with pytest.raises(ConfigError, match=r"data.start: walk: it brought no bars between start and end"):
        desk.run(walked(late=864_000) | {"data": walked(late=864_000)["data"] | {"end": "2024-01-03"}})


def test_resampling_gives_a_source_the_shorter_timeframe(desk):
    result = desk.run({**RUN, "data": {**RUN["data"], "timeframe": "5m", "resample": "1m"}})
    assert (result.bars, result.timeframe) == (6, "5m")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("order", r"data.source: walk, chunk 2, row 2, 2024-01-02T23:12:00Z .*: its time is not after the bar before"),
        ("grid", r"walk, chunk 2, row 1, .*: h 5002.35 lies between two ticks of ES"),
        ("null", r"walk, chunk 2, row 1, 2024-01-02T23:07:00Z: column c is empty or cannot be read \(R1\)"),
        ("column", r"walk, chunk 1: missing columns h; it has t, o, l, c, v. Yield frames"),
        (
            "shape",
            r"walk, chunk 1: it is a list. Yield frames, or mappings of arrays, with the columns t, o, h, l, c and v",
        ),
        ("told", r"data.source: the archive has no bars of ESH4"),
        ("other", r"walk: it brought other bars the second time"),
    ],
)
def test_bars_are_checked_as_a_files_are(desk, fault, told):
    with pytest.raises(DataError, match=told):
        desk.run(walked(fault=fault))


def test_what_a_source_raises_names_plugin_and_function(desk):
    with pytest.raises(
        PluginError, match=r"plugin walk, function bars at .*walk.py:\d+, while its bars are read: KeyError"
    ):
        desk.run(walked(fault="raise"))


def test_a_source_needs_a_start_or_a_contract(desk):
    data = {key: value for key, value in RUN["data"].items() if key != "start"}
    with pytest.raises(
        ConfigError, match=r"data.source: got no start and no contract, expected one of the two beside it"
    ):
        desk.run({**RUN, "data": data})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            {"use": "wolk"},
            r"data.source.use: got 'wolk', expected .* one of the data sources; did you mean walk\?",
        ),
        (
            {"use": "walk", "options": {"cuont": 3}},
            r"data.source.options.cuont: .* option of walk cuont.*did you mean count\?",
        ),
        ({"use": "walk", "options": {"count": 0}}, r"data.source.options.count: got 0, expected a whole number >= 1"),
        ({"use": "max_trades"}, r"data.source.use: max_trades: MaxTrades is not a DataSource; list it under risk:"),
        (
            {"use": "walk", "path": "x.csv"},
            r"data.source.path: got the unknown key path, expected one of use, options, kind",
        ),
        ({"kind": "plugin"}, r"data.source.use: got nothing, expected a data source's name"),
    ],
)
def test_mistakes_in_the_configuration_are_one_line_each(desk, source, told):
    with pytest.raises(ConfigError, match=told) as caught:
        desk.run({**RUN, "data": {**RUN["data"], "source": source}})
    assert len(caught.value.problems) == 1


def test_explain_reads_the_bars_again(desk):
    from barstep.config.loader import load_stored
    from barstep.runs.explain.bars import RunBars

    result = desk.run(RUN)
    told = json.loads((result.folder / "manifest.json").read_text())["data"][0]
    stored = load_stored(result.folder / "config.resolved.yaml")
    bars = RunBars(stored.data[0], told, result.folder)
    highest, lowest = (bars.extreme(0, 1 << 62, high=high) for high in (True, False))
    assert bars.why == ""
    assert highest is not None
    assert lowest is not None
    assert highest.high > lowest.low
    assert max(highest.number, lowest.number) < 30


# -- metrics -------------------------------------------------------------------------------------------------------
