"""Replay: step, play, jump, status and end (gateway API, 9); starting one is the handler's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.broker.forms import bar_form, iso, zone_of
from barstep.broker.wire import done
from barstep.domain.bar import Bar
from barstep.gateway.results import results
from barstep.gateway.seats import RefusedError

if TYPE_CHECKING:
    from barstep.gateway.seats import Call
    from barstep.gateway.session import Session

REFUSED = 3


def step(call: Call) -> dict[str, Any]:
    """Replay/step: bars one by one; `done` when fewer were left than asked for."""
    session = call.replay()
    if session.log is not None:
        return _step_reported(call, session)
    count = call.values["count"] or 1
    bars = [] if session.ended else session.advance(count)
    if session.error is not None:
        return session.fault()
    forms = [bar_form(bar, zone_of(call.live)) for bar in bars]
    last = forms[-1] if forms else None
    return done(bar=last, bars=forms, **_progress(session, done=len(forms) < count))


def play(call: Call) -> dict[str, Any]:
    """Replay/play: no thread plays; the next request of the account plays the bars that are due."""
    session = _running(call)
    speed = call.values["speed"]
    session.play(session.speed if speed is None else speed)
    return done(speed=session.speed)


def pause(call: Call) -> dict[str, Any]:
    """Replay/pause: bars due until now have been played."""
    session = call.replay()
    session.playing = False
    return done(**_progress(session))


def speed(call: Call) -> dict[str, Any]:
    """Replay/speed: from now on, also of a replay that plays."""
    session = call.replay()
    session.speed = call.values["speed"]
    if session.playing:
        session.play(session.speed)
    return done(speed=session.speed)


def jump_to(call: Call) -> dict[str, Any]:
    """Replay/jumpTo: forward only, working orders are tested on each bar on the way."""
    session = _running(call)
    wanted = call.values["timestamp"]
    if session.index and wanted < session.clock_ns:
        at = iso(session.clock_ns)
        raise RefusedError(REFUSED, f"a replay goes forward only and stands at {at}: Replay/end and start it again")
    session.jump(wanted)
    if session.error is not None:
        return session.fault()
    return done(**_progress(session))


def status(call: Call) -> dict[str, Any]:
    """Replay/status: the same fields for an idle account, null where there is nothing to say."""
    seat = call.seat()
    session = seat.session
    if session is None:
        empty = {"contractId": None, "index": 0, "totalBars": 0, "done": True}
        return done(status="idle", **empty, time=None, startTime=None, endTime=None, speed=1.0)
    zone = zone_of(call.live)
    return done(
        status=session.status,
        contractId=session.contract.id,
        **_progress(session),
        time=iso(session.clock_ns, zone) if session.index else None,
        startTime=iso(session.run.first_ns, zone),
        endTime=iso(session.run.last_ns, zone),
        speed=session.speed,
    )


def end(call: Call) -> dict[str, Any]:
    """Replay/end: harmless a second time, with the same results."""
    session = call.replay()
    session.finish(settle=(call.values["barstep"] or {}).get("settle") is not False)
    return done(results=results(session))


def _running(call: Call) -> Session:
    session = call.replay()
    if session.error is not None:
        raise RefusedError(REFUSED, session.fault()["errorMessage"])
    if session.ended:
        raise RefusedError(REFUSED, "the replay has ended: call Replay/start for another")
    return session


def _progress(session: Session, **told: bool) -> dict[str, Any]:
    return {"index": session.index, "totalBars": session.total, "done": session.over, **told}


def _step_reported(call: Call, session: Session) -> dict[str, Any]:
    """A step of a replay that reports: it also stops where a session begins, with no bar and not done."""
    played = session.advance_reported()
    if session.error is not None:
        return session.fault()
    call.played = played
    form = bar_form(played, zone_of(call.live)) if isinstance(played, Bar) else None
    return done(bar=form, bars=[form] if form else [], **_progress(session, done=played is None))
