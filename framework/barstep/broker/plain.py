"""What happened at a gateway that does not report it: fills and ended orders are asked for and compared with what is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from barstep.broker.enums import OrderSide, OrderStatus, OrderType
from barstep.broker.report import FillReport, OrderReport, Report
from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from barstep.broker.helpers import Helpers
    from barstep.domain.instrument import Contract
    from barstep.domain.order import Order

_ENDED = {OrderStatus.CANCELLED: "cancelled", OrderStatus.EXPIRED: "expired", OrderStatus.REJECTED: "cancelled"}
_KINDS = {OrderType.LIMIT: "limit", OrderType.STOP: "stop", OrderType.TRAILING_STOP: "trailing_stop"}


class PlainReports:
    """Makes reports from Trade/search and Order/search.

    The order of fills is the gateway's; what a trade went through on its way is not known there, nor is the rule that
    made a price.
    """

    def __init__(self, helpers: Helpers, account: int, contract: Contract) -> None:
        self._helpers = helpers
        self._body = {"accountId": account}
        self._contract = contract
        self._fills = 0
        self._known: set[int] = set()

    def collect(self, working: Sequence[Order], *, always: bool = False) -> Report:
        """What has happened since the last time; while no order works it asks only when told to."""
        self._known.update(order.id for order in working)
        if not working and not always:
            return Report()
        report = Report()
        fills = self._rows("Trade/search", "trades")[self._fills :]
        self._fills += len(fills)
        orders = {number(row["id"]): row for row in self._rows("Order/search", "orders")}
        for key, row in orders.items():
            if key not in self._known:  # a child of a bracket
                self._known.add(key)
                report.events.append(self._order(key, row, "working"))
        report.events += [self._fill(row) for row in fills]
        filled = {number(row["orderId"]) for row in fills}
        for key in sorted({order.id for order in working} | filled):
            status = orders.get(key, {}).get("status")
            if status == OrderStatus.FILLED:
                report.events.append(self._order(key, orders[key], "filled"))
            elif status in _ENDED:
                report.events.append(self._order(key, orders[key], _ENDED[OrderStatus(status)]))
        return report

    def _rows(self, path: str, name: str) -> list[Mapping[str, Any]]:
        return list(self._helpers.api(path, self._body).get(name) or [])

    def _order(self, key: int, row: Mapping[str, Any], status: str) -> OrderReport:
        return OrderReport(
            key,
            "buy" if row["side"] == OrderSide.BID else "sell",
            _KINDS.get(row["type"], "market"),
            row["size"],
            status,
            limit=row.get("limitPrice"),
            stop=row.get("stopPrice"),
            reduce_only=True,
        )

    def _fill(self, row: Mapping[str, Any]) -> FillReport:
        instrument = self._contract.instrument
        ticks = round(row["price"] / float(instrument.tick_size))
        side = "buy" if row["side"] == OrderSide.BID else "sell"
        return FillReport(number(row["orderId"]), side, row["size"], ticks, "path", ticks, "gateway")


def bar_values(told: Mapping[str, Any]) -> tuple[int, tuple[float, float, float, float], int]:
    """Start in UTC nanoseconds, open, high, low and close, and volume of a bar as the API gives it (gateway API, 6.1)."""
    start = datetime.fromisoformat(told["t"])
    aware = start if start.tzinfo is not None else start.replace(tzinfo=UTC)
    return round(aware.timestamp()) * NS, (told["o"], told["h"], told["l"], told["c"]), told["v"]


def number(order_id: int | str) -> int:
    """The number of an order id, `ord_12` or 12; 0 for a gateway that numbers otherwise."""
    digits = str(order_id).removeprefix("ord_")
    return int(digits) if digits.isdigit() else 0
