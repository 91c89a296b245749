"""One point of a parameter grid: a strategy over bars that are ready, without a folder and without objects."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.instrument import MICROS
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.signals import wants_of

if TYPE_CHECKING:
    from barstep.engine.array.account import Account
    from barstep.engine.array.work import Left, Work
    from barstep.hooks.plugin import Plugin


class Point(NamedTuple):
    """What a run came to; money in micro-dollars.

    Attributes:
        net: Change of the balance, after fees.
        max_drawdown: Largest fall of equity inside bars, 0 or more.
        fees: Fees paid.
        fills, trades, ambiguous_bars, denied_orders, rejected_orders, bars: Counts.
        bars_in_market: Bars that end with a position.
        failed: Name of the guard that failed the account, or empty.
        digest: As `result.json` has it; empty unless asked for.
    """

    net: int
    max_drawdown: int
    fees: int
    fills: int
    trades: int
    ambiguous_bars: int
    denied_orders: int
    rejected_orders: int
    bars: int
    bars_in_market: int
    failed: str
    digest: str = ""

    @property
    def net_pnl(self) -> float:
        """`net` in USD."""
        return self.net / MICROS


def run_array_point(account: Account, strategy: Plugin, work: Work, *, digest: bool = False) -> Point:
    """Play a strategy with `positions` over an account's bars.

    Args:
        account: Bars, fill options and risk rules; may be shared by threads.
        strategy: A configured strategy.
        work: Room to work in, one for each thread.
        digest: Also compute the digest, which needs the fills.

    Raises:
        ValueError: The strategy's positions are not what the lane takes.
    """
    wants: Any = getattr(strategy, "positions")(account.bars)  # noqa: B009 - only some strategies have it
    left = work.play(account, wants_of(wants, len(account.bars)), at.TABLES if digest else at.NUMBERS)
    return point_of(account, left, digest_of(account, left, work) if digest else "")


def point_of(account: Account, left: Left, digest: str = "") -> Point:
    """The figures of a run."""
    m, failed = left.figures, int(left.book[at.FAILED])
    return Point(
        net=balance_of(left) - int(m[at.START]),
        max_drawdown=int(m[at.DRAWDOWN]),
        fees=int(m[at.L_FEES]),
        fills=int(m[at.N_FILLS]),
        trades=int(m[at.N_TRADES]),
        ambiguous_bars=int(m[at.AMBIGUOUS]),
        denied_orders=int(m[at.DENIED]),
        rejected_orders=int(m[at.REJECTED]),
        bars=int(m[at.BARS]),
        bars_in_market=int(m[at.IN_MARKET]),
        failed=account.guard_names[failed - 1].name if failed else "",
        digest=digest,
    )


def balance_of(left: Left) -> int:
    """The final balance in micro-dollars."""
    m = left.figures
    return int(m[at.START] + m[at.REALISED] * m[at.TICK_VALUE] - m[at.L_FEES])


def digest_of(account: Account, left: Left, work: Work) -> str:
    """The digest of a run whose fills were kept: one line a fill, then the final balance."""
    found = hashlib.sha256(work.digest_text(account, left.fills))
    found.update(f"{balance_of(left)}\n".encode())
    return found.hexdigest()
