"""The same run gives the same bytes: other hash seeds, processes, folders, chunk sizes, and the stored configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import barstep
from barstep.data import file_stream

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "sma_crossover.yaml"
TABLES = ("fills", "trades", "orders", "equity", "ambiguous", "notes")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> barstep.RunResult:
    return barstep.run(CONFIG, out=tmp_path_factory.mktemp("here") / "run")


def test_two_runs_in_one_process_are_equal_to_the_byte(here, tmp_path):
    again = barstep.run(CONFIG, out=tmp_path / "again")
    for name in TABLES:
        assert (again.folder / f"{name}.parquet").read_bytes() == (here.folder / f"{name}.parquet").read_bytes(), name
    for name in ("result.json", "config.resolved.yaml"):
        assert (again.folder / name).read_bytes() == (here.folder / name).read_bytes()


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_another_hash_seed_and_working_directory(here, tmp_path, seed):
    command = [sys.executable, "-m", "barstep", "run", str(CONFIG), "--out", str(tmp_path / "run"), "--json"]
    ran = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["digest"] == here.digest
    for name in TABLES:
        one, two = (pl.read_parquet(folder / f"{name}.parquet") for folder in (here.folder, tmp_path / "run"))
        assert one.equals(two), name


@pytest.mark.parametrize("rows", [1, 7, 100, 2263, 2264, 2265])
def test_another_chunk_size(here, tmp_path, monkeypatch, rows):
    """Sessions, orders, trailing levels, flat times and equity do not notice where a chunk of bars ends."""
    init = file_stream.FileStream.__init__

    def small(self, *args, **given):
        init(self, *args, **{**given, "chunk_rows": rows})

    monkeypatch.setattr(file_stream.FileStream, "__init__", small)
    for config, digest in ((CONFIG, here.digest), (ROOT / "configs" / "trend_pyramid.yaml", None)):
        cut = barstep.run(config, out=tmp_path / f"cut {config.stem}")
        if digest:
            assert cut.digest == digest
            whole = here
        else:
            monkeypatch.setattr(file_stream.FileStream, "__init__", init)
            whole = barstep.run(config, out=tmp_path / "whole")
        assert cut.as_dict() == whole.as_dict()
        for name in ("fills", "trades", "orders", "equity", "ambiguous"):
            one, two = (pl.read_parquet(run.folder / f"{name}.parquet") for run in (cut, whole))
            assert one.equals(two), (config.stem, name)


def test_the_stored_configuration_gives_the_same_run(here, tmp_path):
    stored = tmp_path / "stored.yaml"
    stored.write_bytes((here.folder / "config.resolved.yaml").read_bytes())
    assert barstep.run(stored, out=tmp_path / "run").digest == here.digest


def test_two_overridden_options_change_the_digest_and_the_config_hash(here, tmp_path):
    other = barstep.run(CONFIG, ["sma_crossover.fast=12"], out=tmp_path / "run")
    assert other.digest != here.digest
    hashes = [json.loads((run.folder / "manifest.json").read_text())["config_sha256"] for run in (here, other)]
    assert hashes[0] != hashes[1]


def test_a_plugins_randomness_comes_from_the_runs_seed(tmp_path):
    strategy = tmp_path / "coin.py"
    strategy.write_text(
        "from barstep import Strategy, hookimpl\n\n"
        "class Coin(Strategy):\n"
        "    @hookimpl\n"
        "    def on_bar(self, bar, ctx):\n"
        "        ctx.set_position(ctx.random.choice([-1, 0, 1]))\n",
        encoding="utf-8",
    )

    def digest(seed: int, name: str) -> str:
        data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
        run = {"version": 1, "data": data, "strategies": [{"use": str(strategy)}], "seed": seed}
        return barstep.run(run, out=tmp_path / name).digest

    assert digest(1, "one") == digest(1, "again")
    assert digest(1, "once more") != digest(2, "two")
