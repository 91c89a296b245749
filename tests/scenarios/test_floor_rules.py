"""The maximum loss limit in all its kinds, and the limits of a day, by marks of equity (own numbers, no file needed)."""

import pytest
from desk import FLAT, at, run
from marks import limit, play

from barstep import ConfigError

START = 50_000


def floors(kept) -> list[float]:
    return [round(floor, 6) for floor in kept.at_open]


@pytest.mark.parametrize("style", ["gap", "leg"])
def test_end_of_day_ratchets_on_closes_and_stops_at_its_lock(tmp_path, style):
    days = [[50_400, 50_700], [51_900, 50_300], [52_600], [54_000]]
    kept = play(tmp_path, START, days, limit(2_000, lock=100), style=style)
    assert floors(kept) == [48_000, 48_700, 48_700, 50_100, 50_100]
    assert kept.attempts[0]["verdict"] == "open"
    assert kept.attempts[0]["headroom"] == 1_600, "day 2 falls to 50,300 above 48,700"


def test_a_touch_that_recovers_fails(tmp_path):
    kept = play(tmp_path, START, [[49_000, 48_000, 50_500]], limit(2_000))
    assert kept.place == (0, 1)
    assert (kept.attempts[0]["rule"], kept.attempts[0]["margin"]) == ("max_loss_limit", 0)
    assert kept.attempts[0]["net_pnl"] == -2_000


@pytest.mark.parametrize(("touch", "verdict"), [(True, "failed"), (False, "open")])
def test_the_floor_itself_is_a_breach_only_where_a_touch_is(tmp_path, touch, verdict):
    kept = play(tmp_path, START, [[48_000, 49_000]], limit(2_000, touch=touch))
    assert kept.attempts[0]["verdict"] == verdict
    kept = play(tmp_path, START, [[47_999.99, 49_000]], limit(2_000, touch=touch))
    assert kept.attempts[0]["verdict"] == "failed"


def test_equity_trails_with_open_profit_and_the_floor_outlives_the_day(tmp_path):
    kept = play(tmp_path, START, [[51_500, 50_600], [49_600, 49_500]], limit(2_000, trail="equity", lock=None))
    assert floors(kept)[:2] == [48_000, 49_500]
    assert kept.place == (1, 1)


def test_a_high_inside_the_bar_of_the_fall_counts_on_the_worse_path(tmp_path):
    """From 50,000 up to 51,500 and back to 49,500 in one bar: 51,500 first makes 49,500 the floor."""
    bars = [[50_000], [51_500, 49_500]]
    calm = play(tmp_path, START, bars, limit(2_000, trail="equity"), style="leg")
    assert calm.attempts[0]["verdict"] == "failed"
    one_bar = [(500,) * 4, (500, 515, 495, 496), (496, 497, 496, 496)]
    buy = at({0: lambda ctx: ctx.buy()})
    exact = {"market_slip_ticks": 0, "forced_slip_ticks": 0}
    entry = limit(20, trail="equity", lock=None)
    for intrabar, failed in (("pessimistic", "max_loss_limit"), ("ohlc", "max_loss_limit"), ("olhc", "")):
        ran = run(tmp_path, one_bar, buy, entry, fills={**exact, "intrabar": intrabar})
        assert ran.result.risk["failed"] == failed, intrabar
    assert ran.result.risk["breaches"] == []


def test_balance_trails_booked_profit_but_not_open_profit(tmp_path):
    open_profit = play(tmp_path, START, [[51_500, 49_700]], limit(2_000, trail="balance"))
    assert open_profit.attempts[0]["verdict"] == "open"
    seen = []
    trades = at({0: lambda ctx: ctx.buy(), 1: lambda ctx: ctx.close(), 3: lambda ctx: seen.append(ctx.account.floor)})
    bars = [(400,) * 4, (400, 415, 400, 415), (415,) * 4, (415,) * 4]
    run(tmp_path, bars, trades, limit(20, trail="balance", lock=None), fills={"market_slip_ticks": 0})
    assert seen == [10_015 - 20], "+15 was booked at the open of bar 2"


def test_checked_at_the_close_a_dip_survives_and_a_bad_close_does_not(tmp_path):
    rule = limit(2_000, checked="close", lock=100)
    kept = play(tmp_path, START, [[47_000, 48_200], [47_000, 47_900], [48_000]], rule)
    first, second = kept.attempts
    assert (first["verdict"], first["end"], first["margin"], first["headroom"]) == ("failed", "2024-01-03", -100, -100)
    assert (second["start"], second["verdict"]) == ("2024-01-04", "open")
    assert kept.ran.result.risk["adjustments"][0]["usd"] == 2_100
    assert [fill for fill in kept.ran.fills if "R19" in fill] == [], "it was flat at the close"


def test_checked_at_the_close_closes_what_is_held_over_night(tmp_path):
    ran = run(tmp_path, [*FLAT[:2], (401, 402, 370, 372)], at({0: lambda ctx: ctx.buy()}), limit(20, checked="close"))
    assert ran.fills[-1] == "2 hooks sell 1 @ 370 R19"
    assert ran.result.risk["failed"] == "max_loss_limit"


def test_a_hard_daily_limit_fails_the_account_and_a_soft_one_stops_the_day(tmp_path):
    for action, verdict in (("lock", "open"), ("fail", "failed")):
        daily = ("risk", {"use": "daily_loss_limit", "options": {"usd": 500, "action": action}})
        kept = play(tmp_path, START, [[50_300], [50_000, 49_800, 50_900]], daily)
        assert kept.attempts[0]["verdict"] == verdict
        breach = kept.ran.result.risk["breaches"][0]
        assert (breach["level"], breach["basis"], breach["time"]) == (-500, "day", kept.ends[1][1].isoformat())
    assert kept.attempts[0]["margin"] == 0


@pytest.mark.parametrize(
    ("use", "options"), [("daily_profit_cap", {"usd": 1_650}), ("consistency", {"share": 0.55, "target": 3_000})]
)
def test_a_day_that_has_won_enough_is_closed_inside_the_bar(tmp_path, use, options):
    kept = play(tmp_path, START, [[51_000, 51_700, 50_000]], ("risk", {"use": use, "options": options}))
    assert kept.ran.result.final_balance == 51_700, "the gap gave more than the level; the rest of the day is locked"
    breach = kept.ran.result.risk["breaches"][0]
    assert (breach["guard"], breach["action"], breach["side"], breach["level"]) == (use, "lock", "cap", 1_650)
    walked = play(tmp_path, START, [[51_700]], ("risk", {"use": use, "options": options}), style="leg")
    assert walked.ran.result.final_balance == 51_650


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"trail": "equity", "checked": "close"},
            "trail: equity moves inside the bar, it cannot go with checked: close",
        ),
        ({"usd": 100, "lock": -200}, "lock -200 lies below the first floor, -100 from the start balance"),
        ({"trail": "eod"}, "options.trail: got eod, expected one of static, end_of_day, balance, equity"),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, says):
    with pytest.raises(ConfigError, match=says) as raised:
        run(tmp_path, FLAT, at({}), ("risk", {"use": "max_loss_limit", "options": options}))
    assert len(raised.value.problems) == 1
