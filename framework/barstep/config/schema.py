"""Models of a run file: what may be written, in which units, and with which defaults."""

from dataclasses import asdict, fields
from decimal import Decimal
from re import fullmatch, sub
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from barstep.config.data_schema import DataConfig, FinerConfig, GatewaySource, SampleSource, divides
from barstep.config.fields import Balance, Count, Reads, Section, Text
from barstep.config.reading import RefusedError, read
from barstep.domain import fill_options
from barstep.domain.fill_options import PROFILES, FillOptions
from barstep.domain.option import Option

_NAME = "[a-z0-9][a-z0-9_.-]*"
_Profile = Literal["strict", "playground", "backtrader"]
_ONE_EACH = "one strategy on a contract"
_BrokerKind = Literal["embedded", "helpers", "http"]
_Lane = Literal["event", "array"]


def _fees(raw: Any) -> Decimal | str:
    fees: Decimal | str = read(Decimal | str, raw, Option(ge=0))
    if isinstance(fees, str) and not fullmatch("[A-Za-z][A-Za-z0-9_-]*", fees):
        raise RefusedError("a schedule such as topstepx or none, or USD per contract and side >= 0")
    return fees


def _participation(raw: Any) -> float | None:
    if raw is None or raw == "off":
        return None
    try:
        share: float = read(float, raw, Option(ge=0, le=1))
    except RefusedError as refused:
        raise RefusedError("off, or a number from 0 to 1", refused.hint) from None
    return share


def slug(text: str) -> str:
    """Text as the name of a run: `My Run` is `my-run`."""
    return sub("[^a-z0-9_.-]+", "-", text.lower()).strip("-_.")


def _one_or_more(raw: Any) -> Any:
    return raw if isinstance(raw, list) else [raw]


def _names(raw: Any) -> Any:
    return [raw] if isinstance(raw, str) else raw


def _none(raw: Any) -> Any:
    return [] if raw is None else raw


class AccountConfig(Section):
    """The simulated account."""

    balance: Balance = Field(default=Decimal(50000), description="USD at the start, above 0, at most a billion")
    fees: Annotated[
        Decimal | str, BeforeValidator(_fees, json_schema_input_type=Annotated[float, Field(ge=0)] | str)
    ] = Field(default="topstepx", description="a fee schedule such as topstepx or none, or USD per contract and side")


class FillsConfig(Section):
    """How orders fill; an option not given has the profile's value (the defaults here are those of strict)."""

    profile: Annotated[_Profile, Reads(_Profile)] = Field(default="strict", description="the set of defaults")
    market_fill: Annotated[fill_options.MarketFill, Reads(fill_options.MarketFill)] = Field(
        default="next_open", description="where a market order fills (R6)"
    )
    market_slip_ticks: Count = Field(default=1, description="ticks that a market order pays (R6)")
    stop_slip_ticks: Count = Field(default=1, description="ticks that a stop pays (R8)")
    forced_slip_ticks: Count = Field(default=2, description="ticks that a forced close pays (R18, R19)")
    limit_through_ticks: Count = Field(default=1, description="ticks that the price must trade through a limit (R7)")
    gap_price: Annotated[fill_options.GapPrice, Reads(fill_options.GapPrice)] = Field(
        default="limit", description="what a resting limit gets when the bar opens beyond it (R7)"
    )
    wrong_side_stop: Annotated[fill_options.WrongSideStop, Reads(fill_options.WrongSideStop)] = Field(
        default="refuse", description="what happens to a stop that the last close has already reached (R8)"
    )
    off_grid: Annotated[fill_options.OffGrid, Reads(fill_options.OffGrid)] = Field(
        default="refuse", description="what happens to a price between two ticks (R24)"
    )
    intrabar: Annotated[fill_options.Intrabar, Reads(fill_options.Intrabar)] = Field(
        default="pessimistic", description="the path inside a bar (R17)"
    )
    children: Annotated[fill_options.Children, Reads(fill_options.Children)] = Field(
        default="path", description="when bracket children become active (R12)"
    )
    trail_update: Annotated[fill_options.TrailUpdate, Reads(fill_options.TrailUpdate)] = Field(
        default="path", description="when a trailing stop moves (R10)"
    )
    clamp_slippage: Annotated[bool, Reads(bool)] = Field(
        default=False, description="keep a stop's price inside the bar (R8)"
    )
    latency_bars: Count = Field(default=0, description="bars between acceptance and eligibility (R4)")
    participation: Annotated[
        float | None,
        BeforeValidator(_participation, json_schema_input_type=Annotated[float, Field(ge=0, le=1)] | str),
    ] = Field(
        default=None, description="share of a bar's volume that all orders together may take, 0 to 1, or off (R22)"
    )
    at_end: Annotated[fill_options.AtEnd, Reads(fill_options.AtEnd)] = Field(
        default="close", description="what happens to positions at the end of the data (R25)"
    )
    resolution: (
        Annotated[str, Reads(str, pattern="none|[1-9][0-9]*[smhD]", expected="none, or a finer timeframe such as 1s")]
        | None
    ) = Field(
        default=None,
        description="timeframe of the finer bars that decide inside a bar (R21), or none; by default that of data.finer",
    )

    @model_validator(mode="before")
    @classmethod
    def _profile_first(cls, raw: Any) -> Any:
        profile = raw.get("profile", "strict") if isinstance(raw, dict) else None
        return {**asdict(PROFILES[profile]), **raw} if isinstance(profile, str) and profile in PROFILES else raw

    def options(self) -> FillOptions:
        """The options as the simulated exchange takes them."""
        return FillOptions(**{field.name: getattr(self, field.name) for field in fields(FillOptions)})


