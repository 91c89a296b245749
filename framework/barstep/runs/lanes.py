"""The two lanes that a run may be played in, each driven to its end."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import BarstepError, BrokerError, PluginError
from barstep.runs.array_lane import Ending, play_arrays
from barstep.runs.assemble import RunPlan, build
from barstep.runs.remote import build_remote
from barstep.runs.result import RunStatus
from barstep.runs.script import play_script
from barstep.runs.spool import RunSpool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from barstep.engine.replay import Replay
    from barstep.runs.script import Loopback

EVENT_LANE_RUNS = "array was asked for, the event lane ran"

Driven = tuple[RunStatus, BarstepError | None]
"""How a run ended, and the error that ended it."""


class Arrays:
    """The array lane."""

    def __init__(self, plan: RunPlan, spool: RunSpool, log: Any) -> None:
        self._play = partial(play_arrays, plan, spool, log)

    def drive(self, _loopback: Loopback | None, _give_up: Callable[[], None] | None) -> Driven:
        """Play all bars."""
        self._ending = self._play()
        return "done", None

    def ending(self) -> Ending:
        """What the run came to."""
        return self._ending


class Events:
    """The event lane; `hindrance` says why it is not the array lane that was asked for, or nothing."""

    def __init__(self, plan: RunPlan, spool: RunSpool, log: Any, hindrance: str) -> None:
        make = build if plan.loaded.config.broker.kind == "embedded" else build_remote
        self._plan, self._hindrance = plan, hindrance
        self._replay = make(plan, spool, log)

    def drive(self, loopback: Loopback | None, give_up: Callable[[], None] | None) -> Driven:
        """Play a replay to its end: plugins are pushed bars, a script pulls them."""
        plan, replay = self._plan, self._replay
        interrupted, error = False, None
        try:
            if plan.script is not None:
                interrupted, error = play_script(plan, replay, loopback, give_up)
            else:
                with _stop_on_interrupt(replay):
                    replay.run()
                passed = replay.attempts is not None and replay.attempts.over
                interrupted = replay.stopping and not (replay.exchange.failed or passed)
        except (PluginError, BrokerError) as raised:
            error = raised
        if isinstance(error, BrokerError):
            if not replay.exchange.current.next_bar:
                raise error
            return "interrupted", error
        return "failed" if error is not None else "interrupted" if interrupted else "done", error

    def ending(self) -> Ending:
        """What the run came to."""
        exchange = self._replay.exchange
        told = [f"lane: {EVENT_LANE_RUNS}: {self._hindrance}"] if self._hindrance else []
        warnings = self._replay.warnings + told
        attempts = None if self._replay.attempts is None else self._replay.attempts.made
        return Ending(
            "event", exchange.start_balance, exchange.balance, exchange.failed, warnings, attempts, exchange.adjustments
        )


@contextmanager
def _stop_on_interrupt(replay: Replay) -> Iterator[None]:
    """The first Ctrl-C ends the run after the bar being played, the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        replay.stopping = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
