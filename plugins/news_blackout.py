"""A news blackout: nothing opens in the minutes around scheduled news."""

from datetime import timedelta
from pathlib import Path

from barstep import Bar, RiskContext, RiskRule, Session, hookimpl, option
from barstep.rules import read_news


class NewsBlackout(RiskRule):
    """Entries are cancelled before the minutes around news and denied until they are over; exits stay.

    The list is a CSV file with the columns `time` and `title`; a time without an offset is read in `zone`.
    """

    file: Path = option(help="CSV file, relative to the configuration")
    zone: str | None = option(None, help="zone of times without an offset, such as America/New_York")
    before: int = option(5, ge=0, help="minutes before the news")
    after: int = option(5, ge=0, help="minutes after the news")

    def check(self) -> None:
        self.news = read_news(self.file, self.zone)
        self.done = 0

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        self.keep_out(ctx, timedelta(0))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: RiskContext) -> None:
        if self.done < len(self.news):
            self.keep_out(ctx, bar.end - bar.start)

    def keep_out(self, ctx: RiskContext, length: timedelta) -> None:
        """Lock until the end of a blackout into which the next bar would reach."""
        now = ctx.now
        while self.done < len(self.news):
            when, title = self.news[self.done]
            if when - timedelta(minutes=self.before) >= now + length:
                return
            if now < when + timedelta(minutes=self.after):
                ctx.lock(when + timedelta(minutes=self.after), f"news: {title}")
            self.done += 1