class BrokerConfig(Section):
    """Who executes orders: the embedded exchange, the same behind the helper functions, or a gateway over HTTP."""

    kind: Annotated[_BrokerKind, Reads(_BrokerKind)] = Field(
        default="embedded", description="embedded, helpers or http"
    )
    url: Text | None = Field(default=None, description="address of the gateway, for http")
    token: Annotated[SecretStr, BeforeValidator(lambda raw: read(str, raw))] | None = Field(
        default=None, description="the gateway's token: a secret, best written as ${BARSTEP_TOKEN}"
    )

    @model_validator(mode="after")
    def _address(self) -> "BrokerConfig":
        if self.kind == "http" and not fullmatch("https?://[^/]+.*", self.url or ""):
            wanted = "the gateway's address such as http://127.0.0.1:8087/api/topstep-sim"
            raise RefusedError(wanted, got="" if self.url else "nothing", at=("url",))
        return self


class PluginConfig(Section):
    """One plugin and its options, which the plugin itself declares."""

    use: Text = Field(description="a plugin's name, file.py, file.py:Class or an entry point")
    options: Annotated[dict[str, Any], BeforeValidator(lambda raw: {} if raw is None else raw)] = Field(
        default_factory=dict, description="values by option name"
    )


class StrategyConfig(PluginConfig):
    """A strategy, on one contract or on several."""

    use: Text = Field(description="a plugin's name, file.py, file.py:Class, an entry point, or a playground script")
    contract: Annotated[
        tuple[Text, ...] | None,
        BeforeValidator(_names, json_schema_input_type=Annotated[str, Field(min_length=1)] | list[str]),
    ] = Field(
        default=None,
        description="contract or instrument to trade, needed where data has several; a list for a strategy on them all",
    )


_Plugins = Annotated[tuple[PluginConfig, ...], BeforeValidator(_none)]


