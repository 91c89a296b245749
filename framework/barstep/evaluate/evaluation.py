"""One evaluation from record and plan: everything is found in one pass over the days."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS
from barstep.evaluate.bootstrap import PROVISIONAL_DAYS
from barstep.evaluate.conduct import Conduct
from barstep.evaluate.odds import Odds, Source, Stages, odds
from barstep.evaluate.verdict import Attempt, Series, walk_record
from barstep.evaluate.whatif import Payouts, Starts, Variant, every_start, payouts, variants
from barstep.rules.account_limits import NEVER, limits_of
from barstep.rules.attempts import DayTable
from barstep.rules.day import DayNumbers, day_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from barstep.evaluate.floors import FloorTable
    from barstep.evaluate.odds import Draw
    from barstep.evaluate.record import Record
    from barstep.rules import Plan
    from barstep.rules.account_limits import Limits
    from barstep.rules.day import DayBars
    from barstep.rules.walk import BarFloors


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of an evaluation.

    Attributes:
        plan: The plan, with what was changed in it.
        changed: The figures that are no longer the file's, by path.
        funded: The plan that follows a pass, or None.
        payout: Which way to payouts the funded account takes; None for its plan's first.
        what_if: Whether rules are tried alone, left out and read otherwise.
        draw: What to draw for the odds, or None for none.
        sizes: Multiples of the recorded size.
        floors: Where the table of floors goes, or None.
    """

    plan: Plan
    changed: dict[str, Any] = field(default_factory=dict)
    funded: Plan | None = None
    payout: str | None = None
    what_if: bool = False
    draw: Draw | None = None
    sizes: tuple[int, ...] = (1,)
    floors: FloorTable | None = None


@dataclass(slots=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        record, request: What was evaluated, and by what.
        days, bars: How many there were.
        attempts: Attempts in a row, in the worse reading of every bar.
        kindest: The same in the most favourable reading; equal outcomes make the verdict certain.
        starts: An attempt from every start day.
        payouts: A funded account that takes every payout, None for one that pays nothing.
        what_if: Variants of the plan with their attempts.
        odds: The figures of every size, or empty.
        conduct: Sentences about size and hours.
        most_lots: The largest position in mini lots.
        missing: Why there is no funded stage in the odds, or empty.
    """

    record: Record
    request: Request
    days: int
    bars: int
    attempts: list[Attempt]
    kindest: list[Attempt]
    certain: bool
    starts: Starts
    payouts: Payouts | None
    what_if: list[tuple[Variant, list[Attempt]]]
    odds: list[Odds]
    conduct: list[str]
    most_lots: float
    missing: str = ""

    @property
    def provisional(self) -> bool:
        """Whether there are too few source days for the odds to be more than a hint."""
        return self.days < PROVISIONAL_DAYS


def evaluate(record: Record, request: Request) -> Evaluation:
    """Evaluate a record under a plan.

    Raises:
        ConfigError: The record has no day, or the funded plan no such way to payouts.
    """
    limits, funded = _limits(request, request.plan), None
    if request.funded is not None:
        funded = _limits(request, request.funded)
    series = [Series(limits, record.cost), Series(limits, record.cost, kindest=True)]
    tried = variants(request.plan) if request.what_if else []
    series += [Series(limits_of(variant.plan), record.cost) for variant in tried]
    tables = _Tables(record, request, limits, funded)
    conduct, floors = Conduct(record, request.plan), request.floors

    def seen(day: DayBars, attempt: Attempt, bars: BarFloors) -> None:
        done = attempt.account.days
        before = done[-2].balance if len(done) > 1 else limits.start
        conduct.day(day, (before - limits.start) / MICROS)
        if floors is not None:
            floors.add(day.date.isoformat(), attempt.number, bars)

    bars = walk_record(record, series, tables.day, seen)
    if not bars:
        raise ConfigError(f"{record.label}: there is no day to evaluate")
    sources, table = tables.sources(), DayTable.of(tables.days)
    return Evaluation(
        record, request, len(tables.days), bars,
        attempts=series[0].attempts,
        kindest=series[1].attempts,
        certain=series[0].outcome() == series[1].outcome(),
        starts=every_start(table, limits),
        payouts=payouts(table, limits),
        what_if=[(variant, one.attempts) for variant, one in zip(tried, series[2:], strict=True)],
        odds=odds(sources, Stages(limits, funded, request.plan.fees), request.draw) if request.draw else [],
        conduct=conduct.remarks(),
        most_lots=conduct.most_lots,
        missing=_missing(request, limits),
    )  # fmt: skip


def _missing(request: Request, limits: Limits) -> str:
    if request.funded is not None or limits.payout is not None:
        return ""
    return f"plan {request.plan.name} names no funded account: payouts are not counted"


def _limits(request: Request, plan: Plan) -> Limits:
    """The figures of the plan, or of the one that follows a pass, with the way to payouts that was asked for."""
    paths = plan.payout.paths if plan.payout is not None and plan.stage != "evaluation" else {}
    if request.payout is None or not paths:
        return limits_of(plan)
    if request.payout not in paths:
        raise ConfigError(f"--payout {request.payout}: {plan.name} has {', '.join(paths)}")
    return limits_of(plan, request.payout)


class _Tables:
    """Collects the numbers of every day: for the attempt at every size, and for the funded account."""

    def __init__(self, record: Record, request: Request, limits: Limits, funded: Limits | None) -> None:
        self._cost, self._limits, self._funded = record.cost, limits, funded
        self._held, self._weights = record.held, [_weights(plan) for plan in (request.plan, request.funded)]
        self._sizes = request.sizes if request.draw else ()
        self.days: list[DayNumbers] = []
        self._stages = [_Stage(each, self._sizes) for each in (limits, funded) if each is not None]

    def day(self, day: DayBars) -> None:
        """Reduce a day."""
        self.days.append(day_numbers(day, self._limits, self._cost))
        for stage, weights in zip(self._stages, self._weights, strict=False):
            if stage.numbers:
                held = self._held.most(int(day.end_ns[0]), int(day.end_ns[-1]), weights)
                stage.lots.append(round(held * 10))
            for size, numbers in stage.numbers.items():
                numbers.append(day_numbers(day.times(size), stage.limits, self._cost))

    def sources(self) -> list[Source]:
        """The days at every size."""
        attempt, *later = self._stages
        return [
            Source(
                size,
                attempt.table(size),
                later[0].table(size) if later else None,
                sum(day.stopped for day in attempt.numbers[size]),
            )
            for size in self._sizes
        ]


class _Stage:
    """The days of one account type at the sizes that are asked for, and below them where a scaling plan sizes days down."""

    def __init__(self, limits: Limits, sizes: Sequence[int]) -> None:
        self.limits = limits
        self.numbers: dict[int, list[DayNumbers]] = {
            size: [] for size in (range(1, max(sizes, default=0) + 1) if limits.scaling else sizes)
        }
        self.lots: list[int] = []

    def table(self, size: int) -> DayTable:
        """The days at a size."""
        if not self.limits.scaling:
            return DayTable.of(self.numbers[size])
        rows = [DayNumbers(0, 0, 0, NEVER, traded=False, stopped=False)] * len(self.lots)
        for multiple in range(1, size + 1):
            rows += self.numbers[multiple]
        return DayTable.of(rows)._replace(lots=np.array(self.lots, np.int64), most=size)


def _weights(plan: Plan | None) -> Literal["lots", "contracts"]:
    return "lots" if plan is None or plan.position_cap is None else plan.position_cap.weights
