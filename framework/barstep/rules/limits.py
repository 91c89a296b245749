"""Levels of account rules as pure functions of money in one unit: floors that trail, caps that scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def raised_floor(floor: float, value: float, distance: float, lock: float | None) -> float:
    """A trailing floor after a new value of what it trails.

    Formula: max(floor, min(value - distance, lock)); without a lock max(floor, value - distance). It never falls.

    Args:
        floor: Where it stands.
        value: The day's last balance, the balance, or equity.
        distance: What it stays below the highest value.
        lock: Where it stops for good, in the unit and from the zero of `value`, or None.
    """
    raised = value - distance
    return max(floor, raised if lock is None else min(raised, lock))


def scaled_lots(rows: Sequence[Sequence[float]], balance: float, *, upper: bool = True) -> float:
    """The lots that a scaling plan allows at a balance.

    Args:
        rows: [balance, lots], ascending; the last row reached holds, the first also below its balance.
        balance: At the close of the day before.
        upper: Whether a balance exactly on a row from the third on has reached it; the second row it has in any case.
    """
    reached = [
        lots
        for place, (start, lots) in enumerate(rows)
        if not place or balance > start or (balance == start and (upper or place == 1))
    ]
    return reached[-1]
