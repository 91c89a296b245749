"""Runs that go wrong: one clear message, the right exit code, no torn file."""

from __future__ import annotations

import json
import resource
import signal
import time
from pathlib import Path

import pytest

STRATEGY = """\
{top}from barstep import Bar, Context, Strategy, hookimpl


class Mine(Strategy):
{mark}    def on_bar(self, bar: Bar, ctx: Context) -> None:
        {body}
"""


def write(desk: Path, body: str, *, mark: str = "    @hookimpl\n", top: str = "") -> None:
    (desk / "strategies" / "mine.py").write_text(STRATEGY.format(body=body, mark=mark, top=top))
    config = desk / "configs" / "run.yaml"
    config.write_text(config.read_text().replace("sma_crossover\n    options: {fast: 10, slow: 30, size: 1}", "mine"))


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".partial" in path.name or path.name.endswith(".part")]


def test_a_strategy_that_raises(desk, barstep):
    write(desk, "return None if bar.index < 100 else 1 / 0")
    done = barstep("run", "configs/run.yaml")
    assert done.returncode == 1
    assert done.stdout == ""
    text = done.stderr
    traceback = text[text.index("Traceback") :].splitlines()
    assert traceback[1].strip() == f'File "{desk}/strategies/mine.py", line 7, in on_bar'
    assert "ZeroDivisionError: division by zero" in text
    line = next(line for line in traceback if line.startswith("error: "))
    assert "plugin mine, hook on_bar" in line
    assert f"{desk}/strategies/mine.py:7" in line
    assert "bar ending 2013-09-01 18:4" in line
    folder = Path(traceback[-1].rpartition(": ")[2])
    assert json.loads((folder / "result.json").read_text())["status"] == "failed"
    assert not leftovers(desk)


def test_a_failed_run_with_json_says_so_in_json(desk, cli):
    write(desk, "raise ValueError('no idea')")
    result = cli("run", "configs/run.yaml", "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert (error["kind"], error["exit_code"]) == ("PluginError", 1)
    assert "no idea" in error["problems"][0]


def test_a_strategy_that_cannot_be_imported(desk, cli):
    write(desk, "pass", top="import no_such_module\n")
    result = cli("run", "configs/run.yaml")
    assert result.exit_code == 1
    assert f"error: plugin mine cannot be imported, {desk}/strategies/mine.py:1: ModuleNotFoundError" in result.stderr


def test_an_unmarked_hook(desk, cli):
    write(desk, "pass", mark="")
    result = cli("run", "configs/run.yaml")
    assert result.exit_code == 2
    assert "configs/run.yaml:12:10 strategies[0].use: " in result.stderr
    assert f"{desk}/strategies/mine.py:5: Mine.on_bar is named like a hook but not marked" in result.stderr
    assert "write @hookimpl above it" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_no_python(desk, cli):
    write(desk, "pass (")
    result = cli("validate", "configs/run.yaml")
    assert result.exit_code == 2
    assert "strategies/mine.py:7: this is not Python" in result.stderr


def test_interrupted(desk, start):
    write(desk, "time.sleep(0.002) if bar.index else print('started', flush=True)", top="import time\n")
    process = start("run", "configs/run.yaml", "--json")
    assert process.stderr.readline() == "started\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(out)
    assert document["status"] == "interrupted"
    assert 0 < document["bars"] < 2264
    assert "interrupted: the " in err
    folder = Path(document["folder"])
    assert str(folder) in err
    assert json.loads((folder / "result.json").read_text())["status"] == "interrupted"
    tables = ("fills", "trades", "orders", "equity")
    assert all((folder / f"{name}.parquet").read_bytes().endswith(b"PAR1") for name in tables)
    assert not leftovers(desk)


def test_interrupted_twice_keeps_nothing(desk, start):
    write(desk, "time.sleep(30) if bar.index else print('started', flush=True)", top="import time\n")
    process = start("run", "configs/run.yaml")
    while process.stderr.readline() != "started\n":
        pass
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "interrupted: nothing was kept" in err
    assert "Traceback" not in err
    assert not list(desk.glob("runs/*/*"))


@pytest.mark.parametrize("limit", [200, 5_000, 20_000])
def test_a_disk_that_is_full(desk, barstep, limit):
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = barstep("run", "configs/run.yaml", "--out", "there", preexec_fn=full)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: the results cannot be written to" in done.stderr
    assert "choose another folder with --out" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (desk / "there").exists()
    assert not leftovers(desk)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_results_that_cannot_be_printed(desk, barstep_into):
    with Path("/dev/full").open("w") as full:
        done = barstep_into(full, "run", "configs/run.yaml", "--json", "--quiet")
    assert done.returncode == 1
    assert done.stderr == "error: the output cannot be written: No space left on device\n"
    assert len(list(desk.glob("runs/*/*/result.json"))) == 1


def test_a_strategy_that_leaves(desk, cli):
    write(desk, "raise SystemExit(0)")
    result = cli("run", "configs/run.yaml")
    assert result.exit_code == 1
    assert 'strategies/mine.py", line 7, in on_bar' in result.stderr
    assert "error: a plugin called sys.exit(): nothing was kept" in result.stderr
    assert not list(desk.glob("runs/*/*"))


def test_out_under_a_file(desk, cli):
    (desk / "taken").write_text("x")
    result = cli("run", "configs/run.yaml", "--out", "taken/there")
    assert result.exit_code == 1
    assert "error: the results cannot be written to" in result.stderr
    result = cli("run", "configs/run.yaml", "--out", "taken")
    assert result.exit_code == 2
    assert "choose another folder" in result.stderr
    assert (desk / "taken").read_text() == "x"


ROWS = "t,o,h,l,c,v\n2024-01-02T15:00:00Z,4700,4701,4699,4700.5,10\n"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2024-01-02T15:01:00Z,4700,4699,4701,4700,10", ("row 2", "R1")),
        ("2024-01-02T15:01:00Z,4700,4701,4699,4700.1,10", ("row 2", "tick")),
        ("2024-01-02T15:01:00Z,4700,,4699,4700,10", ("row 2", "column h", "Mend or drop the row")),
        ("2024-01-02T15:00:00Z,4700,4701,4699,4700,10", ("row 2",)),
    ],
)
def test_a_bar_file_with_a_bad_row(desk, cli, row, words):
    (desk / "bars.csv").write_text(ROWS + row + "\n")
    config = desk / "configs" / "run.yaml"
    text = config.read_text().replace("  start: 2013-09-01\n  end: 2013-09-03\n", "")
    config.write_text(text.replace("source: sample", "source: ../bars.csv"))
    for arguments in (("run", "configs/run.yaml"), ("data", "info", "bars.csv")):
        result = cli(*arguments)
        assert result.exit_code == 3, result.stderr
        assert all(word in result.stderr for word in ("error: ", "bars.csv", *words)), result.stderr
        assert "Traceback" not in result.stderr
    assert not list(desk.glob("runs/*/*"))


def test_bars_that_are_not_there(desk, cli):
    config = desk / "configs" / "run.yaml"
    config.write_text(config.read_text().replace("source: sample", "source: ../none.csv"))
    result = cli("run", "configs/run.yaml")
    assert result.exit_code == 3
    assert "error: configs/run.yaml:6:11 data.source: no such file" in result.stderr
