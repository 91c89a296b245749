"""`data fetch` against our own server: pages, limits, going on after an interruption, and what the store holds then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from caller import KEY, START, Client
from typer.testing import CliRunner

from barstep.broker.http import HttpApi
from barstep.broker.pace import Pace
from barstep.cli.main import app
from barstep.data import Store, sample_path
from barstep.domain.errors import BrokerError, DataError
from barstep.runs import fetching

BARS = 2_264
PAGES = 11


@pytest.fixture(scope="module")
def played(url: str) -> Iterator[str]:
    """The server's address once a replay has played the whole sample: a gateway answers only what was played."""
    client = Client(url)
    account = client.done("Account/search", {})["accounts"][0]["id"]
    body = {**START, "accountId": account, "startDate": "2013-09-01"}
    client.done("Replay/start", body)
    client.done("Replay/step", {"accountId": account, "count": 10_000})
    yield url
    client.session.close()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAGE", 300)


def what(**given: Any) -> fetching.Order:
    asked = {
        "instrument": "ES",
        "contract": None,
        "timeframe": "1m",
        "start": date(2013, 9, 1),
        "end": date(2013, 9, 3),
    }
    return fetching.order(**{**asked, **given})


def bars_of(store: Store) -> pl.DataFrame:
    (manifest,) = store.series()
    return pl.read_parquet(store.bars(manifest))


def sample() -> pl.DataFrame:
    return pl.read_csv(sample_path("ES", "1m"), try_parse_dates=True)


def the_same(got: pl.DataFrame, wanted: pl.DataFrame) -> bool:
    one, other = (frame.with_columns(pl.col("t").dt.cast_time_unit("us")) for frame in (got, wanted))
    return one.equals(other)


def test_every_bar_arrives(played: str, tmp_path: Path, small_pages: None) -> None:
    store = Store(tmp_path / "store")
    got = fetching.fetch(HttpApi(played, KEY), played, what(), store)
    assert (got.bars, got.added, got.total, got.series, got.contract) == (BARS, BARS, BARS, "ESU13", "CON.F.US.EP.U13")
    assert got.requests == PAGES
    assert the_same(bars_of(store), sample())
    (manifest,) = store.series()
    assert (manifest.imports[0]["source"], manifest.imports[0]["form"]) == (played, "gateway")
    again = fetching.fetch(HttpApi(played, KEY), played, what(), store)
    assert (again.added, again.total) == (0, BARS)
    assert not list(store.folder.rglob(".*"))


def test_other_lengths_and_days(played: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    got = fetching.fetch(HttpApi(played, KEY), played, what(timeframe="15m"), store)
    quarters = sample().group_by(pl.col("t").dt.truncate("15m")).len()
    assert got.bars in (quarters.height - 1, quarters.height), "the last quarter of an hour is not complete"
    assert got.timeframe == "15m"


def test_it_goes_on_where_it_stopped(played: str, tmp_path: Path, small_pages: None) -> None:
    store, calls = Store(tmp_path / "store"), []

    def breaking(after: int) -> Callable[..., dict[str, Any]]:
        api = HttpApi(played, KEY)

        def call(path: str, body: Any) -> dict[str, Any]:
            calls.append(body["startTime"])
            if len(calls) == after:
                raise KeyboardInterrupt
            return api(path, body)

        return call

    with pytest.raises(KeyboardInterrupt):
        fetching.fetch(breaking(5), played, what(), store)
    assert store.series() == []
    first = list(calls)
    got = fetching.fetch(breaking(-1), played, what(), store)
    assert calls[len(first) :][0] == first[-1]
    assert got.requests == PAGES - 4
    assert the_same(bars_of(store), sample())


def test_a_refusal_names_the_call_and_keeps_the_pages(played: str, tmp_path: Path, small_pages: None) -> None:
    api, count = HttpApi(played, KEY), []

    def refusing(path: str, body: Any) -> dict[str, Any]:
        count.append(path)
        return api(path, body) if len(count) < 4 else {"success": False, "errorCode": 429, "errorMessage": "slow down"}

    with pytest.raises(BrokerError, match=r"slow down; 3 of 11 pages are kept, the same command goes on from there"):
        fetching.fetch(refusing, played, what(), Store(tmp_path / "store"))


def test_nothing_there(played: str, tmp_path: Path) -> None:
    order = what(start=date(2013, 9, 5), end=date(2013, 9, 5))
    with pytest.raises(DataError, match="no 1m bars of CON"):
        fetching.fetch(HttpApi(played, KEY), played, order, Store(tmp_path / "store"))


def test_the_documented_pace_is_kept() -> None:
    clock, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    pace = Pace(now=lambda: clock[0], sleep=sleep)
    sent = []
    for _ in range(120):
        pace.wait()
        sent.append(clock[0])
        clock[0] += 0.1
    for k in range(50, 120):
        assert sent[k] - sent[k - 50] >= 30
    assert len(slept) >= 2


def test_on_the_command_line(played: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARSTEP_TOKEN", KEY)
    options = ["--url", played, "--contract", "ESU3", "-t", "1m", "--start", "2013-09-01", "--end", "2013-09-03"]
    done = CliRunner().invoke(app, ["data", "fetch", *options, "--store", str(tmp_path / "store")])
    assert done.exit_code == 0, done.output
    assert "CON.F.US.EP.U13: 2,264 bars of 1m in 1 requests, 2,264 new" in done.output
    wrong = CliRunner().invoke(app, ["data", "fetch", *options, "--token", "x", "--store", str(tmp_path / "other")])
    assert wrong.exit_code == 4
    assert KEY not in wrong.output
    assert "the token is not known here" in wrong.output
    assert "give the token in BARSTEP_TOKEN" in wrong.output
    assert not (tmp_path / "other").exists(), "nothing arrived, so nothing is kept"
    unknown = ["XXU3" if text == "ESU3" else text for text in options]
    done = CliRunner().invoke(app, ["data", "fetch", *unknown])
    assert (done.exit_code, "--contract: found 'XXU3', expected one expiry" in done.output) == (2, True)
