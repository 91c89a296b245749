"""Trading hours: when positions may be opened, and by when the account must be flat."""

from datetime import time, timedelta

from barstep import Order, RiskContext, RiskDecision, RiskRule, Session, hookimpl, option
from barstep.arrays import EntryHours, FlatBy, Form

FLAT = "flat by {clock:%H:%M} until the next session"


class TradingHours(RiskRule):
    """Entries only between two times of the trading day, and flat by a time; all in the exchange's zone."""

    entries_from: time | None = option(None, help="no entry before this time of day")
    entries_until: time | None = option(None, help="no entry from this time of day on")
    flat_by: time | None = option(None, help="close everything by this time, and enter nothing until the next session")
    before_early_close: int | None = option(
        None, ge=0, help="on a day that closes early, or pauses for a holiday, close everything so many minutes before"
    )

    @hookimpl
    def on_start(self, ctx: RiskContext) -> None:
        self.flat = self.flat_by
        ctx.flat_by(self.flat, self.before_early_close or 0)

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
            ctx.flat_by(flat, self.before_early_close)

    @hookimpl
    def on_risk(self, order: Order, ctx: RiskContext) -> RiskDecision | None:
        if self.flat is not None and ctx.session.is_past(self.flat, self.before_early_close or 0):
            return RiskDecision.deny(FLAT.format(clock=self.flat))
        first, last = self.entries_from, self.entries_until
        early = first is not None and ctx.now < ctx.session.at(first)
        late = last is not None and ctx.now >= ctx.session.at(last)
        return RiskDecision.deny(self.reason().format(now=ctx.now)) if early or late else None

    def array_form(self) -> list[Form] | None:
        if self.before_early_close is not None:
            return None  # the flat time moves from day to day
        hours = EntryHours(self.entries_from, self.entries_until, self.reason())
        return [hours] if self.flat_by is None else [FlatBy(self.flat_by, FLAT.format(clock=self.flat_by)), hours]

    def reason(self) -> str:
        """What orders outside the hours say."""
        first, last = self.entries_from, self.entries_until
        bounds = [f"from {first:%H:%M}" if first else "", f"until {last:%H:%M}" if last else ""]
        return f"entries only {' '.join(filter(None, bounds))}, it is {{now:%H:%M}}"
