"""What frames the bars of a replay: sessions that begin and end, the end of the data, and what a breached guard brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.domain.errors import PluginError
from barstep.domain.instrument import MICROS
from barstep.engine.delivery import Delivery

if TYPE_CHECKING:
    from barstep.domain.session import Session
    from barstep.engine.desk import Desk
    from barstep.engine.recorder import Recorder
    from barstep.engine.streams import Stream
    from barstep.hooks.manager import HookManager
    from barstep.sim.guards import Guard
    from barstep.sim.records import Breach


class Phases:
    """The parts of a replay that are not bars; `Replay` walks the bars between them.

    Attributes:
        stopping: Set it to end the run after the present bar, with positions as they are; a failed account sets it.
        delivery: Hands events on; its `listener` hears them too.
        deliver: Call it after sending orders from outside a hook: they may have filled inside the call.
    """

    def __init__(self, desk: Desk, hooks: HookManager, recorder: Recorder) -> None:
        self.desk = desk
        self.hooks = hooks
        self.recorder = recorder
        self.exchange = desk.exchange
        self.delivery = Delivery(desk, hooks, recorder, self._breached)
        self.deliver = self.delivery.hand_out
        self.attempts = desk.attempts
        self.stopping = False
        self._at_end = False
        self._day: object = None
        desk.hooks = hooks
        desk.notes = recorder.notes

    def _begin_session(self, stream: Stream, session: Session) -> None:
        """Phase A: expiries, guard resets, `on_session_start`; orders asked for until it is over wait for the open (R4)."""
        exchange, desk = self.exchange, self.desk
        new_day = session.date != self._day
        self._day = session.date
        exchange.between_bars = True
        stream.end_windows()
        if new_day and self.attempts is not None:
            self.attempts.begin_day(session.date)
            self.stopping = self.stopping or self.attempts.over
            if self.attempts.over:
                return
        exchange.start_session(stream.market, exchange.clock_ns, new_day=new_day)
        stream.session = session
        session.clock_ns = desk.now_ns
        if new_day:
            desk.end_session()
        desk.accepting = True
        self.hooks.focus(stream.feed.contract.id, account_too=new_day)
        self.hooks.on_session_start(session)
        if self.attempts is not None:
            self.attempts.watch()
        self.deliver()

    def _end_session(self, stream: Stream, session: Session) -> None:
        session.clock_ns = self.desk.now_ns
        last = all(other.session is None or other.session.date <= session.date for other in self.desk.streams)
        self.hooks.focus(stream.feed.contract.id, account_too=last and stream is self.desk.streams[-1])
        self.hooks.on_session_end(session)
        self.deliver()

    def _finish(self) -> None:
        """The end of the data (R25), or of an account that failed."""
        if self._at_end or not self.stopping:
            self.exchange.finish()
        self.deliver()
        if self.attempts is not None:
            self.attempts.finish(interrupted=self.stopping and not self._at_end)
        self.recorder.settle(self.exchange)

    def _breached(self, breach: Breach) -> None:
        guard = breach.guard
        self.recorder.breaches.append(breach)
        self.desk.log.info("guard", name=guard.name, action=guard.action, at=self.desk.when())
        if self.attempts is not None:
            self.attempts.note(breach)
        if self.attempts is None or self.attempts.ends_on_failure:
            self.stopping = self.stopping or bool(self.exchange.failed)
        if guard.action == "lock":
            self.desk.lock("session", lock_reason(guard), guard.plugin or guard.name)

    def _stop(self, failure: BaseException | None) -> None:
        """`on_stop`, also after an error, which stays the error of the run; then hand on what is still to be recorded."""
        desk, hooks = self.desk, self.hooks
        desk.accepting = False
        try:
            hooks.focus("")
            hooks.on_stop()
        except PluginError as second:
            if failure is None or isinstance(failure, GeneratorExit):
                raise
            failure.add_note(f"then on_stop failed too: {second}")
        finally:
            hooks.silence()
            self.deliver()
            for stream in desk.streams:  # what still works when a run ends early is recorded as it stands
                self.recorder.orders += self.exchange.working_orders(stream.feed.contract)
            for stream in desk.streams:
                self.recorder.chunk_done(stream, self.exchange)


def lock_reason(guard: Guard) -> str:
    """Why a day is locked: what was watched, and the limit that it reached."""
    watched = {"day": "the day's result", "equity": "equity", "position": "the open result of a contract"}[guard.basis]
    limit = "its trailing limit" if guard.trail is not None else f"its limit of {guard.level / MICROS:,.2f} USD"
    return f"{watched} has reached {limit}"
