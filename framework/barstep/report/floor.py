"""The floor of the maximum loss limit at each bar: where equity fails the account."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.report.record import moment_ns
from barstep.rules import adjusted, load_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.report.record import RunRecord

    Floats = NDArray[np.float64]

RULE = "max_loss_limit"
_CENT = 0.01


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
    """The floor during each bar, USD, shape (n,), and in words where it comes from, or why there is none.

    It is worked out from the stored balances and extremes by `barstep.rules.raised_floor`; where the run recorded a
    breach, the floor is compared with the level of that breach, and it is left out when the two differ.
    """
    rule = loss_rule(run)
    if rule is None:
        return None, ""
    floor = np.empty(len(run.equity["time"]))
    begins = _attempts(run)
    for begin, end in zip(begins, [*begins[1:], len(floor)], strict=True):
        floor[begin:end] = _one_attempt(run, rule, begin, end)
    for breach in run.result["risk"].get("breaches", []):
        if breach["guard"] == RULE and breach.get("basis") == "equity":
            row = int(np.searchsorted(run.equity["time"], moment_ns(breach["time"]), side="left"))
            gap = breach["level"] - floor[row] if row < len(floor) else 0.0
            if gap < -_CENT or (gap > _CENT and rule.trail != "equity"):  # equity raises it inside the bar too
                return None, (
                    f"The floor is not drawn: at {breach['time']} the run had it at {breach['level']:,.2f} USD, and the "
                    f"stored figures give {floor[row]:,.2f}"
                )
    return floor, f"{rule.source}: {rule.usd:,.0f} USD below, {_TRAILS.get(rule.trail, rule.trail)}"


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


def _one_attempt(run: RunRecord, rule: LossRule, begin: int, end: int) -> Floats:
    start = float(run.result["start_balance"])
    first, lock = start - rule.usd, None if rule.lock is None else start + rule.lock
    trailed = np.full(end - begin, -np.inf)  # the highest of what the floor trails, as known when the bar begins
    balance, high = run.equity["balance"][begin:end], run.equity["high"][begin:end]
    if rule.trail == "equity":
        trailed[1:] = np.maximum.accumulate(high)[:-1]
    elif rule.trail == "balance":
        trailed[1:] = np.maximum.accumulate(balance)[:-1]
    elif rule.trail == "end_of_day":
        for row in run.days.first[(run.days.first > begin) & (run.days.first < end)]:
            trailed[row - begin :] = np.maximum(trailed[row - begin :], balance[row - begin - 1])
    raised = trailed - rule.usd
    return np.maximum(first, raised if lock is None else np.minimum(raised, lock))
