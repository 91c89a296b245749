"""Every bundled run: its outcome as one line of text, changed only on purpose.

`pytest tests/golden --write-golden` writes the file anew; read the difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import barstep

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("configs.txt")
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def line(result: barstep.RunResult) -> str:
    counts = f"{result.bars} bars, {result.fills} fills, {result.trades} trades, {result.ambiguous_bars} ambiguous"
    refused = f"{result.denied_orders} denied, {result.rejected_orders} rejected"
    return f"{result.name}: {result.net_pnl:+.2f} USD, {result.fees:.2f} fees, {counts}, {refused}, {result.digest}"


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_run_is_the_recorded_one(config: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    got = line(barstep.run(config, out=tmp_path / "run"))
    recorded = dict(entry.split(" ", 1) for entry in GOLDEN.read_text(encoding="utf-8").splitlines())
    if request.config.getoption("--write-golden"):
        recorded[config.stem] = got
        GOLDEN.write_text("".join(f"{name} {text}\n" for name, text in sorted(recorded.items())), encoding="utf-8")
    assert recorded.get(config.stem) == got


def test_nothing_is_recorded_that_is_not_there() -> None:
    names = [entry.split(" ", 1)[0] for entry in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert names == [path.stem for path in CONFIGS]
