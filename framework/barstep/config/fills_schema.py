"""Model of the `fills` section: the options of the fill model by their names in YAML."""

from dataclasses import asdict, fields
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from barstep.config.fields import Count, Reads, Section
from barstep.config.plugin_schema import PluginConfig
from barstep.config.reading import RefusedError, read
from barstep.domain import fill_options
from barstep.domain.fill_options import PROFILES, FillOptions
from barstep.domain.option import Option

_Profile = Literal["strict", "playground", "backtrader"]
_PROFILES = {name: asdict(options) for name, options in PROFILES.items()}


def _participation(raw: Any) -> float | None:
    if raw is None or raw == "off":
        return None
    try:
        share: float = read(float, raw, Option(ge=0, le=1))
    except RefusedError as refused:
        raise RefusedError("off, or a number from 0 to 1", refused.hint) from None
    return share


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
        return {**_PROFILES[profile], **raw} if isinstance(profile, str) and profile in _PROFILES else raw

    def options(self) -> FillOptions:
        """The options as the simulated exchange takes them."""
        return FillOptions(**{field.name: getattr(self, field.name) for field in fields(FillOptions)})
