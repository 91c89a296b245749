"""Models of the `data` section: the contract to trade and where its bars come from."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from barstep.config.fields import Count, Fee, Length, Moment, Positive, Reads, Section, Size, Text, Usd, one_or_more
from barstep.config.plugin_schema import PluginConfig
from barstep.config.positions import near
from barstep.config.reading import RefusedError
from barstep.domain.bar import Timeframe


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise RefusedError("an IANA time zone such as America/Chicago", near(name, available_timezones())) from None
    return name


class InstrumentFigures(Section):
    """What an instrument may state about itself."""

    tick_size: Size | None = Field(default=None, description="smallest price step, in points, exact")
    tick_value: Usd | None = Field(default=None, description="USD that one tick of one contract is worth")
    fees: Fee | None = Field(default=None, description="USD per contract and side")
    session: Text | None = Field(default=None, description="name of the trading hours, such as globex_23h")
    months: Annotated[
        str | None,
        Reads(str, pattern="[FGHJKMNQUVXZ]+", expected="month letters such as HMUZ", suggest=str.upper),
    ] = Field(default=None, description="letters of the months that have a contract, such as HMUZ")
    product_id: Text | None = Field(
        default=None, description="the product in the gateway's contract names, such as EP for ES"
    )
    description: Text | None = Field(default=None, description="what the product is, in words")
    exchange: Text | None = Field(default=None, description="the exchange, such as CME")
    asset_class: Text | None = Field(default=None, description="the group of products, such as equity index")
    lot_weight_tenths: Positive | None = Field(
        default=None, description="size counted against position limits, in tenths of a full contract"
    )


class PackagedInstrument(InstrumentFigures):
    """A product that barstep knows, with figures changed where given."""

    use: Text = Field(description="name of a packaged instrument, such as ES")

    @property
    def label(self) -> str:
        """The instrument's name."""
        return self.use


class InlineInstrument(InstrumentFigures):
    """A product that the file itself defines."""

    name: Text = Field(description="the product's name, such as ES")
    tick_size: Size = Field(description="smallest price step, in points, exact")
    tick_value: Usd = Field(description="USD that one tick of one contract is worth")

    @property
    def label(self) -> str:
        """The instrument's name."""
        return self.name


class SampleSource(Section):
    """The sample bars that come with barstep."""

    kind: Annotated[Literal["sample"], Reads(Literal["sample"])] = Field(default="sample", description="always sample")


class SyntheticSource(Section):
    """Generated bars: the same seed gives the same bars."""

    kind: Annotated[Literal["synthetic"], Reads(Literal["synthetic"])] = Field(description="always synthetic")
    seed: Count = Field(default=0, description="seed of the generator")
    bars: Positive | None = Field(default=None, description="number of bars")
    days: Positive | None = Field(default=None, description="number of trading days")
    start: Annotated[date, Reads(date)] | None = Field(default=None, description="first trading day")


class StoreSource(Section):
    """Bars that were imported into the store, or fetched."""

    kind: Annotated[Literal["store"], Reads(Literal["store"])] = Field(default="store", description="always store")
    path: Text | None = Field(
        default=None, description="the store's folder, relative to the configuration; by default the workspace's store/"
    )


class GatewaySource(Section):
    """Bars that a gateway replays; for `broker: {kind: http}`."""

    kind: Annotated[Literal["gateway"], Reads(Literal["gateway"])] = Field(
        default="gateway", description="always gateway"
    )


class PluginSource(PluginConfig):
    """Bars that a plugin brings."""

    kind: Annotated[Literal["plugin"], Reads(Literal["plugin"])] = Field(default="plugin", description="always plugin")
    use: Text = Field(description="a data source's name, file.py, file.py:Class or an entry point")


class Columns(Section):
    """The file's own column names."""

    t: Text | None = Field(default=None, description="column of the time")
    o: Text | None = Field(default=None, description="column of the open")
    h: Text | None = Field(default=None, description="column of the high")
    l: Text | None = Field(default=None, description="column of the low")  # noqa: E741  the name that bar files use
    c: Text | None = Field(default=None, description="column of the close")
    v: Text | None = Field(default=None, description="column of the volume, in contracts")


