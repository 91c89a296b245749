"""Several timeframes in one run: a longer bar is seen when it is complete, and what is seen never depends on later bars."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import barstep
from barstep import ConfigError
from barstep.data import FileStream, SessionTable, SyntheticStream, Windows, front_contract, instrument, session_hours
from barstep.domain.bar import Timeframe
from barstep.domain.errors import BarstepError
from barstep.indicators import SMA

ALSO = ["5m", "1h", "4h", "1D"]
WATCHER = """\
import json

from barstep import Strategy, hookimpl
from barstep.indicators import SMA, SessionVWAP

ALSO = ["5m", "1h", "4h", "1D"]


def seen(ctx):
    return {
        text: [[b.start_ns, b.end_ns, b.open, b.high, b.low, b.close, b.volume, b.index, b.timeframe]
               for b in ctx.bars(3, timeframe=text)]
        for text in ALSO
    }


class Watcher(Strategy):
    @hookimpl
    def on_start(self, ctx):
        self.means = {text: ctx.indicator(SMA(3), timeframe=text) for text in ALSO}
        self.vwap = ctx.indicator(SessionVWAP(), timeframe="5m")

    @hookimpl
    def on_session_start(self, session, ctx):
        ctx.note(json.dumps(["session", str(session.date), seen(ctx)]))

    @hookimpl
    def on_bar(self, bar, ctx):
        means = {text: repr(mean.value) for text, mean in self.means.items()} | {"vwap": repr(self.vwap.value)}
        ctx.note(json.dumps(["bar", bar.end_ns, seen(ctx), means]))
        if bar.index % 40 == 0 and self.means["5m"].ready:
            ctx.set_position(1 if bar.close > self.means["5m"].value else -1)
