"""`barstep compare`, `reproduce`, `sensitivity`, `runs show --statistics` and `runs export`, and the same from Python."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

import barstep as api
from barstep.data import sample_path

OWN_BARS = "data: {instrument: ES, timeframe: 1m, source: bars.parquet}\n"


@pytest.fixture
def first(desk: Path) -> Path:
    """A stored run."""
    return api.run("configs/sma_crossover.yaml", out=desk / "first").folder


def from_file(desk: Path) -> Path:
    """The run of configs/run.yaml on a Parquet file beside it."""
    bars = pl.read_csv(sample_path("ES", "1m"), try_parse_dates=True)
    bars.write_parquet(desk / "configs" / "bars.parquet")
    text = (desk / "configs" / "run.yaml").read_text()
    begin, end = text.index("data:"), text.index("account:")
    (desk / "configs" / "own.yaml").write_text(text[:begin] + OWN_BARS + text[end:])
    return api.run("configs/own.yaml", out=desk / "own").folder


def change_a_price(desk: Path, row: int, name: str = "c") -> None:
    """One price one tick higher, and its bar's high with it where it must."""
    path = desk / "configs" / "bars.parquet"
    bars = pl.read_parquet(path)
    up = pl.int_range(pl.len()) == row
    bars = bars.with_columns(pl.when(up).then(pl.col(name) + 0.25).otherwise(pl.col(name)).alias(name))
    bars.with_columns(pl.max_horizontal("h", "c").alias("h")).write_parquet(path)


def test_compare_tells_the_change_its_figures_and_the_first_event(first, cli, desk):
    api.run("configs/sma_crossover.yaml", ["sma_crossover.fast=9"], out=desk / "second")
    done = cli("compare", "first", "second", "--json")
    found = json.loads(done.stdout)
    assert found["differences"] == [
        {"what": "config", "key": "strategies[0].options.fast", "values": ["10", "9"]},
    ]
    one, two = api.load("first"), api.load("second")
    assert found["figures"]["net_pnl"] == [one.net_pnl, two.net_pnl]
    assert found["figures"]["sqn"] == [one.metrics["sqn"], two.metrics["sqn"]]
    assert found["equity"] == [{"day": "2013-09-03", "equity": [one.final_balance, two.final_balance]}]
    shares = [f"{result.metrics['win_rate']:.1%}" for result in (one, two)]
    assert re.search(rf"win_rate +{' +'.join(shares)}", cli("compare", "first", "second").stdout)
    divergence = found["divergences"][0]
    orders = [result.table("orders").filter(pl.col("id") == 1).row(0, named=True) for result in (one, two)]
    assert divergence["kind"] == "asked"
    assert [event["side"] for event in divergence["events"]] == [order["side"] for order in orders] == ["sell", "buy"]
    assert [story["title"].split(":")[0] for story in divergence["stories"]] == ["order 1", "order 1"]
    text = cli("compare", "first", "second").stdout
    assert "strategies[0].options.fast  10  9" in text
    assert "A: order 1: sell 1 ESU3 market: filled" in text


def test_the_same_runs_part_nowhere(first, cli, desk):
    shutil.copytree("first", "copy")
    text = cli("compare", "first", "copy").stdout
    assert "nothing: configuration, bars, plugins and versions are the same" in text
    assert "nowhere: every order, every fill and the equity of every bar are the same" in text


def test_fees_and_slippage_alone_part_at_the_first_fill(first, cli, desk):
    api.run("configs/sma_crossover.yaml", ["account.fees=0"], out=desk / "free")
    found = json.loads(cli("compare", "first", "free", "--json").stdout)["divergences"][0]
    assert (found["kind"], found["same_fills_before"]) == ("filled", 0)
    assert [event["price"] for event in found["events"]] == [1640.0, 1640.0]
    assert [event["fees"] for event in found["events"]] == [1.89, 0.0]


