"""examples/third_party_plugin as its users meet it: two wheels in a clean environment, used by name, its own tests run.

Nothing is fetched: both wheels are built by the hatchling of this environment and installed without an index, and the
libraries that barstep needs are read from here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
EXAMPLE = REPO / "examples" / "third_party_plugin"
RUN = """
version: 1
name: third
data: {instrument: ES, timeframe: 1m, source: sample}
fills:
  slippage: {use: range_slippage, options: {share: 0.5}}
strategies:
  - use: sma_crossover
risk:
  - use: weekly_loss
    options: {usd: 500}
"""

pytest.importorskip("hatchling", reason="wheels are built with hatchling: pip install -e '.[dev]'")


def call(*command: str | Path, folder: Path, code: int = 0) -> str:
    hidden = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST")
    around = {name: value for name, value in os.environ.items() if name not in hidden}
    around |= {"NO_COLOR": "1", "COLUMNS": "100", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, env=around)
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The `bin` folder of an environment that has the two wheels, and a workspace of `barstep init`."""
    folder = tmp_path_factory.mktemp("third")
    for project in (REPO, EXAMPLE):
        call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", folder=project)
    wheels = sorted((folder / "dist").glob("*.whl"))
    assert [wheel.name.split("-")[0] for wheel in wheels] == ["barstep", "barstep_weekly"]
    venv.create(folder / "env", with_pip=False)
    bin_folder = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = bin_folder / Path(sys.executable).name
    place = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip())
    here = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (place / "borrowed.pth").write_text("\n".join(sorted(here)) + "\n")
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    call(*install, "--ignore-installed", *wheels, folder=folder)
    call(bin_folder / "barstep", "init", "desk", folder=folder)
    return bin_folder, folder / "desk"


def test_both_packages_are_those_of_the_wheels(installed):
    bin_folder, desk = installed
    code = "import barstep, barstep_weekly; print(barstep.__file__, barstep_weekly.__file__, sep='\\n')"
    files = call(bin_folder / "python", "-c", code, folder=desk).split()
    assert all(Path(file).is_relative_to(bin_folder.parent) for file in files)


def test_a_run_file_uses_the_plugins_by_name(installed):
    bin_folder, desk = installed
    (desk / "configs" / "third.yaml").write_text(RUN, encoding="utf-8")
    result = json.loads(call(bin_folder / "barstep", "run", "configs/third.yaml", "--json", folder=desk))
    assert result["risk"]["denials"]["weekly_loss"] > 0
    usual = ("--set", "fills.slippage=null", "--json")
    plain = json.loads(call(bin_folder / "barstep", "run", "configs/third.yaml", *usual, folder=desk))
    assert plain["digest"] != result["digest"], "the slippage model did nothing"


def test_an_option_out_of_bounds_is_told_as_for_any_plugin(installed):
    bin_folder, desk = installed
    (desk / "configs" / "wrong.yaml").write_text(RUN.replace("usd: 500", "usd: 0"), encoding="utf-8")
    command = [str(bin_folder / "barstep"), "validate", "configs/wrong.yaml"]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True)
    assert done.returncode == 2
    assert "wrong.yaml:11:20 risk[0].options.usd: got 0, expected a number > 0" in done.stderr


def test_plugins_show_tells_where_they_come_from(installed):
    bin_folder, desk = installed
    shown = call(bin_folder / "barstep", "plugins", "show", "weekly_loss", folder=desk)
    for words in (
        "weekly_loss  (WeeklyLoss, entry point)",
        "a number > 0",
        "USD that a week's closed trades may lose, fees included",
        "hooks  on_start, on_session_start, on_risk, on_trade",
        "from   barstep-weekly 0.1.0",
        "risk:\n  - use: weekly_loss\n    options: {usd: 1000.0}",
    ):
        assert words in shown, shown
    shown = call(bin_folder / "barstep", "plugins", "show", "range_slippage", folder=desk)
    assert "asked  ticks()" in shown
    assert "fills: {slippage: {use: range_slippage, options: {share: 0.05}}}" in shown
    listed = json.loads(call(bin_folder / "barstep", "plugins", "list", "--json", folder=desk))
    named = {entry["name"]: (entry["section"], entry["package"]) for entry in listed}
    assert named["weekly_loss"] == ("risk", "barstep-weekly 0.1.0")
    assert named["range_slippage"] == ("slippage", "barstep-weekly 0.1.0")


def test_its_own_tests_pass(installed, tmp_path):
    bin_folder, _ = installed
    shutil.copytree(EXAMPLE, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__", "src"))
    told = call(bin_folder / "python", "-m", "pytest", "-q", "-p", "no:schemathesis", folder=tmp_path / "plugin")
    assert "passed" in told
    assert "failed" not in told


def test_the_name_of_a_package_does_not_hide_one_of_the_workspace(installed):
    bin_folder, desk = installed
    ours = (desk / "plugins" / "max_trades.py").read_text(encoding="utf-8")
    (desk / "plugins" / "weekly_loss.py").write_text(ours, encoding="utf-8")
    try:
        shown = call(bin_folder / "barstep", "plugins", "show", "weekly_loss", folder=desk)
    finally:
        (desk / "plugins" / "weekly_loss.py").unlink()
    assert "weekly_loss  (MaxTrades, workspace)" in shown
