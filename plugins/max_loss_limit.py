"""A maximum loss limit that trails the end-of-day balance and locks at the start balance."""

from barstep import RiskContext, RiskRule, Session, hookimpl, option
from barstep.arrays import BalanceFloor


class MaxLossLimit(RiskRule):
    """Equity that touches the floor fails the account, inside the bar; the floor moves only between trading days."""

    usd: float = option(2000.0, gt=0, help="USD from the balance down to the floor")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.start = ctx.account.balance
        self.floor = self.start - self.usd

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        self.floor = max(self.floor, min(ctx.account.balance - self.usd, self.start))
        ctx.set_guard("max_loss_limit", basis="equity", level=self.floor, action="fail")

    def array_form(self) -> BalanceFloor:
        return BalanceFloor("max_loss_limit", below=self.usd, action="fail")
