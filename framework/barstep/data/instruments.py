"""The packaged table of instruments, instruments from explicit figures, and contract names."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from barstep.data.hours import near_names, read_packaged, session_hours
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS, MONTH_LETTERS, Contract, Instrument

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from barstep.domain.session import SessionHours

_CURRENCIES = {"EURUSD": "6E and M6E", "GBPUSD": "6B", "USDJPY": "6J", "AUDUSD": "6A", "USDCAD": "6C"}
_WEEK = timedelta(days=7)
_FRIDAY = 4


@cache
def _table() -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = read_packaged("instruments.json")["instruments"]
    return rows


def instruments_as_of() -> str:
    """The date of the packaged snapshot, `2026-11-22`."""
    return str(read_packaged("instruments.json")["as_of"])


def instrument_names() -> list[str]:
    """Names of the packaged instruments, in the table's order."""
    return list(_table())


@cache
def instrument(name: str) -> Instrument:
    """A packaged instrument by name, such as `ES`.

    Raises:
        ConfigError: For an unknown name; the message lists near ones.
    """
    row = _table().get(name)
    if row is None:
        if name.upper() in _CURRENCIES:
            known = ", ".join(_table())
            futures = _CURRENCIES[name.upper()]
            raise ConfigError(
                f"no instrument {name!r}: it is no future; of that currency there is {futures}; known: {known}"
            )
        raise ConfigError(f"no instrument {name!r}; {near_names(name, _table())}")
    return Instrument(
        name,
        Fraction(row["tick_size"]),
        row["tick_value"],
        session_hours(row["session"]),
        MappingProxyType({"none": 0, "topstepx": row["topstepx_fee"]}),
        row["description"],
        row["exchange"],
        row["product_id"],
        row["months"],
        row["asset_class"],
        row["lot_weight_tenths"],
    )


def inline_instrument(
    name: str,
    tick_size: Decimal | str | int,
    tick_value: Decimal | str | int,
    *,
    session: str | SessionHours = "always",
    fees: Mapping[str, Decimal | str | int] | None = None,
    months: str = "HMUZ",
    description: str = "",
    exchange: str = "",
    product_id: str = "",
    asset_class: str = "",
    lot_weight_tenths: int = 10,
) -> Instrument:
    """An instrument from explicit figures.

    Args:
        name: The root traders use.
        tick_size: Smallest price step, exact: `"0.25"`, `"1/64"` or a Decimal, not a float.
        tick_value: USD that one tick of one contract is worth.
        session: Name of packaged trading hours, or hours.
        fees: USD per contract and side by schedule name; `none` = 0 is always there.
        months: Letters of the listed months.
        description: Full name.
        exchange: Where it trades.
        product_id: The gateway's id, when it is not `name`.
        asset_class: `equity index` makes contracts expire on the third Friday.
        lot_weight_tenths: Tenths of a mini lot one contract counts for.

    Raises:
        ConfigError: For figures that are no numbers, not above zero, or not whole micro-dollars.
    """
    step = _exact(f"{name}.tick_size", tick_size)
    value = _whole_micros(f"{name}.tick_value", tick_value)
    if step <= 0 or value <= 0:
        raise ConfigError(f"{name}: tick_size {tick_size} and tick_value {tick_value} must be above zero")
    if not months or set(months) - set(MONTH_LETTERS):
        raise ConfigError(f"{name}.months: {months!r} must be letters of {MONTH_LETTERS}, such as HMUZ")
    schedules = {"none": 0}
    for schedule, fee in (fees or {}).items():
        schedules[schedule] = _whole_micros(f"{name}.fees.{schedule}", fee)
    return Instrument(
        name,
        step,
        value,
        session_hours(session) if isinstance(session, str) else session,
        MappingProxyType(schedules),
        description,
        exchange,
        product_id,
        "".join(sorted(set(months), key=MONTH_LETTERS.index)),
        asset_class,
        lot_weight_tenths,
    )


def _exact(what: str, given: Decimal | str | int) -> Fraction:
    if isinstance(given, float):
        raise ConfigError(f"{what}: {given!r} is a float; give exact text such as '0.25' or a Decimal")
    try:
        return Fraction(str(given))
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"{what}: {given!r} is not a number; write it as 0.25 or 1/64") from error


def _whole_micros(what: str, usd: Decimal | str | int) -> int:
    exact = _exact(what, usd) * MICROS
    if exact.denominator != 1:
        raise ConfigError(f"{what}: {usd} USD is not a whole number of micro-dollars (at most six decimals)")
    return int(exact)


def expiry(item: Instrument, year: int, month: int) -> date:
    """The day from which a contract is no longer the front one, by a simple rule.

    Equity index products expire on the third Friday of the contract month. All others are left when their month
    begins: the rule gives its first day, not the exchange's own last trading day.
    """
    first = date(year, month, 1)
    if item.asset_class == "equity index":
        return first + timedelta(days=(_FRIDAY - first.weekday()) % 7) + 2 * _WEEK
    return first


def last_day(contract: Contract) -> date | None:
    """The day by which a contract has ended, None for one whose id names no month."""
    match = re.fullmatch(rf"CON\.F\.US\..+\.([{MONTH_LETTERS}])(\d\d)", contract.id)
    if match is None:
        return None
    year, month = 2000 + int(match[2]), MONTH_LETTERS.index(match[1]) + 1
    if contract.instrument.asset_class == "equity index":
        return expiry(contract.instrument, year, month)
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def front_contract(item: Instrument, day: date) -> Contract:
    """The first listed contract whose `expiry` is after a day.

    So an equity index contract is front until the day before its third Friday; any other product rolls to the
    first listed month after the day's own month. Real rolls come some days earlier: name the contract where that
    matters.
    """
    for offset in range(25):
        year, month = day.year + (day.month - 1 + offset) // 12, (day.month - 1 + offset) % 12 + 1
        if MONTH_LETTERS[month - 1] in item.months and expiry(item, year, month) > day:
            return Contract.of(item, year, month)
    raise ConfigError(f"{item.name}: months {item.months!r} name no listed month")


def parse_contract(item: Instrument, text: str, near: date) -> Contract:
    """Read a contract's short name or gateway id.

    Args:
        item: The instrument it must belong to.
        text: `ESU3`, `ESU13` or `CON.F.US.EP.U13`.
        near: A day that settles the decade or century: the year taken is the nearest one.

    Raises:
        ConfigError: When the text is neither form, or names another product.
    """
    product = item.product_id or item.name
    roots = rf"(?:{re.escape(item.name)}|CON\.F\.US\.{re.escape(product)}\.)"
    match = re.fullmatch(rf"{roots}([{MONTH_LETTERS}])(\d{{1,2}})", text)
    if not match:
        front = front_contract(item, near)
        raise ConfigError(
            f"{text!r} is not a contract of {item.name}: write {item.name}, a month letter of {MONTH_LETTERS} "
            f"and the year, such as {front.name}, or the gateway's id, such as {front.id}"
        )
    cycle = 10 ** len(match[2])
    back = cycle // 2 - 1  # a tie goes to the future: contracts are listed years ahead
    year = near.year + (int(match[2]) - near.year + back) % cycle - back
    return Contract.of(item, year, MONTH_LETTERS.index(match[1]) + 1)
