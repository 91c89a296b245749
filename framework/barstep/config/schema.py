"""Model of a run file: what may be written, in which units, and with which defaults."""

from re import fullmatch, sub
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from barstep.config.account_schema import AccountConfig
from barstep.config.data_schema import DataConfig, FinerConfig, divides
from barstep.config.fields import Count, Reads, Section, Text
from barstep.config.fills_schema import FillsConfig
from barstep.config.plugin_schema import PluginConfig, StrategyConfig
from barstep.config.reading import RefusedError, read
from barstep.config.source_schema import GatewaySource, SampleSource

_NAME = "[a-z0-9][a-z0-9_.-]*"
_ONE_EACH = "one strategy on a contract"
_HERE = "Take it out here and give it to the server: barstep serve CONFIG"
_BrokerKind = Literal["embedded", "helpers", "http"]
_Lane = Literal["event", "array"]


def slug(text: str) -> str:
    """Text as the name of a run: `My Run` is `my-run`."""
    return sub("[^a-z0-9_.-]+", "-", text.lower()).strip("-_.")


def _one_or_more(raw: Any) -> Any:
    return raw if isinstance(raw, list) else [raw]


def _none(raw: Any) -> Any:
    return [] if raw is None else raw


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


class ReportConfig(Section):
    """What is made of the results."""

    html: Annotated[bool, Reads(bool)] = Field(
        default=False, description="write report.html into the run's folder; needs the extra `report`"
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
    metrics: _Plugins = Field(default=(), description="a list of metrics of your own, added to those of the result")
    seed: Count = Field(default=0, description="seed of everything random in plugins")
    lane: Annotated[_Lane, Reads(_Lane)] = Field(
        default="event", description="event: bar by bar; array: compiled, where every plugin has an array form"
    )
    report: ReportConfig | None = Field(default=None, description="what is made of the results")

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
        account = info.data.get("account")
        for key in ("on_fail", "on_pass"):
            if broker.kind != "embedded" and account is not None and getattr(account, key) != "stop":
                told = f"embedded, since account.{key} is {getattr(account, key)}: a gateway's account has one attempt"
                raise RefusedError(told, at=("kind",))
        if broker.kind != "embedded" and len(streams) > 1:
            raise RefusedError("embedded for several contracts: a gateway replays one at a time", at=("kind",))
        for key in _models_of(info.data) if broker.kind == "http" else ():
            raise RefusedError(
                f"embedded or helpers: {key} names a model, and a model runs where the exchange is. {_HERE}",
                at=("kind",),
            )
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
            for place, found in enumerate(wanted):
                if found is None:
                    names = ", ".join(stream.label for stream in streams)
                    entry = (place,) if len(wanted) > 1 else ()
                    faults.append(RefusedError(f"one of {names}", at=(index, "contract", *entry)))
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


def _models_of(sections: dict[str, Any]) -> list[str]:
    """The keys that name a model which prices fills."""
    account, fills = sections.get("account"), sections.get("fills")
    found = ["account.fees"] if account is not None and isinstance(account.fees, PluginConfig) else []
    return [*found, "fills.slippage"] if fills is not None and fills.slippage is not None else found


def _stream(streams: tuple[DataConfig, ...], contract: str | None) -> DataConfig | None:
    """The only stream that goes by a contract's or an instrument's name; without a name the only stream there is."""
    named = [stream for stream in streams if contract in (None, stream.label)]
    named = named or [stream for stream in streams if stream.instrument.label == contract]
    return named[0] if len(named) == 1 else None
