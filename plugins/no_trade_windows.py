"""No-trade windows: times of day in which nothing may be opened."""

from datetime import time, timedelta

from barstep import Bar, RiskContext, RiskRule, Session, hookimpl, option

NEVER = 1 << 62


class NoTradeWindows(RiskRule):
    """Entries are cancelled before a window begins and denied until it is over; positions and their exits stay."""

    windows: list[str] = option(help="times of day in the exchange's zone, such as [11:30-13:00]")

    def check(self) -> None:
        self.daily = [read(text) for text in self.windows]

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        self.ahead = sorted((session.at(first), session.at(last)) for first, last in self.daily)
        self.keep_out(ctx, timedelta(0))

    @hookimpl
    def on_bar(self, bar: Bar, ctx: RiskContext) -> None:
        if 2 * bar.end_ns - bar.start_ns > self.next_ns:
            self.keep_out(ctx, bar.end - bar.start)

    def keep_out(self, ctx: RiskContext, length: timedelta) -> None:
        """Lock until the end of a window into which the next bar would reach."""
        while self.ahead and self.ahead[0][0] < ctx.now + length:
            first, last = self.ahead.pop(0)
            if ctx.now < last:
                ctx.lock(last, f"no trades from {first:%H:%M} to {last:%H:%M}")
        self.next_ns = int(self.ahead[0][0].timestamp()) * 10**9 if self.ahead else NEVER


def read(text: str) -> tuple[time, time]:
    """`11:30-13:00` as two times of day."""
    try:
        first, last = (time.fromisoformat(clock.strip().zfill(5)) for clock in text.split("-"))
    except ValueError:
        first = last = time()
    if first == last:
        raise ValueError(f"windows: got {text!r}, expected two times of day such as 11:30-13:00")
    return first, last
