"""A sample of the points that the array lane played, played again in the event lane: the digests must be the same."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from barstep.batch.runner import Batch
from barstep.domain.errors import BarstepError

if TYPE_CHECKING:
    from barstep.batch.plan import Frame, GridPlan
    from barstep.batch.player import Player

_SEED = 1


def verify(plan: GridPlan, player: Player, frames: dict[tuple[int, ...], Frame], wanted: int) -> list[str]:
    """Play some points again; returns a line that tells how many, nothing where the array lane played none.

    Raises:
        BarstepError: A digest differs.
    """
    rows = [
        (row.key, row.number, row.digest)
        for row in player.store.rows("grid")
        if row.lane == "array" and not row.verified
    ]
    known = sum(row.verified == "same" for row in player.store.rows("grid"))
    sample = random.Random(_SEED).sample(rows, min(max(0, wanted - known), len(rows)))  # noqa: S311 - a sample, no secret
    if not sample:
        return []
    batches, digests = [], {}
    for key, number, digest in sample:
        choice = plan.choice(number)
        frame = frames[tuple(choice[place] for place in plan.frame_axes)]
        batches.append(Batch(frame.job, [replace(plan.task(frame, choice), event=True)]))
        digests[key] = digest
    for played in player.runner.play(batches):
        for result in played.results:
            same = result.digest == digests[result.key]
            player.store.verify(result.key, same=same)
            if not same:
                told = (
                    result.error
                    or f"the digest is {result.digest[:12]} there and {digests[result.key][:12]} in the array lane"
                )
                raise BarstepError(
                    f"a point played again in the event lane differs: {told}; `barstep check parity` tells where"
                )
    return []
