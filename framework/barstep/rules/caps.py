"""The size that a plan allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from barstep.rules.plan import PositionCap


def allowed_lots(cap: PositionCap, balance: float) -> float:
    """The most mini lots at a balance: the scaling plan's row that the previous day's close has reached, else the cap.

    Args:
        cap: The cap.
        balance: Balance at the previous session's close, USD.
    """
    allowed = cap.lots
    for place, (least, lots) in enumerate(cap.scaling):
        tie = place < 2 or cap.scaling_tie == "upper"  # noqa: PLR2004 - the first row is the start, the second's tie is settled
        if place == 0 or balance > least or (tie and balance == least):
            allowed = lots
    return min(allowed, cap.lots)