class RunConfig(Section):
    """One run: a replay of bars with strategies, risk rules and observers."""

    version: Annotated[Literal[1], Reads(Literal[1])] = Field(description="1, the version of this form")
    name: Annotated[
        str, Reads(str, pattern=_NAME, expected="a name of a-z, 0-9, - and _ such as sma-crossover-es", suggest=slug)
    ] = Field(default="run", description="name of the run's folder; the file's name by default")
    data: Annotated[
        tuple[DataConfig, ...],
        BeforeValidator(_one_or_more, json_schema_input_type=DataConfig | list[DataConfig]),
    ] = Field(description="a mapping with the contract to trade and its bars, or a list of them")
    account: AccountConfig = Field(default_factory=AccountConfig, description="the simulated account")
    fills: FillsConfig = Field(default_factory=FillsConfig, description="how orders fill")
    broker: BrokerConfig = Field(default_factory=BrokerConfig, description="who executes orders")
    strategies: Annotated[tuple[StrategyConfig, ...], BeforeValidator(_none)] = Field(
        description="a list of strategies such as `- use: sma_crossover`"
    )
    risk: _Plugins = Field(default=(), description="a list of risk rules, in the order in which they run")
    observers: _Plugins = Field(default=(), description="a list of observers, in the order in which they run")
    seed: Count = Field(default=0, description="seed of everything random in plugins")
    lane: Annotated[_Lane, Reads(_Lane)] = Field(
        default="event", description="event: bar by bar; array: compiled, where every plugin has an array form"
    )

    @field_validator("data")
    @classmethod
    def _each_once(cls, streams: tuple[DataConfig, ...]) -> tuple[DataConfig, ...]:
        if not streams:
            raise RefusedError("at least one mapping with instrument, timeframe and source")
        labels = [stream.label for stream in streams]
        for index, label in enumerate(labels):
            if label in labels[:index]:
                raise RefusedError("each contract once", got=f"{label} a second time", at=(index,))
        return streams

    @field_validator("fills")
    @classmethod
    def _has_finer_bars(cls, fills: FillsConfig, info: ValidationInfo) -> FillsConfig:
        wanted = fills.resolution
        if wanted in (None, "none"):
            return fills
        for stream in info.data.get("data") or ():
            if not divides(wanted, stream.timeframe):
                raise RefusedError(f"a timeframe that divides {stream.timeframe}, such as 1s", at=("resolution",))
            have = stream.finer.timeframe if stream.finer is not None else ""
            if have != wanted and not (stream.finer is None and isinstance(stream.source, SampleSource)):
                there = f"data.finer of {stream.label} has {have}" if have else f"{stream.label} has no data.finer"
                raise RefusedError(f"the timeframe of data.finer: {there}", at=("resolution",))
        return fills

    @field_validator("broker")
    @classmethod
    def _fits_data(cls, broker: BrokerConfig, info: ValidationInfo) -> BrokerConfig:
        streams = info.data.get("data") or ()
        if broker.kind != "http" and any(isinstance(stream.source, GatewaySource) for stream in streams):
            raise RefusedError("http, since data.source is gateway", at=("kind",))
        if broker.kind != "embedded" and len(streams) > 1:
            raise RefusedError("embedded for several contracts: a gateway replays one at a time", at=("kind",))
        if broker.kind == "http" and any(stream.resample for stream in streams):
            raise RefusedError("embedded or helpers with data.resample: a gateway makes its own bars", at=("kind",))
        return broker

    @field_validator("strategies")
    @classmethod
    def _one_contract_each(
        cls, strategies: tuple[StrategyConfig, ...], info: ValidationInfo
    ) -> tuple[StrategyConfig, ...]:
        streams = info.data.get("data")
        if streams is None:
            return strategies
        faults, taken = [], set[str]()
        for index, strategy in enumerate(strategies):
            wanted = [_stream(streams, contract) for contract in strategy.contract or (None,)]
            places = [streams.index(found) for found in wanted if found is not None]
            if places != sorted(places):
                faults.append(RefusedError("contracts in the order in which data has them", at=(index, "contract")))
            for found in wanted:
                if found is None:
                    names = ", ".join(stream.label for stream in streams)
                    faults.append(RefusedError(f"one of {names}", at=(index, "contract")))
                elif found.label in taken:
                    faults.append(RefusedError(_ONE_EACH, got=f"a second strategy on {found.label}", at=(index,)))
                else:
                    taken.add(found.label)
        if faults:
            raise RefusedError(_ONE_EACH, several=tuple(faults))
        return strategies

    def data_of(self, strategy: StrategyConfig) -> tuple[DataConfig, ...]:
        """The bars that a strategy of this run trades, those of its own contract first."""
        found = tuple(_stream(self.data, contract) for contract in strategy.contract or (None,))
        if None in found:
            raise ValueError(f"{strategy.use} is no strategy of this run")
        return cast("tuple[DataConfig, ...]", found)


def finer_bars(data: DataConfig, resolution: str | None) -> FinerConfig | None:
    """The finer bars that decide inside the bars of a data section (R21), None when there are none or none are wanted."""
    if resolution == "none":
        return None
    own = data.finer is None and isinstance(data.source, SampleSource)
    if own and resolution is not None and divides(resolution, data.timeframe):
        return FinerConfig.model_validate({"timeframe": resolution, "source": "sample"})
    return data.finer


def _stream(streams: tuple[DataConfig, ...], contract: str | None) -> DataConfig | None:
    """The only stream that goes by a contract's or an instrument's name; without a name the only stream there is."""
    named = [stream for stream in streams if contract in (None, stream.label)]
    named = named or [stream for stream in streams if stream.instrument.label == contract]
    return named[0] if len(named) == 1 else None
