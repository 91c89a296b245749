"""A caller that pulls bars one by one plays the same replay as a run (design, section 5)."""

from __future__ import annotations

from pathlib import Path

import barstep
from barstep.runs.assemble import build, load_plan
from barstep.runs.log import run_logger
from barstep.runs.spool import RunSpool

CONFIG = Path(__file__).parents[2] / "configs" / "sma_crossover.yaml"


def pulled(folder: Path):
    folder.mkdir()
    plan = load_plan(CONFIG)
    spool = RunSpool(folder, 50_000_000_000, lambda _: None)
    return spool, build(plan, spool, run_logger())


def test_stepping_to_the_end_is_the_run(tmp_path):
    spool, replay = pulled(tmp_path / "pulled")
    seen = []
    while (bar := replay.step()) is not None:
        assert replay.exchange.clock_ns == bar.end_ns, "the replay stands at the bar it handed out"
        seen.append(bar.index)
    whole = barstep.run(CONFIG, out=tmp_path / "run")
    assert seen == list(range(whole.bars))
    assert replay.step() is None, "and again after the end"
    assert spool.digest.finish(replay.exchange.balance) == whole.digest


def test_closing_early_keeps_what_was_played(tmp_path):
    spool, replay = pulled(tmp_path / "pulled")
    for _ in range(100):
        replay.step()
    replay.close()
    assert spool.meter.bars == 100
    assert spool.fills == len(replay.exchange.markets[0].steps) > 0
    assert replay.step() is None
