"""The attempts that an account makes in one run."""

import polars as pl
import pytest
from desk import FLAT, at, bar_file, days, run, trader
from marks import CENTS, COMBINE, limit, plan, play, told

from barstep import ConfigError
from barstep.rules import load_plan

# -- how an attempt ends -----------------------------------------------------------------------------------------


def test_a_failed_account_ends_the_run_by_default(tmp_path):
    kept = play(tmp_path, 50_000, [[50_500], [48_500, 50_000], [51_000]], account=plan())
    attempt = kept.attempts[0]
    assert told(attempt) == ("failed", "2024-01-02", "2024-01-03", 2, -1_500)
    assert (attempt["rule"], attempt["margin"], attempt["headroom"]) == ("max_loss_limit", 0, 0)
    assert kept.place == (1, 0)
    assert kept.ran.result.status == "done"
    assert kept.ran.result.bars == 5, "two bars and an exit on day one, the entry and the mark on day two"


def test_a_reset_starts_again_at_the_next_trading_day(tmp_path):
    days = [[48_000, 50_900], [49_000, 50_400], [50_000], [49_300]]
    kept = play(tmp_path, 50_000, days, account=plan(on_fail="reset"))
    assert [told(attempt)[:2] for attempt in kept.attempts] == [("failed", "2024-01-02"), ("open", "2024-01-03")]
    assert kept.at_open[:3] == [48_000, 48_000, 48_000], "the floor starts anew; day 2 lost 500"
    result = kept.ran.result
    assert result.risk["adjustments"] == [{"time": "2024-01-03T12:00:00+00:00", "usd": 2_000}]
    assert result.risk["failed"] == ""
    assert result.rejected_orders == 0


def test_the_money_of_a_reset_adds_up(tmp_path):
    """R20 with adjustments: start + adjustments + realised - fees; measures are of trading, without them."""
    days = [[47_990, 47_990], [47_000], [50_700]]
    kept = play(tmp_path, 50_000, days, account={**plan(on_fail="reset"), "fees": "0.5"}, size=1)
    result = kept.ran.result
    adjusted = sum(row["usd"] for row in result.risk["adjustments"])
    trades, fills = kept.ran.table("trades"), kept.ran.table("fills")
    assert adjusted > 0
    assert result.final_balance == pytest.approx(50_000 + adjusted + trades["net_pnl"].sum(), abs=1e-6)
    assert result.net_pnl == pytest.approx(result.final_balance - 50_000 - adjusted, abs=1e-6)
    assert result.fees == 0.5 * fills["size"].sum()
    assert sum(attempt["net_pnl"] for attempt in kept.attempts) == pytest.approx(result.net_pnl, abs=1e-6)
    curve = kept.ran.table("equity")
    begin = curve.filter(pl.col("time").dt.day() == 3)["balance"][0]
    assert begin == pytest.approx(50_000 - 0.5), "the curve shows the account as it stands"
    assert result.metrics["max_drawdown"] < 6_000, "an adjustment is no gain"


def test_intraday_floors_and_scaling_start_anew_with_an_attempt(tmp_path):
    days = [[52_000, 49_500], [50_000], [50_000]]
    kept = play(tmp_path, 50_000, days, account=plan("bulenox-option1-50k", on_fail="reset"))
    assert kept.attempts[0]["verdict"] == "failed"
    assert kept.after[0][1] == 49_500
    assert kept.at_open[1] == 47_500


def test_without_a_plan_a_floor_makes_attempts_too(tmp_path):
    kept = play(tmp_path, 50_000, [[47_500], [45_400], [45_400]], limit(2_000))
    assert [attempt["verdict"] for attempt in kept.attempts] == ["failed", "failed", "open"]
    assert "plan" not in kept.ran.result.risk


def test_without_a_plan_and_without_a_reset_nothing_is_added_to_the_result(tmp_path):
    kept = play(tmp_path, 50_000, [[50_100]], limit(2_000), account={"balance": 50_000})
    assert set(kept.ran.result.risk) == {"failed", "breaches", "denials"}


# -- passing -----------------------------------------------------------------------------------------------------


def test_an_evaluation_is_passed_at_the_end_of_a_day(tmp_path):
    kept = play(tmp_path, 50_000, [[51_500], [53_100, 52_900], [53_050], [40_000]], account=plan())
    attempt = kept.attempts[0]
    assert told(attempt) == ("passed", "2024-01-02", "2024-01-04", 3, 3_050)
    assert (attempt["rule"], attempt["margin"], attempt["needed"]) == ("profit_target", 50, 3_000)
    assert kept.ran.result.status == "done"
    assert kept.ran.result.final_balance == 53_050, "nothing is played after the pass"


