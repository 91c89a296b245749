"""Looking around and starting something new: validate --show, plugins, instruments, init, new, data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_validate(desk, cli):
    result = cli("validate", "configs/run.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "configs/run.yaml: valid (strategies 1, risk 1, observers 0)\n"


def test_validate_show(desk, cli):
    result = cli("validate", "configs/sma_crossover.yaml", "--show", "--set", "fills.market_slip_ticks=3")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    for line in (
        "market_slip_ticks: 3",
        "on_risk max_position, trading_hours",
        "market_slip_ticks 3 1",
        "ESU3 1.89 3.78",
        "ESU3 1m: first bar starts 2013-09-01 17:00 CDT",
        "last bar ends 2013-09-03 13:52 CDT; trading days 2013-09-03 to 2013-09-03",
        "sma_crossover workspace",
    ):
        assert any(shown.startswith(line) for shown in lines), line


def test_validate_json_can_be_run_again(desk, cli):
    document = json.loads(cli("validate", "configs/sma_crossover.yaml", "--json").stdout)
    assert document["valid"] is True
    assert document["hooks"]["on_bar"] == ["sma_crossover"]
    (desk / "again.yaml").write_text(document["resolved"])
    assert json.loads(cli("validate", "again.yaml", "--json").stdout)["resolved"] == document["resolved"]


def test_validate_shows_warnings(desk, base, cli):
    (desk / "quiet.csv").write_text("t,o,h,l,c,v\n2024-01-02T15:00:00Z,4700,4701,4699,4700,0\n")
    text = base.replace("  start: 2013-09-01\n  end: 2013-09-03\n", "").replace("sample", "../quiet.csv")
    (desk / "configs" / "run.yaml").write_text(text)
    assert "warning: volume is zero throughout" in cli("validate", "configs/run.yaml").stdout


def test_plugins(desk, cli):
    (desk / "plugins" / "broken.py").write_text("import no_such_module\n")
    listed = cli("plugins", "list")
    assert listed.exit_code == 0
    assert "broken, see: barstep plugins show broken" in " ".join(listed.stdout.split())
    known = {entry["name"]: entry for entry in json.loads(cli("plugins", "list", "--json").stdout)}
    assert known["sma_crossover"]["section"] == "strategies"
    assert known["max_position"]["section"] == "risk"
    assert known["trade_journal"]["section"] == "observers"
    assert known["max_position"]["options"][0]["ge"] == 0
    assert (known["max_position"]["origin"], known["max_position"]["package"]) == ("workspace", "")
    assert known["max_position"]["hooks"] == ["on_risk"]
    assert cli("plugins", "show", "broken").exit_code == 1


def test_a_plugin(desk, cli):
    shown = cli("plugins", "show", "sma_crossover").stdout
    for words in ("bars of the fast mean", "a whole number >= 1", "on_start, on_bar", "strategies/sma_crossover.py"):
        assert words in shown
    result = cli("plugins", "show", "sma_crosover")
    assert (result.exit_code, result.stderr) == (2, "error: no plugin 'sma_crosover'; did you mean sma_crossover?\n")
    assert cli("plugins", "show", "strategies/sma_crossover.py").exit_code == 0


def test_instruments(desk, cli):
    assert "E-mini S&P 500" in cli("instruments", "list").stdout
    shown = cli("instruments", "show", "ES").stdout
    for words in ("0.25", "12.5 USD", "50 USD", "1.89", "17:00-16:00 America/Chicago", "HMUZ"):
        assert words in shown
    assert json.loads(cli("instruments", "show", "6J", "--json").stdout)["tick_size"] == "0.0000005"
    assert len(json.loads(cli("instruments", "list", "--json").stdout)) > 20
    assert "did you mean" in cli("instruments", "show", "MESS").stderr


def test_from_nothing_to_a_denied_order(tmp_path, monkeypatch, cli):
    monkeypatch.chdir(tmp_path)
    assert cli("init", "mine").exit_code == 0
    monkeypatch.chdir(tmp_path / "mine")
    new = cli("new", "risk", "my_rule")
    assert "risk:\n  - use: my_rule\n    options: {contracts: 1}" in new.stdout
    assert len((tmp_path / "mine" / "plugins" / "my_rule.py").read_text().splitlines()) < 15
    config = tmp_path / "mine" / "configs" / "sma_crossover.yaml"
    config.write_text(config.read_text().replace("risk:\n", "risk:\n  - use: my_rule\n    options: {contracts: 1}\n"))
    result = cli("run", "configs/sma_crossover.yaml", "--set", "sma_crossover.size=2", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["risk"]["denials"]["my_rule"] > 0


def test_new_files_work_at_once(desk, cli):
    assert "strategies:\n  - use: my_idea" in cli("new", "strategy", "my_idea").stdout
    assert "barstep run configs/my-run.yaml" in cli("new", "run", "my-run", "--strategy", "my_idea").stdout
    result = cli("run", "configs/my-run.yaml", "--json")
    assert json.loads(result.stdout)["trades"] > 0
    cli("new", "risk", "my_rule")
    for name in ("my_idea", "my_rule"):
        assert cli("plugins", "show", name).exit_code == 0


@pytest.mark.parametrize("kind", ["strategy", "risk", "run"])
def test_new_does_not_overwrite(desk, cli, kind):
    assert cli("new", kind, "mine").exit_code == 0
    (file,) = desk.glob("*/mine.*")
    file.write_text("precious")
    result = cli("new", kind, "mine")
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "better"), [("My Idea", "my_idea"), ("my-idea", "my_idea"), ("class", ""), ("1st", "")]
)
def test_new_wants_a_name_that_python_takes(desk, cli, name, better):
    result = cli("new", "strategy", name)
    assert result.exit_code == 2
    assert (f"did you mean {better}?" if better else "such as my_idea") in result.stderr


def test_init_refuses_a_folder_with_something_in_it(desk, cli):
    result = cli("init", ".")
    assert result.exit_code == 2
    assert "is not an empty folder" in result.stderr
    (desk / "empty").mkdir()
    assert cli("init", "empty").exit_code == 0
    assert (desk / "empty" / "README.md").is_file()
    assert not list(desk.rglob("__pycache__/../empty/*/__pycache__"))


def test_init_fills_the_folder_one_stands_in(desk, cli, monkeypatch):
    (desk / "here").mkdir()
    monkeypatch.chdir(desk / "here")
    assert cli("init", ".").exit_code == 0
    assert Path.cwd() == desk / "here", "the folder is the one a shell stands in"
    assert sorted(path.name for path in Path().iterdir()) == [
        ".gitignore",
        "README.md",
        "configs",
        "plugins",
        "strategies",
    ]
    assert cli("validate", "configs/sma_crossover.yaml").exit_code == 0


def test_a_folder_that_is_gone_is_told(desk, cli, monkeypatch):
    (desk / "here").mkdir()
    monkeypatch.chdir(desk / "here")
    (desk / "here").rmdir()
    result = cli("run", "a.yaml")
    assert result.exit_code == 2
    assert "the folder you are in is gone" in result.stderr
    monkeypatch.chdir(desk)


def test_data_info(desk, cli):
    text = cli("data", "info", "sample").stdout
    assert "2,264" in text
    document = json.loads(cli("data", "info", "sample", "--json").stdout)
    assert (document["rows"], document["contract"]) == (2264, "ESU3")
    result = cli("data", "info", "sample", "-t", "5 min")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean 5m?" in result.stderr


def test_data_info_of_a_foreign_file(desk, cli):
    names = ["Date", "Open", "High", "Low", "Close", "Vol"]
    lines = [",".join(names), *(f"2024-01-02 09:0{minute},4700,4701,4699,4700,5" for minute in (1, 2))]
    (desk / "foreign.csv").write_text("\n".join(lines))
    named = [f"--column={key}={name}" for key, name in zip("tohlcv", names, strict=True)]
    options = ("--zone", "America/Chicago", "--stamp", "close", "--json")
    result = cli("data", "info", "foreign.csv", *named, *options)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["first"] == "2024-01-02T15:00:00Z"
    assert cli("data", "info", "foreign.csv").exit_code == 3


def test_data_synth(desk, cli):
    for name in ("a.csv", "b.csv", "c.csv.gz"):
        result = cli("data", "synth", name, "--instrument", "NQ", "--seed", "7", "--days", "2", "--start", "2024-01-05")
        assert result.exit_code == 0, result.stderr
    assert (desk / "a.csv").read_bytes() == (desk / "b.csv").read_bytes()
    found = json.loads(cli("data", "info", "c.csv.gz", "--instrument", "NQ", "--json").stdout)
    assert found["sessions"] == 2
    assert cli("data", "synth", "a.csv").exit_code == 2
    assert cli("data", "synth", "d.txt").exit_code == 2
    assert cli("data", "synth", "d.csv", "--bars", "5", "--days", "2").exit_code == 2
    assert "data.source.bars: got -5" in cli("data", "synth", "d.csv", "--bars", "-5").stderr
    assert json.loads(cli("data", "synth", "d.csv", "--bars", "5", "--json").stdout)["bars"] == 5
