"""A maximum loss per trade: an entry needs a stop, and its size is cut to what the stop may lose."""

from barstep import Order, RiskContext, RiskDecision, RiskRule, hookimpl, option


class MaxLossPerTrade(RiskRule):
    """No entry may lose more than so much at its stop, slippage and fees aside; without a stop it is denied."""

    usd: float = option(200.0, gt=0, help="USD that an entry may lose at its stop")

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        if order.max_loss is None:
            return RiskDecision.deny(f"no stop: give stop_loss_ticks, so that it can lose at most {self.usd:g} USD")
        size = int(self.usd / (order.max_loss / order.size) + 1e-9)
        return None if order.opens <= size else RiskDecision.resize(size, f"its stop may lose at most {self.usd:g} USD")
