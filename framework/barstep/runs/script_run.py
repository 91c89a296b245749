"""The replay of a run as a script's Replay/start opens it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from barstep.broker.wire import GatewayError
from barstep.domain.session import NS
from barstep.engine.remote_replay import RemoteReplay
from barstep.runs.extent import extent
from barstep.runs.gateway import GatewayRun

if TYPE_CHECKING:
    from barstep.engine.replay import Replay
    from barstep.gateway.session import StartRequest
    from barstep.runs.assemble import RunPlan

_DAY = timedelta(days=1)


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


def _utc(bound: date | datetime | None, bar_ns: int, *, before: bool = False) -> date:
    """A bound of the data as the date in UTC that a script is told; a trading day counts by the bar at its end."""
    if isinstance(bound, datetime):
        return (bound - timedelta(microseconds=before)).astimezone(UTC).date()
    return datetime.fromtimestamp(bar_ns // NS, UTC).date()
