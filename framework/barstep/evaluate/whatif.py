"""What each rule does: alone, left out, read otherwise; and the same attempt from every start day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from barstep.domain.errors import ConfigError
from barstep.rules import adjusted
from barstep.rules.attempts import CAUSES, walk_attempts

if TYPE_CHECKING:
    from barstep.rules import Plan
    from barstep.rules.account_limits import Limits
    from barstep.rules.attempts import DayTable

RULES = ("max_loss_limit", "daily_loss_limit", "consistency", "min_days", "max_days")
"""Rules of a plan that can be left out; the profit target stays."""

YEAR = 250
"""Trading days that an attempt from every start is followed at most."""

_OFF = {"min_days": 0}


class Variant(NamedTuple):
    """A plan with something changed, and the words for it."""

    label: str
    plan: Plan


def variants(plan: Plan) -> list[Variant]:
    """Each rule alone, each rule left out, and each switch at its other values as far as they change what is judged."""
    held = [rule for rule in RULES if getattr(plan, rule) not in (None, 0)]
    found = []
    for rule in held if len(held) > 1 else []:
        found.append(Variant(f"only {rule}", _without(plan, [other for other in held if other != rule])))
    found += [Variant(f"without {rule}", _without(plan, [rule])) for rule in held]
    for name, switch in plan.switches.items():
        for value in switch.values:
            changed = _switched(plan, name, value)
            if changed is not None and _judged(changed) != _judged(plan):
                found.append(Variant(f"{name}: {value}", changed))
    return found


def _without(plan: Plan, rules: list[str]) -> Plan:
    return msgspec.structs.replace(plan, **{rule: _OFF.get(rule) for rule in rules})


def _switched(plan: Plan, name: str, value: str) -> Plan | None:
    """The plan under another value, None where that contradicts a figure that was overridden."""
    try:
        return adjusted(plan, {name: value})[0]
    except ConfigError:
        return None


def _judged(plan: Plan) -> tuple[object, ...]:
    return (plan.start_balance, plan.profit_target, *(getattr(plan, rule) for rule in RULES))


class Starts(NamedTuple):
    """An attempt from every start day: how many ended how, and how many trading days the passes took."""

    days: int
    causes: dict[str, int]
    days_to_pass: list[int]


def every_start(table: DayTable, limits: Limits) -> Starts:
    """Begin an attempt on every day and let it live through the days that followed, at most a year of them."""
    count = len(table.net)
    horizon = min(count, YEAR)
    order = np.arange(count)[:, None] + np.arange(horizon)[None, :]
    outcomes = walk_attempts(table, np.where(order < count, order, -1), limits)
    named = {name: int((outcomes.cause == number).sum()) for number, name in enumerate(CAUSES)}
    return Starts(
        count, {name: many for name, many in named.items() if many}, sorted(outcomes.days[outcomes.cause == 1].tolist())
    )
