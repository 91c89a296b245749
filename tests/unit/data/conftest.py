from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from barstep.data import front_contract, instrument
from barstep.domain.bar import Timeframe
from barstep.domain.instrument import Contract

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
