"""From the `instrument` of a data section to the instrument and its fee."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from barstep import data
from barstep.config.instrument_schema import InlineInstrument, PackagedInstrument
from barstep.config.plugin_schema import PluginConfig
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import Instrument, micros
from barstep.runs.keyed import about

if TYPE_CHECKING:
    from decimal import Decimal


def make_instrument(given: PackagedInstrument | InlineInstrument) -> Instrument:
    """The instrument of a data section: packaged, packaged with changed figures, or inline."""
    if isinstance(given, InlineInstrument):
        return data.inline_instrument(
            given.name,
            given.tick_size,
            given.tick_value,
            session=given.session or "always",
            fees={"own": given.fees} if given.fees is not None else None,
            months=given.months or "HMUZ",
            description=given.description or "",
            exchange=given.exchange or "",
            product_id=given.product_id or "",
            asset_class=given.asset_class or "",
            lot_weight_tenths=given.lot_weight_tenths or 10,
        )
    base = data.instrument(given.use)
    changes: dict[str, object] = {
        name: value
        for name in ("months", "product_id", "description", "exchange", "asset_class", "lot_weight_tenths")
        if (value := getattr(given, name)) is not None
    }
    if given.tick_size is not None:
        changes["tick_size"] = Fraction(given.tick_size)
    if given.tick_value is not None:
        changes["tick_value"] = micros(str(given.tick_value))
    if given.session is not None:
        with about("instrument", "session"):
            changes["session"] = data.session_hours(given.session)
    if given.fees is not None:
        changes["fees"] = MappingProxyType({**base.fees, "own": micros(str(given.fees))})
    return replace(base, **changes)  # type: ignore[arg-type]


def fee_of(instrument: Instrument, schedule: str | Decimal | PluginConfig) -> int:
    """Micro-dollars per contract and side: the instrument's own figure, else the account's; 0 where a model says it."""
    if isinstance(schedule, PluginConfig):
        return 0  # the model says at each fill
    if "own" in instrument.fees:
        return instrument.fees["own"]
    if not isinstance(schedule, str):
        return micros(str(schedule))
    if schedule not in instrument.fees:
        known = ", ".join(sorted(instrument.fees))
        others = f"it has {known}, or give USD per side, or a fee model as {{use: {schedule}}}"
        raise ConfigError(f"{instrument.name} has no fee schedule {schedule!r}; {others}")
    return instrument.fees[schedule]
