"""A plan's figures as whole micro-dollars, ready for the kernels that walk days and attempts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from barstep.domain.instrument import micros
from barstep.rules.limits import raised_floor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.rules.plan import PayoutPath, Plan, Trail

NEVER = 1 << 60
"""More micro-dollars than any account holds."""

TRADING_DAYS = Fraction(5, 7)
"""Trading days of a calendar day, where a plan counts calendar days and a sequence of days has no dates."""


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """One way to money out of a funded account, in micro-dollars; see `barstep.rules.PayoutPath` and `Payout`."""

    days: int
    day_min: int | None
    share: tuple[int, int] | None
    cap: int
    balance_share: tuple[int, int]
    minimum: int
    split: tuple[int, int]
    full_first: int
    transfer_fee: int
    floor_after: int | None
    most: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the kernels need of a plan. Money is in whole micro-dollars, levels are equity of the account.

    Attributes:
        start: Start balance.
        distance: From what is trailed down to the floor; None without a maximum loss limit.
        trail: What moves the floor: `static` nothing, `end_of_day` the balance at the day's end, `balance` the realised
            balance at any time, `equity` equity with open profit.
        lock: Level at which the floor stops for good; NEVER when it does not.
        live: False when the floor is checked only at the day's close.
        touch: Whether equity that equals the floor is a breach.
        daily: Loss of a day that stops it or fails the account; None without a daily loss limit.
        daily_fails: True when it fails the account.
        target: Profit that passes; None where there is nothing to pass.
        share: Largest share of the best day in the profit as a fraction (numerator, denominator), or None.
        inclusive: Whether exactly that share is good enough.
        min_days: Days with a trade before a pass.
        max_days: Calendar days of an attempt, or None.
        payout: How money leaves a funded account, or None; an evaluation pays nothing.
        scaling: Rows of a scaling plan: balance above the start from which a row holds, and tenths of mini lots, ascending.
    """

    start: int
    distance: int | None = None
    trail: Trail = "static"
    lock: int = NEVER
    live: bool = True
    touch: bool = True
    daily: int | None = None
    daily_fails: bool = False
    target: int | None = None
    share: tuple[int, int] | None = None
    inclusive: bool = True
    min_days: int = 0
    max_days: int | None = None
    payout: PayoutTerms | None = None
    scaling: tuple[tuple[int, int], ...] = ()

    @property
    def first_floor(self) -> int:
        """The floor on the first day; far below everything without a maximum loss limit."""
        return -NEVER if self.distance is None else self.start - self.distance

    def next_floor(self, floor: int, seen: int) -> int:
        """The floor after the trailed value has been `seen`: it never falls, and stops at the lock."""
        if self.distance is None or self.trail == "static":
            return floor
        return int(raised_floor(floor, seen, self.distance, self.lock))

    def floors(self, floor: int, seen: NDArray[np.int64], first: int) -> NDArray[np.int64]:
        """The floor at the end of each bar of a day.

        Args:
            floor: At the day's open.
            seen: What is trailed inside or after each bar: the highest equity, or the balance; micro-dollars, shape (n,).
            first: The same at the day's open.
        """
        if self.distance is None or self.trail not in ("balance", "equity"):
            return np.full(len(seen), floor, np.int64)
        peak = np.maximum.accumulate(np.maximum(seen, first))
        found: NDArray[np.int64] = np.maximum(np.minimum(peak - self.distance, self.lock), floor)
        return found

    def breached(self, floor: int) -> int:
        """The highest equity that breaches a floor: the floor itself, or a micro-dollar less where a touch is none."""
        return floor if self.touch else floor - 1

    def needed(self, best: int) -> int:
        """The profit that passes, given the best day's: the target, or more under the consistency rule, rounded up."""
        target = self.target or 0
        if self.share is None or best <= 0:
            return target
        part, whole = self.share
        raised = -(-best * whole // part)
        if not self.inclusive and raised * part == best * whole:
            raised += 1
        return max(target, raised)


def limits_of(plan: Plan, path: str | None = None) -> Limits:
    """The figures of a plan.

    Args:
        plan: The plan.
        path: Which way to payouts is taken; by default the plan's first.

    Raises:
        KeyError: The plan has no such way.
    """
    start, loss, day, share = micros(plan.start_balance), plan.max_loss_limit, plan.daily_loss_limit, plan.consistency
    paths = plan.payout.paths if plan.payout is not None and plan.stage != "evaluation" else {}
    chosen = paths[path] if path is not None else next(iter(paths.values()), None)
    return Limits(
        start=start,
        distance=None if loss is None else micros(loss.usd),
        trail="static" if loss is None else loss.trail,
        lock=NEVER if loss is None or loss.lock is None else start + micros(loss.lock),
        live=loss is None or loss.checked == "live",
        touch=loss is None or loss.touch,
        daily=None if day is None else micros(day.usd),
        daily_fails=day is not None and day.action == "fail",
        target=None if plan.profit_target is None else micros(plan.profit_target),
        share=None if share is None else _ratio(share.share),
        inclusive=share is None or share.inclusive,
        min_days=plan.min_days or 0,
        max_days=plan.max_days,
        payout=None if chosen is None else _terms(plan, chosen),
        scaling=_scaling(plan),
    )


def _terms(plan: Plan, path: PayoutPath) -> PayoutTerms:
    payout = plan.payout
    assert payout is not None  # noqa: S101 - a path belongs to a payout section
    return PayoutTerms(
        days=path.days,
        day_min=None if path.day_min is None else micros(path.day_min),
        share=None if path.share is None else _ratio(path.share),
        cap=NEVER if path.cap is None else micros(path.cap),
        balance_share=_ratio(payout.balance_share),
        minimum=micros(payout.minimum),
        split=_ratio(payout.split),
        full_first=micros(payout.full_first),
        transfer_fee=micros(payout.transfer_fee),
        floor_after=None if payout.floor_after is None else micros(plan.start_balance + payout.floor_after),
        most=NEVER if payout.most is None else payout.most,
    )


def _scaling(plan: Plan) -> tuple[tuple[int, int], ...]:
    """The rows of `scaled_lots`: a balance exactly on one from the third on has reached it, or under `lower` not yet."""
    cap = plan.position_cap
    if cap is None:
        return ()
    later = 0 if cap.scaling_tie == "upper" else 1
    return tuple(
        (micros(start) + (later if place > 1 else 0), round(min(lots, cap.lots) * 10))
        for place, (start, lots) in enumerate(cap.scaling)
    )


def _ratio(share: float) -> tuple[int, int]:
    exact = Fraction(str(share))
    return exact.numerator, exact.denominator
