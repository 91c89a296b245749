"""A plan in the account section: what it sets, and what is beside it."""

from desk import FLAT, at, bar_file, plugin_file, run
from marks import CENTS, COMBINE, limit, plan, play, told

import barstep


def test_a_plan_sets_balance_floor_cap_and_hours(tmp_path):
    kept = play(tmp_path, 50_000, [[50_400]], account=plan())
    result = kept.ran.result
    assert (result.start_balance, kept.at_open[0]) == (50_000, 48_000)
    assert result.risk["plan"] == {"name": COMBINE, "as_of": "2026-09-24", "switches": {}, "changes": {}}
    assert told(kept.attempts[0]) == ("open", "2024-01-02", "2024-01-03", 2, 400)
    assert kept.at_open[1] == 48_400
    lots = run(
        tmp_path, [(50_000,) * 4] * 6, at({0: lambda ctx: ctx.buy(9)}), instrument=CENTS, account={"fees": "none", **plan()}
    )  # fmt: skip
    assert lots.orders[0] == "#1 buy 5/9 market filled: resized: plan.position_cap: at most 5 lots"


def test_a_funded_account_starts_at_nothing(tmp_path):
    seen = []

    class Watch(barstep.Observer):
        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            seen.append((ctx.account.balance, ctx.account.floor))

    ran = run(
        tmp_path, FLAT, at({0: lambda ctx: ctx.buy(3)}), Watch, instrument=CENTS,
        account={"fees": "none", **plan("topstep-express-funded-50k")},
    )  # fmt: skip
    assert seen[0] == (0, -2_000)
    assert ran.result.start_balance == 0
    assert ran.orders[0].startswith("#1 buy 2/3")


def test_a_plan_is_the_same_as_its_rules_by_hand(tmp_path):
    days = [[50_400, 49_800], [51_900, 50_100], [48_600]]
    by_plan = play(tmp_path, 50_000, days, account=plan(switches={"dll": "bought"}))
    rules = [
        limit(2_000),
        *(("risk", {"use": use, "options": options}) for use, options in [
            ("daily_loss_limit", {"usd": 1_000}), ("position_cap", {"lots": 5}),
            ("trading_hours", {"flat_by": "15:10", "before_early_close": 15}),
        ]),
    ]  # fmt: skip
    by_hand = play(tmp_path, 50_000, days, *rules)
    assert by_plan.ran.result.digest == by_hand.ran.result.digest
    assert by_plan.ran.result.risk["breaches"] == by_hand.ran.result.risk["breaches"] != []
    assert by_plan.at_open == by_hand.at_open


def test_switches_and_overrides_are_told_with_the_result(tmp_path):
    account = plan(
        switches={"dll": "bought"}, overrides={"daily_loss_limit": {"usd": 800}, "max_loss_limit": {"lock": 100}}
    )
    kept = play(tmp_path, 50_000, [[49_200, 49_900]], account=account)
    said = kept.ran.result.risk["plan"]
    assert said["switches"] == {"dll": "bought"}
    assert said["changes"] == {"max_loss_limit.lock": 100, "daily_loss_limit.usd": 800}
    assert kept.ran.result.risk["breaches"][0]["level"] == -800


def test_a_rule_of_ones_own_beside_the_plan_the_strictest_wins(tmp_path):
    daily = ("risk", {"use": "daily_loss_limit", "options": {"usd": 300}})
    kept = play(tmp_path, 50_000, [[49_700, 50_500]], daily, account=plan(switches={"dll": "bought"}))
    assert [(b["guard"], b["level"]) for b in kept.ran.result.risk["breaches"]] == [("daily_loss_limit", -300)]


def test_a_plan_takes_the_rules_that_barstep_brings(tmp_path):
    for folder in ("plugins", "strategies", "configs"):
        (tmp_path / folder).mkdir()
    other = "from barstep import RiskRule, hookimpl\n\n\nclass Mine(RiskRule):\n    @hookimpl\n    def on_risk(self, order):\n"
    (tmp_path / "plugins" / "position_cap.py").write_text(other + "        raise RuntimeError('not this one')\n")
    bars = bar_file([(50_000,) * 4] * 4, tmp_path / "bars.csv")
    strategy = plugin_file(at({0: lambda ctx: ctx.buy()}), tmp_path)
    (tmp_path / "configs" / "run.yaml").write_text(
        f"version: 1\ndata: {{instrument: ES, timeframe: 1m, source: {bars}}}\naccount: {{plan: {COMBINE}}}\n"
        f"strategies: [{{use: {strategy}}}]\n",
        encoding="utf-8",
    )
    assert barstep.run(tmp_path / "configs" / "run.yaml").fills == 2
