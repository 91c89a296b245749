"""Plays one run and leaves its folder behind."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import BarstepError, ConfigError, PluginError
from barstep.domain.instrument import MICROS
from barstep.runs.array_lane import why_not
from barstep.runs.assemble import RunPlan, load_plan
from barstep.runs.extensions import measured
from barstep.runs.folder import RunFolder
from barstep.runs.lanes import EVENT_LANE_RUNS, Arrays, Driven, Events
from barstep.runs.log import run_logger
from barstep.runs.make_result import make_result
from barstep.runs.result import RunResult
from barstep.runs.sources import sessions_of
from barstep.runs.spool import RunSpool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from barstep.runs.script import Loopback
    from barstep.stats.measures import Measures


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
    wanted = config.lane == "array"
    hindrance = why_not(plan) if wanted else ""
    if hindrance:
        log.warning(EVENT_LANE_RUNS, reason=hindrance)
    with folder.writing():
        spool = RunSpool(folder.working, plan.account.start_balance, progress, sessions_of(plan.streams[0]))
        lane = Arrays(plan, spool, log) if wanted and not hindrance else Events(plan, spool, log, hindrance)

        def give_up() -> None:
            result, _ = _complete(plan, folder, spool, lane, ("interrupted", None))
            folder.place()
            result.folder = folder.path
            if leave is not None:
                leave(result)

        try:
            with _rare_collections():
                ended = lane.drive(loopback, give_up if leave is not None else None)
        except BaseException:
            spool.abort()
            raise
        result, error = _complete(plan, folder, spool, lane, ended)
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


def _complete(
    plan: RunPlan, folder: RunFolder, spool: RunSpool, lane: Arrays | Events, ended: Driven
) -> tuple[RunResult, BarstepError | None]:
    """Write what the run came to; a metric of one's own may still fail it."""
    status, error = ended
    spool.finish()
    own: Measures = {}
    if error is None:
        try:
            own = measured(plan.of("metrics"), folder.working, plan.account.start_balance / MICROS)
        except PluginError as raised:
            status, error = "failed", raised
    result = make_result(plan, lane.ending(), spool, status, error)
    result.metrics |= own
    folder.write(result)
    return result, error


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


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collect cycles seldom: a chunk of orders and fills is alive at once and has none, walking it costs a fifth."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
