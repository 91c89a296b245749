"""Plays a script against an embedded gateway: it pulls the bars of a replay that is already built (design, section 5)."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from barstep.broker.helpers import Helpers
from barstep.broker.wire import answer
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS
from barstep.engine.remote_replay import RemoteReplay
from barstep.gateway.handler import Gateway
from barstep.runs.script_gateway import ScriptGateway
from barstep.runs.script_host import Ending, execute, make_module
from barstep.runs.script_run import OwnRun, Start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from barstep.engine.replay import Replay
    from barstep.runs.assemble import RunPlan
    from barstep.runs.script_plan import ScriptPlan

    Loopback = Callable[[Gateway, str], tuple[str, Callable[[], object]]]

ACCOUNT = 1001
"""Number of the account that a script trades."""


def play_script(
    plan: RunPlan, replay: Replay, loopback: Loopback | None = None, leave: Callable[[], object] | None = None
) -> Ending:
    """Run the script of a plan over its replay, then flatten and end the replay, whatever happened.

    Args:
        plan: The run; its `warnings` get what the script's user should know.
        replay: From `build`.
        loopback: Serves a gateway on this machine, `(gateway, token) -> (url, stop)`; for scripts with a header of their own.
        leave: Ends the process on a second Ctrl-C, when the replay has been ended here.

    Raises:
        ConfigError: The script needs a loopback gateway and there is none.
    """
    script = plan.script
    if script is None:
        raise ValueError("this run has no script")
    if script.own_header and loopback is None:
        raise ConfigError(
            f"{script.file}: it brings its own header, so it needs a gateway to connect to: use `barstep script` or "
            "`barstep run`"
        )
    own = OwnRun(plan, replay)
    balance = replay.exchange.start_balance / MICROS
    gateway = ScriptGateway(own.open, own.start.request(), start_account=ACCOUNT, balance=balance, client=script.name)
    if isinstance(replay, RemoteReplay):
        gateway.elsewhere = replay.broker
    module = make_module(script)
    helpers = Helpers(answer(gateway.handle), vars(module), script.options.get("SPEED_FILE"))
    with ExitStack() as stack:
        url, token = "in process", "in process"
        if script.own_header and loopback is not None:
            token = secrets.token_urlsafe(24)
            url, stop = loopback(gateway, token)
            stack.callback(stop)
        given = {**script_globals(script, own.start), "API_URL": url, "TOKEN": token}
        given |= {"ACCOUNT_ID": ACCOUNT, "CONTRACT_ID": plan.streams[0].feed.contract.id}
        given["TOTAL_BARS"] = own.opened.total_bars
        given["MAX_BARS"] = script.max_bars or own.opened.total_bars
        vars(module).update(given)
        helpers.install()
        if not script.starts:
            _started(helpers.transport("Replay/start", own.start.request()))

        def give_up() -> None:
            with gateway.lock:  # kept to the end: the script asks for nothing more
                _clean_up(plan, replay, gateway, Ending(interrupted=True))
                if leave is not None:
                    leave()

        ending = execute(
            script,
            module,
            script_environment(script, given),
            halt=lambda: halt(helpers, gateway),
            give_up=give_up if leave is not None else None,
            when=replay.desk.when,
        )
        ending = _clean_up(plan, replay, gateway, ending)
    _advise(plan, script, replay)
    return ending


def script_globals(script: ScriptPlan, start: Start) -> dict[str, Any]:
    """The globals that a run decides before its session is open."""
    return {
        "INSTRUMENT": start.instrument,
        "START_DATE": start.start,
        "END_DATE": start.end,
        "TIMEFRAME": start.timeframe,
        "STEP_DELAY": script.step_delay,
    }


def script_environment(script: ScriptPlan, given: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a script: its globals as text, the names that headers read, and its options."""
    own = {name: str(value) for name, value in given.items()}
    own |= {"TESTMAX_API_URL": own["API_URL"], "TESTMAX_TOKEN": own["TOKEN"]}
    return {**script.options, **own}


def halt(helpers: Helpers, gateway: ScriptGateway) -> None:
    """Let every helper call raise KeyboardInterrupt from now on, and a header of the script's own find no more bars."""
    gateway.halted = True

    def stop(_path: str, _body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        raise KeyboardInterrupt

    helpers.transport = stop


def _started(reply: Mapping[str, Any]) -> None:
    if not reply.get("success"):
        raise ConfigError(str(reply.get("errorMessage")))


def _clean_up(plan: RunPlan, replay: Replay, gateway: Gateway, ending: Ending) -> Ending:
    """Flatten and end the replay as the playground's last section does (gateway API, 12.1); an error of the replay wins."""
    session = gateway.session(ACCOUNT)
    working = [] if session is None or session.ended else replay.exchange.working_orders(session.contract)
    entries = [order for order in working if order.parent is None]
    if entries:
        what = "1 order was" if len(entries) == 1 else f"{len(entries)} orders were"
        plan.warnings.append(
            f"{what} still working when the script ended, and cancelled: {', '.join(map(repr, entries))}"
        )
    if session is None:
        replay.end()
        return ending
    held = replay.desk.positions[session.contract.id].size if not session.ended else 0
    if held and not (ending.interrupted or ending.error) and not replay.exchange.failed and not session.over:
        side = "long" if held > 0 else "short"
        plan.warnings.append(f"the script ended before the bars did, {abs(held)} {side}: closed at the last close")
    session.finish()
    return Ending(error=session.error) if session.error is not None else ending


def _advise(plan: RunPlan, script: ScriptPlan, replay: Replay) -> None:
    if replay.exchange.current.next_bar < 1:
        plan.warnings.append("the script read no bar: get_next_bar() plays the next one and returns it")
    known = {"INSTRUMENT", "SPEED_FILE", *script.options}
    loose = sorted(
        name for name in script.reads - known if name in os.environ and name.isupper() and name not in _SYSTEM
    )
    if loose:
        plan.warnings.append(
            f"{', '.join(loose)} came from the environment of the shell: as an option (--set {loose[0]}=...) it is kept "
            "with the run"
        )


_SYSTEM = frozenset(("HOME", "PATH", "USER", "TMPDIR", "TEMP", "TMP", "LANG", "PWD", "SHELL", "TERM", "HOSTNAME"))
