"""Plays one run and leaves its folder behind."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.data import ResampledStream
from barstep.domain.errors import BarstepError, BrokerError, ConfigError, PluginError
from barstep.domain.instrument import MICROS
from barstep.domain.session import NS, to_datetime
from barstep.runs.array_lane import Ending, play_arrays, why_not
from barstep.runs.assemble import RunPlan, build, load_plan
from barstep.runs.extensions import measured
from barstep.runs.finer import mismatch_warning
from barstep.runs.folder import RunFolder
from barstep.runs.interrupts import stop_on_interrupt
from barstep.runs.log import run_logger
from barstep.runs.plans import attempt_row
from barstep.runs.remote import build_remote
from barstep.runs.result import RunResult, RunStatus
from barstep.runs.script import play_script
from barstep.runs.sources import extent, past_expiry, sessions_of
from barstep.runs.spool import RunSpool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from barstep.runs.script import Loopback
    from barstep.stats.measures import Measures

EVENT_LANE_RUNS = "array was asked for, the event lane ran"

Driven = tuple[RunStatus, BarstepError | None]
"""How a run ended, and the error that ended it."""

AMBIGUOUS_SHARE = 0.05
"""Share of trades decided in ambiguous bars above which finer bars are advised (fill model, section 5)."""


def run(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    out: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
    loopback: Loopback | None = None,
) -> RunResult:
    """Play a run and write its folder.

    Args:
        source: A run file, or the same as a mapping.
        overrides: `key=value` texts as for `--set`.
        out: Folder to write; by default `runs/<name>/<time>-<confighash8>` in the workspace.
        progress: Called with the number of bars played, now and then.
        loopback: Serves a gateway on this machine; for scripts that bring a header of their own.

    Returns:
        The result; Ctrl-C ends a run early with what is done so far and the status `interrupted`.

    Raises:
        ConfigError, DataError: Before anything is written.
        PluginError, ScriptError: A plugin or a script raised; the run's folder is kept, marked `failed`.
        BrokerError: The gateway cannot be reached, or refuses; once bars were played the folder is kept, `interrupted`.
    """
    plan = load_plan(source, overrides)
    return play(plan, out=out, progress=progress or (lambda _: None), loopback=loopback)


def play(
    plan: RunPlan,
    *,
    out: str | Path | None,
    progress: Callable[[int], None],
    loopback: Loopback | None = None,
    leave: Callable[[RunResult], object] | None = None,
) -> RunResult:
    """Play a checked plan; see `run`.

    `leave` ends the process with what is done so far, when a script is told to stop a second time.
    """
    _stays_here(plan)
    folder = RunFolder(plan, Path(out) if out is not None else None)
    log = run_logger(run=folder.label)
    config = plan.loaded.config
    start = plan.account.start_balance
    wanted = config.lane == "array"
    hindrance = why_not(plan) if wanted else ""
    if hindrance:
        log.warning(EVENT_LANE_RUNS, reason=hindrance)
    with folder.writing():
        spool = RunSpool(folder.working, start, progress, sessions_of(plan.streams[0]))
        lane = _Arrays(plan, spool, log) if wanted and not hindrance else _Events(plan, spool, log, hindrance)

        def complete(status: RunStatus, error: BarstepError | None) -> tuple[RunResult, BarstepError | None]:
            spool.finish()
            own: Measures = {}
            if error is None:
                try:
                    own = measured(plan.of("metrics"), folder.working, start / MICROS)
                except PluginError as raised:
                    status, error = "failed", raised
            result = _result(plan, lane.ending(), spool, status, error)
            result.metrics |= own
            folder.write(result)
            return result, error

        def give_up() -> None:
            result, _ = complete("interrupted", None)
            folder.place()
            result.folder = folder.path
            if leave is not None:
                leave(result)

        try:
            with _rare_collections():
                status, error = lane.drive(loopback, give_up if leave is not None else None)
        except BaseException:
            spool.abort()
            raise
        result, error = complete(status, error)
    result.folder = folder.path
    log.info(
        "run",
        status=result.status,
        digest=result.digest[:12],
        bars=result.bars,
        trades=result.trades,
        net_pnl=result.net_pnl,
    )
    if error is not None:
        error.add_note(f"the run's folder, marked {result.status}: {folder.path}")
        raise error
    if config.report is not None and config.report.html:
        import_module("barstep.report").write_report(folder.path)  # by name: what lies above is asked for, not needed
    return result


def _stays_here(plan: RunPlan) -> None:
    """Refuse a script that would send its orders to another machine: what is asked for is a simulation."""
    script = plan.script
    if script is not None and script.remote and not plan.allow_remote:
        raise ConfigError(
            [
                f"{where}: the script brings its own header, and this address is another machine: "
                "its orders would go there, not into this run. Read TESTMAX_API_URL from the environment instead, or give "
                "--allow-remote when the address is not for trading"
                for where in script.remote
            ]
        )


class _Arrays:
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


class _Events:
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


def _result(plan: RunPlan, ending: Ending, spool: RunSpool, status: RunStatus, error: BarstepError | None) -> RunResult:
    config = plan.loaded.config
    zone = plan.streams[0].feed.zone
    meter = spool.meter
    first, last = (meter.first_ns or 0) - plan.streams[0].feed.timeframe.ns, meter.last_ns
    if not meter.bars or isinstance(plan.streams[0], ResampledStream):  # a script may read none; breaks cut bars short
        first = round(extent(plan.streams[0]).start.timestamp()) * NS
        last = last if meter.bars else first
    warnings = [w for stream in plan.streams for w in stream.warnings] + plan.warnings + ending.warnings
    warnings += [f"finer bars: {w}" for finer in plan.finer if finer is not None for w in finer.warnings]
    warnings += filter(None, (past_expiry(stream, last) for stream in plan.streams))
    trades = spool.trades
    if trades and spool.ambiguous_trades / trades > AMBIGUOUS_SHARE:
        share = spool.ambiguous_trades / trades
        warnings.append(f"{share:.0%} of the trades were decided in ambiguous bars (R17): finer bars would tell more")
    if spool.first_mismatch is not None:
        warnings.append(mismatch_warning(spool.mismatches, spool.first_mismatch))
    if error is not None:
        warnings.append(str(error))
    return RunResult(
        name=config.name,
        digest=spool.digest.finish(ending.balance),
        status=status,
        instrument=" ".join(dict.fromkeys(s.feed.contract.instrument.name for s in plan.streams)),
        contracts=[s.feed.contract.name for s in plan.streams],
        timeframe=" ".join(dict.fromkeys(s.feed.timeframe.text for s in plan.streams)),
        start=to_datetime(first, zone).isoformat(),
        end=to_datetime(last, zone).isoformat(),
        bars=meter.bars,
        lane=ending.lane,
        fill_profile=config.fills.profile,
        start_balance=ending.start_balance / MICROS,
        final_balance=ending.balance / MICROS,
        net_pnl=(ending.balance - ending.start_balance - sum(amount for _, amount in ending.adjustments)) / MICROS,
        fees=spool.fees / MICROS,
        fills=spool.fills,
        trades=trades,
        ambiguous_bars=spool.ambiguous_bars,
        denied_orders=spool.denied,
        rejected_orders=spool.rejected,
        metrics=spool.measures(),
        risk={
            "failed": ending.failed,
            "breaches": [
                {
                    "guard": b.guard.name,
                    "action": b.guard.action,
                    "time": to_datetime(b.at_ns, zone).isoformat(),
                    "basis": b.guard.basis,
                    "side": b.guard.side,
                    "level": b.level / MICROS,
                }
                for b in spool.breaches
            ],
            "denials": dict(sorted(spool.denials.items())),
            **_attempts(plan, ending, zone),
        },
        warnings=warnings,
        resolutions=dict(sorted(spool.resolutions.items())),
        mismatches=spool.mismatches,
    )


def _attempts(plan: RunPlan, ending: Ending, zone: ZoneInfo) -> dict[str, Any]:
    """What the risk section says about the plan and the attempts, where there are such."""
    told = plan.account.told()
    found: dict[str, Any] = {"plan": told} if told is not None else {}
    if ending.attempts is not None:
        found["attempts"] = [attempt_row(attempt, zone) for attempt in ending.attempts]
        found["adjustments"] = [
            {"time": to_datetime(at_ns, zone).isoformat(), "usd": amount / MICROS}
            for at_ns, amount in ending.adjustments
        ]
    return found


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collect cycles seldom: a chunk of orders and fills is alive at once and has none, walking it costs a fifth."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
