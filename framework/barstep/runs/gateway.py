"""Opens the replays of a gateway: each Replay/start is a run, checked as a run file is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.config.instrument_schema import read_instrument
from barstep.config.overrides import plugin_entries
from barstep.data import ResampledStream, SessionTable
from barstep.domain.bar import BarColumns, Timeframe
from barstep.domain.errors import ConfigError
from barstep.runs.assemble import build, load_plan
from barstep.runs.instruments import make_instrument
from barstep.runs.log import run_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from barstep.domain.bar import BarStream
    from barstep.engine.recorder import Recorder
    from barstep.engine.replay import Replay
    from barstep.gateway.session import OpenedRun, Opener, StartRequest
    from barstep.runs.assemble import RunPlan

MOST_GIVEN = 1_000
"""Most ticks, bars and USD of fees that a peer may ask for."""
MOST_BARS = 10_000_000
"""Most synthetic bars of a replay."""
MOST_DAYS = 7_500
"""Most days of a synthetic replay, twenty years."""
_DAY = timedelta(days=1)


class NoSink:
    """Keeps nothing: the gateway's session has the fills, and a replay in its hands leaves no run folder."""

    def take(self, recorder: Recorder, equity: dict[str, NDArray[np.int64]]) -> None:
        """Let go of a chunk's records."""


@dataclass(slots=True)
class GatewayRun:
    """An opened run of one contract; see `OpenedRun`."""

    replay: Replay
    total_bars: int
    first_ns: int
    last_ns: int
    fills: str
    stream: BarStream = field(repr=False)

    def history(self) -> BarColumns:
        """All bars, read a second time."""
        return _joined(list(self.stream.chunks()))

    def close(self) -> None:
        """Nothing to write."""


def make_opener(base: Mapping[str, Any], folder: Path) -> Opener:
    """An opener of runs that share everything but instrument, timeframe, dates and what `barstep` changes.

    Args:
        base: Keys of a run file as a mapping. `data` gives the source (the packaged sample by default) and may fix
            the contract; fills are `playground` unless it says otherwise; strategies are not played.
        folder: The folder that relative paths start from.

    Returns:
        The opener: it raises ConfigError, DataError or PluginError with the messages of a run file.
    """

    def open_run(request: StartRequest) -> OpenedRun:
        try:
            plan = load_plan(run_mapping(base, request), folder=folder)
            _check_count(plan.streams[0])
            return opened(plan)
        except (OverflowError, ValueError) as error:  # dates that no calendar has
            raise ConfigError(f"start, end or a figure is out of range: {error}") from error

    return open_run


def opened(plan: RunPlan, *, plugins: bool = True) -> GatewayRun:
    """Build a plan's replay and measure its bars; without `plugins` it is the bare exchange."""
    stream = plan.streams[0]
    total, first_ns, last_ns = _measure(stream)
    replay = build(plan, NoSink(), run_logger(run=plan.loaded.config.name), plugins=plugins)
    return GatewayRun(replay, total, first_ns, last_ns, plan.loaded.config.fills.profile, stream)


def run_mapping(base: Mapping[str, Any], request: StartRequest) -> dict[str, Any]:
    """The run file of a request, as a mapping; ConfigError when the gateway has no such bars."""
    extension = request.extension
    _check_timeframe(request.timeframe)
    _check_bounds(extension)
    section = _section(base, request)
    mapping = {"version": 1, "name": "gateway", "fills": {"profile": "playground"}, **base}
    mapping |= {"data": section, "strategies": [], "broker": {}}
    if extension.get("fills") is not None:
        mapping["fills"] = _fills(mapping["fills"], extension["fills"])
    money = {key: extension[key] for key in ("balance", "fees") if extension.get(key) is not None}
    if money:
        mapping["account"] = {**(mapping.get("account") or {}), **money}
    _check_plugins(base, mapping)
    return mapping


def _check_plugins(base: Mapping[str, Any], mapping: dict[str, Any]) -> None:
    """Whoever calls names no plugin: what is imported here, only the gateway's own run file says."""
    own = [(entry.use, entry.options) for entry in plugin_entries(dict(base))]
    for entry in plugin_entries(mapping):
        if (entry.use, entry.options) not in own:
            raise ConfigError(
                f"barstep: got the plugin {entry.use!r}, expected none: the gateway's own run file names them"
            )


def _check_bounds(extension: Mapping[str, Any]) -> None:
    """A peer's figures stay small enough for money to be countable; the run file's own checks come besides."""
    source, fills = extension.get("source"), extension.get("fills")
    given = {**(fills if isinstance(fills, dict) else {}), "fees": extension.get("fees")}
    made = source if isinstance(source, dict) else {}
    limits = [(key, value, MOST_GIVEN) for key, value in given.items()]
    limits += [("bars", made.get("bars"), MOST_BARS), ("days", made.get("days"), MOST_DAYS)]
    for key, value, most in limits:
        if isinstance(value, int | float) and value > most:
            raise ConfigError(f"barstep: {key} is {value:g}, expected at most {most:,}")


def _check_timeframe(text: str) -> None:
    """A bar is a day long at most; what is no timeframe at all is told by the check of the run."""
    with suppress(ValueError):
        if Timeframe.parse(text).seconds > _DAY.total_seconds():
            raise ConfigError(f"timeframe: got {text}, expected 1D at most")


def _check_days(section: Mapping[str, Any]) -> None:
    """Looking up the trading days of centuries would hold up every other caller."""
    source = section["source"]
    if isinstance(source, dict) and source.get("kind") == "synthetic":
        given = (source.get("start"), section.get("start"), section.get("end"))
        days = [date.fromisoformat(str(day)[:10]) for day in given if day is not None]
        if (max(days) - min(days)).days > MOST_DAYS:
            raise ConfigError(f"synthetic bars from {min(days)} to {max(days)}: expected at most {MOST_DAYS:,} days")


