"""A consistency rule for a trader's own use: no day may win so much that the evaluation's target rises."""

from barstep import RiskContext, RiskRule, hookimpl, option


class Consistency(RiskRule):
    """A day whose result reaches `share` of the target is closed and locked, so that the best day never is too large.

    Where a firm asks that the best day is at most a share of the total, a larger day raises the total that is needed to
    best day / share. A day that stops at share x target leaves the target as it is.
    """

    share: float = option(0.55, gt=0, le=1, help="largest share of the best day in the total")
    target: float = option(gt=0, help="USD that pass the evaluation")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        ctx.set_guard("consistency", basis="day", side="cap", level=self.share * self.target, action="lock")
