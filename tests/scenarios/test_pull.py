"""A caller that pulls bars one by one plays the same replay as a run (design, section 5)."""

from __future__ import annotations

from pathlib import Path

import barstep
from barstep.runs.assemble import build, load_plan
from barstep.runs.log import run_logger
from barstep.runs.spool import RunSpool
from barstep.sim.market import STEP

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
    assert spool.fills == len(replay.exchange.markets[0].steps) // STEP > 0
    assert replay.step() is None


def test_ending_early_settles_as_at_the_end_of_the_data(tmp_path):
    spool, replay = pulled(tmp_path / "pulled")
    heard = []
    replay.delivery.listener = heard.append
    bar = None
    for _ in range(100):
        bar = replay.step()
    assert replay.exchange.markets[0].ledger.position, "the strategy is in the market"
    replay.end()
    replay.end()
    last = [event for event in heard if isinstance(event, barstep.Fill)][-1]
    assert (last.rule, last.bar_index, last.position_after) == ("R25", bar.index, 0)
    assert spool.fills == sum(isinstance(event, barstep.Fill) for event in heard)
    assert replay.step() is None


def test_ending_before_the_first_bar_plays_nothing(tmp_path):
    spool, replay = pulled(tmp_path / "pulled")
    replay.end()
    assert replay.step() is None
    assert (spool.meter.bars, spool.fills) == (0, 0)


def test_an_order_from_outside_a_hook_is_handed_out_by_deliver(tmp_path):
    _spool, replay = pulled(tmp_path / "pulled")
    for _ in range(5):
        replay.step()
    heard = []
    replay.delivery.listener = heard.append
    contract = replay.desk.streams[0].feed.contract
    order = replay.desk.submit(barstep.Order(contract, "buy", 1, plugin="outside"))
    assert heard == [], "nothing is handed out inside the call"
    replay.deliver()
    assert heard == [order]
    replay.step()
    assert order.status == "filled"
