"""An equity-curve filter: no entries while the account does worse than its own average, for some days."""

from collections import deque

from barstep import RiskContext, RiskRule, Session, hookimpl, option


class EquityCurveFilter(RiskRule):
    """When a day's last equity lies below the average of the last days, the next days are without entries.

    After the pause trading resumes, and the average is taken anew from there: a curve that stands still never recovers.
    """

    average: int = option(10, ge=2, help="trading days in the average")
    pause: int = option(2, ge=1, help="trading days without entries")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.curve: deque[float] = deque(maxlen=self.average)
        self.attempt, self.left = 0, 0

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        if ctx.account.attempt != self.attempt:
            self.attempt, self.left = ctx.account.attempt, 0
            self.curve.clear()
        if self.left == 0:
            self.curve.append(ctx.account.equity)
            full = len(self.curve) == self.average
            if full and self.curve[-1] < sum(self.curve) / self.average:
                self.left = self.pause
                self.curve.clear()
        if self.left:
            self.left -= 1
            ctx.lock("session", f"equity below its average of {self.average} days")