def test_runs_of_other_contracts_are_told_apart_by_figures_only(first, cli, desk):
    api.run("configs/rsi_scalper.yaml", out=desk / "other")
    done = cli("compare", "first", "other")
    contracts = [" ".join(api.load(name).contracts) for name in ("first", "other")]
    assert f"events are not compared: run A trades {contracts[0]}, run B {contracts[1]}" in done.stdout
    assert done.exit_code == 0


@pytest.mark.parametrize(
    "command", ["compare first", "reproduce", "runs show --statistics", "runs export --table fills --to x.csv"]
)
def test_wrong_runs_are_told_in_one_line(command, first, cli, desk):
    def told(run: str) -> tuple[int, list[str]]:
        words = command.split()
        done = cli(*words[:2], run, *words[2:]) if words[0] == "runs" else cli(*words, run)
        return done.exit_code, [line for line in done.stderr.splitlines() if line.startswith("error:")]

    code, lines = told("nonsense")
    assert (code, len(lines)) == (2, 1)
    assert "no run 'nonsense'" in lines[0]
    for spoiled, text in (("result.json", "[]"), ("result.json", "{"), ("fills.parquet", "no table")):
        shutil.copytree("first", "spoiled")
        Path("spoiled", spoiled).write_text(text)
        code, lines = told("spoiled")
        assert code in (2, 3)
        assert len(lines) == 1
        assert "spoiled" in lines[0]
        assert spoiled.split(".")[0] in lines[0]
        assert not Path("x.csv").exists()
        shutil.rmtree("spoiled")


def test_one_run_is_not_compared(first, cli):
    done = cli("compare", "first")
    assert done.exit_code == 2
    assert "expected two or more runs" in done.stderr


