"""Published results and real bars: where they are, and the helpers of the scenarios for running strategies."""

import json
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "scenarios")]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared():
    """The path of a file beside the checkout, by its name under `shared/data`; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"needs shared/data/{name} beside the checkout")
        return path

    return find


@pytest.fixture(scope="session")
def published(shared):
    """Results that other engines publish for their own tests."""
    return json.loads(shared("reference/expected.json").read_text())
