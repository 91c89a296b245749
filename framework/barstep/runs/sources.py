"""From the `data` section to contracts and bar streams."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from barstep import data
from barstep.config.source_schema import GatewaySource, PluginSource, SampleSource, StoreSource, SyntheticSource
from barstep.data.store import Store, series_name
from barstep.domain.bar import Feed, Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import Contract, Instrument
from barstep.domain.session import NS, to_datetime
from barstep.engine.remote_replay import RemoteBars
from barstep.hooks.loader import find_workspace
from barstep.runs.extensions import plugin_bars, source_of
from barstep.runs.instruments import make_instrument
from barstep.runs.keyed import KeyedError, about

if TYPE_CHECKING:
    from barstep.config.data_schema import DataConfig
    from barstep.config.source_schema import FileSource
    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import BarStream
    from barstep.hooks.asking import Asked

SYNTHETIC_START = date(2020, 1, 2)
"""First trading day of synthetic bars when neither the source nor the data section gives one."""


Opener = Callable[["DataConfig", Path, "Asked | None"], "BarStream"]
"""Opens the bars of a data section: the section, the folder of relative paths, the data source it names if it was made."""


def make_stream(config: DataConfig, base: Path, source: Asked | None = None) -> BarStream:
    """The bars of a data section.

    Args:
        config: The section.
        base: The folder that relative paths start from.
        source: The data source that the section names, where it names one and the caller has made it.

    Raises:
        DataError: When the bars cannot be read; EmptyRangeError when start and end leave none.
        ConfigError: When the figures do not fit together.
    """
    with about("instrument"):
        item = make_instrument(config.instrument)
    timeframe = Timeframe.parse(config.timeframe)
    if isinstance(config.source, GatewaySource):
        return _remote_bars(config, item, timeframe)
    base_length = Timeframe.parse(config.resample) if config.resample else None
    if isinstance(config.source, SyntheticSource):
        with about("source"):
            stream: BarStream = _synthetic(config.source, config, item, base_length or timeframe)
    elif isinstance(config.source, StoreSource):
        stream = _stored(config.source, config, item, base_length or timeframe, base)
    elif isinstance(config.source, PluginSource):
        contract = _contract(config, item, _start_day(config))
        with about("source"):
            stream = plugin_bars(config, contract, base_length or timeframe, source or source_of(config, base))
    else:
        stream = _file_bars(config, item, base_length, timeframe, base)
    if stream.feed.timeframe.seconds == timeframe.seconds:
        return stream
    return data.ResampledStream(stream, timeframe, note=config.resample is None)


def _file_bars(
    config: DataConfig, item: Instrument, length: Timeframe | None, wanted: Timeframe, base: Path
) -> data.FileStream:
    """The bars of a file or a sample: of a given length, else of the wanted one, else of one it can be made of."""
    source = config.source
    if isinstance(source, SampleSource):
        try:
            length = length or data.sample_length(item.name, wanted)
            path, layout = data.sample_path(item.name, length.text), data.Layout()
        except DataError as error:
            raise KeyedError(("timeframe",), [str(error)]) from error
    else:
        given = cast("FileSource", source)
        path = Path(given.path) if Path(given.path).is_absolute() else base / given.path
        columns = {k: v for k, v in (given.columns.model_dump() if given.columns else {}).items() if v is not None}
        layout = data.Layout(columns=columns, zone=given.zone, stamp=given.stamp, time_format=given.format)
        length = length or data.bar_length(path, layout, wanted)
    start, end = config.start, config.end
    near = start if start is not None else _first_day(path, layout, item, length)
    contract = _contract(config, item, near)
    return data.FileStream(path, contract, length, layout=layout, volume=config.volume, start=start, end=end)


def _stored(source: StoreSource, config: DataConfig, item: Instrument, timeframe: Timeframe, base: Path) -> BarStream:
    """Bars of the store: of the named contract, else the joined series, else the only one there is.

    Where it has none of the wanted length they are those that it can best be made of.
    """
    store = Store(base / source.path if source.path else find_workspace(base) / "store")
    have = {held.timeframe: Timeframe.parse(held.timeframe) for held in store.series(item.name)}
    if config.resample is None and timeframe.text not in have:
        fitting = [length for length in have.values() if length.makes(timeframe)]
        timeframe = max(fitting, key=lambda length: length.seconds, default=timeframe)
    with about("contract"):
        named = _stored_contract(store, config, item, timeframe)
        manifest = store.choose(item, timeframe.text, named)
    first = to_datetime(manifest.first, ZoneInfo(item.session.zone)).date()
    wanted = named
    if wanted is None and manifest.series != item.name:
        wanted = data.parse_contract(item, manifest.series, first)
    contract = wanted or data.front_contract(item, _day(config.start) or first)
    volume = config.volume or ("unknown" if manifest.volume == "unknown" else None)
    path = store.bars(manifest)
    try:
        stream = data.FileStream(path, contract, timeframe, volume=volume, start=config.start, end=config.end)
    except DataError:
        store.verify(manifest)
        raise
    stream.source |= {"kind": "store", "series": f"{manifest.series}_{manifest.timeframe}", "imports": manifest.imports}
    if stream.source["sha256"] != manifest.sha256:
        store.verify(manifest)
    if manifest.warnings:
        told = ", ".join(text.partition(":")[0] for text in manifest.warnings)
        stream.warnings.append(f"the import found {told}; barstep data check store tells more")
    return stream


def _stored_contract(store: Store, config: DataConfig, item: Instrument, timeframe: Timeframe) -> Contract | None:
    """The contract a data section names; where no start settles the decade, what the store holds does."""
    if config.contract is None:
        return None
    if config.start is None:
        for held in store.series(item.name):
            found = data.parse_contract(
                item, config.contract, to_datetime(held.first, ZoneInfo(item.session.zone)).date()
            )
            if held.timeframe == timeframe.text and held.series == series_name(found):
                return found
    return _contract(config, item, config.start or datetime.now(UTC).date())


def sessions_of(stream: BarStream) -> SessionTable:
    """The trading days of a stream's contract."""
    return cast("SessionTable", stream.sessions)  # type: ignore[attr-defined]


