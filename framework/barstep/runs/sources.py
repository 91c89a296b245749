"""From the `data` section to instruments, contracts and bar streams."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast
from zoneinfo import ZoneInfo

from barstep import data
from barstep.config.data_schema import (
    GatewaySource,
    InlineInstrument,
    PackagedInstrument,
    PluginSource,
    SampleSource,
    StoreSource,
    SyntheticSource,
)
from barstep.config.plugin_schema import PluginConfig
from barstep.data.store import Store, series_name
from barstep.domain.bar import Feed, Timeframe
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import Contract, Instrument, micros
from barstep.domain.session import NS, to_datetime
from barstep.engine.remote_replay import RemoteBars
from barstep.hooks.loader import find_workspace
from barstep.runs.extensions import plugin_bars, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from barstep.config.data_schema import DataConfig, FileSource
    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import BarStream
    from barstep.hooks.asking import Asked

SYNTHETIC_START = date(2020, 1, 2)
"""First trading day of synthetic bars when neither the source nor the data section gives one."""


Opener = Callable[["DataConfig", Path, "Asked | None"], "BarStream"]
"""Opens the bars of a data section: the section, the folder of relative paths, the data source it names if it was made."""


class KeyedError(ConfigError):
    """Faults that belong to one key below a data section: `key` is the way to it from there."""

    def __init__(self, key: tuple[str, ...], problems: list[str]) -> None:
        super().__init__(problems)
        self.key = key


@contextmanager
def _about(*key: str) -> Iterator[None]:
    """Faults raised inside the block belong to a key."""
    try:
        yield
    except ConfigError as error:
        raise error if isinstance(error, KeyedError) else KeyedError(key, error.problems) from error


def make_instrument(given: PackagedInstrument | InlineInstrument) -> Instrument:
    """The instrument of a data section: packaged, packaged with changed figures, or inline."""
    if isinstance(given, InlineInstrument):
        return data.inline_instrument(
            given.name,
            given.tick_size,
            given.tick_value,
            session=given.session or "always",
            fees={"own": given.fees} if given.fees is not None else None,
            months=given.months or "HMUZ",
            description=given.description or "",
            exchange=given.exchange or "",
            product_id=given.product_id or "",
            asset_class=given.asset_class or "",
            lot_weight_tenths=given.lot_weight_tenths or 10,
        )
    base = data.instrument(given.use)
    changes: dict[str, object] = {
        name: value
        for name in ("months", "product_id", "description", "exchange", "asset_class", "lot_weight_tenths")
        if (value := getattr(given, name)) is not None
    }
    if given.tick_size is not None:
        changes["tick_size"] = Fraction(given.tick_size)
    if given.tick_value is not None:
        changes["tick_value"] = micros(str(given.tick_value))
    if given.session is not None:
        with _about("instrument", "session"):
            changes["session"] = data.session_hours(given.session)
    if given.fees is not None:
        changes["fees"] = MappingProxyType({**base.fees, "own": micros(str(given.fees))})
    return replace(base, **changes)  # type: ignore[arg-type]


def fee_of(instrument: Instrument, schedule: str | Decimal | PluginConfig) -> int:
    """Micro-dollars per contract and side: the instrument's own figure, else the account's; 0 where a model says it."""
    if isinstance(schedule, PluginConfig):
        return 0  # the model says at each fill
    if "own" in instrument.fees:
        return instrument.fees["own"]
    if not isinstance(schedule, str):
        return micros(str(schedule))
    if schedule not in instrument.fees:
        known = ", ".join(sorted(instrument.fees))
        others = f"it has {known}, or give USD per side, or a fee model as {{use: {schedule}}}"
        raise ConfigError(f"{instrument.name} has no fee schedule {schedule!r}; {others}")
    return instrument.fees[schedule]


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
    with _about("instrument"):
        item = make_instrument(config.instrument)
    timeframe = Timeframe.parse(config.timeframe)
    if isinstance(config.source, GatewaySource):
        return _remote_bars(config, item, timeframe)
    base_length = Timeframe.parse(config.resample) if config.resample else None
    if isinstance(config.source, SyntheticSource):
        with _about("source"):
            stream: BarStream = _synthetic(config.source, config, item, base_length or timeframe)
    elif isinstance(config.source, StoreSource):
        stream = _stored(config.source, config, item, base_length or timeframe, base)
    elif isinstance(config.source, PluginSource):
        contract = _contract(config, item, _start_day(config))
        with _about("source"):
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
    with _about("contract"):
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


class Extent(NamedTuple):
    """Where bars begin and end: the first one's start and the last one's end, and their trading days."""

    start: datetime
    end: datetime
    first_day: date
    last_day: date


def extent(stream: BarStream) -> Extent:
    """Where a stream's bars begin and end; generated bars are gone through for it, files are not read whole.

    Raises:
        DataError: When there is no bar.
    """
    span: Callable[[], tuple[int, int] | None] | None = getattr(stream, "span", None)
    if span is not None:
        low, high = span() or (0, 0)
    else:
        ends = [(int(bars.start_ns[0]), int(bars.end_ns[-1])) for bars in stream.chunks()] or [(0, 0)]
        low, high = ends[0][0], ends[-1][1]
    if low == high:
        raise DataError(f"{stream.feed.contract.name}: no bars between start and end; choose other dates")
    zone, sessions = stream.feed.zone, sessions_of(stream)
    days = sessions.between(low, high - 1)
    return Extent(to_datetime(low, zone), to_datetime(high, zone), days[0].date, days[-1].date)


def past_expiry(stream: BarStream, last_ns: int) -> str:
    """A warning when bars run on after their contract's end, or an empty text.

    An equity index contract ends on its third Friday, any other at the latest with its month.
    """
    contract, last = stream.feed.contract, to_datetime(last_ns, stream.feed.zone).date()
    end = data.last_day(contract)
    if end is None or last <= end:
        return ""
    return (
        f"bars run to {last}, but {contract.name} ends by {end}: where the file joins several contracts, the jumps "
        "between them count as profit or loss"
    )


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
    with _about("contract"):
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