class FileSource(Section):
    """Bars from files."""

    kind: Annotated[Literal["file"], Reads(Literal["file"])] = Field(default="file", description="always file")
    path: Text = Field(description="a file or a pattern such as bars/*.csv, relative to the configuration")
    columns: Columns | None = Field(default=None, description="column names, where they are not t, o, h, l, c, v")
    zone: Annotated[Text, AfterValidator(_zone)] | None = Field(
        default=None, description="IANA zone of times without one, such as America/Chicago"
    )
    stamp: Annotated[Literal["open", "close"], Reads(Literal["open", "close"])] | None = Field(
        default=None, description="whether a bar's time is its open or its close"
    )
    format: Text | None = Field(default=None, description="format of the times, such as %Y%m%d %H%M%S")


def _kind_of_instrument(raw: Any) -> str:
    if isinstance(raw, Section):
        return f"<{type(raw).__name__}>"
    return "<InlineInstrument>" if "name" in raw and "use" not in raw else "<PackagedInstrument>"


def _instrument(raw: Any) -> Any:
    if isinstance(raw, str):
        return {"use": raw}
    if not isinstance(raw, dict):
        raise RefusedError("a name such as ES, or a mapping with `use` or `name`")
    return raw


_KINDS = {
    "sample": "<SampleSource>",
    "synthetic": "<SyntheticSource>",
    "file": "<FileSource>",
    "store": "<StoreSource>",
    "gateway": "<GatewaySource>",
    "plugin": "<PluginSource>",
}


def _source(raw: Any) -> Any:
    if isinstance(raw, str):
        return {"kind": raw} if raw in ("sample", "store", "gateway") else {"kind": "file", "path": raw}
    if not isinstance(raw, dict):
        raise RefusedError("sample, store, gateway, a path or a mapping with `kind`, `path` or `use`")
    if "kind" in raw and (not isinstance(raw["kind"], str) or raw["kind"] not in _KINDS):
        raise RefusedError(f"one of {', '.join(_KINDS)}", near(str(raw["kind"]), _KINDS), at=("kind",))
    return raw


def _kind_of_source(raw: Any) -> str:
    if isinstance(raw, Section):
        return f"<{type(raw).__name__}>"
    return _KINDS[raw.get("kind", "plugin" if "use" in raw else "file")]


_Instrument = Annotated[
    Annotated[PackagedInstrument, Tag("<PackagedInstrument>")] | Annotated[InlineInstrument, Tag("<InlineInstrument>")],
    Discriminator(_kind_of_instrument),
]
_AnySource = FileSource | SyntheticSource | SampleSource | StoreSource | GatewaySource | PluginSource
_Source = Annotated[
    Annotated[FileSource, Tag("<FileSource>")]
    | Annotated[SyntheticSource, Tag("<SyntheticSource>")]
    | Annotated[SampleSource, Tag("<SampleSource>")]
    | Annotated[StoreSource, Tag("<StoreSource>")]
    | Annotated[GatewaySource, Tag("<GatewaySource>")]
    | Annotated[PluginSource, Tag("<PluginSource>")],
    Discriminator(_kind_of_source),
]


class FinerConfig(Section):
    """Finer bars of the same contract, which decide what happened inside a bar (R21)."""

    timeframe: Length = Field(description="length of a finer bar; it divides the bars, such as 1s")
    source: Annotated[_Source, BeforeValidator(_source, json_schema_input_type=Text | _Source)] = Field(
        description="sample, a file or pattern, or a mapping with `path`"
    )

    @field_validator("source")
    @classmethod
    def _bars_that_are_there(cls, source: _AnySource) -> _AnySource:
        if not isinstance(source, FileSource | SampleSource):
            raise RefusedError("sample, or a file or pattern with the same bars in finer form", got=source.kind)
        return source


Instrument = PackagedInstrument | InlineInstrument
"""What the key `instrument` may hold."""


class _InstrumentKey(Section):
    instrument: Annotated[_Instrument, BeforeValidator(_instrument)]


def read_instrument(raw: Any) -> Instrument:
    """The instrument of a data section alone, for sections with faults elsewhere; pydantic's error when it has its own."""
    return _InstrumentKey.model_validate({"instrument": raw}).instrument