def also_of(config: DataConfig) -> list[Timeframe]:
    """The longer timeframes that plugins may read besides a data section's own."""
    return [Timeframe.parse(text) for text in config.also]


def _remote_bars(config: DataConfig, item: Instrument, timeframe: Timeframe) -> RemoteBars:
    """What a gateway is to replay: from `start` to `end`, by default the trading day it starts in (gateway API, 9.2)."""
    start = cast("date", config.start)
    feed = Feed(_contract(config, item, start), timeframe, ZoneInfo(item.session.zone))
    sessions = data.SessionTable(item.session)
    day = sessions.first_from(cast("date", _day(start)))
    low = _moment_ns(start) or day.open_ns
    if config.end is None:
        high = day.close_ns
    else:
        high = _moment_ns(config.end) or cast("int", sessions.bounds(None, _day(config.end))[1])
    return RemoteBars(feed, sessions, (low, high))


def _moment_ns(bound: date | datetime) -> int | None:
    return round(bound.timestamp()) * NS if isinstance(bound, datetime) else None


def _synthetic(source: SyntheticSource, config: DataConfig, item: Instrument, timeframe: Timeframe) -> BarStream:
    first = source.start or _day(config.start) or SYNTHETIC_START
    bars, end = source.bars, _day(config.end)
    if sum(limit is not None for limit in (bars, source.days, end)) > 1:
        raise ConfigError("source.bars, source.days and end each say where the bars stop: give one of them")
    if source.days is not None:
        end = _trading_day(data.SessionTable(item.session), first, source.days)
    if bars is None and end is None:
        bars = 10_000
    contract = _contract(config, item, first)
    limit = None if bars is not None else end
    return data.SyntheticStream(contract, timeframe, seed=source.seed, start=first, bars=bars, end=limit)


def _trading_day(sessions: SessionTable, first: date, number: int) -> date:
    """The date of the trading day with a number, counted from 1 at the first one."""
    day = sessions.first_from(first).date
    for _ in range(number - 1):
        day = sessions.first_from(day + timedelta(days=1)).date
    return day


def _contract(config: DataConfig, item: Instrument, near: date | datetime) -> Contract:
    day = near.date() if isinstance(near, datetime) else near
    with about("contract"):
        return data.parse_contract(item, config.contract, day) if config.contract else data.front_contract(item, day)


def _first_day(path: Path, layout: data.Layout, item: Instrument, timeframe: Timeframe) -> date:
    probe = data.FileStream(path, data.front_contract(item, date(2000, 1, 1)), timeframe, layout=layout)
    span = probe.span()
    return to_datetime(span[0], probe.feed.zone).date() if span else datetime.now(UTC).date()


def _start_day(config: DataConfig) -> date:
    """The day by which a source's contract is told: it is asked for the bars of a contract."""
    day = _day(config.start)
    if day is None and config.contract is None:
        told = "got no start and no contract, expected one of the two beside it: a data source is asked for a contract"
        raise KeyedError(("source",), [told])
    return day or datetime.now(UTC).date()


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
