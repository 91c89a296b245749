"""Objects of the engine with defaults for everything a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from barstep import data
from barstep.domain.bar import Bar, Feed, Timeframe
from barstep.domain.fill import Fill
from barstep.domain.instrument import Contract, Instrument, micros
from barstep.domain.order import Bracket, Order
from barstep.domain.pending_fill import PendingFill
from barstep.domain.run_arrays import RunArrays
from barstep.domain.session import NS, SessionHours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from barstep.domain.fill import Phase
    from barstep.domain.order import Kind, Side
    from barstep.domain.pending_fill import FillKind

START = datetime(2024, 1, 2, 12, tzinfo=UTC)
"""Start of the first bar of a test that gives none."""

ALWAYS = SessionHours("always", "UTC", ((0, 1440),), tuple(range(7)))


def make_instrument(
    name: str = "TICK", tick_size: str = "1", tick_value: str = "1", fees: Mapping[str, str] | None = None
) -> Instrument:
    """A product that trades around the clock in UTC.

    Args:
        name: Its name; one that barstep has packaged, such as `ES`, gives that product and nothing else may be given.
        tick_size: Smallest price step, in points.
        tick_value: USD that one tick of one contract is worth.
        fees: USD per contract and side by schedule; there is always `none`.
    """
    if name in data.instrument_names() and (tick_size, tick_value, fees) == ("1", "1", None):
        return data.instrument(name)
    schedules = {"none": 0, **{schedule: micros(usd) for schedule, usd in (fees or {}).items()}}
    return Instrument(name, Fraction(tick_size), micros(tick_value), ALWAYS, MappingProxyType(schedules))


def make_contract(instrument: Instrument | str = "TICK", year: int = 2024, month: int = 3) -> Contract:
    """The contract of an instrument, or of an instrument's name, that expires in a month."""
    return Contract.of(make_instrument(instrument) if isinstance(instrument, str) else instrument, year, month)


def make_bar(
    open: float,
    high: float,
    low: float,
    close: float,
    volume: int = 100,
    *,
    start: datetime = START,
    timeframe: str = "1m",
    index: int = 0,
    contract: Contract | None = None,
) -> Bar:
    """A complete bar; `start` must carry a zone.

    Raises:
        ValueError: The prices are no bar (R1), or `start` has no zone.
    """
    if not (low <= min(open, close) and high >= max(open, close)):
        raise ValueError(
            f"open {open}, high {high}, low {low}, close {close}: expected low and high to enclose the others"
        )
    if start.tzinfo is None:
        raise ValueError(f"start {start}: expected a datetime with a zone")
    item = contract or make_contract()
    length = Timeframe.parse(timeframe)
    begins = (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    feed = Feed(item, length, ZoneInfo(item.instrument.session.zone))
    return Bar(open, high, low, close, volume, begins, begins + length.seconds * NS, index, feed)


def make_order(
    side: Side = "buy",
    size: int = 1,
    kind: Kind = "market",
    *,
    contract: Contract | None = None,
    bracket: Bracket | None = None,
    opens: int | None = None,
    **fields: Any,
) -> Order:
    """An order as a risk rule is shown it; `opens` is the whole size unless said.

    `fields` are those of `barstep.Order`: `limit`, `stop`, `tag`, `plugin`, ...
    """
    order = Order(contract or make_contract(), side, size, kind, bracket=bracket, **fields)
    order.asked = order.asked or size
    order.opens = size if opens is None else opens
    return order


def make_fill(
    side: Side = "buy",
    size: int = 1,
    price: float = 400.0,
    *,
    bar: Bar | None = None,
    order: Order | None = None,
    phase: Phase = "open",
    rule: str = "R6",
    opened: int | None = None,
    position_after: int | None = None,
    fees: float = 0.0,
) -> Fill:
    """An execution of an order in a bar; from flat unless `opened` and `position_after` say otherwise.

    Raises:
        ValueError: The price is off the tick grid.
    """
    at = bar or make_bar(price, price, price, price)
    ticks = at.contract.instrument.ticks(price)
    if ticks is None:
        raise ValueError(f"price {price} is not on the tick grid of {at.contract.instrument.name}")
    opens = size if opened is None else opened
    after = position_after if position_after is not None else (opens if side == "buy" else -opens)
    source = order or make_order(side, size, contract=at.contract, status="filled", filled=size)
    return Fill(
        source, at.feed, side, size, ticks, at.index, at.start_ns, at.end_ns, phase, 0, ticks, rule, True, "certain",
        opens, size - opens, 0, micros(str(fees)), after,
    )  # fmt: skip


def make_pending_fill(
    kind: FillKind = "market",
    side: Side = "buy",
    size: int = 1,
    *,
    usual: int = 1,
    bar: Bar | None = None,
    order_id: int = 1,
    seed: int = 0,
    contract: Contract | None = None,
) -> PendingFill:
    """What a slippage model is asked about; `bar` is the last complete bar, None before the first."""
    item = contract or (bar.contract if bar is not None else make_contract())
    return PendingFill(item, kind, side, size, usual, bar, order_id, seed)


def make_run_arrays(start_balance: float = 10_000.0, **tables: Mapping[str, Sequence[Any]]) -> RunArrays:
    """What a metric sees: `make_run_arrays(trades={"net_pnl": [5.0, -3.0]}, equity={"equity": [...]})`.

    Raises:
        TypeError: For a table other than trades, fills, orders and equity.
    """
    unknown = sorted(set(tables) - {"trades", "fills", "orders", "equity"})
    if unknown:
        raise TypeError(f"no table {unknown[0]!r}: expected trades, fills, orders or equity")
    given = {name: tables.get(name, {}) for name in ("trades", "fills", "orders", "equity")}

    def read(table: str, column: str) -> NDArray[Any]:
        return np.array(given[table][column])

    return RunArrays(start_balance, given, read)
