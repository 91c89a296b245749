"""200 spoiled files: none crashes the import, none is accepted in silence."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fuzz_files
from exports import FORMS, write

import barstep
from barstep.data import SyntheticStream, front_contract, instrument
from barstep.data.store import Store
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError, DataError

SEEDS = 200
HARMLESS = ("nothing", "byte order mark", "CRLF", "gzipped", "blank line inside")


@pytest.fixture(scope="module")
def clean() -> pl.DataFrame:
    """Eight trading days of 5-minute bars over a change of the clocks, without a hole."""
    item = instrument("NQ")
    stream = SyntheticStream(
        front_contract(item, date(2022, 3, 8)), Timeframe.parse("5m"), seed=5, start=date(2022, 3, 8), bars=8 * 276
    )
    chunks = list(stream.chunks())
    columns = {
        name: np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("open", "high", "low", "close")
    }
    step = float(item.tick_size)
    frame = {"t": np.concatenate([chunk.start_ns for chunk in chunks])}
    frame |= {name[0]: ticks * step for name, ticks in columns.items()}
    frame["v"] = np.maximum(1, np.concatenate([chunk.volume for chunk in chunks]))
    return pl.DataFrame(frame).with_columns(pl.col("t").cast(pl.Datetime("ns", "UTC")))


def stored(folder: Path) -> pl.DataFrame:
    store = Store(folder)
    (manifest,) = store.series()
    return pl.read_parquet(store.bars(manifest))


@pytest.mark.parametrize("form", FORMS)
def test_a_clean_file_is_taken_without_a_word(tmp_path: Path, clean: pl.DataFrame, form: str) -> None:
    written = write(form, clean)
    path = tmp_path / written.name
    path.write_bytes(fuzz_files.text(written))
    timeframe = None
    got = barstep.import_bars(path, timeframe=timeframe, store=tmp_path / "store")
    assert got.warnings == []
    assert got.timeframe == "5m"
    assert stored(tmp_path / "store").equals(clean)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_crash_and_no_silence(tmp_path: Path, clean: pl.DataFrame, seed: int) -> None:
    spoiled = fuzz_files.spoil(seed, clean)
    path = tmp_path / spoiled.name
    path.write_bytes(spoiled.content)
    store = tmp_path / "store"
    refused, got = "", None
    try:
        got = barstep.import_bars(path, store=store)
    except (DataError, ConfigError) as error:
        refused = str(error)
    if got is None:
        assert refused.startswith(path.name), spoiled.what
        assert len(refused.splitlines()) == 1, spoiled.what
        assert len(refused) < 900, spoiled.what
        assert not list(store.rglob("*.json")), "nothing is left in the store"
        assert not list(store.rglob(".work-*"))
        assert spoiled.what.partition(",")[0] not in HARMLESS, refused
        return
    kinds = {text.partition(" (")[0] for text in got.warnings}
    if not stored(store).equals(clean):
        assert kinds & set(spoiled.named_by), f"{spoiled.what}: accepted with {sorted(kinds)}"


def test_every_kind_of_defect_had_its_turn() -> None:
    assert len(fuzz_files.KINDS) <= SEEDS
