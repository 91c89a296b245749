"""Plays a script against an embedded gateway: it pulls the bars of a replay that is already built (design, section 5)."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from barstep.broker.helpers import Helpers
from barstep.broker.wire import GatewayError, answer
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS
from barstep.domain.session import NS
from barstep.engine.remote_replay import RemoteReplay
from barstep.gateway.handler import Gateway
from barstep.runs.gateway import GatewayRun
from barstep.runs.script_host import Ending, execute, make_module
from barstep.runs.sources import extent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from barstep.broker.remote import HelperBroker
    from barstep.engine.replay import Replay
    from barstep.gateway.fields import Dialect
    from barstep.gateway.session import Opener, StartRequest
    from barstep.runs.assemble import RunPlan
    from barstep.runs.script_plan import ScriptPlan

    Loopback = Callable[[Gateway, str], tuple[str, Callable[[], object]]]

ACCOUNT = 1001
"""Number of the account that a script trades."""

_DAY = timedelta(days=1)
_NEEDS_REPLAY = ("Replay/", "Order/", "Position/", "Trade/", "History/")


@dataclass(frozen=True, slots=True)
class Start:
    """What Replay/start is asked for, in the words of a script's globals (gateway API, 12.3)."""

    instrument: str
    timeframe: str
    start: str
    end: str

    def request(self) -> dict[str, Any]:
        """The body of Replay/start."""
        return {
            "instrumentSymbol": self.instrument,
            "startDate": self.start,
            "timeframe": self.timeframe,
            "endDate": self.end or None,
        }


class OwnRun:
    """The run of a plan as Replay/start opens it: once, and only for what the run has.

    Attributes:
        start: What a script is told about it.
        opened: What the gateway plays.
    """

    def __init__(self, plan: RunPlan, replay: Replay) -> None:
        self._stream = stream = plan.streams[0]
        found = extent(stream)
        first_ns, last_ns = (round(moment.timestamp()) * NS for moment in (found.start, found.end))
        if isinstance(replay, RemoteReplay):
            replay.open()
            total = replay.broker.total_bars
        else:
            total = stream.count() or sum(len(chunk) for chunk in stream.chunks())
        self.opened = GatewayRun(replay, total, first_ns, last_ns, plan.loaded.config.fills.profile, stream)
        self._taken = False
        data = plan.loaded.config.data[0]
        end = "" if data.end is None else str(_utc(data.end, last_ns - stream.feed.timeframe.ns, before=True))
        self.start = Start(
            stream.feed.contract.instrument.name, stream.feed.timeframe.text, str(_utc(data.start, first_ns)), end
        )

    def open(self, request: StartRequest) -> GatewayRun:
        """Answer Replay/start; an earlier end than the run's own is honoured."""
        if self._taken:
            raise GatewayError(409, "this run has one replay, and it was started already: go on with its account")
        contract, have = self._stream.feed.contract, self.start
        if request.instrument not in (have.instrument, contract.name, contract.id):
            raise GatewayError(404, self._mismatch(request.instrument, "instrument"))
        if request.timeframe != have.timeframe:
            raise GatewayError(400, self._mismatch(request.timeframe, "timeframe"))
        if request.start > date.fromisoformat(have.start):
            raise GatewayError(400, self._mismatch(f"a start on {request.start}", "start"))
        if request.end is not None:
            end_ns = round(datetime.combine(request.end + _DAY, time.min, UTC).timestamp()) * NS
            if end_ns < self.opened.last_ns:
                self.opened.total_bars = sum(int((part.start_ns < end_ns).sum()) for part in self._stream.chunks())
            if not self.opened.total_bars:
                raise GatewayError(400, self._mismatch(f"an end on {request.end}", "end"))
        self._taken = True
        return self.opened

    def _mismatch(self, got: object, key: str) -> str:
        ends = (self.opened.first_ns, self.opened.last_ns - NS)
        first, last = (datetime.fromtimestamp(ns // NS, UTC).date() for ns in ends)
        have = f"{self.start.instrument} {self.start.timeframe} from {first} to {last}"
        return f"got {got}, but this run has {have}: change data.{key} of the run (--{key}), or the script"


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
    gateway = _Shared(own.open, own.start.request(), start_account=ACCOUNT, balance=balance, client=script.name)
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
            with gateway.lock:
                _clean_up(plan, replay, gateway, Ending(interrupted=True))
            if leave is not None:
                leave()

        ending = execute(
            script,
            module,
            script_environment(script, given),
            halt=lambda: halt(helpers, gateway, give_up if gateway.halted and leave is not None else None),
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


def halt(helpers: Helpers, gateway: _Shared, last: Callable[[], object] | None = None) -> None:
    """Let every helper call raise KeyboardInterrupt from now on, and a header of the script's own find no more bars.

    `last` is called by the next helper call instead: the script was told before.
    """
    gateway.halted = True

    def stop(_path: str, _body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if last is not None:
            last()
        raise KeyboardInterrupt

    helpers.transport = stop


class _Shared(Gateway):
    """A gateway that a script's threads and a loopback server may call at once, all in the script's own account.

    A script that names Replay/start may start the replay itself, or may only talk about it: the replay is started for it
    as soon as it asks for something that needs one.

    Attributes:
        elsewhere: The gateway that replays, where that is another one.
        halted: Ctrl-C was pressed: no more bars.
        lock: Held while the replay is at work.
    """

    def __init__(
        self, opener: Opener, request: Mapping[str, Any], *, start_account: int, balance: float, client: str
    ) -> None:
        super().__init__(opener, start_account=start_account, balance=balance, client=client)
        self.lock = threading.RLock()
        self._request = request
        self._waits = True
        self.halted = False
        self.elsewhere: HelperBroker | None = None

    def handle(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        user: str = "",  # noqa: ARG002 - every caller here is the script
        dialect: Dialect = "sim",
    ) -> dict[str, Any]:
        """See `Gateway.handle`; `user` makes no difference."""
        with self.lock:
            if self.halted and path == "Replay/step":
                raise GatewayError(409, "the script was interrupted: there are no more bars")
            if self._waits and path.startswith(_NEEDS_REPLAY):
                self._waits = False
                if path != "Replay/start":
                    super().handle("Replay/start", self._request, "", dialect)
            if self.elsewhere is not None and path == "History/retrieveBars":
                return self.elsewhere.helpers.api(
                    path, self._addressed(self.elsewhere, body)
                )  # who replays has the bars
            return super().handle(path, body, "", dialect)

    @staticmethod
    def _addressed(broker: HelperBroker, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """The script's question about its own replay: the number here means nothing there; other gateways take none."""
        asked = {name: value for name, value in (body or {}).items() if name != "accountId"}
        return {**asked, "accountId": broker.account} if broker.extended else asked


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


def _utc(bound: date | datetime | None, bar_ns: int, *, before: bool = False) -> date:
    """A bound of the data as the date in UTC that a script is told; a trading day counts by the bar at its end."""
    if isinstance(bound, datetime):
        return (bound - timedelta(microseconds=before)).astimezone(UTC).date()
    return datetime.fromtimestamp(bar_ns // NS, UTC).date()
