"""A cap on the position, with working orders counted at their worst."""

from barstep import Order, RiskContext, RiskDecision, RiskRule, hookimpl, option
from barstep.arrays import PositionCap


class MaxPosition(RiskRule):
    """No order may bring the position of a contract above a number of contracts, long or short."""

    contracts: int = option(5, ge=0, help="most contracts, long or short")

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        room = self.contracts - ctx.exposure(order)
        if order.opens <= room:
            return None
        return RiskDecision.resize(max(0, room), self.reason())

    def array_form(self) -> PositionCap:
        return PositionCap(self.contracts, self.reason())

    def reason(self) -> str:
        """What orders that are cut say."""
        return f"at most {self.contracts} contract{'s' * (self.contracts != 1)}"
