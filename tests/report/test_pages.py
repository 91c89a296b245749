"""Pages as a user gets them: the command, the key in a run file, what a page holds, and what goes wrong."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import barstep
from barstep.cli.main import app
from barstep.report.figures import excursions
from barstep.report.grid_page import grid_page
from barstep.report.grid_record import GridRecord
from barstep.report.record import RunRecord


def script(text: str, name: str) -> dict:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def report(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def page(trailed: Path, tmp_path: Path) -> str:
    out = tmp_path / "page.html"
    assert report(str(trailed), "--out", str(out)) == (0, f"{out}\n", "")
    return out.read_text(encoding="utf-8")


def page_of(folder: Path) -> str:
    assert report(str(folder))[0] == 0
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_page_needs_nothing_else(page: str) -> None:
    ours = page.replace(re.search(r"<script>/\*.*?</script>", page, re.S)[0], "")
    assert "plotly.js" in page
    assert len(ours) < 400_000  # plotly.js stands in it once
    assert not re.search(r'(?:src|href)="(?!data:|#)', ours)
    assert "url(" not in ours
    assert "default-src 'none'" in ours


def test_a_page_holds_the_rows_of_the_tables(page: str, trailed: Path, unpacked: Callable[..., list[float]]) -> None:
    data, trades = script(page, "data"), pl.read_parquet(trailed / "trades.parquet")
    assert unpacked(data["trades"]["net_pnl"]) == pytest.approx(trades["net_pnl"].to_list(), abs=0.006)
    assert unpacked(data["trades"]["entry_price"]) == pytest.approx(trades["entry_price"].to_list())
    times = trades["exit_time"].dt.epoch("s").to_list()
    assert unpacked(data["trades"]["exit_time"]) == times
    orders = pl.read_parquet(trailed / "orders.parquet")
    asked = orders.with_columns(pl.col("id").abs().alias("number")).sort("asked_at", "number")
    assert unpacked(data["orders"]["id"]) == asked["id"].to_list() != orders["id"].to_list()  # stored as they ended
    bars = data["contracts"][0]["bars"]
    result = json.loads((trailed / "result.json").read_text())
    assert bars["total"] == result["bars"] == len(unpacked(bars["close"]))
    assert unpacked(data["equity"]["equity"])[-1] == pytest.approx(result["final_balance"], abs=0.006)
    assert min(unpacked(data["equity"]["drawdown"])) == pytest.approx(-result["metrics"]["max_drawdown"], abs=0.006)


def test_each_trade_has_its_story_with_the_rules_told(page: str, trailed: Path) -> None:
    told, trades = script(page, "data")["stories"], pl.read_parquet(trailed / "trades.parquet")
    for name in ("entry_order", "exit_order"):
        assert {str(number) for number in trades[name].to_list()} <= set(told["orders"])
    first = told["orders"][str(trades["entry_order"][0])]
    assert any("asked for by trailer" in text for _, text, _ in first["facts"])
    assert {rule for order in told["orders"].values() for _, _, rules in order["facts"] for rule in rules} <= set(
        told["rules"]
    )


def test_text_of_a_run_never_becomes_markup(page: str) -> None:
    assert "<b>trap" not in page
    assert "</script>\\u003cb>trap" not in page
    assert "trap" in page


def test_the_key_in_a_run_file_writes_the_page_and_changes_nothing_else(desk: Path, weeks: Path) -> None:
    file = desk / "configs" / "weeks.yaml"
    result = barstep.run(file, ["report.html=true"], out=desk / "out" / "with-page")
    assert (result.folder / "report.html").stat().st_size > 4_000_000
    before, after = (json.loads((folder / "manifest.json").read_text()) for folder in (weeks, result.folder))
    assert before["config_sha256"] == after["config_sha256"]
    with pytest.raises(barstep.ConfigError, match=r"report\.html: got maybe, expected true or false"):
        barstep.run(file, ["report.html=maybe"], out=desk / "out" / "none")


def test_without_plotly_one_line_says_what_to_install(trailed: Path, desk: Path, weeks: Path) -> None:
    code = (
        "import sys; sys.modules['plotly'] = None; from barstep.cli.main import main; sys.argv[0] = 'barstep'; main()"
    )
    for arguments, told in (
        (["report", str(trailed)], "error: reports need plotly: pip install 'barstep[report]'\n"),
        (["run", str(desk / "configs" / "weeks.yaml"), "--set", "report.html=true"],
         "error: --set report.html=true report.html: reports need plotly: pip install 'barstep[report]', or take it out\n"),
    ):  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=desk)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


def test_what_cannot_be_reported_is_told(trailed: Path, tmp_path: Path) -> None:
    assert report(str(tmp_path / "nowhere"))[0] == 2
    assert report(str(tmp_path)) == (2, "", f"error: {tmp_path}: not a run's folder: it has no result.json\n")
    (tmp_path / "not.json").write_text("one two")
    code, out, err = report(str(tmp_path / "not.json"))
    assert (code, out) == (2, "")
    assert "not an evaluation; expected what `barstep evaluate RUN --plan NAME --json` prints; it is no JSON" in err
    empty = tmp_path / "empty"
    shutil.copytree(trailed, empty)
    (empty / "trades.parquet").unlink()
    code, out, err = report(str(empty))
    assert (code, out) == (3, "")
    assert "trades.parquet" in err
    code, _, err = report(str(trailed), "--out", "/dev/null/page.html")
    assert code == 1
    assert "the report cannot be written to /dev/null/page.html" in err
    assert not (trailed / "report.html").exists()


def test_bars_that_have_changed_are_left_out_and_said_so(trailed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(trailed, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["data"][0]["sha256"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert report(str(copy))[0] == 0
    data = script((copy / "report.html").read_text(encoding="utf-8"), "data")
    assert data["contracts"][0]["bars"] is None
    assert "has changed since the run" in data["contracts"][0]["why"]


def test_a_run_without_trades_has_a_page(play: Callable[..., Path]) -> None:
    folder = play(
        "idle", strategies=[{"use": "sma_crossover", "options": {"fast": 900, "slow": 2000}}],
        data={"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 1, "bars": 50}},
    )  # fmt: skip
    text = page_of(folder)
    assert "No trade was closed in this run." in text
    assert "No order was sent." in text
    assert "none was closed" in text
    assert "Triangles are entries" not in text
    equity = script(text, "shared")["figures"]["equity"]["layout"]  # not cents above and below
    assert (equity["yaxis"]["range"], equity["yaxis2"]["range"]) == ([49_500, 50_500], [-500, 0])


def test_one_trade_is_counted_in_whole_trades(play: Callable[..., Path]) -> None:
    text = page_of(play("one", strategies=[{"use": "trailer", "options": {"every": 1500}}]))
    figures = script(text, "shared")["figures"]
    assert figures["results"]["layout"]["yaxis"]["dtick"] == 1
    assert figures["reason"]["layout"]["bargap"] == 0.5


def test_many_attempts_stand_in_one_box_that_opens(play: Callable[..., Path]) -> None:
    folder = play(
        "failing", strategies=[{"use": "trailer", "options": {"every": 7}}],
        account={"plan": "topstep-combine-50k", "on_fail": "reset"},
        data={"instrument": "ES", "timeframe": "5m", "source": {"kind": "synthetic", "seed": 7, "days": 60}},
    )  # fmt: skip
    attempts = barstep.load(folder).risk["attempts"]
    assert len(attempts) > 3
    text = page_of(folder)
    ended = [each["verdict"] for each in attempts]
    told = ", ".join(f"{ended.count(each)} {each}" for each in dict.fromkeys(ended))
    assert f"<p>{len(attempts)} attempts: {told}.</p><details>" in text
    assert all(f"<p>Attempt {each['number']}: {each['verdict']}" in text for each in attempts)


def test_dots_that_are_not_drawn_are_told(trailed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = barstep.load(trailed).trades
    for place in ("barstep.report.run_page", "barstep.report.figures.trades"):
        monkeypatch.setattr(import_module(place), "DOTS", 5)
    assert report(str(trailed), "--out", str(tmp_path / "page.html"))[0] == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"Drawn are the 5 trades with the largest results of {count}." in text
    assert sum(len(trace.x) for trace in excursions(RunRecord(trailed)).data[:2]) == 5


def test_figures_have_their_units(page: str, trailed: Path) -> None:
    found = barstep.load(trailed).statistics().measures
    assert f"<td>win_rate</td><td class=num>{found['win_rate']:.1%}</td>" in page
    assert f"<td>profit_factor</td><td class=num>{found['profit_factor']:.2f}</td>" in page
    assert f"<td>longest_loss_streak</td><td class=num>{found['longest_loss_streak']}</td>" in page


def test_several_contracts_have_a_chart_each(play: Callable[..., Path], unpacked: Callable[..., list[float]]) -> None:
    both = [
        {"instrument": name, "timeframe": "5m", "source": {"kind": "synthetic", "seed": 1, "days": 2}}
        for name in ("ES", "NQ")
    ]
    folder = play("two_contracts", data=both, strategies=[{"use": "spread", "contract": ["ES", "NQ"]}])
    assert report(str(folder))[0] == 0
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert 'data-figure="price-0"' in text
    assert 'data-figure="price-1"' in text
    data = script(text, "data")
    assert sorted(set(unpacked(data["trades"]["place"]))) == [0, 1]


def test_a_walk_forward_without_points_of_its_own_has_a_page(grid: GridRecord) -> None:
    account = {"net_pnl": 80.0, "max_drawdown_daily": 12.5, "days": 20, "trades": 9}
    account |= {"probability_above_zero": 0.61, "sharpe": 0.05}
    text = grid_page(GridRecord("walk", grid.axes, "net_pnl", 1, [], grid.segments, {"walk_forward": account}))
    assert set(script(text, "shared")["figures"]) == {"walk", "unseen", "stability"}
    assert "+80.00" in text
    assert "61%" in text
    assert "firstFigures.then(ready);" in text


def test_a_grid_has_its_page(grid: GridRecord) -> None:
    text = grid_page(grid, [-0.5, 0.5, 1.0])
    data, shared = script(text, "data"), script(text, "shared")
    assert data["best"] == 3
    assert data["metrics"]["net_pnl"] == [0.0, -50.0, -100.0, 100.0, 50.0, 0.0]
    assert set(shared["figures"]) == {"heatmap", "plateau", "fan", "walk", "unseen", "stability", "overfitting"}
    assert "fast = 10, slow = 20" in text


def test_a_page_tells_how_sure_its_figures_are(page: str, trailed: Path) -> None:
    found = barstep.load(trailed).statistics()
    for name, value in found.measures.items():
        assert f"<td>{name}</td>" in page, name
        if isinstance(value, float) and abs(value) >= 1:
            assert f">{value:,.2f}<" in page, name
    low, high = found.intervals["expectancy"]
    assert f"{low:,.2f} to {high:,.2f}" in page
    assert f"95%: {low:,.2f} to {high:,.2f}" in page  # on its card
    for fall in found.drawdowns.values():
        assert f">{fall.usd:,.2f}<" in page
    parts = script(page, "data")["parts"]
    assert list(parts) == list(found.breakdowns)
    assert sum(row[1] for row in parts["weekday"]) == found.trades
    assert sum(row[2] for row in parts["tag"]) == pytest.approx(found.measures["closed_pnl"])


def test_a_position_that_is_open_at_the_end_is_told(play: Callable[..., Path]) -> None:
    folder = play("held", fills={"at_end": "mark"})
    after = pl.read_parquet(folder / "fills.parquet")["position_after"][-1]
    assert after
    code, out, _ = report(str(folder))
    assert code == 0
    assert f"A position is open at the end, ESU3 {after:+}:" in Path(out.strip()).read_text(encoding="utf-8")