def _check_count(stream: BarStream) -> None:
    """Synthetic bars have no end of their own, and a peer may ask for centuries."""
    made = stream.base if isinstance(stream, ResampledStream) else stream
    count = made.count() if made.source.get("kind") == "synthetic" else None
    if count is not None and count > MOST_BARS:
        raise ConfigError(f"{count:,} synthetic bars: expected at most {MOST_BARS:,}, choose fewer days")


def _fills(base: Any, asked: Any) -> Any:
    """The fill options a request asks for: a profile replaces the gateway's, single options lie over them."""
    if isinstance(asked, str):
        return {"profile": asked}
    return {**(base or {}), **asked} if isinstance(asked, dict) and "profile" not in asked else asked


def _section(base: Mapping[str, Any], request: StartRequest) -> dict[str, Any]:
    """The data section: of several the one of the instrument and timeframe asked for."""
    given = base.get("data") or {}
    sections: list[dict[str, Any]] = given if isinstance(given, list) else [given]
    asked = request.extension.get("source")
    if asked is not None:
        if asked != "sample" and not (isinstance(asked, dict) and asked.get("kind") in ("sample", "synthetic")):
            raise ConfigError(f"barstep.source: got {asked!r}, expected sample or {{kind: synthetic, seed: 7}}")
        sections = [{**section, "source": asked} for section in sections]
    fits = sorted((section for section in sections if _fits(section, request)), key=_seconds, reverse=True)
    if not fits:
        have = ", ".join(f"{_label(section)} {section.get('timeframe', '')}".strip() for section in sections)
        raise ConfigError(f"no bars of {request.instrument} {request.timeframe} here: this gateway has {have}")
    section = {"source": "sample", **fits[0], **_lengths(fits[0], request.timeframe)}
    if _label(section) != request.instrument:
        section["instrument"] = request.instrument
    if fits[0].get("timeframe") not in (None, request.timeframe):
        section.pop("finer", None)  # finer bars of another timeframe do not come along
    wanted = {key: request.extension.get(key) for key in ("contract", "start", "end")}
    section |= _bounds(section, request)
    section |= {key: text for key, text in wanted.items() if text is not None}
    _check_days(section)
    return section


def _fits(section: Mapping[str, Any], request: StartRequest) -> bool:
    """Whether a section may hold the bars asked for: samples and synthetic bars tell themselves what there is."""
    if _tells_itself(section.get("source", "sample")):
        return True
    own = section.get("resample") or section.get("timeframe")
    made = own in (None, request.timeframe) or _makes(own, request.timeframe)
    return made and _label(section) in (None, request.instrument)


def _tells_itself(source: Any) -> bool:
    return source == "sample" or (isinstance(source, dict) and source.get("kind") in ("sample", "synthetic"))


def _lengths(section: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """Timeframe of a section for a request: bars of a file that are shorter are what it is made of."""
    own = section.get("resample")
    if own is None and not _tells_itself(section.get("source", "sample")):
        own = section.get("timeframe")
    also = section.get("also") or []
    readable = [text for text in (also if isinstance(also, list | tuple) else [also]) if _makes(wanted, text)]
    return {"timeframe": wanted, "resample": own if _makes(own, wanted) else None, "also": readable}


def _makes(base: Any, longer: Any) -> bool:
    try:
        return Timeframe.parse(base).makes(Timeframe.parse(longer))
    except (TypeError, ValueError):
        return False


def _seconds(section: Mapping[str, Any]) -> int:
    """Length of the bars a section has, so that the longest are taken that will do; 0 where it does not say."""
    try:
        return Timeframe.parse(section.get("resample") or section.get("timeframe")).seconds  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0


def _label(section: Mapping[str, Any]) -> Any:
    instrument = section.get("instrument")
    return instrument.get("name") or instrument.get("use") if isinstance(instrument, dict) else instrument


def _bounds(section: Mapping[str, Any], request: StartRequest) -> dict[str, date | datetime]:
    """Start and end: UTC dates, both inclusive; without an end the end of the first trading session (gateway API, 9.2)."""
    source = section["source"]
    if isinstance(source, dict) and source.get("kind") == "synthetic":  # made by trading days
        counted = source.get("bars") is not None or source.get("days") is not None
        return {"start": request.start} | ({} if counted else {"end": request.end or request.start})
    start = datetime(request.start.year, request.start.month, request.start.day, tzinfo=UTC)
    if request.end is not None:
        return {"start": start, "end": start + (request.end - request.start) + _DAY}
    try:
        hours = make_instrument(read_instrument(section["instrument"])).session
    except ValueError:  # no instrument's name: the check of the whole run says so
        return {"start": start}
    return {"start": start, "end": SessionTable(hours).first_from(request.start).close}


def _measure(stream: BarStream) -> tuple[int, int, int]:
    """Number of bars, start of the first, end of the last; bars whose source does not know are gone through once."""
    count = stream.count()
    span: Callable[[], tuple[int, int] | None] | None = getattr(stream, "span", None)
    extent = span() if span is not None and count is not None else None
    if count is not None and extent is not None:
        return count, extent[0], extent[1]
    total = first = last = 0
    for bars in stream.chunks():
        first = first or int(bars.start_ns[0])
        total, last = total + len(bars), int(bars.end_ns[-1])
    return total, first, last


def _joined(parts: list[BarColumns]) -> BarColumns:
    def whole(name: str) -> NDArray[np.int64]:
        return np.concatenate([getattr(part, name) for part in parts])

    return BarColumns(
        whole("start_ns"), whole("end_ns"), whole("open"), whole("high"), whole("low"), whole("close"), whole("volume")
    )
