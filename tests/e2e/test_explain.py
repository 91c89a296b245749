"""`barstep explain`: the story of an order and of a bar, from a stored run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import barstep
from barstep.domain.errors import ConfigError
from barstep.runs.explain import explain_bar, explain_order

ORB = Path(__file__).parents[2] / "configs" / "opening_range_breakout.yaml"
PLAN = """
from barstep import Strategy, RiskRule, RiskDecision, hookimpl

class Plan(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index == 0:
            ctx.buy(5, limit=399, tag="big")
            ctx.buy(1, limit=390, expires=1, tag="far")
            ctx.sell(1, stop=401, tag="wrong side")
            ctx.buy(1, limit=400.5, tag="off grid")
        if bar.index == 1:
            ctx.buy(1, tag="denied")
            ctx.note("two bars are complete")
"""
RULE = """
from barstep import RiskRule, RiskDecision, hookimpl

class Cut(RiskRule):
    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index == 1:
            ctx.set_guard("line in the sand", level=-6, basis="position", action="flatten")

    @hookimpl
    def on_risk(self, order, ctx):
        if order.tag == "denied":
            return RiskDecision.deny("not now")
        return RiskDecision.resize(3, "three are enough") if order.opens > 3 else None
"""
BARS = [(400, 402, 398, 400), (400, 401, 396, 398), (398, 399, 394, 395), (395, 396, 393, 394), (394, 396, 393, 395)]


@pytest.fixture
def run(tmp_path):
    """A run of five bars that a trader can check by hand, its files in a workspace of their own."""
    for name in ("plugins", "strategies", "configs", "bars"):
        (tmp_path / name).mkdir()
    (tmp_path / "strategies" / "plan.py").write_text(PLAN)
    (tmp_path / "plugins" / "cut.py").write_text(RULE)
    start = datetime(2024, 1, 2, 12, tzinfo=UTC)
    rows = [
        f"{start + n * timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ},{','.join(map(str, bar))},100"
        for n, bar in enumerate(BARS)
    ]
    (tmp_path / "bars" / "five.csv").write_text("\n".join(["t,o,h,l,c,v", *rows]) + "\n")
    (tmp_path / "configs" / "plan.yaml").write_text(
        "version: 1\n"
        "data: {instrument: {name: TICK, tick_size: 1, tick_value: 1}, timeframe: 1m, source: ../bars/five.csv}\n"
        "account: {fees: none}\nstrategies: [{use: plan}]\nrisk: [{use: cut}]\n"
    )
    return barstep.run(tmp_path / "configs" / "plan.yaml").folder


def texts(story):
    return [fact.text for fact in story.facts]


def order_by_tag(folder, tag):
    from barstep.data import read_table

    rows = read_table(folder / "orders.parquet").rows(named=True)
    return next(row["id"] for row in rows if row["tag"] == tag)


def test_an_order_that_was_cut_and_filled(run):
    story = explain_order(run, order_by_tag(run, "big"))
    assert story.title == "order 1: buy 3 TICKH4 limit 399: filled"
    assert texts(story) == [
        "asked for by plan, tag 'big': buy 5",
        "cut lets 3 of 5 open: three are enough",
        "sent with 3 of 5; the strictest rule counts",
        "can fill from the next open on",
        "bought 3 TICKH4 at 399 inside the bar, on leg 2 of the path: its limit at 399; opened 3; position +3",
        "certain: every path through the bar ending 2024-01-02 12:02 UTC that counts gives it",
        "bar 1, from 2024-01-02 12:01 UTC to 2024-01-02 12:02 UTC: O 400 H 401 L 396 C 398 V 100",
    ]
    assert list(story.rules) == ["R4", "R7", "R14"]
    assert story.remarks == []


def test_an_order_that_was_not_filled(run):
    story = explain_order(run, order_by_tag(run, "far"))
    assert story.title == "order 2: buy 1 TICKH4 limit 390: expired"
    assert texts(story)[-2:] == [
        "expired",
        "while it worked the price came to 396 (low of the bar from 2024-01-02 12:01 UTC, O 400 H 401 L 396 C 398 V 100); "
        "it needs 389, 1 tick beyond its limit",
    ]
    assert list(story.rules) == ["R3", "R4", "R7"]


MOVED = """
from barstep import Strategy, hookimpl

class Plan(Strategy):
    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index == 0:
            self.order = ctx.buy(1, limit=380)
        if bar.index == 2:
            assert ctx.modify(self.order, limit=391, size=2), self.order.reason
        if bar.index == 3:
            ctx.buy(1, join=True)
"""


def test_an_order_that_was_changed(run):
    desk = run.parents[2]
    (desk / "strategies" / "plan.py").write_text(MOVED)
    folder = barstep.run(desk / "configs" / "plan.yaml").folder
    story = explain_order(folder, 1)
    assert story.title == "order 1: buy 2 TICKH4 limit 391: cancelled"
    assert texts(story)[2:] == [
        "changed: size to 2 (it was 1), limit to 391 (it was 380)",
        "cancelled: end of data",
        "after that change the price came to 393 (low of the bar from 2024-01-02 12:03 UTC, O 395 H 396 L 393 C 394 V 100); "
        "it needs 390, 1 tick beyond its limit",
    ]
    assert "R23" in story.rules
    story = explain_order(folder, 2)
    assert texts(story)[2] == "a limit at the last close, 394"


@pytest.mark.parametrize(
    ("tag", "rule", "text"),
    [
        ("wrong side", ["R8"], "rejected by the venue: stop price 401 is already reached by the last close 400"),
        ("off grid", ["R24"], "rejected by the venue: limit price 400.5 is not on the 1 grid of TICK: use 400 or 401"),
        ("denied", [], "denied: cut: not now"),
    ],
)
def test_an_order_that_was_refused(run, tag, rule, text):
    story = explain_order(run, order_by_tag(run, tag))
    assert texts(story)[-1].startswith(text)
    assert list(story.rules) == rule


def test_a_guard_that_closed_the_position(run):
    forced = order_by_tag(run, "line in the sand")
    story = explain_order(run, forced)
    assert texts(story)[0] == "nobody asked for it: it closes the position (line in the sand)"
    assert texts(story)[1].startswith("sold 3 TICKH4 at 395 inside the bar")
    assert "; line in the sand; closed 3 for -12.00 USD before fees; flat" in texts(story)[1]
    bar = texts(explain_bar(run, "2"))
    assert "the guard line in the sand was reached: flatten" in bar


def test_a_bar(run):
    story = explain_bar(run, "2024-01-02T12:01")
    assert texts(story) == [
        "TICKH4, bar 1, from 2024-01-02 12:01 UTC to 2024-01-02 12:02 UTC: O 400 H 401 L 396 C 398 V 100",
        "order 1 bought 3 TICKH4 at 399 inside the bar, on leg 2 of the path: its limit at 399; opened 3; position +3",
        "certain: every path through the bar ending 2024-01-02 12:02 UTC that counts gives it",
        "order 2: buy 1 TICKH4 limit 390: expired",
        "plan asked for order -3: buy 1 TICKH4 market: denied: cut: not now",
        "plan noted: two bars are complete",
        "balance 50,000.00, equity 49,997.00 USD at the close, between 49,991.00 and 50,000.00 inside the bar; position +3",
    ]
    for same in ("1", "2024-01-02T12:01:59+00:00", "2024-01-02 06:01-06:00"):
        assert explain_bar(run, same).title == story.title


def test_what_is_not_there_is_told_with_what_is_near(run):
    with pytest.raises(ConfigError, match=r"--order 99: no such order .* from -3 to \d; near it are .*\d"):
        explain_order(run, 99)
    with pytest.raises(ConfigError, match=r"no bar covers 2024-01-02 13:00 UTC; near it end .*12:05 UTC$"):
        explain_bar(run, "2024-01-02T13:00")
    with pytest.raises(ConfigError, match=r"numbered from 0 to 4"):
        explain_bar(run, "5")
    with pytest.raises(ConfigError, match=r"expected a time such as 2024-01-02T12:01, or a bar's number"):
        explain_bar(run, "noon")


@pytest.mark.parametrize("fate", ["changed", "gone"])
def test_bars_that_are_not_the_same_are_left_out(run, fate):
    bars = run.parents[2] / "bars" / "five.csv"
    bars.write_text(bars.read_text().replace("401,396", "401,397")) if fate == "changed" else bars.unlink()
    story = explain_order(run, order_by_tag(run, "far"))
    what = "has changed since the run" if fate == "changed" else "is no longer there"
    assert story.remarks == [f"no prices of bars: five.csv {what}"]
    assert texts(story)[-1] == "expired"
    assert explain_bar(run, "2024-01-02T12:01").facts[0].text.startswith("order 1 bought 3")


def test_finer_bars_are_told(tmp_path):
    folder = barstep.run(ORB, ["fills.resolution=1s"], out=tmp_path / "run").folder
    story = explain_order(folder, 2)
    told = (
        "decided by 1s bars: by the one that ends 2013-09-03 09:00:59 CDT, O 1646.25 H 1646.25 L 1645.5 C 1645.5 V 660"
    )
    assert told in texts(story)
    assert "R21" in story.rules


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", "from barstep.cli.main import main; main()", *words]
    return subprocess.run(call, capture_output=True, text=True, cwd=cwd, env={**os.environ, "COLUMNS": "80"})


def test_the_command(run):
    desk = run.parents[2]
    shown = command("explain", "last", "--order", "1", cwd=desk)
    assert shown.returncode == 0, shown.stderr
    assert "order 1: buy 3 TICKH4 limit 399: filled" in shown.stdout
    assert "R7   A limit fills at its price once the price trades" in shown.stdout
    document = json.loads(command("explain", "last", "--bar", "1", "--json", cwd=desk).stdout)
    assert document["facts"][1]["rules"] == ["R7"]
    assert document["records"]["fills"][0]["price"] == 399.0
    assert set(document) == {"run", "title", "facts", "rules", "records", "remarks"}
    for words in (["--order", "99"], ["--bar", "never"], [], ["--order", "1", "--bar", "1"]):
        refused = command("explain", "last", *words, cwd=desk)
        assert refused.returncode == 2, words
        assert refused.stderr.startswith("error: ")
