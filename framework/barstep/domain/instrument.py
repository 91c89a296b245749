"""Instruments, contracts and the tick grid.

Prices are whole ticks inside barstep and floats on the tick grid at its edges; money is whole micro-dollars inside and
USD floats at the edges. The tick size is kept as a fraction, so that `ticks -> price` is one correctly rounded division.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from types import MappingProxyType
from typing import Final

from barstep.domain.session import SessionHours

MICROS: Final = 1_000_000
"""Micro-dollars in a dollar."""

MONTH_LETTERS = "FGHJKMNQUVXZ"
"""January to December, as futures name them."""

_ON_GRID: Final = 1e-6  # a price this share of a tick away from the grid is float noise, not another price


def micros(usd: float | str) -> int:
    """Whole micro-dollars of an amount in USD, rounded to the nearest."""
    return round(Fraction(str(usd)) * MICROS)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A product such as ES.

    Attributes:
        name: The root traders use, `ES`.
        tick_size: Smallest price step, exact.
        tick_value: Micro-dollars that one tick of one contract is worth.
        fees: Micro-dollars per contract and side, by schedule name (`topstepx`, `none`).
        session: Trading hours.
        description, exchange, product_id, months, asset_class, lot_weight_tenths: As in the packaged table.
    """

    name: str
    tick_size: Fraction
    tick_value: int
    session: SessionHours
    fees: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({"none": 0}), hash=False)
    description: str = ""
    exchange: str = ""
    product_id: str = ""
    months: str = "HMUZ"
    asset_class: str = ""
    lot_weight_tenths: int = 10
    _numerator: int = field(init=False, repr=False, compare=False)  # of the tick size: a Fraction's own are slow
    _denominator: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_numerator", self.tick_size.numerator)
        object.__setattr__(self, "_denominator", self.tick_size.denominator)

    def price(self, ticks: int) -> float:
        """The price of a number of ticks."""
        return ticks * self._numerator / self._denominator

    def ticks(self, price: float) -> int | None:
        """Whole ticks of a price, or None when the price is off the grid (R24)."""
        exact = price * self._denominator / self._numerator
        nearest = floor(exact + 0.5)
        return nearest if abs(exact - nearest) <= _ON_GRID else None

    def neighbours(self, price: float) -> tuple[int, int]:
        """The grid steps just below and just above a price, in ticks."""
        exact = price * self._denominator / self._numerator
        return floor(exact), ceil(exact)

    @property
    def point_value(self) -> float:
        """USD that one whole point of one contract is worth."""
        return float(Fraction(self.tick_value, MICROS) / self.tick_size)


@dataclass(frozen=True, slots=True)
class Contract:
    """One expiry of an instrument.

    Attributes:
        instrument: The product.
        id: The gateway's name, `CON.F.US.EP.U13`.
        name: The short name, `ESU3`.
    """

    instrument: Instrument
    id: str
    name: str

    @classmethod
    def of(cls, instrument: Instrument, year: int, month: int) -> Contract:
        """The contract of an instrument that expires in a month."""
        letter = MONTH_LETTERS[month - 1]
        product = instrument.product_id or instrument.name
        return cls(
            instrument,
            f"CON.F.US.{product}.{letter}{year % 100:02d}",
            f"{instrument.name}{letter}{year % 10}",
        )
