"""The pages on indicators and benchmarks leave nothing out."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from barstep import indicators
from barstep.indicators import Indicator

REPO = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", indicators.__all__)
def test_each_indicator_is_in_a_table_with_its_options(name: str) -> None:
    kind = getattr(indicators, name)
    if not issubclass(kind, Indicator) or name in ("Indicator", "WindowIndicator", "TA"):
        return
    page = (REPO / "docs" / "indicators.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `") and f"`{name}(" in line.split("|")[1])
    shown = re.search(rf"`{name}\(([^)]*)\)", row)
    assert shown is not None
    options = inspect.signature(kind).parameters
    for option in filter(None, shown[1].split(", ")):
        key, _, default = option.partition("=")
        assert key in options
        if default:
            assert repr(options[key].default).replace("'", '"') == default


def test_each_known_difference_of_a_peer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPO))
    from benchmarks.agree import KNOWN
    from benchmarks.peers import PEERS

    page = (REPO / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for (key, work), (_, why) in KNOWN.items():
        assert any(PEERS[key].name in row and f"`{work}`" in row and why.strip("()") in row for row in rows)
    for peer in PEERS.values():
        assert f"**{peer.name.split(',')[0]}**" in page
