"""The two lanes that a run may be played in, each driven to its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import BarstepError, BrokerError, PluginError
from barstep.runs.array_lane import Ending, play_arrays
from barstep.runs.assemble import RunPlan, build
from barstep.runs.interrupts import stop_on_interrupt
from barstep.runs.result import RunStatus
from barstep.runs.script import play_script
from barstep.runs.spool import RunSpool

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.runs.script import Loopback

EVENT_LANE_RUNS = "array was asked for, the event lane ran"

Driven = tuple[RunStatus, BarstepError | None]
"""How a run ended, and the error that ended it."""


class Arrays:
    """The array lane."""

    def __init__(self, plan: RunPlan, spool: RunSpool, log: Any) -> None:
        self._play = partial(play_arrays, plan, spool, log)

    def drive(self, _loopback: Loopback | None, _give_up: Callable[[], None] | None) -> Driven:
        """Play all bars, then tell of them; only the telling can end early."""
        self._ending, interrupted, error = self._play()
        return "failed" if error is not None else "interrupted" if interrupted else "done", error

    def ending(self) -> Ending:
        """What the run came to."""
        return self._ending


class Events:
    """The event lane; `hindrance` says why it is not the array lane that was asked for, or nothing."""

    def __init__(self, plan: RunPlan, spool: RunSpool, log: Any, hindrance: str) -> None:
        self._plan, self._hindrance = plan, hindrance
        if plan.loaded.config.broker.kind == "embedded":
            self._replay = build(plan, spool, log)
        else:
            from barstep.runs.remote import build_remote  # noqa: PLC0415 - most runs need no HTTP

            self._replay = build_remote(plan, spool, log)

    def drive(self, loopback: Loopback | None, give_up: Callable[[], None] | None) -> Driven:
        """Play a replay to its end: plugins are pushed bars, a script pulls them."""
        plan, replay = self._plan, self._replay
        interrupted, error = False, None
        try:
            if plan.script is not None:
                interrupted, error = play_script(plan, replay, loopback, give_up)
            else:
                with stop_on_interrupt(replay):
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
