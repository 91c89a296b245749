"""A kill switch: a file that ends all trading, for as long as it is there."""

from pathlib import Path

from barstep import Bar, Order, RiskContext, RiskDecision, RiskRule, hookimpl, option


class KillSwitch(RiskRule):
    """When the file exists all is closed after the bar, and nothing opens any more in this run or in the next one."""

    file: Path = option(Path("KILL"), help="the file to look for after each bar, relative to the configuration")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.pulled = False

    @hookimpl
    def on_bar(self, bar: Bar, ctx: RiskContext) -> None:
        if not self.pulled and self.file.exists():
            self.pulled = True
            ctx.flatten("kill switch")
            ctx.lock(None, f"kill switch: {self.file.name} is there")

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        if self.pulled or self.file.exists():
            return RiskDecision.deny(f"kill switch: {self.file.name} is there")
        return None
