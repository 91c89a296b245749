"""What a plan asks for beside its limits, as information: size, hours, days that do not end flat. It judges nothing."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

import numpy as np

from barstep.domain.session import NS
from barstep.rules import scaled_lots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.evaluate.record import Record
    from barstep.rules import Plan
    from barstep.rules.day import DayBars


class Conduct:
    """Counts, day by day, what a plan's caps and hours would have had to say.

    Args:
        record: What is evaluated.
        plan: The plan.

    Attributes:
        most_lots: The largest position in mini lots, or in contracts where the plan counts those.
        days_over_cap: Days on which more was held than the cap, or the row of the scaling plan, allows.
        days_past_flat: Days on which something was held at the time by which all must be closed.
        days_overnight: Days that ended with a position.
    """

    def __init__(self, record: Record, plan: Plan) -> None:
        self._record, self._plan = record, plan
        cap = plan.position_cap
        counted = record.held.contracts if cap is not None and cap.weights == "contracts" else record.held.lots
        self.most_lots = float(counted.max(initial=0))
        self.days_over_cap = self.days_past_flat = self.days_overnight = 0

    def day(self, day: DayBars, profit: float) -> None:
        """Look at a day; `profit` is the balance at the close before less the start balance, in USD."""
        held = self._record.held
        self.days_overnight += bool(day.position[-1])
        if (cap := self._plan.position_cap) is not None:
            most = held.most(int(day.end_ns[0]), int(day.end_ns[-1]), cap.weights)
            allowed = (
                min(cap.lots, scaled_lots(cap.scaling, profit, upper=cap.scaling_tie == "upper"))
                if cap.scaling
                else cap.lots
            )
            self.days_over_cap += bool(most > allowed)
        self.days_past_flat += bool(held.at(self._flat(day)).any())

    def _flat(self, day: DayBars) -> NDArray[np.int64]:
        """When all must be closed on a day, and on a holiday that belongs to it."""
        hours, session = self._plan.trading_hours, self._record.sessions.on(day.date)
        moments: list[int] = []
        if hours is not None and session is not None:
            before = hours.before_early_close
            if hours.flat_by is not None:
                moments += session.flat_moments(time.fromisoformat(hours.flat_by), before or 0)
            if session.early_close and before is not None:
                moments.append(session.close_ns - before * 60 * NS)
        return np.array(moments, np.int64)

    def remarks(self) -> list[str]:
        """Sentences for what was found."""
        found = []
        cap, hours = self._plan.position_cap, self._plan.trading_hours
        if self.days_over_cap and cap is not None:
            rows = " by the scaling plan" if cap.scaling else ""
            found.append(
                f"more than the plan allows{rows} was held on {_days(self.days_over_cap)}: "
                f"{self.most_lots:g} {'mini lots' if cap.weights == 'lots' else 'contracts'} at most, the cap is {cap.lots:g}"
            )
        if self.days_past_flat and hours is not None:
            early = f"{hours.before_early_close} minutes before an early close" if hours.before_early_close else ""
            told = ", or ".join(filter(None, (hours.flat_by, early)))
            found.append(f"positions were held past the flat time ({told}) on {_days(self.days_past_flat)}")
        if self.days_overnight:
            found.append(f"{_days(self.days_overnight)} ended with a position: the next day began with it")
        return found


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"
