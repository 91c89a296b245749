"""A maximum loss limit: a floor under the account that may trail, and that stops for good at its lock."""

from typing import Literal

from barstep import Fill, RiskContext, RiskRule, Session, hookimpl, only_if, option
from barstep.arrays import BalanceFloor
from barstep.rules import raised_floor

STEP = 1e-6  # the smallest amount of money in USD


class MaxLossLimit(RiskRule):
    """Equity that touches the floor fails the account, inside the bar or only after the day's last bar."""

    usd: float = option(2000.0, gt=0, help="USD from what is trailed down to the floor")
    trail: Literal["static", "end_of_day", "balance", "equity"] = option(
        "end_of_day", help="what raises the floor: nothing, a day's last balance, every balance, or equity in the bar"
    )
    lock: float | None = option(0.0, help="USD above the start balance where the floor stops; null for nowhere")
    checked: Literal["live", "close"] = option("live", help="inside the bar, or only after the day's last bar")
    touch: bool = option(True, help="equity that equals the floor is a breach already")
    attempt = 0

    def check(self) -> None:
        if self.trail == "equity" and self.checked == "close":
            raise ValueError("trail: equity moves inside the bar, it cannot go with checked: close")
        if self.lock is not None and self.lock < -self.usd:
            raise ValueError(f"lock {self.lock:g} lies below the first floor, {-self.usd:g} from the start balance")

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        if begins := ctx.account.attempt != self.attempt:
            self.attempt, start = ctx.account.attempt, ctx.account.start_balance
            self.floor, self.stop = start - self.usd, None if self.lock is None else start + self.lock
        self.follow(ctx, anew=begins)

    @hookimpl
    @only_if(lambda self: self.trail == "balance")
    def on_fill(self, fill: Fill, ctx: RiskContext) -> None:
        self.follow(ctx)

    @hookimpl
    def on_session_end(self, session: Session, ctx: RiskContext) -> None:
        above = ctx.account.equity - self.floor - (STEP / 2 if self.touch else -STEP / 2)
        if self.checked == "close" and above < 0 and not ctx.account.failed:
            ctx.fail("max_loss_limit", self.floor)

    def follow(self, ctx: RiskContext, *, anew: bool = False) -> None:
        before, below = self.floor, 0.0 if self.touch else STEP
        if self.trail in ("end_of_day", "balance"):
            self.floor = raised_floor(self.floor, ctx.account.balance, self.usd, self.stop)
        if self.checked == "live" and (anew or self.floor > before):
            trail = self.usd + below if self.trail == "equity" else None
            until = None if self.stop is None else self.stop - below
            ctx.set_guard("max_loss_limit", level=self.floor - below, action="fail", trail=trail, trail_until=until)

    def array_form(self) -> BalanceFloor | None:
        follows = {"static": False, "end_of_day": True}.get(self.trail) if self.checked == "live" else None
        return None if follows is None else BalanceFloor("max_loss_limit", self.usd, follows, self.lock, self.touch)
