"""Walk-forward: the best point of a stretch of days trades the days that follow it, again and again.

Every stretch is a run of its own, from its first day to its last: indicators get ready inside it, and positions are closed
where it ends. The account goes from one trading stretch to the next with its balance; with a plan each of them is an attempt
of its own from the plan's start balance, and the results are added up.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.batch.player import Item, try_points
from barstep.batch.shelf import day_ends
from barstep.batch.verify import verify
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from barstep.batch.plan import Choice, Frame, GridPlan
    from barstep.batch.player import Player
    from barstep.batch.rows import Row
    from barstep.batch.search import Search
    from barstep.config.grid_schema import WalkForwardConfig
    from barstep.config.positions import Path


class Fold(NamedTuple):
    """The trading days of one step: those that choose, and those that are traded."""

    train: list[date]
    test: list[date]


def folds(days: list[date], config: WalkForwardConfig) -> list[Fold]:
    """The steps over some trading days; the last one may trade fewer days than the others.

    Raises:
        ConfigError: There are too few days for one.
    """
    found, end = [], config.train
    while end + config.embargo < len(days):
        begin = 0 if config.anchored else end - config.train
        first = end + config.embargo
        found.append(Fold(days[begin:end], days[first : first + config.test]))
        end += config.test
    if not found:
        need = config.train + config.embargo + 1
        raise ConfigError(
            f"walk_forward: got {len(days)} trading days of bars, expected at least {need}: train, embargo and a day to "
            "trade; use more bars or a shorter train"
        )
    return found


def runs_of(plan: GridPlan, points: int) -> int:
    """How many runs a grid of so many points comes to; raises as `folds`."""
    config = plan.loaded.config.walk_forward
    return points if config is None else len(folds(day_ends(plan.base.streams)[0], config)) * (points + 1)


def walk_forward(
    plan: GridPlan, search: Search, player: Player, told: Callable[[int, float | None], None]
) -> tuple[int, float | None]:
    """Play all training stretches, then trade the chosen points one stretch after the other, and store the steps.

    Returns:
        How many runs there were to play, and the seconds of one; `told` hears it before the first.
    """
    config = plan.loaded.config.walk_forward
    if config is None:
        raise ValueError("the grid has no walk_forward")
    steps = folds(day_ends(plan.base.streams)[0], config)
    player.progress.total = len(steps) * (search.total + 1)
    frames: dict[tuple[int, tuple[int, ...]], Frame] = {}

    def items() -> Iterator[Item]:
        for number, step in enumerate(steps):
            for choices in search.rounds():
                for choice in choices:
                    yield _train_item(plan, player, frames, number, step, choice)

    left, seconds = try_points(player, items)
    if not player.interrupted:
        told(left + len(steps), seconds)
    player.play(items(), len(steps) * search.total)
    by_values = {frame.vals: frame for frame in frames.values()}
    verify(plan, player, "train", lambda row: by_values[row.frame])
    if not player.interrupted:
        _trade(plan, player, steps, frames)
    return left + len(steps), seconds


def _train_item(
    plan: GridPlan,
    player: Player,
    frames: dict[tuple[int, tuple[int, ...]], Frame],
    number: int,
    step: Fold,
    choice: Choice,
) -> Item:
    key = (number, tuple(choice[place] for place in plan.frame_axes))
    if key not in frames:
        frames[key] = _frame(plan, player, plan.frame_values(choice), step.train)
    return Item("train", plan.number(choice), plan.values(choice), frames[key], plan.task(frames[key], choice))


def _frame(
    plan: GridPlan, player: Player, values: dict[str, int], days: list[date], balance: int | None = None
) -> Frame:
    """The frame of a stretch of days, with the balance it begins with where that is not the run's; noted in the store."""
    more: dict[Path, str] = {}
    if balance is not None:
        more["account", "balance"] = format(Decimal(balance) / MICROS, "f")
    frame = plan.frame(values, days, more)
    player.store.add_frames({frame.vals: (frame.hash, [day.isoformat() for day in frame.days])})
    return frame


def _trade(plan: GridPlan, player: Player, steps: list[Fold], frames: dict[tuple[int, tuple[int, ...]], Frame]) -> None:
    """Trade each step with the point that was best before it; the steps are stored as they come to stand."""
    config = plan.loaded.config
    rank = (config.walk_forward and config.walk_forward.rank_by) or config.rank_by
    planned = plan.base.account.plan is not None or any(axis.path[:2] == ("account", "plan") for axis in plan.axes)
    balance = plan.base.account.start_balance
    segments: list[dict[str, Any]] = []
    for number, step in enumerate(steps):
        segment: dict[str, Any] = {
            "train": [step.train[0].isoformat(), step.train[-1].isoformat()],
            "test": [step.test[0].isoformat(), step.test[-1].isoformat()],
            "days": len(step.test),
            "metric": rank.metric,
            "start_balance": balance / MICROS,
        }
        segments.append(segment)
        held = [frame.vals for (at, _), frame in frames.items() if at == number]
        best = [row for vals in held for row in player.store.best(rank.metric, rank.sign, 1, "train", vals)]
        if not best:
            segment["error"] = f"no point has a {rank.metric} on the training days"
        elif balance <= 0:
            segment["error"] = "the account has nothing left"
        else:
            chosen = min(best, key=lambda row: (-rank.sign * row.metrics[rank.metric], row.number))
            row = _play_step(plan, player, number, step, plan.choice(chosen.number), None if planned else balance)
            if row is None:
                segments.pop()
                break  # interrupted
            balance += int(row.daily.sum())
            segment |= {
                "values": chosen.vals, "number": chosen.number, "trained": chosen.metrics[rank.metric], "key": row.key,
                "net_pnl": int(row.daily.sum()) / MICROS, "trades": row.metrics.get("trades", 0), "failed": row.failed,
                "error": row.error, "digest": row.digest,
            }  # fmt: skip
        segment["end_balance"] = balance / MICROS
    player.store.put_segments(segments)


def _play_step(
    plan: GridPlan, player: Player, number: int, step: Fold, choice: Choice, balance: int | None
) -> Row | None:
    frame = _frame(plan, player, plan.frame_values(choice), step.test, balance)
    task = plan.task(frame, choice, event=True)  # what is counted comes from the event lane
    item = Item("test", number, plan.values(choice), frame, task)
    player.play([item], 1)
    return player.store.point(item.task.key)
