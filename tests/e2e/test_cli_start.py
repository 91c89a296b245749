"""The front door: help, version, usage errors, and what must not be imported for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from barstep import __version__

HEAVY = ("numpy", "polars", "pydantic", "yaml", "structlog", "pluggy", "requests")


def modules_after(code: str) -> set[str]:
    report = "\nimport sys\nsys.stderr.write(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_importing_barstep_imports_nothing_heavy():
    assert not modules_after("import barstep") & {*HEAVY, "typer", "rich"}


def test_help_imports_nothing_heavy():
    code = "from barstep.cli.main import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass"
    assert not modules_after(code) & set(HEAVY)


@pytest.mark.parametrize("command", ["plugins", "runs", "instruments", "data", "new"])
def test_help_of_a_group_names_its_commands(cli, command):
    result = cli(command, "--help")
    assert result.exit_code == 0
    assert "Commands" in result.stdout


def test_help_names_every_command(cli):
    text = cli("--help").stdout
    for word in ("run", "validate", "init", "runs", "plugins", "instruments", "data", "new", "--version"):
        assert word in text


def test_version(barstep):
    done = barstep("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"barstep {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [("run",), ("nonsense",), ("validate", "run.yaml", "--nope"), ("new", "thing", "x")]
)
def test_a_usage_error_is_2(cli, arguments):
    result = cli(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage" in result.stderr
    assert "Traceback" not in result.stderr
