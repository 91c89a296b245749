"""Trading hours: when positions may be opened, and by when the account must be flat."""

from datetime import datetime, time, timedelta

from barstep import Order, RiskContext, RiskDecision, RiskRule, Session, hookimpl, option
from barstep.arrays import EntryHours, FlatBy, Form


class TradingHours(RiskRule):
    """Entries only between two times of the trading day, and flat by a time; all in the exchange's zone."""

    entries_from: time | None = option(None, help="no entry before this time of day")
    entries_until: time | None = option(None, help="no entry from this time of day on")
    flat_by: time | None = option(None, help="close everything by this time, and enter nothing until the next session")
    before_early_close: int | None = option(
        None, ge=0, help="on a day that closes early, close everything so many minutes before"
    )

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.flat = self.flat_by
        ctx.flat_by(self.flat)

    @hookimpl
    def on_session_start(self, session: Session, ctx: RiskContext) -> None:
        if self.before_early_close is None:
            return
        flat = self.flat_by
        if session.early_close:
            early = session.close - timedelta(minutes=self.before_early_close)
            if flat is None or early < session.at(flat):
                flat = early.time()
        if flat != self.flat:
            self.flat = flat
            ctx.flat_by(flat)

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        if self.flat is not None and ctx.session.is_past(self.flat):
            return RiskDecision.deny(flat_reason(self.flat))
        first, last = self.entries_from, self.entries_until
        early = first is not None and ctx.now < ctx.session.at(first)
        late = last is not None and ctx.now >= ctx.session.at(last)
        return RiskDecision.deny(self.hours_reason().format(now=ctx.now)) if early or late else None

    def array_form(self) -> list[Form] | None:
        if self.before_early_close is not None:
            return None  # the flat time moves from day to day
        flat = (
            []
            if self.flat_by is None
            else [FlatBy(self.flat_by), EntryHours(self.after_flat, flat_reason(self.flat_by))]
        )
        return [*flat, EntryHours(self.outside, self.hours_reason())]

    def after_flat(self, session: Session) -> list[tuple[datetime, datetime]]:
        """From the flat time to the end of that stretch of trading, its last moment included."""
        moment = timedelta(microseconds=1)
        stretches = [] if self.flat_by is None else session.flat_stretches(self.flat_by)
        return [(start, end + moment) for start, end in stretches]

    def outside(self, session: Session) -> list[tuple[datetime | None, datetime | None]]:
        """Before the first entry and from the last on."""
        first, last = self.entries_from, self.entries_until
        early = [] if first is None else [(None, session.at(first))]
        return [*early, *([] if last is None else [(session.at(last), None)])]

    def hours_reason(self) -> str:
        """What orders outside the hours say."""
        first, last = self.entries_from, self.entries_until
        bounds = [f"from {first:%H:%M}" if first else "", f"until {last:%H:%M}" if last else ""]
        return f"entries only {' '.join(filter(None, bounds))}, it is {{now:%H:%M}}"


def flat_reason(clock: time) -> str:
    """What orders after the flat time say."""
    return f"flat by {clock:%H:%M} until the next session"
