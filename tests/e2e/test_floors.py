"""Floors in YAML, told by explain: at the tick of a stop, on the losing path only, breached by the fill that goes flat."""

from __future__ import annotations

import json

import pytest

ENTRY = """\
from barstep import Bar, Context, Strategy, hookimpl, option


class Entry(Strategy):
    stop: int | None = option(None)
    target: int | None = option(None)

    @hookimpl
    def on_session_start(self, session, ctx: Context) -> None:
        ctx.buy(1, stop_loss_ticks=self.stop, take_profit_ticks=self.target)

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        pass
"""

RUN = """\
version: 1
name: floors
data:
  instrument: {{name: TICK, tick_size: 1, tick_value: 1, lot_weight_tenths: 10}}
  timeframe: 1m
  source: bars.csv
account: {{balance: 10000, fees: none, on_fail: reset}}
fills: {{at_end: mark{fills}}}
strategies:
  - use: entry.py
    options: {{{options}}}
risk:
  - use: max_loss_limit
    options: {{usd: {usd}, trail: static}}
"""


@pytest.fixture
def play(desk, cli):
    """Plays a vector of the fill model: one bar, an entry at its open, a floor; gives the result and the bar's story."""

    def call(bar: str, options: str, usd: int, fills: str = ""):
        (desk / "configs" / "entry.py").write_text(ENTRY, encoding="utf-8")
        row = f"2024-01-02T12:00:00Z,{bar},100"
        (desk / "configs" / "bars.csv").write_text(f"t,o,h,l,c,v\n{row}\n", encoding="utf-8")
        text = RUN.format(options=options, usd=usd, fills=f", {fills}" if fills else "")
        (desk / "configs" / "floors.yaml").write_text(text, encoding="utf-8")
        done = cli("run", "configs/floors.yaml", "--json")
        assert done.exit_code == 0, done.stderr
        told = cli("explain", "last", "--bar", "0")
        assert told.exit_code == 0, told.stderr
        return json.loads(done.stdout), " ".join(told.stdout.split())

    return call


def test_v17_the_floor_is_hit_on_the_losing_path_only(play):
    result, story = play("400,410,392,405", "target: 8", 6)
    assert (result["final_balance"], result["risk"]["failed"], result["ambiguous_bars"]) == (9_992, "max_loss_limit", 1)
    print(story)
    assert "failed by max_loss_limit" in story
    assert "not kept" in story
    assert "it watches equity: 9,994.00 USD or below" in story
    assert "attempt 1 failed by max_loss_limit, margin -2.00 USD, day 1" in story


@pytest.mark.parametrize("intrabar", ["ohlc", "optimistic"])
def test_v17_on_the_winning_path_the_target_fills(play, intrabar):
    result, _ = play("400,410,392,405", "target: 8", 6, f"intrabar: {intrabar}")
    assert (result["final_balance"], result["risk"]["failed"]) == (10_008, "")


def test_v23_stop_and_floor_at_one_tick_the_floor_wins(play):
    result, story = play("400,401,390,392", "stop: 6", 6)
    assert (result["final_balance"], result["risk"]["failed"]) == (9_992, "max_loss_limit")
    assert "at 393 inside the bar" in story
    assert "the guard max_loss_limit was reached: fail" in story
    assert "nothing was held" not in story


def test_v24_slippage_breaches_when_the_position_is_flat(play):
    result, story = play("400,401,395,396", "stop: 4", 5)
    assert (result["final_balance"], result["risk"]["failed"]) == (9_995, "max_loss_limit")
    assert "at 396 inside the bar" in story
    assert "it watches equity: 9,995.00 USD or below; nothing was held any more" in story
    assert result["risk"]["attempts"][0]["margin"] == 0
