"""What each rule does: alone, left out, read otherwise; and the same attempt from every start day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from barstep.domain.errors import ConfigError
from barstep.rules import adjusted
from barstep.rules.attempts import CAUSES, PASSED, walk_attempts

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
    """An attempt from every start day: how many ended how, how many were paid, how many trading days the passes took."""

    days: int
    causes: dict[str, int]
    paid: int
    days_to_pass: list[int]


class Payouts(NamedTuple):
    """A funded account that takes every payout as soon as it may.

    Attributes:
        number: How many.
        paid: What reached the trader, micro-dollars.
        first_day: The trading day of the first, 0 without one.
        cause: How the account ended, one of `CAUSES`.
        days: Trading days until then.
    """

    number: int
    paid: int
    first_day: int
    cause: str
    days: int


def every_start(table: DayTable, limits: Limits) -> Starts:
    """Begin an attempt on every day and let it live through the days that followed, at most a year of them."""
    count = len(table.net)
    horizon = min(count, YEAR)
    order = np.arange(count)[:, None] + np.arange(horizon)[None, :]
    outcomes = walk_attempts(table, np.where(order < count, order, -1), limits)
    named = {name: int((outcomes.cause == number).sum()) for number, name in enumerate(CAUSES)}
    took = sorted(outcomes.days[outcomes.cause == PASSED].tolist())
    return Starts(count, {name: many for name, many in named.items() if many}, int((outcomes.payouts > 0).sum()), took)


def payouts(table: DayTable, limits: Limits) -> Payouts | None:
    """The days in their order with every payout taken at once; None where the account pays nothing."""
    if limits.payout is None:
        return None
    found = walk_attempts(table, np.arange(len(table.net))[None, :], limits)
    number, paid, first, days = (
        int(column[0]) for column in (found.payouts, found.paid, found.first_payout, found.days)
    )
    return Payouts(number, paid, first, CAUSES[int(found.cause[0])], days)
