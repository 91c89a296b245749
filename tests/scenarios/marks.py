"""Accounts whose equity is given as marks: each day holds one contract whose price is the equity that is wanted.

One tick is a cent and is worth a cent, orders fill without slippage or fees, so a bar at 50,500 is an equity of 50,500. A day
is bought at its first bar, shows one bar for each mark, and is sold at one more bar at its close. A mark is a gap (`gap`: the
market opens there) or is walked to (`leg`: a bar from the mark before to this one).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk import MINUTE, START, Ran, run

import barstep

CENTS = {"name": "CENT", "tick_size": "0.01", "tick_value": "0.01", "lot_weight_tenths": 10}
COMBINE = "topstep-combine-50k"
EXACT = {"market_slip_ticks": 0, "forced_slip_ticks": 0, "stop_slip_ticks": 0}


@dataclass
class Kept:
    """What a run of marks showed.

    Attributes:
        ran: The run.
        ends: The end of the bar of each mark, by day.
        at_open: The floor when each day began, None without one.
        after: The floor after each mark, by day.
    """

    ran: Ran
    ends: list[list[datetime]]
    at_open: list[float | None] = field(default_factory=list)
    after: list[list[float | None]] = field(default_factory=list)

    @property
    def attempts(self) -> list[dict]:
        return self.ran.result.risk["attempts"]

    @property
    def place(self) -> tuple[int, int] | None:
        """Day and mark at which the first attempt ended, both from 0, or None."""
        time = self.attempts[0]["time"]
        for day, ends in enumerate(self.ends):
            for mark, end in enumerate(ends):
                if time is not None and datetime.fromisoformat(time) == end:
                    return day, mark
        return None


def play(
    tmp_path,
    start: float,
    days: list[list[float]],
    *rules,
    account=None,
    style="gap",
    size=1,
    intrabar="candle_colour",
    **more,
) -> Kept:
    """Run an account over days of marks; the last mark of a day is its close, and a quiet day follows the last one.

    Args:
        tmp_path: The test's folder.
        start: The start balance, which is also the price of the first bar.
        days: Marks by day.
        rules: Entries such as ("risk", {...}).
        account: The account section; by default the start balance with `on_fail: reset`, so that attempts are told.
        style: `gap` or `leg`; a leg is walked once, from the mark before to this one, unless `intrabar` says otherwise.
        size: Contracts; the price moves by a mark's change divided by it.
    """
    bars, sells, ends = [], set(), []
    balance = start
    for number, marks in enumerate([*days, []]):
        begin = START + number * timedelta(days=1)
        prices = [balance, *marks, marks[-1] if marks else balance]
        ends.append([begin + (place + 2) * MINUTE for place in range(len(marks))])
        for place, price in enumerate(prices):
            before = prices[place - 1] if style == "leg" and place else price
            bars.append((begin + place * MINUTE, before, max(before, price), min(before, price), price))
        if marks:
            sells.add(len(bars) - 2)
        balance = prices[-1]

    kept = Kept(None, ends)

    class Holder(barstep.Strategy):
        @barstep.hookimpl
        def on_session_start(self, session, ctx):
            if len(kept.at_open) < len(days):
                ctx.buy(size)

        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            if bar.index in sells:
                ctx.close()

    class Watcher(barstep.Observer):
        @barstep.hookimpl
        def on_session_start(self, session, ctx):
            kept.at_open.append(ctx.account.floor)
            kept.after.append([])

        @barstep.hookimpl
        def on_bar(self, bar, ctx):
            kept.after[-1].append(ctx.account.floor)

    section = account or {"balance": start, "on_fail": "reset"}
    kept.ran = run(
        tmp_path, bars, Holder, Watcher, *rules, instrument=CENTS, fills={**EXACT, "intrabar": intrabar},
        account={"fees": "none", **section}, **more,
    )  # fmt: skip
    return kept


def limit(usd: float, **options) -> tuple[str, dict]:
    """The entry of a maximum loss limit."""
    return ("risk", {"use": "max_loss_limit", "options": {"usd": usd, **options}})


def plan(name=COMBINE, on_fail="stop", on_pass="stop", **changes):  # noqa: S107
    """The account section of a plan."""
    return {"plan": {"name": name, **changes}, "on_fail": on_fail, "on_pass": on_pass}


def told(attempt) -> tuple:
    """What a test compares of an attempt."""
    return attempt["verdict"], attempt["start"], attempt["end"], attempt["days"], attempt["net_pnl"]
