"""Models of a run file: what may be written, in which units, and with which defaults."""

from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal
from re import fullmatch, sub
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from barstep.config.data_schema import DataConfig, FinerConfig, GatewaySource, SampleSource, divides
from barstep.config.fields import Balance, Count, Reads, Section, Text
from barstep.config.plugin_schema import PluginConfig, StrategyConfig, empty
from barstep.config.reading import RefusedError, read
from barstep.domain import fill_options
from barstep.domain.fill_options import PROFILES, FillOptions
from barstep.domain.option import Option

_NAME = "[a-z0-9][a-z0-9_.-]*"
_Profile = Literal["strict", "playground", "backtrader"]
_ONE_EACH = "one strategy on a contract"
_HERE = "Take it out here and give it to the server: barstep serve CONFIG"
_OnFail = Literal["stop", "reset"]
_OnPass = Literal["stop", "continue"]
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


def _none(raw: Any) -> Any:
    return [] if raw is None else raw


def _kind_of_fees(raw: Any) -> str:
    return "<PluginConfig>" if isinstance(raw, dict | PluginConfig) else "<amount>"


class PlanConfig(Section):
    """An account type of a firm, with what is to be different about it."""

    name: Text = Field(description="name of a plan such as topstep-combine-50k, see barstep plans list")
    as_of: Annotated[date, Reads(date)] | None = Field(
        default=None, description="take the plan's newest figures of this day; by default the newest of all"
    )
    switches: Annotated[dict[str, Any], BeforeValidator(empty)] = Field(
        default_factory=dict, description="readings and choices of the plan by name, such as {dll: bought}"
    )
    overrides: Annotated[dict[str, Any], BeforeValidator(empty)] = Field(
        default_factory=dict, description="other figures than the plan's, such as {daily_loss_limit: {usd: 800}}"
    )


def _plan(raw: Any) -> Any:
    return {"name": raw} if isinstance(raw, str) else raw


class AccountConfig(Section):
    """The simulated account."""

    balance: Balance = Field(
        default=Decimal(50000), description="USD at the start, above 0, at most a billion; a plan brings its own"
    )
    plan: Annotated[
        PlanConfig | None,
        BeforeValidator(_plan, json_schema_input_type=PlanConfig | Annotated[str, Field(min_length=1)] | None),
    ] = Field(default=None, description="an account type of a firm: sets balance, limits, caps and hours at once")
    on_fail: Annotated[_OnFail, Reads(_OnFail)] = Field(
        default="stop", description="what a failed account does: stop the run, or reset to a new attempt the next day"
    )
    on_pass: Annotated[_OnPass, Reads(_OnPass)] = Field(
        default="stop", description="what a passed evaluation does: stop the run, or continue with a new attempt"
    )
    fees: Annotated[
        Annotated[
            Decimal | str,
            BeforeValidator(_fees, json_schema_input_type=Annotated[float, Field(ge=0)] | str),
            Tag("<amount>"),
        ]
        | Annotated[PluginConfig, Tag("<PluginConfig>")],
        Discriminator(_kind_of_fees),
    ] = Field(
        default="topstepx",
        description="a fee schedule such as topstepx or none, USD per contract and side, or a fee model such as "
        "`{use: my_fees}`",
    )

    @model_validator(mode="after")
    def _plan_or_balance(self) -> "AccountConfig":
        if self.plan is not None and "balance" in self.model_fields_set:
            wanted = "no balance beside a plan: write plan.overrides.start_balance, or leave one of them out"
            raise RefusedError(wanted, at=("balance",))
        if self.plan is None and self.on_pass != "stop":  # noqa: S105
            raise RefusedError("stop without account.plan: there is no target to pass", at=("on_pass",))
        return self


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
    slippage: PluginConfig | None = Field(
        default=None, description="a slippage model such as `{use: my_slippage}`, in place of the slip ticks above"
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
    report: ReportConfig | None = Field(default=None, description="what is made of the results")
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
