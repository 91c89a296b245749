"""A position cap over all contracts in mini lots, with the weights of micros, and a plan that scales it."""

from typing import Literal

from barstep import Order, RiskContext, RiskDecision, RiskRule, Session, hookimpl, option
from barstep.rules import scaled_lots

MINI = 10  # tenths of a lot


class PositionCap(RiskRule):
    """Positions and working orders of all contracts together, at their worst, may not be more than so many mini lots.

    A contract counts by its instrument's weight (ten micros are one mini). With `scaling` the cap follows the balance at
    the close of the day before, and stays the same for the whole day.
    """

    lots: float = option(5.0, ge=0, help="most mini lots, long or short")
    scaling: list[list[float]] = option([], help="rows [USD above the start balance, lots]; the last one reached holds")
    scaling_tie: Literal["upper", "lower"] = option(
        "upper", help="what a balance exactly on a row from the third on has"
    )
    weights: Literal["lots", "contracts"] = option(
        "lots", help="count by the instrument's weight, or each contract as one"
    )
    contracts: dict[str, int] = option({}, ge=0, help="further caps in contracts by instrument, such as {CL: 3}")

    def check(self) -> None:
        starts = [row[0] for row in self.scaling if len(row) == 2]
        if len(starts) < len(self.scaling) or starts != sorted(set(starts)):
            raise ValueError("scaling takes rows [USD, lots] with rising USD, such as [[0, 2], [1500, 3]]")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.allowed = self.lots

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        if self.scaling:
            won = ctx.account.balance - ctx.account.start_balance
            self.allowed = min(self.lots, scaled_lots(self.scaling, won, upper=self.scaling_tie == "upper"))

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        held = ctx.exposure(order)
        others = sum(ctx.most_held(c) * self.weight(c) for c in ctx.contracts if c.id != order.contract.id)
        room = (round(self.allowed * MINI) - others) // self.weight(order.contract) - held
        reason = f"at most {self.allowed:g} lots"
        own = self.contracts.get(order.contract.instrument.name)
        if own is not None and own - held < room:
            room, reason = own - held, f"at most {own} of {order.contract.instrument.name}"
        return None if order.opens <= room else RiskDecision.resize(max(0, room), reason)

    def weight(self, contract) -> int:
        """Tenths of a mini lot that one contract counts."""
        return contract.instrument.lot_weight_tenths if self.weights == "lots" else MINI
