"""What a slippage model is told about a fill before its price is known."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from barstep.domain.bar import Bar
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Side

FillKind = Literal["market", "limit", "stop", "stop_limit", "trailing_stop", "forced"]


@dataclass(frozen=True, slots=True)
class PendingFill:
    """A fill about to be priced.

    Attributes:
        contract: What trades.
        kind: `market`, `stop`, `trailing_stop`, `stop_limit` and `limit` (both bounded by their limit price; a limit pays
            slippage only where it arrives marketable, R7), or `forced`: a guard, a flat time, `ctx.flatten`, the end of the
            data.
        side: `buy` or `sell`.
        size: Contracts that will fill, already cut to the position and to the volume that is left.
        usual: Ticks that the fill options would charge: `market_slip_ticks`, `stop_slip_ticks` or `forced_slip_ticks`.
        bar: The last complete bar of the contract: the one before an order that fills at the open or inside a bar, so that
            no model looks ahead (P2); None before the first bar.
        order_id: The order's id, positive.
        seed: The run's seed.
    """

    contract: Contract
    kind: FillKind
    side: Side
    size: int
    usual: int
    bar: Bar | None
    order_id: int
    seed: int = 0

    @property
    def random(self) -> Random:
        """A generator keyed by (seed, order id), made anew each time it is asked for: the same draws in every walk (R27)."""
        return Random(f"{self.seed}/{self.order_id}")  # noqa: S311 - for simulations, and it must repeat
