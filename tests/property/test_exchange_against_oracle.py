"""The exchange and an independent, slow program of the same rules agree on every fill, ambiguous bar and equity."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import oracle
from versus import compare

SEVERITY = ["fail", "lock", "flatten"]


def bars(random: Random) -> list[tuple[int, int, int, int]]:
    made, price = [], 400
    for _ in range(random.choice([1, 1, 2, 2, 3])):
        open_ = price + random.randint(-3, 3)
        close = open_ + random.randint(-6, 6)
        high = max(open_, close) + random.randint(0, 6)
        made.append((open_, high, min(open_, close) - random.randint(0, 6), close))
        price = close
    return made


def ask(random: Random, table: list[tuple[int, int, int, int]]) -> oracle.Ask:
    kind = random.choice(["market", "limit", "stop", "stop_limit", "trailing_stop", "market", "limit", "stop"])
    made = oracle.Ask(kind, random.choice([1, -1]), random.randint(1, 3), bar=random.randint(1, len(table)))
    if kind in ("limit", "stop_limit"):
        made.limit = 400 + random.randint(-10, 10)
    if kind in ("stop", "stop_limit"):
        made.stop = 400 + random.randint(-10, 10)
    if kind == "trailing_stop":
        made.trail = random.randint(1, 8)
        made.ref = table[made.bar - 2][3] if made.bar > 1 else table[0][0]
    if random.random() < 0.5:
        parts = random.choice(["stop", "target", "stop target", "trail", "trail target"])
        made.sl = random.randint(1, 8) if "stop" in parts else None
        made.trailing_sl = random.randint(1, 8) if "trail" in parts else None
        made.tp = random.randint(1, 8) if "target" in parts else None
    elif random.random() < 0.3:
        made.reduce_only = True
    if random.random() < 0.25:
        made.oco = 1
    return made


def options(random: Random) -> oracle.Options:
    paths = ["nearest_extreme", "ohlc", "olhc", "candle_colour", "adverse", "optimistic"]
    return oracle.Options(
        intrabar=random.choice(["pessimistic"] * 4 + paths),
        market_slip_ticks=random.randint(0, 2),
        stop_slip_ticks=random.randint(0, 2),
        forced_slip_ticks=random.randint(0, 2),
        limit_through_ticks=random.randint(0, 2),
        gap_price=random.choice(["limit", "open"]),
        children=random.choice(["path", "path", "next_bar"]),
        trail_update=random.choice(["path", "path", "bar_close"]),
        clamp_slippage=random.random() < 0.1,
        latency_bars=random.choice([0, 0, 0, 1]),
    )


def guards(random: Random) -> list[oracle.Guard]:
    made = []
    for _ in range(random.choice([0, 0, 1, 2])):
        side = random.choice(["floor", "floor", "cap"])
        level = random.randint(1, 12) * (-1 if side == "floor" else 1)
        made.append(oracle.Guard(random.choice(["equity", "position"]), side, level, random.choice(SEVERITY)))
    return sorted(made, key=lambda guard: SEVERITY.index(guard.action))


def finer(random: Random, table: list[tuple[int, int, int, int]]) -> dict[int, list[tuple[int, int, int, int]]]:
    """Replaces the table's bars by what finer ones come to; now and then they do not cover a bar, or are missing."""
    inside: dict[int, list[tuple[int, int, int, int]]] = {}
    price = table[0][0]
    for number in range(1, len(table) + 1):
        parts = []
        for _ in range(random.choice([1, 2, 3, 5, 8])):
            open_ = price + random.choice([0, 0, 0, random.randint(-3, 3)])
            close = open_ + random.randint(-4, 4)
            high = max(open_, close) + random.randint(0, 3)
            parts.append((open_, high, min(open_, close) - random.randint(0, 3), close))
            price = close
        whole = (parts[0][0], max(part[1] for part in parts), min(part[2] for part in parts), parts[-1][3])
        table[number - 1] = whole
        fate = random.random()
        if fate < 0.1:
            parts = parts[: random.randint(0, len(parts) - 1)]
        if fate < 0.95:
            inside[number] = parts
    return inside


def agree_finer(random: Random) -> None:
    table = bars(random)
    inside = finer(random, table)
    asks = sorted((ask(random, table) for _ in range(random.randint(1, 4))), key=lambda each: each.bar)
    compare(table, asks, options(random), guards(random), fee=random.choice([0, 0, 1]), finer=inside)


def agree(random: Random) -> None:
    table = bars(random)
    asks = sorted((ask(random, table) for _ in range(random.randint(1, 4))), key=lambda each: each.bar)
    compare(table, asks, options(random), guards(random), fee=random.choice([0, 0, 1]))


@settings(max_examples=500, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_fill_is_the_oracles(random: Random) -> None:
    agree(random)


def test_every_fill_is_the_oracles_on_fixed_cases() -> None:
    for seed in range(3000):
        agree(Random(seed))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_fill_decided_by_finer_bars_is_the_oracles(random: Random) -> None:
    agree_finer(random)


def test_every_fill_decided_by_finer_bars_is_the_oracles_on_fixed_cases() -> None:
    for seed in range(2000):
        agree_finer(Random(seed))


@pytest.mark.slow
def test_every_fill_decided_by_finer_bars_is_the_oracles_at_length() -> None:
    for seed in range(2000, 60_000):
        agree_finer(Random(seed))


@pytest.mark.slow
def test_every_fill_is_the_oracles_at_length() -> None:
    for seed in range(3000, 200_000):
        agree(Random(seed))
