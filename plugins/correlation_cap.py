"""A correlation cap: contracts that move together count as one position."""

import numpy as np

from barstep import Order, RiskContext, RiskDecision, RiskRule, hookimpl, option


class CorrelationCap(RiskRule):
    """Positions that win and lose together with an order may not be more than so many mini lots, the order included.

    Two contracts move together when the changes of their last closes correlate by `above` or more; at `-above` and below
    a position the other way does. With fewer than `bars` common bars they are taken to move together.
    """

    lots: float = option(5.0, ge=0, help="most mini lots that move together")
    above: float = option(0.7, gt=0, le=1, help="correlation from which contracts count together")
    bars: int = option(100, ge=10, help="bars that the correlation is taken from")

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        way = 1 if order.side == "buy" else -1
        tenths = 0
        for contract in ctx.contracts:
            size = ctx.positions[contract.name].size
            if size and contract.id != order.contract.id and self.together(order, contract, size * way, ctx):
                tenths += abs(size) * contract.instrument.lot_weight_tenths
        weight = order.contract.instrument.lot_weight_tenths
        room = max(0, (round(self.lots * 10) - tenths) // weight - ctx.exposure(order))
        return (
            None if order.opens <= room else RiskDecision.resize(room, f"at most {self.lots:g} lots that move together")
        )

    def together(self, order: Order, contract, ways: int, ctx: RiskContext) -> bool:
        """Whether a position in another contract wins and loses with the order; `ways` > 0 where both point one way."""
        own = {bar.end_ns: bar.close for bar in ctx.bars(self.bars, contract=order.contract)}
        other = {bar.end_ns: bar.close for bar in ctx.bars(self.bars, contract=contract)}
        common = sorted(own.keys() & other.keys())
        if len(common) < self.bars:
            return True
        changes = np.diff([[own[end] for end in common], [other[end] for end in common]], axis=1)
        if not changes.any(axis=1).all():
            return True
        correlation = float(np.corrcoef(changes)[0, 1])
        return correlation >= self.above if ways > 0 else correlation <= -self.above
