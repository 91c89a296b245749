"""A sample of the points that the array lane played, played again in the event lane: the digests must be the same."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from barstep.batch.runner import Batch
from barstep.domain.errors import BarstepError

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.batch.plan import Frame, GridPlan
    from barstep.batch.player import Player
    from barstep.batch.rows import Row

_SEED = 1
_NONE = np.empty(0, np.int64)


def verify(plan: GridPlan, player: Player, part: str, frame_of: Callable[[Row], Frame]) -> None:
    """Play some of a part's points again, as many as the grid's `verify` says; those of earlier runs count.

    Args:
        plan: The grid.
        player: Who has played it.
        part: `grid` or `train`.
        frame_of: The frame of a stored point.

    Raises:
        BarstepError: A digest differs.
    """
    if player.interrupted:
        return
    rows = [row._replace(metrics={}, daily=_NONE) for row in player.store.rows(part) if row.lane == "array"]
    wanted = max(0, plan.loaded.config.verify - sum(row.verified == "same" for row in rows))
    fresh = [row for row in rows if not row.verified]
    sample = random.Random(_SEED).sample(fresh, min(wanted, len(fresh)))  # noqa: S311 - a sample, no secret
    digests = {row.key: row.digest for row in sample}
    batches = [_batch(plan, row, frame_of(row)) for row in sample]
    for played in player.runner.play(batches):
        for result in played.results:
            same = result.digest == digests[result.key]
            player.store.verify(result.key, same=same)
            if not same:
                there, here = result.error or f"digest {result.digest[:12]}", digests[result.key][:12]
                raise BarstepError(
                    f"a point played again in the event lane differs: {there} there, {here} in the array lane; "
                    "`barstep check parity` tells where"
                )


def _batch(plan: GridPlan, row: Row, frame: Frame) -> Batch:
    return Batch(frame.job, [replace(plan.task(frame, plan.choice(row.number)), event=True)])
