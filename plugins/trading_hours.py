"""Trading hours: when positions may be opened, and by when the account must be flat."""

from datetime import datetime, time, timedelta

from barstep import Order, RiskContext, RiskDecision, RiskRule, Session, hookimpl, option
from barstep.arrays import EntryHours, FlatBy, Form


class TradingHours(RiskRule):
    """Entries only between two times of the trading day, and flat by a time; all in the exchange's zone."""

    entries_from: time | None = option(None, help="no entry before this time of day")
    entries_until: time | None = option(None, help="no entry from this time of day on")
    flat_by: time | None = option(None, help="close everything by this time, and enter nothing until the next session")

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        ctx.flat_by(self.flat_by)

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        if self.flat_by is not None and ctx.session.is_past(self.flat_by):
            return RiskDecision.deny(self.flat_reason())
        first, last = self.entries_from, self.entries_until
        early = first is not None and ctx.now < ctx.session.at(first)
        late = last is not None and ctx.now >= ctx.session.at(last)
        return RiskDecision.deny(self.hours_reason().format(now=ctx.now)) if early or late else None

    def array_form(self) -> list[Form]:
        flat = [] if self.flat_by is None else [FlatBy(self.flat_by), EntryHours(self.after_flat, self.flat_reason())]
        return [*flat, EntryHours(self.outside, self.hours_reason())]

    def after_flat(self, session: Session) -> list[tuple[datetime, datetime]]:
        """From the flat time to the end of that stretch of trading, its last moment included."""
        clock = self.flat_by
        moment = timedelta(microseconds=1)
        return [] if clock is None else [(start, end + moment) for start, end in session.flat_stretches(clock)]

    def outside(self, session: Session) -> list[tuple[datetime | None, datetime | None]]:
        """Before the first entry and from the last on."""
        first, last = self.entries_from, self.entries_until
        early = [] if first is None else [(None, session.at(first))]
        return [*early, *([] if last is None else [(session.at(last), None)])]

    def flat_reason(self) -> str:
        """What orders after the flat time say."""
        return f"flat by {self.flat_by:%H:%M} until the next session"

    def hours_reason(self) -> str:
        """What orders outside the hours say."""
        first, last = self.entries_from, self.entries_until
        bounds = [f"from {first:%H:%M}" if first else "", f"until {last:%H:%M}" if last else ""]
        return f"entries only {' '.join(filter(None, bounds))}, it is {{now:%H:%M}}"