class DataConfig(Section):
    """The bars of one contract."""

    instrument: Annotated[_Instrument, BeforeValidator(_instrument, json_schema_input_type=Text | _Instrument)] = Field(
        description="a packaged instrument's name such as ES, the same with changed figures, or a definition"
    )
    contract: Annotated[
        str | None,
        Reads(str, pattern="[A-Z0-9]+[FGHJKMNQUVXZ][0-9]{1,2}", expected="a contract such as ESZ5", suggest=str.upper),
    ] = Field(default=None, description="one expiry such as ESZ5, where it matters")
    timeframe: Length = Field(description="length of a bar: a number and s, m, h or D, such as 1m")
    resample: Length | None = Field(
        default=None, description="length of the source's bars, where bars of timeframe are to be made of them"
    )
    also: Annotated[tuple[Length, ...], BeforeValidator(one_or_more, json_schema_input_type=Length | list[Length])] = (
        Field(default=(), description="longer timeframes that plugins may read besides, such as [15m, 1h]")
    )
    source: Annotated[_Source, BeforeValidator(_source, json_schema_input_type=Text | _Source)] = Field(
        description="sample, a file or pattern, store, gateway, or a mapping with `kind`, `path` or `use`"
    )
    start: Moment | None = Field(
        default=None, description="first trading day, or a moment with its zone from which bars count"
    )
    end: Moment | None = Field(default=None, description="last trading day, inclusive, or a moment with its zone")
    volume: Annotated[Literal["known", "unknown"], Reads(Literal["known", "unknown"])] | None = Field(
        default=None,
        description="whether volume 0 means that nothing was traded (R5); by default known unless it is 0 throughout",
    )
    history: Positive = Field(default=1000, description="bars that ctx.bars can look back on")
    finer: FinerConfig | None = Field(default=None, description="finer bars that decide inside a bar (R21)")

    @model_validator(mode="after")
    def _gateway_needs_start(self) -> "DataConfig":
        if isinstance(self.source, GatewaySource) and self.start is None:
            raise RefusedError("the first day to replay, since source is gateway", got="nothing", at=("start",))
        if isinstance(self.source, GatewaySource) and self.resample is not None:
            raise RefusedError("nothing, since the gateway makes the bars", got=self.resample, at=("resample",))
        return self

    @field_validator("finer")
    @classmethod
    def _divides(cls, finer: FinerConfig | None, info: ValidationInfo) -> FinerConfig | None:
        timeframe = info.data.get("timeframe")
        if finer is not None and timeframe is not None and not divides(finer.timeframe, timeframe):
            raise RefusedError(
                f"a timeframe that divides {timeframe}, such as 1s", got=finer.timeframe, at=("timeframe",)
            )
        return finer

    @field_validator("resample")
    @classmethod
    def _shorter(cls, resample: str | None, info: ValidationInfo) -> str | None:
        timeframe = info.data.get("timeframe")
        if resample is not None and timeframe is not None and not _made_of(timeframe, resample):
            raise RefusedError(f"a timeframe that bars of {timeframe} can be made of: shorter, and fitting into it")
        return resample

    @field_validator("also")
    @classmethod
    def _longer(cls, also: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        base = info.data.get("timeframe")
        faults = []
        for place, text in enumerate(also):
            if base is not None and not _made_of(text, base):
                wanted = f"a multiple of {base}, longer than it and 1D at most"
                faults.append(RefusedError(wanted, got=text, at=(place,)))
            elif text in also[:place]:
                faults.append(RefusedError("each timeframe once", got=f"{text} a second time", at=(place,)))
        if faults:
            raise RefusedError("longer timeframes", several=tuple(faults))
        return also

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: date | datetime | None, info: ValidationInfo) -> date | datetime | None:
        start = info.data.get("start")
        if start is None or end is None:
            return end
        if isinstance(start, datetime) and isinstance(end, datetime):
            if end <= start:
                raise RefusedError(f"a moment after the start {start.isoformat()}")
        elif _day(end) < _day(start):
            raise RefusedError(f"a day not before the start {_day(start)}")
        return end

    @property
    def label(self) -> str:
        """The contract if one is named, else the instrument."""
        return self.contract or self.instrument.label


def divides(finer: str, timeframe: str) -> bool:
    """Whether bars of one timeframe make up whole bars of another."""
    short, long = Timeframe.parse(finer).seconds, Timeframe.parse(timeframe).seconds
    return short < long and long % short == 0


def _made_of(longer: str, base: str) -> bool:
    return Timeframe.parse(base).makes(Timeframe.parse(longer))


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
