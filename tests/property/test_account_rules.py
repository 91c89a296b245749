"""Accounts of a firm over random days, against a few lines that follow the rules from their words."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "scenarios"))

from desk import days as table
from desk import run
from marks import limit, play
from table import buy, sell
from table import play as table_play

import barstep
from barstep.domain.instrument import MICROS
from barstep.sim.guards import Guard

START = 50_000
CENTS = st.integers(-250_000, 260_000).map(lambda cents: START + cents / 100)
DAYS = st.lists(st.lists(CENTS, min_size=1, max_size=4), min_size=1, max_size=4)
RULES = st.fixed_dictionaries(
    {
        "usd": st.sampled_from([500.0, 1_000.0, 2_000.0]),
        "trail": st.sampled_from(["static", "end_of_day", "balance", "equity"]),
        "lock": st.sampled_from([None, 0.0, 100.0, 3_000.0]),
        "touch": st.booleans(),
    }
)


def follow(marks: list[list[float]], usd: float, trail: str, lock: float | None, touch: bool):
    """Day and mark of the breach, or None, and the floor at the open of each day up to it; money in whole cents."""
    distance, stop = round(usd * 100), None if lock is None else round((START + lock) * 100)
    floor = START * 100 - distance
    floors = []

    def raised(value: int) -> int:
        return max(floor, value - distance if stop is None else min(value - distance, stop))

    for day, values in enumerate(marks):
        floors.append(floor)
        for place, mark in enumerate(round(value * 100) for value in values):
            if trail == "equity":
                floor = raised(mark)
            if mark < floor or (touch and mark == floor):
                return (day, place), floors
        if trail in ("end_of_day", "balance"):
            floor = raised(round(values[-1] * 100))
    return None, floors


@settings(max_examples=60, deadline=None)
@given(days=DAYS, rule=RULES)
def test_the_floor_is_that_of_the_words_and_never_falls(days, rule):
    with tempfile.TemporaryDirectory() as folder:
        kept = play(Path(folder), START, days, limit(**rule))
    place, floors = follow(days, **rule)
    assert kept.place == place
    assert kept.attempts[0]["verdict"] == ("failed" if place else "open")
    off = 0 if rule["touch"] else 1e-6  # what the guard is set to where a touch is no breach
    assert [round(floor + off, 2) for floor in kept.at_open[: len(floors)]] == [cents / 100 for cents in floors]
    first = [floor for day in kept.after[: (place[0] if place else len(days)) + 1] for floor in day]
    if place:
        first = first[: sum(len(day) + 2 for day in days[: place[0]]) + place[1] + 2]
    assert first == sorted(first), "inside an attempt"
    headroom = kept.attempts[0]["headroom"]
    lowest = [mark - floor / 100 for day, floor in zip(days, floors, strict=False) for mark in day]
    if rule["trail"] != "equity" and place is None:
        assert headroom == pytest.approx(min([*lowest, rule["usd"], headroom]), abs=1e-5)
        assert headroom <= min(lowest) + 1e-5


ENTRY = st.tuples(st.integers(0, 30), st.sampled_from(["buy", "sell"]), st.integers(1, 6), st.integers(2, 12))
USED = [
    ("max_loss_limit", {"usd": 40}), ("max_loss_limit", {"usd": 30, "trail": "equity", "lock": None}),
    ("daily_loss_limit", {"usd": 15}), ("daily_profit_cap", {"usd": 25}), ("position_cap", {"lots": 4}),
    ("max_loss_per_trade", {"usd": 30}), ("cool_down", {"losses": 2, "minutes": 3}), ("max_trades", {"trades": 5}),
    ("no_trade_windows", {"windows": ["12:05-12:07"]}), ("equity_curve_filter", {"average": 2, "pause": 1}),
]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    entries=st.lists(ENTRY, min_size=1, max_size=12),
    moves=st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3), st.integers(0, 3)), min_size=31, max_size=31),
    order=st.permutations(USED),
)
def test_the_order_of_the_rules_changes_nothing(entries, moves, order):
    bars, price = [], 400
    for change, up, down in moves:
        close = price + change
        bars.append((price, max(price, close) + up, min(price, close) - down, close))
        price = close
    asked = {}
    for bar, side, size, stop in entries:
        asked.setdefault(bar, []).append((side, size, stop))

    class Asks(barstep.Strategy):
        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            for side, size, stop in asked.get(bar.index, ()):
                getattr(ctx, side)(size, stop_loss_ticks=stop)

    seen = []
    for rules in (USED, order):
        with tempfile.TemporaryDirectory() as folder:
            result = run(
                Path(folder), table(bars[:11], bars[11:21], bars[21:]), Asks,
                *(("risk", {"use": use, "options": options}) for use, options in rules),
                account={"balance": 10_000, "fees": 1, "on_fail": "reset"},
            ).result  # fmt: skip
        seen.append((result.digest, json.dumps(result.risk["attempts"]), result.denied_orders))
    assert seen[0] == seen[1]


MOVE = st.tuples(st.integers(-6, 6), st.integers(0, 5), st.integers(0, 5), st.integers(-2, 2))
TRADE = st.tuples(st.integers(1, 20), st.booleans(), st.integers(1, 3), st.sampled_from([None, 3, 6]))


@settings(max_examples=150, deadline=None)
@given(
    moves=st.lists(MOVE, min_size=20, max_size=20),
    trades=st.lists(TRADE, min_size=1, max_size=6),
    trail=st.integers(4, 40),
    until=st.one_of(st.none(), st.integers(-30, 20)),
    basis=st.sampled_from(["equity", "day"]),
)
def test_bars_that_are_passed_over_do_not_move_a_trailing_floor(moves, trades, trail, until, basis):
    """A second guard that never acts has every bar walked; without it only bars that can matter are, and nothing changes."""
    bars, price = [], 400
    for change, up, down, gap in moves:
        begin, close = price + gap, price + gap + change
        bars.append((begin, max(begin, close) + up, min(begin, close) - down, close))
        price = close
    asks = [
        (buy if long else sell)(size, bar=bar, sl=stop) for bar, long, size, stop in sorted(trades, key=lambda t: t[0])
    ]
    stop = None if until is None else until * MICROS
    guard = Guard("trail", basis, -trail * MICROS, "floor", "flatten", trail * MICROS, "", stop)
    never = Guard("never", "position", -(10**9) * MICROS, "floor", "flatten", 10**9 * MICROS)
    played = [table_play(bars, *asks, guards=guards, sessions=[10]) for guards in ([guard], [guard, never])]
    one, two = ((each.fills, each.equity, each.exchange.floor(), len(each.breaches)) for each in played)
    assert one == two
