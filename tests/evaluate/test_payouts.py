"""Payouts of a funded account: the days of a run under the plan in the engine, then every payout that was due."""

import json

import pytest
from desk import PLAIN, at, bar_file, days, plugin_file
from typer.testing import CliRunner

import barstep
from barstep.cli.main import app

BARS = 3
INSTRUMENT = {**PLAIN, "tick_value": "50", "lot_weight_tenths": 10}


def played(folder, ticks, size=1, plan="topstep-express-funded-50k"):
    """A run in which each day's first order fills at 400 and is closed so many ticks away; free of costs."""
    table = [
        [(400, 400, 400, 400), (400, max(400, 400 + t), min(400, 400 + t), 400 + t), (400 + t,) * 4] for t in ticks
    ]
    acts = {}
    for day in range(len(ticks)):
        acts[BARS * day] = lambda ctx: ctx.buy(size)
        acts[BARS * day + 1] = lambda ctx: ctx.close()
    config = {
        "version": 1,
        "name": "funded",
        "data": {"instrument": INSTRUMENT, "timeframe": "1m", "source": bar_file(days(*table), folder / "bars.csv")},
        "account": {"plan": plan, "fees": 0},
        "fills": {"market_slip_ticks": 0, "stop_slip_ticks": 0, "forced_slip_ticks": 0},
        "strategies": [{"use": plugin_file(at(acts), folder)}],
    }
    return barstep.run(config, out=folder / "run")


def evaluated(result, *words):
    done = CliRunner().invoke(
        app, ["evaluate", str(result.folder), "--plan", "topstep-express-funded-50k", *words, "--json"]
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_after_a_payout_the_room_is_what_is_left(tmp_path):
    """Five days of 200: half of 1,000 is paid, less split and transfer; the floor then stands at 0, and -500 touches it.

    The run itself pays nothing out: there the floor is at -1,000 + 0 and 500 are left.
    """
    result = played(tmp_path, [4] * 5 + [-10])
    (attempt,) = result.risk["attempts"]
    assert (attempt["verdict"], attempt["net_pnl"]) == ("open", 500)
    found = evaluated(result)
    assert found["verdict"]["status"] == "open"
    assert found["payouts"] == {
        "number": 1,
        "paid": 500 * 0.9 - 30,
        "first_day": 5,
        "cause": "max_loss_limit",
        "days": 6,
    }


def test_days_below_the_least_do_not_count_and_the_window_begins_anew(tmp_path):
    """150 counts, 100 does not; the second window needs five days of its own, and half of what is left is below no cap."""
    wins = [3, 3, 2, 3, 3, 3, 3, 3, 3, 3, 3]
    result = played(tmp_path, wins)
    first = sum(wins[:6]) * 50 / 2
    second = (first + sum(wins[6:]) * 50) / 2
    paid = sum(gross * 0.9 - 30 for gross in (first, second))
    assert evaluated(result)["payouts"] == {"number": 2, "paid": paid, "first_day": 6, "cause": "open", "days": 11}


def test_a_cap_of_a_payout_is_replaced_by_the_path_that_plans_show_prints(tmp_path):
    result = played(tmp_path, [30] * 5)
    assert evaluated(result)["payouts"]["paid"] == 2000 * 0.9 - 30
    found = evaluated(result, "--set", "payout.paths.standard.cap=2400", "--set", "payout.transfer_fee=0")
    assert found["payouts"]["paid"] == 2400 * 0.9
    assert found["plan"]["changed"] == {"payout.paths.standard.cap": 2400, "payout.transfer_fee": 0}


def test_the_other_way_to_a_payout_asks_for_an_even_window(tmp_path):
    """Three traded days; a best day of 300 in 750 is 40 %, exactly what is allowed."""
    even = evaluated(played(tmp_path, [6, 5, 4]), "--payout", "consistency")
    assert even["payouts"]["number"] == 1
    assert even["payouts"]["paid"] == pytest.approx(750 / 2 * 0.9 - 30)
    (tmp_path / "odd").mkdir()
    odd = evaluated(played(tmp_path / "odd", [7, 4, 4]), "--payout", "consistency")
    assert odd["payouts"]["number"] == 0


def test_the_scaling_plan_holds_in_the_run(tmp_path):
    """Two lots until 1,500 are won, three from there, five from 2,000; the row follows the balance at the close before."""
    result = played(tmp_path, [15, 5, 5, 5], size=6)
    sizes = [
        fill["size"] for fill in barstep.load(result.folder).table("fills").iter_rows(named=True) if fill["opened"]
    ]
    balances = [0, 2 * 15 * 50, 1500 + 3 * 5 * 50, 2250 + 5 * 5 * 50]
    assert sizes == [2, 3, 5, 5]
    assert result.final_balance == balances[-1] + 5 * 5 * 50
    assert result.risk["denials"] == {"plan.position_cap": 4}
