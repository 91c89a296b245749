"""Days of accounts, a slow walk to compare with, and the worked examples beside the checkout."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "scenarios"))

RULES = Path(__file__).resolve().parents[3] / "shared" / "reference" / "prop-firm-rules.yaml"


@pytest.fixture(scope="session")
def worked():
    """The worked examples of the reference on account rules."""
    import yaml

    if not RULES.exists():
        pytest.skip("needs shared/reference/prop-firm-rules.yaml beside the checkout")
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["worked_examples"]
