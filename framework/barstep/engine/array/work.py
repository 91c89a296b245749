"""The kernel's work array: kept from run to run, grown when a run needs more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from barstep.domain.errors import InvariantError
from barstep.engine.array.compiled import kernel
from barstep.engine.array.kernel import layout as at
from barstep.stats.days import Days
from barstep.stats.trades import COLUMNS, Trades

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from barstep.engine.array.account import Account

_WIDTHS = (at.FILL, at.TRADE, at.STEP, at.TAPE)
_LINE = 64
"""Bytes that the figures of a digest's line may take."""
_FILLS = 65_536
"""Fills that there is room for at once, or one for each four bars; a run with more is played again with more room."""
_THOUSAND = np.frombuffer("".join(f"{number:03}" for number in range(1000)).encode(), np.uint8).reshape(1000, 3)
"""The digits of 0 to 999."""


class Wants(NamedTuple):
    """What a strategy wants, as the kernel takes it: all int64 and read-only; distances have one row or one a bar."""

    positions: NDArray[np.int64]
    stops: NDArray[np.int64]
    targets: NDArray[np.int64]
    trails: NDArray[np.int64]


class Left(NamedTuple):
    """What a run left: views of the work array, good until the next run.

    `figures` has what `layout` places before BOOK (REALISED, DRAWDOWN and the like), the others are rows of whole numbers.
    """

    figures: NDArray[np.int64]
    book: NDArray[np.int64]
    fills: NDArray[np.int64]
    trades: NDArray[np.int64]
    steps: NDArray[np.int64]
    tape: NDArray[np.int64]


