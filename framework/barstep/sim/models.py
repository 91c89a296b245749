"""Fees and slippage that a model decides, in place of the constant ones of the fill options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.domain.bar import Bar
from barstep.domain.pending_fill import PendingFill
from barstep.sim.book import LIMIT, MARKET, STOP, STOP_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.domain.instrument import Contract
    from barstep.domain.order import Side
    from barstep.domain.pending_fill import FillKind
    from barstep.sim.book import Book, Working
    from barstep.sim.market import Market

    FeeOf = Callable[[Contract, Side, int], int]
    """Micro-dollars per contract of one fill, from contract, side and size."""
    SlipOf = Callable[[PendingFill], int]
    """Whole ticks, 0 or more, that a fill pays."""

_WORDS: dict[int, FillKind] = {MARKET: "market", STOP: "stop", STOP_LIMIT: "stop_limit", LIMIT: "limit"}


class Models:
    """The fee and the slippage model of one market; a market without either has None in its book.

    Both answers are kept: a fee for each side and size, slippage for each question about one order between two bars. So all
    walks of a bar (R17) and the ledger see one answer, and a bar with models is always walked whole.

    Args:
        market: Whose fills are priced.
        fee: None for the market's constant fee.
        slip: None for the slippage of the fill options.
        seed: The run's.
    """

    def __init__(self, market: Market, fee: FeeOf | None, slip: SlipOf | None, seed: int) -> None:
        self._market, self._fee, self._slip, self._seed = market, fee, slip, seed
        self._fees: dict[tuple[int, int], int] = {}
        self._ticks: dict[tuple[int, int, int, int, int], int] = {}
        self._bar: Bar | None = None
        self._asked_after = -1

    def rate(self, sign: int, size: int) -> int:
        """Micro-dollars per contract of a fill of a side and size."""
        if self._fee is None:
            return self._market.ledger.fee
        known = self._fees.get((sign, size))
        if known is None:
            known = self._fee(self._market.feed.contract, "buy" if sign > 0 else "sell", size)
            self._fees[sign, size] = known
        return known

    def slip(self, book: Book, working: Working, usual: int) -> int:
        """Ticks that an order pays, where the fill options would charge `usual`."""
        size = min(working.size, book.volume_left)
        if working.reduce_only:
            size = min(size, max(0, -working.sign * book.position))
        if size < 1:
            return usual  # nothing will fill
        kind: FillKind = "trailing_stop" if working.trail else _WORDS[working.kind]
        return self._ask(kind, working.sign, size, usual, working.id)

    def forced(self, sign: int, size: int, usual: int, order_id: int) -> int:
        """Ticks that a close which no order asked for pays."""
        return self._ask("forced", sign, size, usual, order_id)

    def _ask(self, kind: FillKind, sign: int, size: int, usual: int, order_id: int) -> int:
        if self._slip is None:
            return usual
        self.look()
        key = (order_id, sign, size, usual, kind == "forced")
        known = self._ticks.get(key)
        if known is None:
            contract, side = self._market.feed.contract, "buy" if sign > 0 else "sell"
            known = self._slip(PendingFill(contract, kind, side, size, usual, self._bar, order_id, self._seed))  # type: ignore[arg-type]
            self._ticks[key] = known
        return known

    def look(self) -> None:
        """Take notice of the last complete bar; what was asked before it is forgotten. Also called before each new chunk."""
        market, row = self._market, self._market.row
        number = market.first + row
        if row < 0 or number == self._asked_after:
            return
        assert market.columns is not None  # noqa: S101 - a bar is complete, so its chunk is there
        price = market.price
        self._asked_after = number
        self._ticks.clear()
        self._bar = Bar(
            price(market.opens[row]), price(market.highs[row]), price(market.lows[row]), price(market.closes[row]),
            int(market.columns.volume[row]), market.starts[row], market.ends[row], number, market.feed,
        )  # fmt: skip