def test_a_run_is_reproduced_in_another_process(desk, barstep):
    made = barstep("run", "configs/sma_crossover.yaml", "--quiet")
    folder = Path(made.stdout.strip())
    before = sorted(path.name for path in folder.parent.iterdir())
    done = barstep("reproduce", "last", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["proved"] is True
    assert found["digest"] == found["digest_now"] == api.load(folder).digest
    assert (found["changed"], found["divergence"]) == ([], None)
    assert sorted(path.name for path in folder.parent.iterdir()) == before


def test_reproduce_fails_when_one_price_is_one_tick_off(desk, cli):
    folder = from_file(desk)
    assert cli("reproduce", str(folder)).exit_code == 0
    fills = api.load(folder).table("fills")
    change_a_price(desk, int(fills["bar_index"][0]) - 1)  # the bar whose close gave the signal
    done = cli("reproduce", str(folder), "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert found["proved"] is False
    assert "sha256" in [row["key"].rpartition(".")[2] for row in found["changed"] if row["what"] == "data"]
    assert found["divergence"]["kind"] in ("asked", "filled")
    assert "NOT REPRODUCED" in cli("reproduce", str(folder)).stdout


def test_other_bars_with_the_same_fills_are_no_reproduction(desk, cli):
    folder = from_file(desk)
    last = api.load(folder).table("equity").height - 1
    change_a_price(desk, last)
    done = cli("reproduce", str(folder))
    assert done.exit_code == 1
    assert "sha256" in done.stdout


def test_a_high_that_no_order_saw_is_named_by_the_account_inside_its_bar(desk, cli):
    folder = from_file(desk)
    equity = api.load(folder).table("equity")
    held = equity.with_row_index().filter(pl.col("position") > 0, pl.col("position").shift(1) > 0)
    row = held.row(0, named=True)
    change_a_price(desk, row["index"], "h")
    done = cli("reproduce", str(folder), "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["proved"], found["digest"]) == (1, False, found["digest_now"])
    assert found["divergence"]["kind"] == "bar"
    then, now = found["divergence"]["events"]
    assert then["time"] == now["time"] == row["time"].isoformat()
    assert now["high"] == then["high"] + 12.5 * row["position"]
    assert now["equity"] == then["equity"]


def test_a_price_that_nobody_saw_is_told(desk, cli):
    folder = from_file(desk)
    assert api.load(folder).table("equity")["position"][0] == 0
    change_a_price(desk, 0, "h")
    done = cli("reproduce", str(folder))
    assert done.exit_code == 1
    assert "NOT THE SAME BARS" in done.stdout
    assert "no event differs" in done.stdout


def test_a_changed_plugin_is_named_with_the_first_event_that_differs(first, cli, desk):
    plugin = desk / "strategies" / "sma_crossover.py"
    plugin.write_text(plugin.read_text().replace("SMA(self.fast)", "SMA(self.fast + 1)"))
    done = cli("reproduce", "first", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [row["key"] for row in found["changed"]] == ["sma_crossover.sha256"]
    assert found["divergence"]["kind"] in ("asked", "filled")
    assert found["divergence"]["stories"][0]["facts"]


def test_a_changed_list_of_news_is_named(desk, cli):
    news = desk / "configs" / "news.csv"
    news.write_text("time,title\n2013-09-03T14:00:00Z,ISM\n")
    text = (desk / "configs" / "run.yaml").read_text()
    rules = "  - {use: news_blackout, options: {file: news.csv}}\n  - use: kill_switch\n"
    (desk / "configs" / "run.yaml").write_text(f"{text}{rules}")
    assert cli("run", "configs/run.yaml", "--out", "first").exit_code == 0
    files = {p["name"]: p.get("files") for p in json.loads((desk / "first" / "manifest.json").read_text())["plugins"]}
    assert files["kill_switch"] == {"file": ""}, "it was not there"
    assert len(files["news_blackout"]["file"]) == 64
    assert files["max_position"] is None
    assert json.loads(cli("reproduce", "first", "--json").stdout)["changed"] == []
    news.write_text("time,title\n2013-09-03T15:00:00Z,ISM\n")
    found = json.loads(cli("reproduce", "first", "--json").stdout)
    assert [(row["what"], row["key"]) for row in found["changed"]] == [("plugins", "news_blackout.file")]


def test_an_unfinished_run_is_not_reproduced(first, cli, desk):
    document = json.loads((first / "result.json").read_text())
    (first / "result.json").write_text(json.dumps({**document, "status": "interrupted"}))
    done = cli("reproduce", "first")
    assert done.exit_code == 2
    assert "this run was interrupted" in done.stderr


def test_sensitivity_tells_what_runs_of_their_own_tell(desk, cli):
    done = cli("sensitivity", "configs/run.yaml", "--json")
    found = json.loads(done.stdout)
    told = {(row["what"], row["value"]): row for row in found["outcomes"]}
    for key, overrides in {
        ("as configured", ""): [],
        ("profile", "playground"): ["fills.profile=playground"],
        ("slippage", "3 ticks"): ["fills.market_slip_ticks=3", "fills.stop_slip_ticks=3"],
        ("fees", "0x"): ["account.fees=0"],
        ("fees", "2x"): ["account.fees=3.78"],
        ("latency", "2 bars"): ["fills.latency_bars=2"],
        ("limits", "fill at a touch"): ["fills.limit_through_ticks=0"],
    }.items():
        own = api.run("configs/run.yaml", overrides, out=desk / "out" / "-".join(key).replace(" ", "-"))
        row = told[key]
        assert (row["digest"], row["net_pnl"], row["trades"]) == (own.digest, own.net_pnl, own.trades), key
        assert row["max_drawdown"] == own.metrics["max_drawdown"]
    assert len(told) == 17
    assert not (desk / "runs").exists()
    assert [row["value"] for row in found["outcomes"] if row["configured"]] == [
        "", "strict", "1 tick", "1x", "0 bars", "fill 1 tick through",
    ]  # fmt: skip


def test_sensitivity_of_what_cannot_be_varied(desk, cli):
    path = desk / "configs" / "run.yaml"
    done = cli("sensitivity", "configs/nothing.yaml")
    assert done.exit_code == 2
    path.write_text(path.read_text() + 'broker: {kind: http, url: "http://127.0.0.1:1"}\n')
    done = cli("sensitivity", "configs/run.yaml")
    assert done.exit_code == 2
    assert done.stderr.count("error:") == 1


def test_statistics_of_a_stored_run(first, cli, desk):
    result = api.load("first")
    found = json.loads(cli("runs", "show", "first", "--statistics", "--json").stdout)["statistics"]
    assert {name: found["measures"][name] for name in result.metrics} == result.metrics
    trades = result.table("trades")
    assert found["measures"]["closed_pnl"] == pytest.approx(trades["net_pnl"].sum())
    assert found["measures"]["fees_paid"] == pytest.approx(result.fees)
    by = found["breakdowns"]
    for parts in by.values():
        assert sum(part["trades"] for part in parts) == result.trades
    counted = trades.group_by("side").len().sort("side")["len"].to_list()
    assert [part["trades"] for part in by["direction"]] == counted
    assert [part["value"] for part in by["weekday"]] == ["Tuesday"]  # Sunday evening and Labor Day belong to it
    assert "expectancy" in found["provisional"]
    text = cli("runs", "show", "first", "--statistics").stdout
    assert "PROVISIONAL" in text
    assert re.search(rf"^win_rate +{result.metrics['win_rate']:.1%}  share", text, re.M)
    assert text.count("95% interval") == 2  # fills and the equity curve have none
    assert max(map(len, text.splitlines())) <= 80


def test_the_readings_of_an_ambiguous_bar(desk):
    found = api.run("configs/opening_range_breakout.yaml", out=desk / "orb").statistics()
    equity = api.load("orb").table("ambiguous")["equity"].to_list()
    assert found.readings.pessimistic == pytest.approx(-581.40)
    assert found.readings.optimistic == pytest.approx(-581.40 + max(equity) - min(equity))
    assert found.measures["ambiguous_trades"] == found.measures["ambiguous_profit"] == 1.0
    assert found.measures["average_r"] == pytest.approx(-581.40 / api.load("orb").table("trades")["risk"][0])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_export(form, first, cli):
    done = cli("runs", "export", "first", "--table", "trades", "--to", f"trades.{form}")
    assert done.stdout == f"trades.{form}: 26 rows\n"
    frame = api.load("first").table("trades")
    if form == "parquet":
        assert pl.read_parquet("trades.parquet").equals(frame)
    else:
        back = pl.read_csv("trades.csv", try_parse_dates=True, schema_overrides={"tag": pl.String, "risk": pl.Float64})
        assert back.columns == frame.columns
        assert back["net_pnl"].to_list() == frame["net_pnl"].to_list()
        assert back["entry_time"].dt.epoch("ms").to_list() == frame["entry_time"].dt.epoch("ms").to_list()
    again = cli("runs", "export", "first", "--table", "trades", "--to", f"trades.{form}")
    assert again.exit_code == 2
    assert "it exists" in again.stderr


def test_export_of_what_is_not_there(first, cli):
    for arguments, told in (
        (("--table", "profits", "--to", "x.csv"), "no table 'profits': a run has fills, trades"),
        (("--table", "fills", "--to", "x.xlsx"), "ends in .csv or .parquet"),
        (("--table", "fills", "--to", "nowhere/x.csv"), "cannot be written"),
    ):
        done = cli("runs", "export", "first", *arguments)
        assert done.exit_code in (1, 2)
        assert told in done.stderr
        assert not Path("x.csv").exists()


def test_a_loaded_run_is_the_one_that_was_played(desk):
    played = api.run("configs/sma_crossover.yaml")
    assert api.load(played.folder) == played
    assert api.load("last").digest == played.digest
    assert api.load(played.folder.name.rpartition("-")[2]) == played
    pandas = pytest.importorskip("pandas")
    frame = played.table("fills", pandas=True)
    assert isinstance(frame, pandas.DataFrame)
    assert frame["price"].tolist() == played.table("fills")["price"].to_list()
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
