from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from barstep.data import SyntheticStream, front_contract, instrument, write_csv
from barstep.domain.bar import Timeframe
from barstep.domain.instrument import Contract

sys.path.insert(0, str(Path(__file__).parent))  # makes `imported` importable under importlib mode

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture
def es() -> Contract:
    return front_contract(instrument("ES"), date(2013, 9, 3))


@pytest.fixture
def minute() -> Timeframe:
    return Timeframe.parse("1m")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder of real bars, ../shared/data, is absent")
    return SHARED


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def week(tmp_path: Path) -> Path:
    item = instrument("ES")
    stream = SyntheticStream(
        front_contract(item, date(2024, 5, 6)),
        Timeframe.parse("1m"),
        seed=2,
        start=date(2024, 5, 6),
        end=date(2024, 5, 10),
    )
    write_csv(stream, tmp_path / "ES_week.csv")
    return tmp_path / "ES_week.csv"
