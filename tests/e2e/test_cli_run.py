"""`barstep run`: results on stdout, everything else on stderr, and what the summary says."""

from __future__ import annotations

import json
from pathlib import Path

FIELDS = {
    "digest", "status", "name", "instrument", "timeframe", "start", "end", "bars", "lane", "fill_profile",
    "start_balance", "final_balance", "net_pnl", "fees", "fills", "trades", "ambiguous_bars", "denied_orders",
    "rejected_orders",
    "metrics", "risk", "warnings",
}  # fmt: skip


def test_json_is_one_document_and_the_stored_one(desk, barstep):
    done = barstep("run", "configs/sma_crossover.yaml", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    folder = Path(document.pop("folder"))
    assert document == json.loads((folder / "result.json").read_text())
    assert set(document) >= FIELDS
    assert document["status"] == "done"
    assert document["trades"] > 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines].count("run") == 1
    assert folder.parent.parent == desk / "runs"


def test_summary_goes_to_stderr_and_the_folder_to_stdout(desk, cli):
    result = cli("run", "configs/run.yaml", "--out", "here")
    assert result.exit_code == 0
    assert result.stdout == f"{desk / 'here'}\n"
    text = result.stderr
    for word in (
        "seeded  ESU3 1m  strict fills  2,264 bars", "2013-09-01 17:00 CDT to 2013-09-03 13:52 CDT", "Net P&L", "Fees",
        "Win rate", "Profit factor", "Expectancy", "Max drawdown, intrabar", "Exposure", "run of losses", "MAE", "MFE",
        "Ambiguous bars", "Orders denied", "Orders rejected", "trading days 2013-09-03 to 2013-09-03",
    ):  # fmt: skip
        assert word in text
    drawn = [line for line in text.splitlines() if not line.startswith("{")]
    assert max(map(len, drawn)) <= 80
    assert "\x1b" not in text
    net = json.loads((desk / "here" / "result.json").read_text())["net_pnl"]
    assert f"{net:+,.2f} USD" in text


def test_quiet_says_nothing_but_the_folder(desk, cli):
    result = cli("run", "configs/run.yaml", "--quiet", "--out", "here")
    assert (result.stdout, result.stderr) == (f"{desk / 'here'}\n", "")


def test_set_changes_the_run(desk, cli):
    result = cli("run", "configs/run.yaml", "--set", "sma_crossover.fast=5", "--set", "name=other", "--json")
    document = json.loads(result.stdout)
    assert document["name"] == "other"
    assert "fast: 5" in (Path(document["folder"]) / "config.resolved.yaml").read_text()


def test_what_a_strategy_prints_goes_to_stderr(desk, cli):
    file = desk / "strategies" / "sma_crossover.py"
    file.write_text(file.read_text().replace("    def check(self)", "    print('hello')\n\n    def check(self)"))
    for command in ("run", "validate"):
        result = cli(command, "configs/run.yaml", "--json")
        assert "hello" in result.stderr
        json.loads(result.stdout)


def test_a_failed_account_is_a_result(desk, cli):
    config = desk / "configs" / "run.yaml"
    config.write_text(config.read_text() + "  - use: max_loss_limit\n    options: {usd: 300}\n")
    result = cli("run", "configs/run.yaml")
    assert result.exit_code == 0
    assert "ACCOUNT FAILED by max_loss_limit at 2013-09-01 " in result.stderr
    assert "CDT: the run ended there" in result.stderr


def test_denied_and_rejected_orders_are_counted_with_their_reasons(desk, cli):
    (desk / "strategies" / "clumsy.py").write_text(
        "from barstep import Bar, Context, Strategy, hookimpl\n\n\n"
        "class Clumsy(Strategy):\n"
        "    @hookimpl\n"
        "    def on_bar(self, bar: Bar, ctx: Context) -> None:\n"
        "        if bar.index < 3:\n"
        "            ctx.buy(-1)\n"
        "            ctx.buy(9)\n"
    )
    result = cli("run", "configs/run.yaml", "--set", "strategies[0]={use: clumsy}")
    assert "max_position 3" in result.stderr
    assert "3: size -1: expected a whole number of contracts" in result.stderr


def test_the_summary_is_shown_again(desk, cli):
    first = cli("run", "configs/run.yaml")
    folder = Path(first.stdout.strip())
    config_hash = folder.name.rpartition("-")[2]
    for name in ("last", config_hash[:4], str(folder)):
        shown = cli("runs", "show", name)
        assert shown.exit_code == 0
        assert "Net P&L" in shown.stdout
        assert str(folder) in shown.stdout
    assert json.loads(cli("runs", "show", "last", "--json").stdout)["digest"]
    listed = cli("runs", "list")
    assert config_hash in listed.stdout
    assert [run["folder"] for run in json.loads(cli("runs", "list", "--json").stdout)] == [str(folder)]


def test_no_runs_yet(desk, cli):
    assert "no runs yet" in cli("runs", "list").stdout
    result = cli("runs", "show", "last")
    assert result.exit_code == 2
    assert "there are none yet" in result.stderr


def test_an_unknown_run(desk, cli):
    cli("run", "configs/run.yaml", "-q")
    result = cli("runs", "show", "zzzz")
    assert result.exit_code == 2
    assert "the beginning of its config hash, or last" in result.stderr
