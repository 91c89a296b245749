"""A cap on the number of entries in a trading day."""

from barstep import Fill, Order, RiskContext, RiskDecision, RiskRule, Session, hookimpl, option
from barstep.arrays import EntryCap


class MaxTrades(RiskRule):
    """Once so many fills have opened a position from flat or by a flip, nothing opens until the next trading day."""

    trades: int = option(10, ge=1, help="entries in a trading day")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.taken = 0

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        self.taken = 0

    @hookimpl
    def on_fill(self, fill: Fill, ctx: RiskContext) -> None:
        if fill.opened and abs(fill.position_after) == fill.opened:
            self.taken += 1

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        if self.taken < self.trades:
            return None
        return RiskDecision.deny(self.reason().format(taken=self.taken))

    def array_form(self) -> EntryCap:
        return EntryCap(self.trades, self.reason())

    def reason(self) -> str:
        """What denied orders say."""
        return f"{{taken}} trades today, at most {self.trades}"
