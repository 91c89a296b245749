"""A daily profit cap: a trading day that has won enough is closed inside the bar and locked."""

from barstep import RiskContext, RiskRule, hookimpl, option
from barstep.arrays import GuardForm


class DailyProfitCap(RiskRule):
    """When the day's result, open positions and fees included, reaches the cap, all is closed and the day is locked."""

    usd: float = option(1000.0, gt=0, help="USD at which a trading day ends")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        ctx.set_guard("daily_profit_cap", basis="day", side="cap", level=self.usd, action="lock")

    def array_form(self) -> GuardForm:
        return GuardForm("daily_profit_cap", basis="day", side="cap", level=self.usd, action="lock")