"""


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    """Minutes over Independence Day, with holes: single minutes, and the last ones of hours and of a session."""
    contract = front_contract(instrument("ES"), date(2024, 7, 2))
    base = SyntheticStream(contract, Timeframe.parse("1m"), seed=4, start=date(2024, 7, 2), end=date(2024, 7, 5))
    parts = [
        pl.DataFrame(
            {"t": c.start_ns, "o": c.open / 4, "h": c.high / 4, "l": c.low / 4, "c": c.close / 4, "v": c.volume}
        )
        for c in base.chunks()
    ]
    frame = pl.concat(parts).with_columns(pl.from_epoch("t", time_unit="ns").dt.replace_time_zone("UTC"))
    dice = random.Random(7)
    holes = set(dice.sample(range(len(frame)), 300))
    holes |= set(range(1376, 1380)) | set(range(595, 601))  # before the first session's close, around an hour's end
    return frame.filter(~pl.int_range(pl.len()).is_in(holes))


def play(frame: pl.DataFrame, folder: Path, **more) -> tuple[list[list], barstep.RunResult]:
    folder.mkdir()
    frame.write_parquet(folder / "bars.parquet")
    (folder / "watcher.py").write_text(WATCHER)
    run = {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": str(folder / "bars.parquet"), "also": ALSO},
        "strategies": [{"use": str(folder / "watcher.py")}],
        **more,
    }
    result = barstep.run(run, out=folder / "run")
    return [json.loads(text) for text in pl.read_parquet(folder / "run" / "notes.parquet")["text"]], result


@pytest.fixture(scope="module")
def whole(bars, tmp_path_factory) -> list[list]:
    return play(bars, tmp_path_factory.mktemp("whole") / "run")[0]


def test_what_is_seen_is_every_window_that_has_ended(bars, whole) -> None:
    table = SessionTable(session_hours("equity_index"))
    rows = list(zip(*(bars[name].to_list() for name in "ohlcv"), bars["t"].dt.epoch("ns").to_list(), strict=True))
    for text in ALSO:
        windows = Windows(table, Timeframe.parse(text))
        made: list[list] = []
        means: list[float] = []
        told = (note for note in whole if note[0] == "bar")
        for (o, h, l, c, v, start), note in zip(rows, told, strict=True):  # noqa: E741
            window = windows.at(start)
            if made and made[-1][0] == window.start:
                bar = made[-1]
                bar[3:7] = max(bar[3], h), min(bar[4], l), c, bar[6] + v
            else:
                made.append([window.start, window.end, o, h, l, c, v, len(made), text])
            end = start + 60 * 10**9
            complete = [bar for bar in made[-4:] if bar[1] <= end]
            assert note[1] == end
            assert note[2][text] == complete[-3:]
            means = [bar[5] for bar in made if bar[1] <= end][-3:]
            assert note[3][text] == (repr(sum(round(4 * m) for m in means) / 3 / 4) if len(means) == 3 else "nan")


def test_a_session_that_begins_sees_all_bars_of_the_one_before(whole) -> None:
    begins = [note for note in whole if note[0] == "session"]
    assert [note[1] for note in begins] == ["2024-07-02", "2024-07-03", "2024-07-05"]
    table = SessionTable(session_hours("equity_index"))
    for before, note in zip((date(2024, 7, 2), date(2024, 7, 3)), begins[1:], strict=True):
        session = table.on(before)
        assert session is not None
        assert {seen[-1][1] for seen in note[2].values()} == {session.close_ns}, "though its last minutes had no bar"
    assert begins[1][2]["1D"][0][1] == table.on(date(2024, 7, 2)).close_ns  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(6))
def test_truncating_the_data_never_changes_what_was_seen(bars, whole, seed, tmp_path) -> None:
    dice = random.Random(seed)
    stop = dice.choice([dice.randrange(2, len(bars)), 1370 + dice.randrange(20), 590 + dice.randrange(12)])
    cut = play(bars[:stop], tmp_path / "cut")[0]
    assert len([note for note in cut if note[0] == "bar"]) == stop
    assert cut == whole[: len(cut)]


@pytest.mark.parametrize("kind", ["helpers"])
def test_the_helper_functions_see_the_same(bars, whole, kind, tmp_path) -> None:
    seen, result = play(bars[:1600], tmp_path / kind, broker={"kind": kind})
    assert seen == whole[: len(seen)]
    assert result.digest == play(bars[:1600], tmp_path / "direct")[1].digest


def test_chunks_do_not_matter(bars, whole, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(FileStream.__init__.__kwdefaults__, "chunk_rows", 50)
    assert play(bars[:700], tmp_path / "small")[0] == whole[:701]


SIMPLE = """\
from barstep import Strategy, hookimpl
from barstep.indicators import SMA


