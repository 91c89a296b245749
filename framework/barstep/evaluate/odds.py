"""Many attempts drawn from the days of a record: who passes, when, why not, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.domain.instrument import MICROS
from barstep.evaluate.bootstrap import Interval, block_length, draw_days, draw_replicates, interval
from barstep.rules.attempts import CAUSES, PASSED, DayTable, trace_attempts, walk_attempts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.rules import Fees
    from barstep.rules.account_limits import Limits
    from barstep.rules.attempts import Outcomes

MONTH = 21
"""Trading days of a month that is paid for."""

_POINTS = (10, 25, 50, 75, 90)
FAN = (5, 25, 50, 75, 95)
"""Percentiles of the fan."""
FANNED = 2000
"""Attempts that make the fan: the first of those drawn."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn.

    Attributes:
        attempts: How many attempts.
        days: Trading days an attempt may last; one that is open then is given up.
        funded_days: Trading days that a funded account is followed.
        seed: The same seed gives the same figures.
        block: Length of a block of days; None for the cube root of their number.
    """

    attempts: int
    days: int
    funded_days: int
    seed: int
    block: int | None = None

    def block_of(self, days: int) -> int:
        """The length of a block where there are so many source days."""
        return min(self.block or block_length(days), days)


@dataclass(frozen=True, slots=True)
class Stages:
    """The rules of an attempt, of the funded account that a pass leads to (None without one), and the prices."""

    attempt: Limits
    funded: Limits | None
    fees: Fees


class Funded(NamedTuple):
    """What became of funded accounts. Shares are 0 to 1 of the funded accounts, money in USD.

    `reduced_days` is the share of their days that a scaling plan allowed at a smaller size only, or not at all.
    """

    paid_share: float
    lost_before_payout: float
    lost: float
    payouts: float
    paid: float
    days_to_payout: dict[str, float]
    reduced_days: float


class Odds(NamedTuple):
    """The figures of one size. Shares are 0 to 1 of the attempts, money in USD.

    Attributes:
        size: Multiple of the recorded size.
        pass_share, pass_interval: Chance of a pass within the days, and its 95 % interval by the source days; None for a
            plan with nothing to pass.
        causes: Shares by how attempts ended; `open` were given up.
        days_to_pass: Percentiles of the trading days that passes took, by name such as `p50`.
        stopped_days: Share of the source days that a soft daily loss limit stops.
        attempt_cost: Mean cost of an attempt without activation; None where no price is known.
        pass_cost: Mean cost of all attempts until one passes, activation included; None without a pass or a price.
        value, value_interval: Expected value of one attempt: payouts less all costs, and its interval.
        gains: Share of attempts whose payouts are more than their costs.
        fan: Percentiles of the profit at the end of each day, from day 0 on, USD, by name such as `p50`; an attempt that has
            ended stays where it ended.
        funded: The funded accounts: the attempts themselves where the plan pays out; None without such a stage or pass.
    """

    size: int
    pass_share: float | None
    pass_interval: Interval | None
    causes: dict[str, float]
    days_to_pass: dict[str, float]
    stopped_days: float
    attempt_cost: float | None
    pass_cost: float | None
    value: float | None
    value_interval: Interval | None
    gains: float | None
    fan: dict[str, list[float]]
    funded: Funded | None


class Source(NamedTuple):
    """The days of one size, reduced for both stages; `stopped` counts days that a soft daily loss limit ended."""

    size: int
    attempt: DayTable
    funded: DayTable | None
    stopped: int


class _Lives(NamedTuple):
    """Attempts and the funded accounts of those that passed, or that they are; `paid` is USD per attempt."""

    attempts: Outcomes
    passed: NDArray[np.bool_]
    funded: Outcomes | None
    paid: NDArray[np.float64]


def odds(sources: Sequence[Source], stages: Stages, draw: Draw) -> list[Odds]:
    """The figures of every size, from the same drawn days.

    Args:
        sources: The days at each size; all of the same record.
        stages: Rules and prices.
        draw: What to draw.
    """
    count = sources[0].attempt.days
    block = draw.block_of(count)
    first, second, third = np.random.SeedSequence(draw.seed).spawn(3)
    orders = (
        draw_days(np.random.default_rng(first), count, block, draw.attempts, draw.days),
        draw_days(np.random.default_rng(second), count, block, draw.attempts, draw.funded_days),
    )
    # a set of source days gives both stages of its attempts, so both are drawn in one go
    both = draw_replicates(np.random.default_rng(third), count, block, draw.days + draw.funded_days)
    replicates = (both[:, : draw.days], both[:, draw.days :])
    return [_of_size(source, stages, orders, replicates) for source in sources]


def _of_size(
    source: Source,
    stages: Stages,
    orders: tuple[NDArray[np.int32], NDArray[np.int32]],
    replicates: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> Odds:
    lives, outer = _live(source, stages, *orders), _live(source, stages, *replicates)
    passes = stages.attempt.target is not None
    share = float(lives.passed.mean())
    costs, again = _costs(lives, stages.fees)
    values, outer_values = _values(lives, stages), _values(outer, stages)
    value = None if values is None else float(values.mean())
    mean_cost = None if costs is None else float(costs.mean())
    pass_cost = None
    if mean_cost is not None and share:
        pass_cost = mean_cost / share + (1 / share - 1) * again + (stages.fees.activation or 0.0)
    return Odds(
        size=source.size,
        pass_share=share if passes else None,
        pass_interval=interval(outer.passed.astype(np.float64), share, 0.0, 1.0) if passes else None,
        causes={name: float((lives.attempts.cause == number).mean()) for number, name in enumerate(CAUSES)},
        days_to_pass=percentiles(lives.attempts.days[lives.passed]),
        stopped_days=source.stopped / source.attempt.days,
        attempt_cost=mean_cost,
        pass_cost=pass_cost,
        value=value,
        value_interval=None
        if value is None or outer_values is None
        else interval(outer_values, value, -np.inf, np.inf),
        gains=None if values is None else float((values > 0).mean()),
        fan=_fan(source.attempt, orders[0][:FANNED], stages.attempt),
        funded=_funded(lives.funded),
    )


def _fan(days: DayTable, order: NDArray[np.int32], limits: Limits) -> dict[str, list[float]]:
    spread = np.percentile(trace_attempts(days, order, limits), FAN, axis=0, method="inverted_cdf") / MICROS
    return {f"p{point}": curve.tolist() for point, curve in zip(FAN, spread, strict=True)}


def _live(source: Source, stages: Stages, order: NDArray[np.int32], later: NDArray[np.int32]) -> _Lives:
    attempts = walk_attempts(source.attempt, order, stages.attempt)
    passed = attempts.cause == PASSED
    if stages.attempt.payout is not None:
        return _Lives(attempts, passed, attempts, attempts.paid / MICROS)
    paid, funded = np.zeros(len(passed)), None
    if stages.funded is not None and source.funded is not None and passed.any():
        funded = walk_attempts(source.funded, later[passed], stages.funded)
        paid[passed] = funded.paid / MICROS
    return _Lives(attempts, passed, funded, paid)


def _values(lives: _Lives, stages: Stages) -> NDArray[np.float64] | None:
    """What each attempt is worth in USD; None where its costs or what follows a pass are not known."""
    costs = _costs(lives, stages.fees)[0]
    if costs is None or (stages.funded is None and stages.attempt.payout is None):
        return None
    return lives.paid - costs - (stages.fees.activation or 0.0) * lives.passed


def _costs(lives: _Lives, fees: Fees) -> tuple[NDArray[np.float64] | None, float]:
    """USD of each attempt as if it were the first, and what a later one costs more (a reset instead of a first month).

    Every begun month of 21 trading days is paid for, and the price that is paid once.
    """
    if fees.once is None and fees.monthly is None:
        return None, 0.0
    monthly = (fees.monthly or 0.0) + (fees.api_monthly or 0.0)
    months = -(-lives.attempts.days // MONTH)
    again = fees.reset - (fees.monthly or 0.0) - (fees.once or 0.0) if fees.reset is not None else 0.0
    costs: NDArray[np.float64] = (fees.once or 0.0) + monthly * months.astype(np.float64)
    return costs, again


def _funded(found: Outcomes | None) -> Funded | None:
    if found is None:
        return None
    lost, paid = found.cause > PASSED, found.payouts > 0
    return Funded(
        paid_share=float(paid.mean()),
        lost_before_payout=float((lost & ~paid).mean()),
        lost=float(lost.mean()),
        payouts=float(found.payouts.mean()),
        paid=float(found.paid.mean()) / MICROS,
        days_to_payout=percentiles(found.first_payout[paid]),
        reduced_days=float(found.reduced.sum() / max(int(found.days.sum()), 1)),
    )


def percentiles(values: NDArray[np.int64]) -> dict[str, float]:
    """Percentiles by name such as `p50`, empty without values."""
    if not len(values):
        return {}
    points = np.percentile(values, _POINTS, method="inverted_cdf")
    return {f"p{point}": float(value) for point, value in zip(_POINTS, points, strict=True)}
