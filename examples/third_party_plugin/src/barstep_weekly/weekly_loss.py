"""A limit on what a week's closed trades may lose."""

from barstep import Order, RiskContext, RiskDecision, RiskRule, Session, Trade, hookimpl, option


class WeeklyLoss(RiskRule):
    """Once closed trades have lost so much in a week of trading days, nothing opens until the next week."""

    usd: float = option(1000.0, gt=0, help="USD that a week's closed trades may lose, fees included")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        """Forget the week of a run before."""
        self._week, self._result = (0, 0), 0.0

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        """A trading day of another week: its result starts at 0."""
        year, week, _ = session.date.isocalendar()
        if (year, week) != self._week:
            self._week, self._result = (year, week), 0.0

    @hookimpl
    def on_trade(self, trade: Trade, ctx: RiskContext) -> None:
        """Count a closed trade."""
        self._result += trade.net_pnl

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        """Deny what opens once the limit is reached."""
        if self._result > -self.usd:
            return None
        return RiskDecision.deny(f"the week has lost {-self._result:,.2f} USD, at most {self.usd:,.2f}")
