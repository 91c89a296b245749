"""Model of the `account` section: balance, fees and plan of the simulated account."""

from datetime import date
from decimal import Decimal
from re import fullmatch
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from barstep.config.fields import Balance, Reads, Section, Text
from barstep.config.plugin_schema import PluginConfig, empty
from barstep.config.reading import RefusedError, read
from barstep.domain.option import Option

_OnFail = Literal["stop", "reset"]
_OnPass = Literal["stop", "continue"]


def _fees(raw: Any) -> Decimal | str:
    fees: Decimal | str = read(Decimal | str, raw, Option(ge=0))
    if isinstance(fees, str) and not fullmatch("[A-Za-z][A-Za-z0-9_-]*", fees):
        raise RefusedError("a schedule such as topstepx or none, or USD per contract and side >= 0")
    return fees


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
