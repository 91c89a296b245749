"""Model of the `data` section: the contract to trade and its bars."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from barstep.config.fields import Length, Moment, Positive, Reads, Section, one_or_more
from barstep.config.instrument_schema import InstrumentKey
from barstep.config.reading import RefusedError
from barstep.config.source_schema import AnySource, FileSource, GatewaySource, SampleSource, SourceKey
from barstep.domain.bar import Timeframe


class FinerConfig(Section):
    """Finer bars of the same contract, which decide what happened inside a bar (R21)."""

    timeframe: Length = Field(description="length of a finer bar; it divides the bars, such as 1s")
    source: SourceKey = Field(description="sample, a file or pattern, or a mapping with `path`")

    @field_validator("source")
    @classmethod
    def _bars_that_are_there(cls, source: AnySource) -> AnySource:
        if not isinstance(source, FileSource | SampleSource):
            raise RefusedError("sample, or a file or pattern with the same bars in finer form", got=source.kind)
        return source


class DataConfig(Section):
    """The bars of one contract."""

    instrument: InstrumentKey = Field(
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
    source: SourceKey = Field(
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
