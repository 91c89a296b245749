"""The packaged plans: complete, sourced, and changed only in ways that are told."""

import json
from datetime import date
from importlib.resources import files

import pytest

from barstep import ConfigError
from barstep.rules import adjusted, figures, load_plan, load_source, plan_names

PLANS = plan_names()


def test_the_promised_plans_are_there() -> None:
    sizes = ("50k", "100k", "150k")
    stages = ("combine", "express-funded", "live-funded")
    assert {f"topstep-{stage}-{size}" for stage in stages for size in sizes} <= set(PLANS)
    trails = {(load_plan(name).max_loss_limit.trail, load_plan(name).max_loss_limit.checked) for name in PLANS}
    assert trails == {("end_of_day", "live"), ("end_of_day", "close"), ("equity", "live"), ("static", "live")}


@pytest.mark.parametrize("name", PLANS)
def test_each_figure_has_a_source_with_a_date(name: str) -> None:
    plan = load_plan(name)
    assert plan.name == name
    for figure in figures(plan):
        source = plan.source_of(figure)
        assert source is not None, figure
        assert source.ids
        assert source.as_of <= plan.as_of
        for key in source.ids:
            assert load_source(key).ref
    for path in plan.sources:
        assert any(figure == path or figure.startswith(f"{path}.") for figure in figures(plan)), path


@pytest.mark.parametrize("name", PLANS)
def test_a_switch_at_its_default_changes_nothing_and_each_other_value_something(name: str) -> None:
    plan = load_plan(name)
    for key, switch in plan.switches.items():
        assert all(load_source(each).ref for each in switch.sources)
        for value in switch.values:
            _, changes = adjusted(plan, {key: value})
            assert bool(changes) == (value != switch.default), (key, value)


@pytest.mark.parametrize("name", PLANS)
def test_what_follows_a_pass_is_a_plan(name: str) -> None:
    plan = load_plan(name)
    assert plan.funded is None or plan.funded in PLANS


def test_no_source_is_kept_that_no_plan_names() -> None:
    stored = json.loads((files("barstep.rules") / "sources.json").read_text(encoding="utf-8"))
    named = {key for name in PLANS for source in load_plan(name).sources.values() for key in source.ids}
    named |= {key for name in PLANS for switch in load_plan(name).switches.values() for key in switch.sources}
    assert set(stored) == named


def test_a_day_chooses_the_snapshot() -> None:
    assert load_plan("topstep-combine-50k", date(2027, 1, 1)).as_of == date(2026, 9, 24)
    with pytest.raises(ConfigError, match="no figures as of 2026-01-01; the first are of 2026-09-24"):
        load_plan("topstep-combine-50k", date(2026, 1, 1))


def test_an_unknown_plan_lists_near_names() -> None:
    with pytest.raises(ConfigError, match="no plan 'topstep-combin-50k'; did you mean topstep-combine-50k"):
        load_plan("topstep-combin-50k")
    with pytest.raises(ConfigError, match="no plan 'zzz'; there are bulenox-option1-50k, "):
        load_plan("zzz")


def test_overrides_win_over_switches_and_are_told() -> None:
    plan = load_plan("topstep-combine-50k")
    changed, told = adjusted(plan, {"dll": "bought"}, {"daily_loss_limit": {"usd": 800}})
    assert changed.daily_loss_limit is not None
    assert changed.daily_loss_limit.usd == 800
    assert told == {"daily_loss_limit.usd": 800, "daily_loss_limit.action": "lock"}
    assert adjusted(plan)[0] == plan
    assert plan.switches["dll"].values["bought"]["daily_loss_limit"]["usd"] == 1000, "the plan itself is not changed"


def test_several_faults_come_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        adjusted(load_plan("topstep-combine-50k"), {"dl": "x", "lock": "y"}, {"fee": 1})
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("switches", "overrides", "told"),
    [
        ({"dl": "bought"}, {}, "switches.dl: got the unknown switch dl, expected one of dll, price"),
        ({"dll": "yes"}, {}, "switches.dll: got yes, expected one of none, bought"),
        (
            {},
            {"daily_loss_limt": {}},
            "overrides.daily_loss_limt: got the unknown figure daily_loss_limt, expected one of",
        ),
        (
            {},
            {"max_loss_limit": {"us": 1}},
            "overrides.max_loss_limit.us: .* expected one of usd, trail, .*; did you mean usd",
        ),
        ({}, {"max_loss_limit": {"usd": "x"}}, "overrides.max_loss_limit.usd: got x, expected a number"),
        ({}, {"max_loss_limit": {"trail": "eod"}}, "got eod, expected one of static, end_of_day, balance, equity"),
        ({}, {"daily_loss_limit": {"action": "fail"}}, "overrides.daily_loss_limit: expected the figure usd too"),
        ({}, {"daily_loss_limit": "800"}, "overrides.daily_loss_limit: got 800, expected a mapping or null"),
        ({}, {"trading_hours": {"flat_by": "25:00"}}, "got 25:00, expected a time of day such as 15:10"),
        ({}, {"max_loss_limit": {"lock": -2500}}, "lock: got -2500, expected no less than the first floor, -2000"),
        ({}, {"max_loss_limit": {"trail": "equity", "checked": "close"}}, "checked: got close, expected live"),
        ({}, {"max_loss_limit": {"trail": "static"}, "daily_loss_limit": {"usd": 2500}}, "the account fails first"),
        (
            {},
            {"position_cap": {"scaling": [[0, 2], [10, 9]]}},
            "got 9 lots in a row, expected at most position_cap.lots 5",
        ),
        ({}, {"position_cap": {"scaling": [[10, 2], [0, 3]]}}, "expected rows that ascend by balance"),
        ({}, {"consistency": {"share": 55}}, "consistency.share: got 55, expected a number <= 1"),
        ({}, {"fees": {"monthly": -1}}, "overrides.fees.monthly: got -1, expected a number >= 0"),
        ({}, {"profit_target": 0}, "overrides.profit_target: got 0, expected a number > 0"),
    ],
)
def test_what_cannot_hold_is_one_message(switches: dict, overrides: dict, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        adjusted(load_plan("topstep-combine-50k"), switches, overrides)
    assert len(raised.value.problems) == 1
