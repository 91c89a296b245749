"""The bridge between pydantic and our reading of text: `Reads` in an annotation reads a field."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from re import fullmatch
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from barstep.config import environment
from barstep.config.reading import RefusedError, read
from barstep.domain.option import Option


class Section(BaseModel):
    """A mapping of the file: unknown keys are refused, values are frozen, an empty one has the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, raw: Any) -> Any:
        return {} if raw is None else raw


_FILLED = r"[\s\S]+"


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads a field by `reading.read`.

    Attributes:
        hint: The type of the value.
        ge, gt, le, lt: Bounds of a number.
        pattern: What text must match as a whole.
        expected: The words for the pattern.
        suggest: Makes text that does not match into text that might be meant.
    """

    hint: Any
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    pattern: str = ""
    expected: str = ""
    suggest: Callable[[str], str] = str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic calls this to learn how to validate."""
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic calls this to learn what an editor may accept."""
        described = json_type(self.hint, self._bounds())
        if self.pattern == _FILLED:
            return {**described, "minLength": 1}
        return {**described, "pattern": f"^(?:{self.pattern}|.*{environment.NAME}.*)$"} if self.pattern else described

    def _bounds(self) -> Option:
        return Option(ge=self.ge, gt=self.gt, le=self.le, lt=self.lt)

    def _read(self, raw: Any) -> Any:
        value = read(self.hint, raw, self._bounds())
        if self.pattern and not fullmatch(self.pattern, value):
            meant = self.suggest(value)
            likely = meant != value and fullmatch(self.pattern, meant)
            raise RefusedError(self.expected, f"did you mean {meant}?" if likely else "")
        return value


_PATTERNS: dict[Any, str] = {
    date: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    datetime: r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})",
    time: r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?",
}
_JSON_TYPES: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", Decimal: "number"}
_JSON_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def json_type(hint: Any, bounds: Option) -> dict[str, Any]:
    """JSON Schema of a type; besides its own form every value may be `${NAME}`."""
    if hint is str:
        return {"type": "string"}
    return {"anyOf": [*_json_forms(hint, bounds), {"type": "string", "pattern": environment.NAME}]}


def _json_forms(hint: Any, bounds: Option) -> list[dict[str, Any]]:
    if get_origin(hint) in (Union, UnionType):
        return [form for member in get_args(hint) for form in _json_forms(member, bounds)]
    if get_origin(hint) is Literal:
        return [{"enum": list(get_args(hint))}]
    if hint in _PATTERNS:
        return [{"type": "string", "pattern": f"^{_PATTERNS[hint]}$"}]
    if hint in (str, NoneType):
        return [{"type": "string" if hint is str else "null"}]
    limits = {name: getattr(bounds, key) for key, name in _JSON_BOUNDS.items() if getattr(bounds, key) is not None}
    return [{"type": _JSON_TYPES[hint], **(limits if hint is not bool else {})}]


def _whole_micros(amount: Decimal) -> Decimal:
    if amount * 1_000_000 % 1:
        raise RefusedError("an amount in USD with at most 6 decimals")
    return amount


def _countable(amount: Decimal) -> Decimal:
    """A billion keeps every sum of a run inside 64 bits."""
    if amount > 1_000_000_000:
        raise RefusedError("at most 1000000000 USD")
    return amount


Text = Annotated[str, Reads(str, pattern=_FILLED, expected="text that is not empty")]
Count = Annotated[int, Reads(int, ge=0)]
Positive = Annotated[int, Reads(int, ge=1)]
Size = Annotated[Decimal, Reads(Decimal, gt=0)]
Usd = Annotated[Decimal, Reads(Decimal, gt=0), AfterValidator(_whole_micros)]
Balance = Annotated[Usd, AfterValidator(_countable)]
Fee = Annotated[Decimal, Reads(Decimal, ge=0), AfterValidator(_whole_micros)]
Moment = Annotated[date | datetime, Reads(date | datetime)]


def one_or_more(raw: Any) -> Any:
    """A single value as a list of one, nothing as an empty list."""
    return [] if raw is None else raw if isinstance(raw, list | tuple) else [raw]


def _timeframe(text: str) -> str:
    """`5 min` and `m5` as `5m`."""
    number = "".join(filter(str.isdigit, text))
    unit = text.replace(number, "").strip().lower()
    return number + unit[:1].replace("d", "D")


Length = Annotated[
    str,
    Reads(str, pattern="[1-9][0-9]*[smhD]", expected="a timeframe such as 1s, 15m, 4h or 1D", suggest=_timeframe),
]
