"""`data import`, `data check` and runs on the store, as a user types them."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from barstep.data import sample_path


@pytest.fixture
def week(desk, cli) -> Path:
    """A week of NQ in five-minute bars, without a fault."""
    assert (
        cli("data", "synth", "NQ_5m.csv", "-i", "NQ", "-t", "5m", "--days", "6", "--start", "2024-05-06").exit_code == 0
    )
    return desk / "NQ_5m.csv"


def spoilt(week: Path, name: str, line: int, change) -> str:
    lines = week.read_text("utf-8").splitlines()
    lines[line - 1] = change(lines[line - 1])
    (week.parent / name).write_text("\n".join(lines) + "\n", "utf-8")
    return name


def test_import_says_what_it_found(week, cli) -> None:
    done = cli("data", "import", "NQ_5m.csv", "--contract", "NQM4")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "NQ_5m.csv: barstep, 5m bars of NQM24"
    assert "certain from the form" in done.stdout
    assert "1,656 new bars; NQM24 5m has 1,656, 2024-05-05T22:00:00Z to 2024-05-13T20:55:00Z" in done.stdout
    assert not done.stderr


def test_json_is_one_document(week, cli) -> None:
    (document,) = json.loads(cli("data", "import", "NQ_5m.csv", "--json").stdout)
    assert (document["series"], document["added"], document["known_by"]) == ("NQ", 1656, "form")
    (checked,) = json.loads(cli("data", "check", "store", "--json").stdout)
    assert (checked["rows"], checked["findings"]) == (1656, [])


def test_a_fault_has_its_line_and_a_remedy(week, cli) -> None:
    name = spoilt(week, "NQ_bad.csv", 40, lambda line: line.replace(line.split(",")[2], "1"))
    done = cli("data", "import", name)
    assert done.exit_code == 3
    told = " ".join(done.stderr.split())
    assert told.startswith(
        "error: NQ_bad.csv:40 (2024-05-06T01:10:00Z): found bars whose high and low do not enclose open and"
    )
    assert "--repair widen" in told
    assert not (week.parent / "store").exists()
    assert cli("data", "check", name).exit_code == 3
    mended = cli("data", "import", name, "--repair", "drop")
    assert mended.exit_code == 0
    assert "repair drop: 1 rows" in mended.stdout
    assert "gaps (1)" in mended.stderr


def test_warnings_leave_the_exit_code_alone(week, cli) -> None:
    name = spoilt(week, "NQ_quiet.csv", 40, lambda line: line.rpartition(",")[0] + ",0")
    done = cli("data", "check", name)
    assert done.exit_code == 0
    assert "zero_volume (1)" in done.stderr


@pytest.mark.parametrize("damage", ["other bars", "no Parquet", "missing"])
def test_the_store_notices_a_changed_file(week, desk, base, cli, damage) -> None:
    cli("data", "import", "NQ_5m.csv")
    (bars,) = (week.parent / "store").rglob("*.parquet")
    before = pl.read_parquet(bars)
    before.head(1000).write_parquet(bars)
    if damage == "no Parquet":
        bars.write_bytes(b"x" * 5000)
    elif damage == "missing":
        bars.unlink()
    done = cli("data", "check", "store")
    assert done.exit_code == 3
    assert "changed (1)" in done.stderr
    lines = week.read_text("utf-8").splitlines(keepends=True)
    (week.parent / "NQ_part.csv").write_text("".join([lines[0], *lines[1500:]]), "utf-8")
    name = run_file(desk, base, "store", instrument="NQ", contract="", timeframe="5m", start="", end="")
    for command in (("data", "import", "NQ_part.csv"), ("run", name)):
        done = cli(*command)  # else new bars would give the foreign file a manifest
        assert (done.exit_code, "and import again: NQ_5m.csv" in done.stderr) == (3, True)
    next((week.parent / "store").rglob("*.json")).unlink()
    assert cli("data", "import", "NQ_5m.csv").exit_code == 0
    assert pl.read_parquet(bars).equals(before)


def test_the_name_of_a_file_tells_what_it_is_of(week, cli) -> None:
    assert "contract               NQM4" in cli("data", "info", "NQ_5m.csv", "-t", "5m").stdout
    assert "bars of NQM4 1h" in cli("data", "resample", "NQ_5m.csv", "NQ_1h.csv", "-t", "1h").stdout
    assert "contract               ESM4" in cli("data", "info", "NQ_5m.csv", "-t", "5m", "-i", "ES").stdout


def test_an_empty_store(desk, cli) -> None:
    done = cli("data", "check", "store")
    assert done.exit_code == 3
    assert "store/ is empty" in done.stderr


def run_file(desk: Path, base: str, source: str, **more: str) -> str:
    text = base.replace("source: sample", f"source: {source}")
    for key, value in more.items():
        text = re.sub(rf"  {key}: .*\n", f"  {key}: {value}\n" if value else "", text)
    (desk / "configs" / "stored.yaml").write_text(text, "utf-8")
    return "configs/stored.yaml"


def test_a_run_from_the_store_is_the_run_from_the_file(desk, base, cli) -> None:
    cli("data", "import", str(sample_path("ES", "1m")))
    digests = []
    for config in (
        "configs/run.yaml",
        run_file(desk, base, "store"),
        run_file(desk, base, "{kind: store, path: ../store}"),
    ):
        done = cli("run", config, "--json")
        assert done.exit_code == 0, done.output
        digests.append(json.loads(done.stdout)["digest"])
    assert len(set(digests)) == 1
    manifest = json.loads(next((desk / "runs").glob("*/*/manifest.json")).read_text("utf-8"))
    assert manifest


def test_what_the_store_has_not(desk, base, week, cli) -> None:
    config = run_file(desk, base, "store")
    done = cli("validate", config)
    assert done.exit_code == 3
    assert "data.source: the store store/ has no bars of ES 1m; it has nothing of ES" in " ".join(done.stderr.split())
    for contract in ("NQH4", "NQM4"):
        cli("data", "import", "NQ_5m.csv", "--contract", contract)
    config = run_file(desk, base, "store", instrument="NQ", timeframe="5m", start="2024-05-06", end="2024-05-07")
    done = cli("validate", config)
    assert done.exit_code == 2
    assert "the store has several contracts of NQ 5m: NQH24, NQM24. Name one: contract: NQM24" in " ".join(
        done.stderr.split()
    )
    done = cli("run", config, "--set", "data.contract=NQM4", "--json")
    assert json.loads(done.stdout)["contracts"] == ["NQM4"]


def test_an_instrument_of_ones_own(desk, cli) -> None:
    rows = "".join(f"2024-05-08T13:{minute:02d}:00Z,100,100.5,99.5,100,5\n" for minute in range(20))
    (desk / "dax.csv").write_text(f"t,o,h,l,c,v\n{rows}", "utf-8")
    own = '{"name": "FDAX", "tick_size": "0.5", "tick_value": "12.5"}'
    assert cli("data", "import", "dax.csv", "-i", own).exit_code == 0
    assert cli("data", "check", "store").exit_code == 0
    wrong = cli("data", "import", "dax.csv", "-i", '{"name": "FDAX"}')
    assert wrong.exit_code == 2
    assert "tick_size" in wrong.stderr


def test_a_run_warns_of_a_clock_that_is_read_wrongly(desk, base, week, cli) -> None:
    frame = pl.read_csv(week, try_parse_dates=True)
    local = frame["t"].dt.convert_time_zone("America/Chicago").dt.strftime("%Y-%m-%dT%H:%M:%S")
    frame.with_columns(local.alias("t")).write_csv(desk / "local.csv")
    config = run_file(desk, base, "../local.csv", instrument="NQ", timeframe="5m", start="", end="")
    warnings = json.loads(cli("run", config, "--json").stdout)["warnings"]
    assert any("declare zone: America/Chicago and stamp: open" in text for text in warnings)


def test_ctrl_c_leaves_the_store_as_it_was(week, cli, start) -> None:
    cli("data", "import", "NQ_5m.csv")
    before = sorted(path.name for path in (week.parent / "store").rglob("*"))
    header, *rows = week.read_text("utf-8").splitlines(keepends=True)
    (week.parent / "NQ_big.csv").write_text(header + "".join(rows) * 1500, "utf-8")
    process = start("data", "import", "NQ_big.csv", "--timeframe", "5m", "--repair", "sort,dedupe")
    deadline = time.monotonic() + 60
    while (
        not list((week.parent / "store").rglob(".work-*/*")) and time.monotonic() < deadline and process.poll() is None
    ):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "nothing was kept" in told
    assert sorted(path.name for path in (week.parent / "store").rglob("*")) == before
