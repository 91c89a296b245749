"""A daily loss limit that acts inside the bar: it locks the rest of the trading day, or fails the account."""

from typing import Literal

from barstep import RiskContext, RiskRule, hookimpl, option
from barstep.arrays import GuardForm


class DailyLossLimit(RiskRule):
    """When the day's result, open positions and fees included, touches the limit, all is closed and the day is locked."""

    usd: float = option(1000.0, gt=0, help="USD that a trading day may lose")
    action: Literal["lock", "fail"] = option(
        "lock", help="lock the day (a soft limit), or fail the account (a hard one)"
    )

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        ctx.set_guard("daily_loss_limit", basis="day", level=-self.usd, action=self.action)

    def array_form(self) -> GuardForm:
        return GuardForm("daily_loss_limit", basis="day", level=-self.usd, action=self.action)
