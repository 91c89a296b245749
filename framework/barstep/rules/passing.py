"""When an evaluation is passed: the target, the consistency rule and the days, over the net results of trading days."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.rules.plan import Plan


class Terms(NamedTuple):
    """What an evaluation asks for; money in micro-dollars.

    Attributes:
        target: Net result that passes, None where nothing can be passed.
        min_days: Trading days with a trade.
        share: Largest share of the best day in the net result, None without a consistency rule.
        inclusive: Whether exactly the share is good enough.
        max_days: Calendar days that an attempt may last, None without a limit.
    """

    target: int | None = None
    min_days: int = 0
    share: Fraction | None = None
    inclusive: bool = True
    max_days: int | None = None

    @classmethod
    def of(cls, plan: Plan) -> Terms:
        """The terms of a plan."""
        rule = plan.consistency
        return cls(
            None if plan.profit_target is None else round(Fraction(str(plan.profit_target)) * 1_000_000),
            plan.min_days or 0,
            None if rule is None else Fraction(str(rule.share)),
            rule is None or rule.inclusive,
            plan.max_days,
        )


def best_day_share(daily: Sequence[float]) -> float | None:
    """The best day over the sum of all days, losing days included; None while nothing is won in total."""
    total = sum(daily)
    return max(daily) / total if daily and total > 0 else None


def total_needed(best_day: float, share: float | Fraction | None, target: float | None = None) -> float:
    """The net result that an evaluation needs: the target, or more when one day was too good (best day / share)."""
    raised = float(best_day / share) if share is not None else 0.0
    return max(raised, target or 0.0)


def keeps_share(best_day: int, total: int, share: Fraction, *, inclusive: bool = True) -> bool:
    """Whether the best day's share of a positive total is small enough; exact for whole numbers of one unit."""
    if total <= 0:
        return False
    allowed = share.numerator * total
    return best_day * share.denominator <= allowed if inclusive else best_day * share.denominator < allowed


def passes(terms: Terms, total: int, best_day: int, traded_days: int) -> bool:
    """Whether an evaluation is passed at the end of a day, by a flat account."""
    if terms.target is None or total < terms.target or traded_days < terms.min_days:
        return False
    return terms.share is None or keeps_share(best_day, total, terms.share, inclusive=terms.inclusive)
