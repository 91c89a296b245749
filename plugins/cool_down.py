"""A cool-down: after some losing trades in a row nothing opens for a while."""

from datetime import timedelta

from barstep import RiskContext, RiskRule, Session, Trade, hookimpl, option


class CoolDown(RiskRule):
    """After `losses` losing trades in a row entries are cancelled and denied for some minutes, or for the day."""

    losses: int = option(3, ge=1, help="losing trades in a row, after fees")
    minutes: int | None = option(30, ge=1, help="minutes without entries; null for the rest of the trading day")
    each_day: bool = option(True, help="a new trading day starts counting anew")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.lost = 0

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        if self.each_day:
            self.lost = 0

    @hookimpl
    def on_trade(self, trade: Trade, ctx: RiskContext) -> None:
        self.lost = self.lost + 1 if trade.net_pnl < 0 else 0
        if self.lost >= self.losses:
            until = "session" if self.minutes is None else ctx.now + timedelta(minutes=self.minutes)
            ctx.lock(until, f"{self.lost} losses in a row")
            self.lost = 0
