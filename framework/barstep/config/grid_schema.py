"""Models of a grid file: which run, which axes, how the points are chosen and ranked."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from barstep.config.fields import Count, Positive, Reads, Section, Text
from barstep.config.positions import Quoted
from barstep.config.reading import RefusedError, read
from barstep.config.schema import slug

MOST_VALUES = 100_000
"""Values that one axis may have."""

_NAME = "[a-z0-9][a-z0-9_.-]*"
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")
_Kind = Literal["grid", "random", "optuna"]
_Best = Literal["highest", "lowest"]
_LOWEST = (
    "max_drawdown",
    "drawdown_static",
    "drawdown_end_of_day",
    "fees",
    "longest_loss_streak",
    "ambiguous_bars",
    "denied_orders",
    "rejected_orders",
    "exposure",
)


class RangeConfig(Section):
    """Evenly spaced numbers from a first one to a last one, by exact decimal step or by how many there are."""

    start: Annotated[Decimal, Reads(Decimal)] = Field(alias="from", description="the first number")
    to: Annotated[Decimal, Reads(Decimal)] = Field(description="the last number, itself included when a step meets it")
    step: Annotated[Decimal, Reads(Decimal)] | None = Field(
        default=None, description="exact distance from one number to the next, such as 0.25"
    )
    count: Positive | None = Field(
        default=None, description="how many numbers, both ends included, in place of step; rounded to 6 decimals"
    )

    @model_validator(mode="after")
    def _ends(self) -> "RangeConfig":
        if (self.step is None) == (self.count is None):
            got = "both" if self.step is not None else "neither"
            raise RefusedError("step or count", got=got, at=() if self.step is None else ("count",))
        if self.step is not None:
            if not self.step or (self.to - self.start) / self.step < 0:
                raise RefusedError(f"a step that leads from {self.start} to {self.to}", at=("step",))
            if (self.to - self.start) / self.step >= MOST_VALUES:
                raise RefusedError(f"a step that makes at most {MOST_VALUES:,} values", at=("step",))
        elif self.count is not None and self.count > MOST_VALUES:
            raise RefusedError(f"at most {MOST_VALUES:,} values", at=("count",))
        elif self.count == 1 and self.to != self.start:
            raise RefusedError("2 or more values between two numbers", at=("count",))
        return self

    def values(self) -> list[str]:
        """The numbers as text, without needless zeros."""
        if self.step is not None:
            steps = int((self.to - self.start) / self.step)
            return [_plain(self.start + index * self.step) for index in range(steps + 1)]
        last = max(1, (self.count or 1) - 1)
        width = self.to - self.start
        return [_plain(round(self.start + width * index / last, 6)) for index in range(self.count or 1)]


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _kind_of_axis(raw: Any) -> str:
    return "<RangeConfig>" if isinstance(raw, dict | RangeConfig) else "<values>"


def _values(raw: Any) -> list[Any]:
    if not isinstance(raw, list | tuple):
        raise RefusedError("a list of values, or {from: 10, to: 100, step: 10}")
    if not raw:
        raise RefusedError("at least one value", got="an empty list")
    texts = [repr(value) for value in raw]
    again = next((place for place, text in enumerate(texts) if text in texts[:place]), None)
    if again is not None:
        raise RefusedError("each value once", got=f"{raw[again]} a second time", at=(again,))
    return list(raw)


def _conditions(raw: Any) -> Any:
    return [] if raw is None else raw if isinstance(raw, list | tuple) else [raw]


class SearchConfig(Section):
    """Which points of the grid are tried."""

    kind: Annotated[_Kind, Reads(_Kind)] = Field(
        default="grid",
        description="grid for all points, random for some, optuna for a search that learns (needs the extra search)",
    )
    points: Positive | None = Field(default=None, description="how many points, for random and optuna")
    seed: Count = Field(default=0, description="seed of the choice")
    round: Positive = Field(default=8, description="points that optuna proposes before it hears of results")

    @model_validator(mode="after")
    def _number(self) -> "SearchConfig":
        if self.kind == "grid" and self.points is not None:
            raise RefusedError("nothing with kind grid: it tries every point", at=("points",))
        if self.kind != "grid" and self.points is None:
            raise RefusedError(f"how many points {self.kind} is to try", got="nothing", at=("points",))
        return self


class RankConfig(Section):
    """What makes one point better than another."""

    metric: Text = Field(default="net_pnl", description="a figure of the result, such as net_pnl or profit_factor")
    best: Annotated[_Best, Reads(_Best)] | None = Field(
        default=None,
        description="highest or lowest; by default lowest for max_drawdown, fees and the like, else highest",
    )

    @property
    def sign(self) -> int:
        """1 where more is better, else -1."""
        best = self.best or ("lowest" if self.metric in _LOWEST else "highest")
        return 1 if best == "highest" else -1


def _rank(raw: Any) -> Any:
    return {"metric": raw} if isinstance(raw, str) else raw


def _days(raw: Any) -> int:
    text: str = read(str, raw)
    match = _DAYS.fullmatch(text)
    if match is None:
        raise RefusedError("a number of trading days such as 60d", f"did you mean {text}d?" if text.isdigit() else "")
    return int(match[1])


def _days_or_none(raw: Any) -> int:
    return 0 if raw in ("0", "0d", 0) and not isinstance(raw, Quoted) else _days(raw)


_Rank = Annotated[RankConfig, BeforeValidator(_rank, json_schema_input_type=RankConfig | str)]
_DAYS_SCHEMA = Annotated[str, Field(pattern="^[1-9][0-9]*d$")]


class WalkForwardConfig(Section):
    """Points are chosen on a stretch of days and traded on the days that follow it, again and again."""

    train: Annotated[int, BeforeValidator(_days, json_schema_input_type=_DAYS_SCHEMA)] = Field(
        description="trading days on which the points are compared, such as 60d"
    )
    test: Annotated[int, BeforeValidator(_days, json_schema_input_type=_DAYS_SCHEMA)] = Field(
        description="trading days on which the chosen point trades, such as 20d"
    )
    anchored: Annotated[bool, Reads(bool)] = Field(
        default=False, description="true: every training stretch begins on the first day; false: it rolls along"
    )
    embargo: Annotated[int, BeforeValidator(_days_or_none, json_schema_input_type=str)] = Field(
        default=0, description="trading days left out between training and trading, such as 1d"
    )
    rank_by: _Rank | None = Field(default=None, description="what a point is chosen by; by default the grid's rank_by")


_Values = Annotated[
    list[Any], BeforeValidator(_values, json_schema_input_type=Annotated[list[Any], Field(min_length=1)])
]
_Axis = Annotated[
    Annotated[RangeConfig, Tag("<RangeConfig>")] | Annotated[_Values, Tag("<values>")], Discriminator(_kind_of_axis)
]


def _run(raw: Any) -> Any:
    if raw is None or not isinstance(raw, str | dict) or not raw:
        raise RefusedError("a run file such as sma_crossover.yaml, or a run itself", got="" if raw else "nothing")
    return raw


class GridConfig(Section):
    """A run over many points: the options and keys to vary, and what to make of the results."""

    version: Annotated[Literal[1], Reads(Literal[1])] = Field(description="1, the version of this form")
    name: Annotated[
        str, Reads(str, pattern=_NAME, expected="a name of a-z, 0-9, - and _ such as sma-grid", suggest=slug)
    ] = Field(default="grid", description="name of the grid's folder; the file's name by default")
    run: Annotated[
        Any, BeforeValidator(_run, json_schema_input_type=Annotated[str, Field(min_length=1)] | dict[str, Any])
    ] = Field(description="a run file such as sma_crossover.yaml, or a run itself")
    vary: dict[str, _Axis] = Field(
        description="values by option (sma_crossover.fast) or key (data.instrument): a list or a range"
    )
    where: Annotated[tuple[Text, ...], BeforeValidator(_conditions, json_schema_input_type=str | list[str])] = Field(
        default=(), description="conditions that every point must fulfil, such as fast < slow"
    )
    search: Annotated[
        SearchConfig,
        BeforeValidator(
            lambda raw: {"kind": raw} if isinstance(raw, str) else raw, json_schema_input_type=SearchConfig | str
        ),
    ] = Field(
        default_factory=SearchConfig, description="which points are tried: grid, or `{kind: random, points: 200}`"
    )
    rank_by: _Rank = Field(default_factory=RankConfig, description="the figure that points are ranked by")
    verify: Count = Field(default=5, description="points of the array lane that are played again in the event lane")
    walk_forward: WalkForwardConfig | None = Field(
        default=None, description="choose on the past and trade on what follows, such as `{train: 60d, test: 20d}`"
    )

    @field_validator("vary", mode="before")
    @classmethod
    def _something(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            raise RefusedError(
                "a mapping such as {sma_crossover.fast: [5, 10, 20]}", got="nothing" if raw is None else ""
            )
        if not raw:
            raise RefusedError("at least one axis such as sma_crossover.fast: [5, 10, 20]", got="an empty mapping")
        return raw