class Simple(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        {line}
"""


def simple(tmp_path: Path, line: str, **data) -> dict:
    (tmp_path / "simple.py").write_text(SIMPLE.format(line=line))
    section = {"instrument": "ES", "timeframe": "1m", "source": "sample", **data}
    return {"version": 1, "data": section, "strategies": [{"use": str(tmp_path / "simple.py")}]}


@pytest.mark.parametrize(
    ("line", "data", "words"),
    [
        ("ctx.bars(3, timeframe='1h')", {"also": ["15m"]}, "'1h' is not read in this run, which has 1m, 15m"),
        ("ctx.indicator(SMA(3), timeframe='15m')", {}, "which has 1m: add it to data.also"),
        ("ctx.bars(3, timeframe='quarter')", {"also": ["15m"]}, "a number and one of s, m, h, D"),
        ("ctx.bars(30, timeframe='15m')", {"also": ["15m"], "history": 20}, "data.history is 20"),
    ],
)
def test_what_is_not_there_is_told(tmp_path, line, data, words) -> None:
    with pytest.raises(BarstepError, match=words):
        barstep.run(simple(tmp_path, line, **data), out=tmp_path / "run")


def test_no_more_is_kept_than_the_history(tmp_path) -> None:
    line = "assert len(ctx.bars(20, timeframe='5m')) == 20 or bar.index < 120"
    assert barstep.run(simple(tmp_path, line, also="5m", history=20), out=tmp_path / "run").bars == 2264


def test_the_runs_own_timeframe_may_be_named(tmp_path) -> None:
    line = "assert ctx.bars(2, timeframe='60s')[-1].end_ns == bar.end_ns"
    assert barstep.run(simple(tmp_path, line), out=tmp_path / "run").status == "done"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"also": ["1m"]}, r"data.also\[0\]: got 1m, expected a multiple of 1m, longer than it and 1D at most"),
        ({"also": ["90s"]}, r"data.also\[0\]: got 90s, expected a multiple of 1m"),
        ({"also": ["2D"]}, r"data.also\[0\]: got 2D, expected a multiple of 1m"),
        ({"also": ["5m", "5m"]}, r"data.also\[1\]: got 5m a second time, expected each timeframe once"),
        (
            {"also": ["5 min"]},
            r"data.also\[0\]: got 5 min, expected a timeframe such as 1s, 15m, 4h or 1D; did you mean 5m",
        ),
        ({"resample": "5m"}, r"data.resample: got 5m, expected a timeframe that bars of 1m can be made of"),
        ({"timeframe": "2D"}, r"data.timeframe: no sample bars of ES 2D"),
    ],
)
def test_timeframes_that_do_not_fit_are_refused(tmp_path, data, words) -> None:
    with pytest.raises(ConfigError, match=words):
        barstep.run(simple(tmp_path, "pass", **data), out=tmp_path / "run")


def test_a_gateway_over_http_makes_its_own_bars(tmp_path) -> None:
    run = {**simple(tmp_path, "pass", timeframe="5m", resample="1m"), "broker": {"kind": "http", "url": "http://a/b"}}
    with pytest.raises(ConfigError, match=r"broker.kind: got http, expected embedded or helpers with data.resample"):
        barstep.run(run, out=tmp_path / "run")


def test_a_run_on_longer_bars_than_the_source_has_says_so(tmp_path) -> None:
    told = barstep.run(simple(tmp_path, "pass", timeframe="15m"), out=tmp_path / "told")
    assert (told.bars, told.timeframe) == (154, "15m")
    assert told.warnings == [
        "the bars of the source are 1m: bars of 15m are made of them, counted from each session's open"
    ]
    wanted = barstep.run(simple(tmp_path, "pass", timeframe="15m", resample="1m"), out=tmp_path / "wanted")
    assert wanted.warnings == []
    assert wanted.digest == told.digest
    manifest = json.loads((tmp_path / "wanted" / "manifest.json").read_text())
    assert manifest["data"][0]["resampled_from"] == "1m"


def test_a_run_of_days_begins_and_ends_with_trading_days(tmp_path) -> None:
    source = {"kind": "synthetic", "days": 30, "start": "2024-06-25"}
    run = simple(tmp_path, "ctx.note(bar.start.isoformat() + ' ' + bar.end.isoformat())", timeframe="1D", resample="5m")
    run["data"]["source"] = source
    result = barstep.run(run, out=tmp_path / "run")
    assert result.bars == 30
    assert result.start == "2024-06-24T17:00:00-05:00"
    days = pl.read_parquet(tmp_path / "run" / "notes.parquet")["text"].to_list()
    assert "2024-07-03T17:00:00-05:00 2024-07-05T16:00:00-05:00" in days  # Independence Day halts at noon
    assert "2024-07-02T17:00:00-05:00 2024-07-03T12:15:00-05:00" in days


def test_an_indicator_of_a_longer_timeframe_counts_its_bars(tmp_path) -> None:
    assert SMA(3).n == 3
    line = "self.mean = getattr(self, 'mean', None) or ctx.indicator(SMA(3), timeframe='5m'); " \
           "assert self.mean.ready == (bar.index >= 14)"  # fmt: skip
    assert barstep.run(simple(tmp_path, line, also=["5m"]), out=tmp_path / "run").status == "done"
