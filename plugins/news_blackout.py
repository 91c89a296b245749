"""A news blackout: nothing opens in the minutes around scheduled news."""

from datetime import timedelta
from pathlib import Path

from barstep import Bar, RiskContext, RiskRule, Session, hookimpl, option
from barstep.rules import read_news

NEVER = 1 << 62


class NewsBlackout(RiskRule):
    """Entries are cancelled before the minutes around news and denied until they are over; exits stay.

    The list is a CSV file with the columns `time` and `title`; a time without an offset is read in `zone`.
    """

    file: Path = option(help="CSV file, relative to the configuration")
    zone: str | None = option(None, help="zone of times without an offset, such as America/New_York")
    before: int = option(5, ge=0, help="minutes before the news")
    after: int = option(5, ge=0, help="minutes after the news")

    def check(self) -> None:
        early, late = timedelta(minutes=self.before), timedelta(minutes=self.after)
        self.ahead = [(when - early, when + late, title) for when, title in read_news(self.file, self.zone)]

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        self.keep_out(ctx, timedelta(0))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: RiskContext) -> None:
        if 2 * bar.end_ns - bar.start_ns > self.next_ns:
            self.keep_out(ctx, bar.end - bar.start)

    def keep_out(self, ctx: RiskContext, length: timedelta) -> None:
        """Lock until the end of a blackout into which the next bar would reach."""
        while self.ahead and self.ahead[0][0] < ctx.now + length:
            _, last, title = self.ahead.pop(0)
            if ctx.now < last:
                ctx.lock(last, f"news: {title}")
        self.next_ns = int(self.ahead[0][0].timestamp()) * 10**9 if self.ahead else NEVER
