"""Models of `data.instrument`: a packaged product, the same with changed figures, or a definition."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from barstep.config.fields import Fee, Positive, Reads, Section, Size, Text, Usd
from barstep.config.reading import RefusedError


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


_Instrument = Annotated[
    Annotated[PackagedInstrument, Tag("<PackagedInstrument>")] | Annotated[InlineInstrument, Tag("<InlineInstrument>")],
    Discriminator(_kind_of_instrument),
]

Instrument = PackagedInstrument | InlineInstrument
"""What the key `instrument` may hold."""

InstrumentKey = Annotated[_Instrument, BeforeValidator(_instrument, json_schema_input_type=Text | _Instrument)]
"""The key `instrument` as a section's field: a name alone is the packaged instrument."""


class _InstrumentAlone(Section):
    instrument: InstrumentKey


def read_instrument(raw: Any) -> Instrument:
    """The instrument of a data section alone, for sections with faults elsewhere; pydantic's error when it has its own."""
    return _InstrumentAlone.model_validate({"instrument": raw}).instrument
