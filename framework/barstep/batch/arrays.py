"""Points in the array lane: bars, indicators and work arrays are kept from one point of a frame to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from barstep.batch.point import PointResult, daily_sharpe
from barstep.domain.instrument import MICROS
from barstep.engine.array.account import make_account
from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.plugins import wants_from
from barstep.engine.array.points import balance_of, digest_of, point_of
from barstep.engine.array.signals import wants_of
from barstep.engine.array.work import Work
from barstep.runs.array_lane import rules_of, why_not
from barstep.stats.days import DAYS
from barstep.stats.trades import TRADES

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from barstep.batch.point import Task
    from barstep.batch.shelf import MappedBars
    from barstep.engine.array.account import Account
    from barstep.runs.assemble import RunPlan
    from barstep.stats.measures import Measures

_ACCOUNTS_KEPT = 16


class ArrayFrame:
    """A frame as the array lane plays it, in one process.

    Args:
        plan: Its run over mapped bars.
        ends: End of the last bar of each trading day, UTC nanoseconds.
    """

    def __init__(self, plan: RunPlan, ends: NDArray[np.int64]) -> None:
        stream = cast("MappedBars", plan.streams[0])
        columns = stream.columns
        self._sessions, self._session_of, inside = stream.sessions.locate(columns.start_ns)
        new_session = np.diff(self._session_of, prepend=-1) != 0
        self._bars = ArrayBars(stream.feed, columns, new_session)
        self._shut = ~inside | (columns.volume == 0) if stream.volume_known else ~inside
        self._rows = np.searchsorted(columns.end_ns, ends, side="right") - 1
        self._work = Work()
        self._accounts: dict[str, Account | None] = {}
        self._proved = False

    def play(self, plan: RunPlan, task: Task) -> PointResult | None:
        """Play a point, None when the lane cannot: the event lane does it then.

        The first point's positions are proved on shorter histories not to know later bars; the sample that the event lane
        plays again would show it of the others.

        Raises:
            PluginError, ValueError: The strategy's positions cannot be taken.
        """
        account = self._account(plan)
        if account is None:
            return None
        named = next(each for each in plan.plugins if each.section == "strategies")
        strategy: Any = named.make()
        if self._proved:
            wants = wants_of(strategy.positions(self._bars), len(self._bars))
        else:
            wants = wants_from(named.name, strategy, self._bars, str(named.found.file or ""))
            self._proved = True
        left = self._work.play(account, wants, at.TABLES)
        point = point_of(account, left, digest_of(account, left, self._work))
        count = int(np.searchsorted(self._rows, point.bars - 1)) + 1  # a run may end early
        days = self._work.days(account, left, np.minimum(self._rows[:count], point.bars - 1))
        daily = np.diff(days.close, prepend=days.start)
        metrics: Measures = {
            "net_pnl": point.net_pnl,
            "final_balance": balance_of(left) / MICROS,
            "fees": point.fees / MICROS,
            "fills": point.fills,
            "trades": point.trades,
            "bars": point.bars,
            "ambiguous_bars": point.ambiguous_bars,
            "denied_orders": point.denied_orders,
            "rejected_orders": point.rejected_orders,
            **TRADES.headlines(self._work.trades(account, left)),
            "max_drawdown": point.max_drawdown / MICROS,
            "exposure": point.bars_in_market / point.bars if point.bars else None,
            **DAYS.headlines(days),
        }
        daily = np.concatenate((daily, np.zeros(len(self._rows) - len(daily), np.int64)))
        metrics["daily_sharpe"] = daily_sharpe(daily)
        return PointResult(task.key, point.digest, "array", 0.0, metrics, point.failed, daily)

    def _account(self, plan: RunPlan) -> Account | None:
        """The account with the rules of a plan, shared by points that have the same; None when the lane cannot play them.

        Whether it can hangs on the options of risk rules, but of a strategy on its class alone.
        """
        key = repr([(each.name, each.options) for each in plan.plugins if each.section == "risk"])
        if key not in self._accounts:
            if len(self._accounts) >= _ACCOUNTS_KEPT:
                self._accounts.clear()
            self._accounts[key] = None if plan.of("metrics") or why_not(plan) else self._make_account(plan)
        return self._accounts[key]

    def _make_account(self, plan: RunPlan) -> Account:
        fills, start = plan.loaded.config.fills.options(), plan.account.start_balance
        return make_account(
            self._bars, self._sessions, self._session_of, self._shut, fills, plan.fees[0], start, rules_of(plan)
        )