class Work:
    """Room for one run at a time; a thread or process that plays many runs keeps one of its own."""

    def __init__(self) -> None:
        self._orders, self._lots = 16, 64
        self._rooms = [0, 0, 0, 0]
        self._text = np.zeros(0, np.uint8)
        self._equity = np.zeros(0, np.int64)
        self._make()

    def play(self, account: Account, wants: Wants, keep: int) -> Left:
        """Play all bars of an account; `keep` is one of NUMBERS, TABLES and STORY.

        Raises:
            InvariantError: The ledger was off (R20): a bug of ours.
        """
        if keep != at.NUMBERS:
            self._expect(min(len(account.bars) // 4, _FILLS), keep)
        while not self._play(account, wants, keep):
            self._make()
        m = self._arena
        if m[at.FAULT] == at.OFF_LEDGER:
            raise InvariantError("the array lane's ledger is off (R20); this is a bug of barstep, please report it")
        used = self._used(keep)
        rows = (
            m[start : start + count * width].reshape(count, width)
            for start, count, width in zip(self._starts, used, _WIDTHS, strict=True)
        )
        return Left(m[: at.BOOK], m[at.BOOK : at.BOOK + at.STATE], *rows)

    def equity(self, account: Account, left: Left) -> NDArray[np.int64]:
        """Equity at each bar's close in micro-dollars, for a run whose tables were kept; good until the next call."""
        played = int(left.figures[at.BARS])
        if len(self._equity) < played:
            self._equity = np.zeros(played, np.int64)
        out = self._equity[:played]
        kernel().equity_curve(left.steps, account.bars.columns[3], account.options, out)
        return out

    def days(self, account: Account, left: Left, lasts: NDArray[np.int64]) -> Days:
        """The days of a run whose tables were kept; `lasts` are their last bars."""
        ends, lowest = np.empty((2, len(lasts)), np.int64)
        _, highs, lows, closes = account.bars.columns
        kernel().day_figures(left.steps, lows, highs, closes, lasts, account.options, ends, lowest)
        return Days(int(account.options[at.START]), ends, lowest)

    def trades(self, account: Account, left: Left) -> Trades:
        """The closed trades of a run whose tables were kept, 0 for the time held and the risk taken: no headline has them."""
        table = np.zeros((COLUMNS, len(left.trades)), np.int64)
        tick, fee = account.options[at.TICK_VALUE], account.options[at.FEE]
        kernel().trade_rows(left.trades, left.fills, tick, fee, table)
        return Trades.of(table)

    def digest_text(self, account: Account, fills: NDArray[np.int64]) -> bytes | memoryview:
        """The digest's lines of some fills, as bytes; good until the next call."""
        if not len(fills):
            return b""
        contract = account.bars.feed.contract.id.encode()
        sides = [b"|" + contract + b"|" + side + b"|" for side in (b"buy", b"sell")]
        widths = np.array([len(side) for side in sides], np.uint64)
        between = np.array([list(side.ljust(len(sides[1]), b"\0")) for side in sides], np.uint8)
        need = len(fills) * (_LINE + between.shape[1])
        if len(self._text) < need:
            self._text = np.empty(need, np.uint8)
        moments = account.bars.end_ns[fills[:, at.F_BAR]]  # apart: each is far from the last in memory
        start = kernel().digest_lines(fills, moments, between, widths, _THOUSAND, self._text)
        return self._text[start:].data

    def _play(self, account: Account, wants: Wants, keep: int) -> bool:
        """One attempt; False when there was too little room, and more is wanted now."""
        m = self._arena
        m[: self._small] = 0
        m[: at.OPTIONS] = account.options
        m[at.GUARDS], m[at.SAVES] = len(account.guards), keep
        m[at.BOOK_A], m[at.BOOK_B] = at.BOOK + self._stride, at.BOOK + 2 * self._stride
        m[at.AT_LOG] = at.ORDERS + self._orders * at.WORKING
        m[at.AT_LOTS] = at.BOOK + 3 * self._stride
        m[at.AT_FILLS : at.AT_TAPE + 1] = self._starts
        m[at.ORDER_ROOM], m[at.LOG_ROOM], m[at.LOT_ROOM] = self._orders, self._log_rows, self._lots
        m[at.FILL_ROOM : at.TAPE_ROOM + 1] = self._rooms
        m[at.STEPPED] = -1
        m[at.PEAK] = account.options[at.START]
        m[at.BOOK + at.NEXT_ID] = 1
        guards = account.guards.ravel()
        m[at.BOOK + at.STATE : at.BOOK + at.STATE + len(guards)] = guards
        kernel().play(m, *account.bars.columns, *account.rows, *wants, account.denied)
        if m[at.FULL]:
            self._orders, self._lots = 4 * self._orders, 4 * self._lots
            return False
        used = self._used(keep)
        if all(need <= have for need, have in zip(used, self._rooms, strict=True)):
            return True
        self._rooms = [max(have, need + need // 4) for need, have in zip(used, self._rooms, strict=True)]
        return False

    def _expect(self, fills: int, keep: int) -> None:
        """Have room for so many fills, and what comes with them: memory that nothing is written to is not taken."""
        rooms = [fills, fills, fills, 4 * fills if keep == at.STORY else 0]
        if any(need > have for need, have in zip(rooms, self._rooms, strict=True)):
            self._rooms = [max(each) for each in zip(rooms, self._rooms, strict=True)]
            self._make()

    def _used(self, keep: int) -> list[int]:
        if keep == at.NUMBERS:
            return [0, 0, 0, 0]
        counts: list[int] = self._arena[[at.N_FILLS, at.N_TRADES, at.N_STEPS, at.N_TAPE]].tolist()
        return counts

    def _make(self) -> None:
        self._log_rows = 4 * self._orders + 32
        self._stride = at.ORDERS + self._orders * at.WORKING + self._log_rows * at.ENTRY
        self._small = at.BOOK + 3 * self._stride + self._lots * at.LOT
        sizes = [room * width for room, width in zip(self._rooms, _WIDTHS, strict=True)]
        ends = np.cumsum([self._small, *sizes])
        self._starts = ends[:-1].tolist()
        self._arena = np.empty(int(ends[-1]), np.int64)  # what stands there is of an earlier run, or of none
