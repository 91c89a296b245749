"""Fills and trades of a file, each checked as it is read: contracts known, times with a zone, in order, none twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from barstep.data import front_contract, instrument, instrument_names, parse_contract
from barstep.data.hours import near_names
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import MICROS
from barstep.domain.session import NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from barstep.data import SessionTable
    from barstep.domain.instrument import Contract

_MOST = 1_000_000
"""Contracts that nobody trades at once: more is a mistake."""
_LARGEST = 1e9
"""No price and no amount of a row is larger, in points or USD."""
_FIRST_YEAR, _LAST_YEAR = 1980, 2100


class LedgerFill(NamedTuple):
    """One execution: when, what, signed size, price in ticks, fees in micro-dollars (None where the file has none)."""

    at_ns: int
    contract: Contract
    size: int
    price: int
    fee: int | None


class LedgerTrade(NamedTuple):
    """One closed round trip; results in micro-dollars.

    `gross` is before fees, `fee` both sides', `mae` and `mfe` the excursions before fees, None where the file has none.
    """

    entry_ns: int
    exit_ns: int
    contract: Contract
    size: int
    gross: int
    fee: int | None
    mae: int | None
    mfe: int | None


@dataclass(slots=True)
class Ledger:
    """What a file held.

    Attributes:
        label: The file.
        fills, trades: Its rows in the order of time; one of the two is empty.
        remarks: What was left out.
    """

    label: str
    fills: list[LedgerFill] = field(default_factory=list)
    trades: list[LedgerTrade] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def contracts(self) -> list[Contract]:
        """What was traded, in the order of first use."""
        return list(dict.fromkeys(row.contract for row in (self.fills or self.trades)))


@dataclass(slots=True)
class Reader:
    """Reads the values of a file's rows; a fault names the place.

    Args:
        zone: Zone of times that carry none, or None when they must.
    """

    zone: str | None
    _contracts: dict[str, Contract] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)

    def moment(self, where: str, name: str, text: object) -> int:
        """A time as UTC nanoseconds."""
        try:
            found = datetime.fromisoformat(str(text).strip())
        except ValueError:
            raise DataError(f"{where}: {name} is {text!r}, expected a time such as 2026-03-20T09:30:00-05:00") from None
        if found.tzinfo is None:
            if self.zone is None:
                raise DataError(
                    f"{where}: {name} {text} has no zone; say in which zone the file's clock runs: "
                    "--zone America/Chicago (or UTC)"
                )
            found = found.replace(tzinfo=ZoneInfo(self.zone))
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise DataError(f"{where}: {name} is {text}, expected a time from {_FIRST_YEAR} to {_LAST_YEAR}")
        whole = found.astimezone(UTC)
        return int(whole.replace(microsecond=0).timestamp()) * NS + whole.microsecond * 1000

    def contract(self, where: str, text: object, at_ns: int) -> Contract:
        """A contract by its short name, its gateway id, or its instrument's name for the front one of the day."""
        name = str(text).strip()
        if name not in self._contracts:
            self._contracts[name] = _contract(where, name, datetime.fromtimestamp(at_ns // NS, UTC).date())
        return self._contracts[name]

    def price(self, where: str, contract: Contract, given: object) -> int:
        """A price in ticks."""
        item = contract.instrument
        value = self.number(where, "price", given)
        ticks = item.ticks(value)
        if ticks is None:
            low, high = (item.price(near) for near in item.neighbours(value))
            raise DataError(
                f"{where}: price {value:.10g} is no price of {item.name}; the nearest are {low:.10g} and {high:.10g}"
            )
        return ticks

    def size(self, where: str, given: object) -> int:
        """Contracts: a whole number above 0."""
        value = self.number(where, "size", given)
        if value != int(value) or not 0 < value < _MOST:
            raise DataError(f"{where}: size is {given}, expected contracts: 1 or more; buy or sell stands in side")
        return int(value)

    def money(self, where: str, name: str, given: object) -> int:
        """USD in micro-dollars."""
        return round(self.number(where, name, given) * MICROS)

    def number(self, where: str, name: str, given: object) -> float:
        """A finite number."""
        try:
            value = float(str(given)) if not isinstance(given, bool) else float("nan")
        except ValueError:
            value = float("nan")
        if not abs(value) < _LARGEST:
            raise DataError(f"{where}: {name} is {given!r}, expected a number below a billion")
        return value

    def once(self, where: str, given: object) -> None:
        """Refuse an id that came before."""
        name = str(given)
        if name in self._seen:
            raise DataError(f"{where}: id {name} stands at {self._seen[name]} already; a fill counts once")
        self._seen[name] = where


def _contract(where: str, text: str, near: date) -> Contract:
    if text in instrument_names():
        return front_contract(instrument(text), near)
    for name in instrument_names():
        item = instrument(name)
        product = item.product_id or item.name
        if text.startswith(f"CON.F.US.{product}.") or (text.startswith(name) and text[len(name) :][1:].isdigit()):
            try:
                return parse_contract(item, text, near)
            except ConfigError:
                continue
    root = text.split(".")[3] if text.startswith("CON.F.US.") and text.count(".") > 3 else text.rstrip("0123456789")
    roots = [*instrument_names(), *(instrument(name).product_id or name for name in instrument_names())]
    meant = near_names(root, roots)
    if meant.startswith("known"):
        meant = f"known: {', '.join(instrument_names())}."
    raise DataError(
        f"{where}: unknown contract {text!r}; {meant} A contract is written ESZ5, "
        "CON.F.US.EP.Z25, or ES for the front one (barstep instruments list)"
    )


def outside_hours(moments: NDArray[np.int64], sessions: SessionTable, what: str) -> list[str]:
    """A remark where moments lie outside the hours of trading: often a wrong zone."""
    inside = sessions.locate(moments)[2] | sessions.locate(moments - 1)[2]
    outside = int((~inside).sum())
    return (
        [f"{outside} of {len(moments)} {what} lie outside trading hours: is the file's zone right?"] if outside else []
    )


def check_order(where: str, name: str, before_ns: int, at_ns: int) -> None:
    """Refuse a row that is older than the one before it."""
    if at_ns < before_ns:
        raise DataError(f"{where}: {name} is earlier than in the row before; sort the rows by time, oldest first")