def test_one_day_that_is_too_good_raises_what_is_needed(tmp_path):
    kept = play(tmp_path, 50_000, [[52_200], [53_100], [54_000]], account=plan())
    assert told(kept.attempts[0]) == ("passed", "2024-01-02", "2024-01-04", 3, 4_000)
    assert kept.attempts[0]["needed"] == pytest.approx(4_000), "2,200 / 55 %, and the tie counts"
    strict = play(
        tmp_path, 50_000, [[52_200], [53_100], [54_000]], account=plan(switches={"consistency_tie": "exclusive"})
    )
    assert strict.attempts[0]["verdict"] == "open"


def test_too_few_trading_days_do_not_pass(tmp_path):
    """A day without a trade is no trading day of the attempt."""
    overrides = {"consistency": None, "min_days": 3}
    three = play(tmp_path, 50_000, [[53_200]] * 3, account=plan(overrides=overrides)).attempts[0]
    assert (three["verdict"], three["days"], three["traded_days"]) == ("passed", 3, 3)
    two = play(tmp_path, 50_000, [[53_200]] * 2, account=plan(overrides=overrides)).attempts[0]
    assert (two["verdict"], two["days"], two["traded_days"]) == ("open", 3, 2)


def test_a_position_that_is_held_does_not_pass(tmp_path):
    bars = [(50_000,) * 4, (50_000,) * 4, (53_500,) * 4]
    account = {"fees": "none", **plan(overrides={"consistency": None, "min_days": 0})}
    held = run(tmp_path, bars, at({0: lambda ctx: ctx.buy()}), instrument=CENTS, account=account)
    assert held.result.risk["attempts"][0]["verdict"] == "open"
    closed = run(
        tmp_path, bars, at({0: lambda ctx: ctx.buy()}), instrument=CENTS, account=account, fills={"at_end": "close"}
    )
    assert closed.result.risk["attempts"][0]["verdict"] == "passed"


def test_an_attempt_that_lasts_too_long_fails_at_the_end_of_its_last_day(tmp_path):
    account = plan(on_fail="reset", overrides={"max_days": 2})
    kept = play(tmp_path, 50_000, [[50_400], [50_900], [51_300]], account=account)
    first, second = kept.attempts
    assert (first["verdict"], first["rule"], first["end"], first["margin"]) == (
        "failed",
        "max_days",
        "2024-01-03",
        -2_100,
    )
    assert (second["start"], second["verdict"], second["net_pnl"]) == ("2024-01-04", "failed", 400)
    one = play(tmp_path, 50_000, [[50_400], [50_900], [51_300]], account=plan(overrides={"max_days": 2}))
    assert (one.ran.result.status, one.ran.result.risk["failed"], one.ran.result.final_balance) == (
        "done",
        "max_days",
        50_900,
    )
    held = run(
        tmp_path, [(50_000,) * 4, (50_000,) * 4, (50_700,) * 4], at({0: lambda ctx: ctx.buy()}), instrument=CENTS,
        account={"fees": "none", **plan(overrides={"max_days": 1})},
    )  # fmt: skip
    assert held.result.risk["attempts"][0]["rule"] == "max_days"
    assert held.fills[-1].startswith("2 hooks sell 1"), "what is held is closed"


def test_after_a_pass_another_attempt_begins_where_one_goes_on(tmp_path):
    days = [[51_600], [53_100], [52_500]]
    kept = play(tmp_path, 50_000, days, account=plan(on_pass="continue"))  # noqa: S106
    assert [told(attempt)[:2] for attempt in kept.attempts] == [("passed", "2024-01-02"), ("open", "2024-01-04")]
    assert kept.ran.result.risk["adjustments"][0]["usd"] == -3_100
    assert kept.at_open[2] == 48_000


