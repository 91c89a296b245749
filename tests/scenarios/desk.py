"""Run strategies and risk rules that a test defines, over a table of bars, through the whole engine.

The bars become a CSV file, each class becomes a plugin file of its own, and `barstep.run` plays the configuration: the
same road that a user's run takes. Prices are whole points of an instrument with a tick of 1 and a tick value of 1 USD,
one-minute bars, open around the clock, no fees, slippage as in `strict`, unless a test says otherwise.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

import barstep
from barstep.data import read_table

SHELF: dict[str, type] = {}
"""Classes under test by key; the plugin files fetch them from here."""

SECTIONS = {barstep.Strategy: "strategies", barstep.RiskRule: "risk", barstep.Observer: "observers"}
START = datetime(2024, 1, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FLAT = [(400, 402, 398, 400)] * 6
"""Six bars in which nothing happens but a swing of two ticks either way."""

PLAIN = {"name": "TICK", "tick_size": "1", "tick_value": "1"}

_keys = itertools.count()


def plugin_file(cls: type, folder: Path) -> str:
    """A file with a plugin class that inherits everything from `cls`; the plugin's name is the class's in small letters."""
    key = str(next(_keys))
    SHELF[key] = cls
    path = folder / f"plugin_{key}" / f"{cls.__name__.lower()}.py"
    path.parent.mkdir()
    path.write_text(f"from desk import SHELF\n\n\nclass {cls.__name__}(SHELF[{key!r}]):\n    pass\n")
    return str(path)


def at(actions: dict) -> type[barstep.Strategy]:
    """A strategy that does `actions[n](ctx)` when bar n (from 0) is complete."""

    class Plan(barstep.Strategy):
        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            if bar.index in actions:
                actions[bar.index](ctx)

    return Plan


def rule(decide, name: str = "Rule") -> type[barstep.RiskRule]:
    """A risk rule that answers each order with `decide(order, ctx)`."""

    class Rule(barstep.RiskRule):
        @barstep.hookimpl
        def on_risk(self, order, ctx):
            return decide(order, ctx)

    Rule.__name__ = name
    return Rule


def risk_at(actions):
    """A risk rule that does `actions[n](ctx)` when bar n is complete."""

    class Watch(barstep.RiskRule):
        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            if bar.index in actions:
                actions[bar.index](ctx)

    return Watch


def days(*tables, minutes=1):
    """Bars of several trading days, each from noon on, `minutes` long."""
    length = timedelta(minutes=minutes)
    return [
        (START + day * timedelta(days=1) + n * length, *bar)
        for day, table in enumerate(tables)
        for n, bar in enumerate(table)
    ]


def hours(**options):
    """The configuration entry of the bundled trading hours."""
    return ("risk", {"use": "trading_hours", "options": options})


def two(tmp_path, first, second):
    """Two contracts on one clock: ONE has a tick value of 1 USD, TWO of 10."""
    made = []
    for name, bars, value in (("ONE", first, "1"), ("TWO", second, "10")):
        path = bar_file(bars, tmp_path / f"{name}.csv")
        made.append(
            {"instrument": {"name": name, "tick_size": "1", "tick_value": value}, "timeframe": "1m", "source": path}
        )
    return made


def trader(name, actions):
    """The configuration entry of a strategy on one contract."""
    return lambda folder: ("strategies", {"use": plugin_file(at(actions), folder), "contract": name})


def bar_file(bars, path: Path, start: datetime = START, every: timedelta = MINUTE) -> str:
    """Bars as CSV; a bar is (o, h, l, c), (o, h, l, c, v), or has its own time in front."""
    lines = ["t,o,h,l,c,v"]
    for number, bar in enumerate(bars):
        time, prices = (bar[0], bar[1:]) if isinstance(bar[0], datetime) else (start + number * every, bar)
        volume = prices[4] if len(prices) > 4 else 100
        lines.append(f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ},{','.join(str(p) for p in prices[:4])},{volume}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@dataclass
class Ran:
    """A finished run: its result, and its tables in a form to read."""

    result: barstep.RunResult

    def table(self, name: str) -> pl.DataFrame:
        return read_table(self.result.folder / f"{name}.parquet")

    @property
    def fills(self) -> list[str]:
        return [
            f"{f['bar_index']} {f['phase']} {f['side']} {f['size']} @ {f['price']:g} {f['rule']}"
            for f in self.table("fills").iter_rows(named=True)
        ]

    @property
    def orders(self) -> list[str]:
        """Each order when it ended: `#1 buy 2/3 market filled: reason` (size sent of size asked)."""
        return [
            f"#{o['id']} {o['side']} {o['size']}/{o['asked']} {o['kind']} {o['status']}: {o['reason']}".removesuffix(
                ": "
            )
            for o in self.table("orders").iter_rows(named=True)
        ]

    def verdicts(self, order_id: int) -> list[tuple[str, int, str]]:
        row = self.table("orders").filter(pl.col("id") == order_id).row(0, named=True)
        return [(v["rule"], v["size"], v["reason"]) for v in json.loads(row["verdicts"] or "[]")]


def run(tmp_path: Path, bars, *plugins, instrument=PLAIN, timeframe="1m", fees="none", fills=None, data=None,
        start=START, every=MINUTE, **more) -> Ran:  # fmt: skip
    """Play plugins over bars.

    Args:
        tmp_path: The test's folder.
        bars: A table, see `bar_file`; None where `data` is given.
        plugins: Plugin classes, or entries of the configuration such as `("risk", {"use": "max_position", ...})`.
        fills: Fill options on top of `strict` with `at_end: mark`.
        data: The `data` section itself, for other bars than a table or several contracts.
        more: Other sections of the configuration, such as `account`.
    """
    sections: dict[str, list] = {"strategies": [], "risk": [], "observers": []}
    for plugin in plugins:
        if isinstance(plugin, tuple):
            sections[plugin[0]].append(plugin[1])
            continue
        section = next(name for base, name in SECTIONS.items() if issubclass(plugin, base))
        sections[section].append({"use": plugin_file(plugin, tmp_path)})
    if data is None:
        path = bar_file(bars, tmp_path / f"bars_{next(_keys)}.csv", start, every)
        data = {"instrument": instrument, "timeframe": timeframe, "source": path}
    mapping = {
        "version": 1,
        "name": "table",
        "data": data,
        "account": {"balance": 10_000, "fees": fees},
        "fills": {"profile": "strict", "at_end": "mark", **(fills or {})},
        **sections,
        **more,
    }
    return Ran(barstep.run(mapping, out=tmp_path / f"run_{next(_keys)}"))


def entry(use: str, **options):
    return ("risk", {"use": use, "options": options})


def buys(*bars, size=1, **terms):
    return at({bar: lambda ctx: ctx.buy(size, **terms) for bar in bars})


def reasons(ran) -> list[str]:
    return [order.partition(": ")[2] for order in ran.orders if " denied: " in order]
