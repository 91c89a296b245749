"""The floor of the maximum loss limit at each bar: where equity fails the account."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from barstep.domain.instrument import MICROS, micros
from barstep.report.record import moment_ns
from barstep.rules import adjusted, load_plan
from barstep.rules.account_limits import NEVER, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.report.record import RunRecord
    from barstep.rules.plan import Trail

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

RULE = "max_loss_limit"


class LossRule(NamedTuple):
    """A maximum loss limit: USD to the floor, what moves it, and USD above the start where it stops."""

    usd: float
    trail: str
    lock: float | None
    source: str


def loss_rule(run: RunRecord) -> LossRule | None:
    """The rule that the run was played under: its plan's, else that of its risk rules; None without one."""
    told = run.result["risk"].get("plan")
    if told is not None:
        changed = {path: value for path, value in told["changes"].items() if path.partition(".")[0] == RULE}
        if RULE in changed:
            return None
        overrides = {RULE: {path.partition(".")[2]: value for path, value in changed.items()}} if changed else {}
        plan, _ = adjusted(load_plan(told["name"], date.fromisoformat(told["as_of"])), told["switches"], overrides)
        limit = plan.max_loss_limit
        return None if limit is None else LossRule(limit.usd, limit.trail, limit.lock, f"plan {plan.name}")
    options = run.stored.options.risk.get(RULE)
    if options is None or not {"usd", "trail", "lock"} <= options.keys():
        return None
    lock = None if options["lock"] in (None, "null", "") else float(options["lock"])
    return LossRule(float(options["usd"]), str(options["trail"]), lock, f"rule {RULE}")


def floors(run: RunRecord) -> tuple[Floats | None, str]:
    """The floor at the end of each bar, USD, shape (n,), and in words where it comes from, or why there is none.

    It is worked out from the stored balances and extremes as `barstep.rules.account_limits.Limits` does it; where the run
    recorded a breach at a level that the floor did not have in that bar, it is left out.
    """
    rule = loss_rule(run)
    if rule is None:
        return None, ""
    start = micros(run.result["start_balance"])
    lock = NEVER if rule.lock is None else start + micros(rule.lock)
    limits = Limits(start, micros(rule.usd), cast("Trail", rule.trail), lock)
    begins = _attempts(run)
    ends = [*begins[1:], len(run.equity["time"])]
    floor = np.concatenate([_one_attempt(run, limits, begin, end) for begin, end in zip(begins, ends, strict=True)])
    for breach in run.result["risk"].get("breaches", []):
        if breach["guard"] != RULE or breach.get("basis") != "equity":
            continue
        row = int(np.searchsorted(run.equity["time"], moment_ns(breach["time"]), side="left"))
        before = floor[row - 1] if row and row not in begins else limits.first_floor
        if row < len(floor) and not before <= micros(breach["level"]) <= floor[row]:
            return None, (
                f"The floor is not drawn: at {breach['time']} the run had it at {breach['level']:,.2f} USD, and the "
                f"stored figures give {floor[row] / MICROS:,.2f}"
            )
    return floor / MICROS, f"{rule.source}: {rule.usd:,.0f} USD below, {_TRAILS.get(rule.trail, rule.trail)}"


_TRAILS = {
    "static": "fixed",
    "end_of_day": "raised at the end of each day",
    "balance": "raised by each balance",
    "equity": "raised by equity inside the bar",
}


def _attempts(run: RunRecord) -> list[int]:
    """The first row of each attempt."""
    dates = run.days.dates
    begins = [0]
    for attempt in run.result["risk"].get("attempts", [])[1:]:
        day = date.fromisoformat(attempt["start"])
        begins.append(int(run.days.first[dates.index(day)]) if day in dates else begins[-1])
    return begins


def _one_attempt(run: RunRecord, limits: Limits, begin: int, end: int) -> Ints:
    """The floor of an attempt from its first row on, day after day, micro-dollars."""
    balance, high = (np.rint(run.equity[name][begin:end] * MICROS).astype(np.int64) for name in ("balance", "high"))
    seen = balance if limits.trail == "balance" else high
    equity = np.rint(run.equity["equity"][begin:end] * MICROS).astype(np.int64)
    last = balance if limits.trail == "balance" else equity
    inside = run.days.first[(run.days.first > begin) & (run.days.first < end)] - begin
    floor, first, found = limits.first_floor, limits.start, []
    for one, after in zip([0, *inside], [*inside, end - begin], strict=True):
        found.append(limits.floors(floor, seen[one:after], first))
        floor, first = int(found[-1][-1]), int(last[after - 1])
        if limits.trail == "end_of_day":
            floor = limits.next_floor(floor, int(balance[after - 1]))
    return np.concatenate(found)