# -- what cannot be ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "more", "says"),
    [
        ({"plan": "topstep-combine-5k"}, {}, "account.plan: no plan 'topstep-combine-5k'; did you mean topstep-combine-50k"),
        ({"plan": COMBINE, "balance": 50_000}, {}, "account.balance: got 50000, expected no balance beside a plan"),
        ({"plan": {"name": COMBINE, "switches": {"dll": "on"}}}, {}, "plan.switches.dll: got on, expected one of none, bought"),
        ({"plan": {"name": COMBINE, "overrides": {"max_loss_limit": {"us": 1}}}}, {}, "max_loss_limit.us: got the unknown"),
        ({"plan": {"name": COMBINE, "as_of": "2025-01-01"}}, {}, "no figures as of 2025-01-01; the first are of 2026-09-24"),
        ({"plan": {"nme": COMBINE}}, {}, "account.plan.nme: got the unknown key nme, expected one of name, as_of"),
        ({"on_pass": "continue"}, {}, "account.on_pass: got continue, expected stop without account.plan"),
        ({"plan": COMBINE, "on_fail": "restart"}, {}, "account.on_fail: got restart, expected one of stop, reset"),
        (
            {"plan": COMBINE, "on_fail": "reset"}, {"broker": {"kind": "helpers"}},
            "broker.kind: got helpers, expected embedded, since account.on_fail is reset",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_one_message(tmp_path, account, more, says):
    with pytest.raises(ConfigError) as raised:
        run(tmp_path, FLAT, at({}), instrument=CENTS, account={"fees": "none", **account}, **more)
    problems = [problem for problem in raised.value.problems if problem]
    assert any(says in problem for problem in problems), problems
    assert len(problems) == 1 or "nme" in says


def test_an_instrument_without_a_weight_cannot_be_capped_in_lots(tmp_path):
    bare = {"name": "BARE", "tick_size": "1", "tick_value": "1"}
    with pytest.raises(
        ConfigError, match=r"data.instrument: the plan caps mini lots, and BARE has no lot weight: write lot_w"
    ):
        run(tmp_path, FLAT, at({}), instrument=bare, account={"fees": "none", **plan()})
    counted = plan(overrides={"position_cap": {"weights": "contracts"}})
    assert run(tmp_path, FLAT, at({}), instrument=bare, account={"fees": "none", **counted}).result.status == "done"


def test_a_plan_and_its_plugins_have_the_same_options():
    from barstep.hooks.loader import bundled_root, import_file
    from barstep.hooks.plugin import RiskRule, option_fields
    from barstep.runs.plans import RULES

    for rule in RULES:
        module = import_file(bundled_root() / "plugins" / f"{rule}.py")
        cls = next(
            c for c in vars(module).values() if isinstance(c, type) and issubclass(c, RiskRule) and c is not RiskRule
        )
        sections = [
            getattr(load_plan(name), rule) for name in ("topstep-express-funded-50k", "topstep-live-funded-50k")
        ]
        section = next(each for each in sections if each is not None)
        assert set(section.__struct_fields__) <= {field.name for field in option_fields(cls)}, rule


def test_two_contracts_share_an_account_and_its_attempts(tmp_path):
    """Day one loses 24 in the two together and fails at -20; day two begins anew, on both contracts' clocks."""
    fall = [(400,) * 4, (400,) * 4, (400, 400, 388, 388), (388,) * 4]
    calm = [(388,) * 4] * 4
    entries = {0: lambda ctx: ctx.buy(), 5: lambda ctx: ctx.buy(), 6: lambda ctx: ctx.close()}
    data = []
    for name in ("ONE", "TWO"):
        source = bar_file(days(fall, calm), tmp_path / f"{name}.csv")
        instrument = {"name": name, "tick_size": "1", "tick_value": "1", "lot_weight_tenths": 10}
        data.append({"instrument": instrument, "timeframe": "1m", "source": source})
    ran = run(
        tmp_path, None, trader("ONE", entries)(tmp_path), trader("TWO", entries)(tmp_path), limit(20), data=data,
        account={"balance": 10_000, "fees": "none", "on_fail": "reset"}, fills={"market_slip_ticks": 0},
    )  # fmt: skip
    first, second = ran.result.risk["attempts"]
    assert (first["verdict"], first["rule"], first["end"]) == ("failed", "max_loss_limit", "2024-01-02")
    assert (second["start"], second["verdict"], second["net_pnl"], second["headroom"]) == ("2024-01-03", "open", 0, 20)
    lost = -sum(ran.table("trades")["net_pnl"])
    assert [row["usd"] for row in ran.result.risk["adjustments"]] == [lost]
    assert ran.result.final_balance == 10_000
    assert ran.table("equity")["equity"].to_list()[-1] == 10_000
