"""Which points of a grid are tried: all of them, a seeded choice, or as optuna proposes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Protocol

from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from barstep.batch.plan import Choice, GridPlan

_TRIES = 100
"""Proposals for each point wanted, before a search gives up on conditions that nearly nothing fulfils."""


class Search(Protocol):
    """Proposes points in rounds, and hears what became of them.

    Attributes:
        total: How many points in all.
        learns: Whether `tell` matters.
    """

    total: int
    learns: bool

    def rounds(self) -> Iterator[Iterable[Choice]]:
        """Yield points to be played together; the next round is asked for when their results were told."""

    def possible(self) -> Iterator[Choice]:
        """Points of every frame that may come up."""

    def tell(self, results: Mapping[int, float | None]) -> None:
        """Hear the figure of each point of the last round by its number, None where it failed."""


def make_search(plan: GridPlan, sign: int) -> Search:
    """The search that a grid asks for; `sign` is 1 where more is better, else -1."""
    kind = plan.loaded.config.search.kind
    if kind == "optuna":
        return _Optuna(plan, sign)
    return _Random(plan) if kind == "random" else _All(plan)


class _Again:
    """The points of a plan, made anew each time they are gone through, so that none has to be held."""

    def __init__(self, plan: GridPlan) -> None:
        self._plan = plan

    def __iter__(self) -> Iterator[Choice]:
        return self._plan.points()


class _All:
    """Every point in one round."""

    learns = False

    def __init__(self, plan: GridPlan) -> None:
        self._plan = plan
        self.total = plan.size if not plan.loaded.conditions else sum(1 for _ in plan.points())

    def rounds(self) -> Iterator[Iterable[Choice]]:
        yield _Again(self._plan)

    def possible(self) -> Iterator[Choice]:
        return self._plan.points()

    def tell(self, results: Mapping[int, float | None]) -> None:
        """Nothing is learnt from results."""


class _Random:
    """Different points, each as likely as any other, in one round."""

    learns = False

    def __init__(self, plan: GridPlan) -> None:
        config = plan.loaded.config.search
        wanted = config.points or 0
        source = random.Random(config.seed)  # noqa: S311 - a search, no secret
        found: list[Choice] = []
        seen: set[int] = set()
        for _ in range(wanted * _TRIES + plan.size % 1000):
            number = source.randrange(plan.size)
            if number not in seen:
                seen.add(number)
                choice = plan.choice(number)
                if plan.allows(choice):
                    found.append(choice)
            if len(found) == wanted or len(seen) == plan.size:
                break
        if not found:
            raise ConfigError(f"where: none of {len(seen):,} points tried fulfils it; loosen the conditions")
        self._points = plan.ordered(found)
        self.total = len(found)

    def rounds(self) -> Iterator[Iterable[Choice]]:
        yield self._points

    def possible(self) -> Iterator[Choice]:
        return iter(self._points)

    def tell(self, results: Mapping[int, float | None]) -> None:
        """Nothing is learnt from results."""


class _Optuna:
    """The points that a tree-structured Parzen estimator proposes, in rounds of a fixed size.

    It is asked and told in the same order whenever the grid is run again, and the store has the results of the points that
    were played before: so the same points come up, whatever the number of workers.
    """

    learns = True

    def __init__(self, plan: GridPlan, sign: int) -> None:
        try:
            import optuna  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError("search: optuna needs the library of that name: pip install 'barstep[search]'") from error
        self._optuna: Any = optuna
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._plan, self._config = plan, plan.loaded.config.search
        sampler = optuna.samplers.TPESampler(seed=self._config.seed)
        self._study = optuna.create_study(direction="maximize" if sign > 0 else "minimize", sampler=sampler)
        self._asked: list[tuple[Any, int]] = []
        self._known: dict[int, float | None] = {}
        self.total = min(self._config.points or 0, plan.size)

    def rounds(self) -> Iterator[Iterable[Choice]]:
        seen = set[int]()
        for _ in range(self.total * _TRIES):
            if len(seen) >= self.total:
                return
            fresh = self._round(min(self._config.round, self.total - len(seen)), seen)
            if self._asked:
                yield fresh
        if not seen:
            raise ConfigError("where: none of the points that optuna proposed fulfils it; loosen the conditions")

    def tell(self, results: Mapping[int, float | None]) -> None:
        """Tell the study; a point that failed counts as none."""
        state = self._optuna.trial.TrialState
        self._known |= results
        for trial, number in self._asked:
            value = self._known.get(number)
            if value is None:
                self._study.tell(trial, state=state.FAIL)
            else:
                self._study.tell(trial, value)

    def possible(self) -> Iterator[Choice]:
        return self._plan.points_of_frames()

    def _round(self, size: int, seen: set[int]) -> list[Choice]:
        """Ask for some points; those that were proposed before are told again, not played."""
        self._asked, fresh = [], []
        for _ in range(size):
            trial = self._study.ask()
            choice = tuple(
                trial.suggest_int(axis.name, 0, len(axis.values) - 1)
                if _ordered(axis.values)
                else trial.suggest_categorical(axis.name, list(range(len(axis.values))))
                for axis in self._plan.axes
            )
            if not self._plan.allows(choice):
                self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
                continue
            number = self._plan.number(choice)
            self._asked.append((trial, number))
            if number not in seen:
                seen.add(number)
                fresh.append(choice)
        return fresh


def _ordered(values: list[Any]) -> bool:
    """Whether an axis holds rising or falling numbers, whose neighbours have something in common."""
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        return False
    return numbers in (sorted(numbers), sorted(numbers, reverse=True))
