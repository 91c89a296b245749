"""Both lanes on random bars, wishes, brackets, fill options and risk rules: the same folder, row for row."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from lanes import both, write_bars, write_wishes  # noqa: E402

STARTS = (  # UTC: before a flat time, a break and a new session; before a holiday; in the open
    datetime(2013, 9, 3, 19, 40, tzinfo=UTC),
    datetime(2013, 9, 2, 16, 20, tzinfo=UTC),
    datetime(2013, 9, 4, 13, 0, tzinfo=UTC),
)
FILLS: dict[str, list[Any]] = {
    "market_fill": ["next_open", "current_close"],
    "market_slip_ticks": [0, 1, 3],
    "stop_slip_ticks": [0, 1, 2],
    "forced_slip_ticks": [0, 2],
    "limit_through_ticks": [0, 1, 2],
    "gap_price": ["limit", "open", "auction"],
    "intrabar": ["pessimistic", "nearest_extreme", "ohlc", "olhc", "candle_colour", "adverse", "optimistic"],
    "children": ["path", "next_bar"],
    "trail_update": ["path", "bar_close"],
    "clamp_slippage": [False, True],
    "latency_bars": [0, 1, 2],
    "at_end": ["close", "mark"],
}
RULES: dict[str, list[dict[str, Any]]] = {
    "max_position": [{"contracts": 1}, {"contracts": 2}],
    "max_trades": [{"trades": 1}, {"trades": 4}],
    "daily_loss_limit": [{"usd": 100}, {"usd": 400}],
    "daily_profit_cap": [{"usd": 100}, {"usd": 300}],
    "max_loss_limit": [
        {"usd": 150},
        {"usd": 600},
        {"usd": 150, "trail": "static", "touch": False},
        {"usd": 300, "lock": None, "touch": False},
    ],
    "trading_hours": [
        {"flat_by": "15:10"},
        {"flat_by": "14:47", "entries_until": "14:45"},
        {"entries_from": "08:05", "entries_until": "15:00"},
    ],
}


def bars_of(luck: Random, count: int, wild: int) -> list[tuple[Any, ...]]:
    rows, price, moment = [], 6600, luck.choice(STARTS)
    for _ in range(count):
        opens = price + luck.choice((0, 0, 0, luck.randint(-wild, wild)))
        closes = opens + luck.randint(-wild, wild)
        high, low = max(opens, closes) + luck.randint(0, wild), min(opens, closes) - luck.randint(0, wild)
        rows.append((moment.isoformat(), (opens, high, low, closes), luck.choice((0, 5, 9, 9, 9, 9))))
        price = closes
        moment += timedelta(minutes=luck.choice((1, 1, 1, 1, 1, 1, 2, 5, 30)))
    return rows


def wishes_of(luck: Random, count: int) -> list[int | None]:
    size, found, moves = 0, [], luck.choice((0.05, 0.2, 0.6))
    for _ in range(count):
        if luck.random() < moves:
            size = luck.randint(-3, 3)
        found.append(None if luck.random() < 0.3 else size)
    return found


def ticks_of(luck: Random, count: int, wild: int) -> dict[str, Any]:
    def distance() -> Any:
        if luck.random() < 0.5:
            return luck.choice((0, luck.randint(1, 2 * wild)))
        return [luck.randint(0, 2 * wild) for _ in range(count)]

    stop = luck.choice(("stop_loss_ticks", "trailing_stop_ticks", "neither"))
    return {} if luck.random() < 0.15 else {stop: distance(), "take_profit_ticks": distance()}


def config_of(luck: Random, folder: Path) -> dict[str, Any]:
    names = luck.sample(sorted(FILLS), luck.randint(0, 5))
    rules = luck.sample(sorted(RULES), luck.choice((0, 0, 1, 2, 5)))
    return {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": str(folder / "bars.csv"), "contract": "ESU3"},
        "account": {"fees": luck.choice(("none", "topstepx"))},
        "fills": {
            "profile": luck.choice(("strict", "strict", "playground", "backtrader")),
            **{name: luck.choice(FILLS[name]) for name in names},
        },
        "strategies": [{"use": str(HERE / "scripted.py"), "options": {"wishes": str(folder / "wishes.json")}}],
        "risk": [{"use": name, "options": luck.choice(RULES[name])} for name in rules],
        "observers": [{"use": "trade_journal"}],
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9))
@example(seed=621362)  # an order between the last bar before a flat time and then, outside the entry hours too
def test_both_lanes_leave_the_same_folder(seed: int) -> None:
    luck = Random(seed)
    with tempfile.TemporaryDirectory() as place:
        folder, count, wild = Path(place), luck.randint(1, 120), luck.choice((2, 5, 12))
        write_bars(folder / "bars.csv", bars_of(luck, count, wild))
        write_wishes(folder / "wishes.json", wishes_of(luck, count), **ticks_of(luck, count, wild))
        config = config_of(luck, folder)
        _, differences = both(config, folder)
        assert differences == [], f"{config['fills']}, {config['risk']}: " + "; ".join(differences)
