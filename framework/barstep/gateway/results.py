"""What Replay/end sums up (gateway API, 9.4 and 13.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.domain.instrument import MICROS

if TYPE_CHECKING:
    from barstep.gateway.session import Session


def results(session: Session) -> dict[str, Any]:
    """The statistics of a replay from its fills; money in USD.

    Every entry and every exit counts as a trade, so a flip counts two; the win rate is over closing fills, before fees.
    """
    start, balance = session.exchange.start_balance, session.exchange.balance
    closing = [fill for fill in session.fills if fill.closed]
    wins = sum(fill.realised > 0 for fill in closing)
    return {
        "startingBalance": start / MICROS,
        "finalBalance": balance / MICROS,
        "netPnl": (balance - start) / MICROS,
        "grossPnl": sum(fill.realised for fill in closing) / MICROS,
        "fees": sum(fill.fee for fill in session.fills) / MICROS,
        "totalTrades": sum(bool(fill.opened) + bool(fill.closed) for fill in session.fills),
        "closingTrades": len(closing),
        "winningTrades": wins,
        "winRate": 100 * wins / len(closing) if closing else 0.0,
        "bars": session.index,
        "ambiguousBars": session.ambiguous,
        "fills": session.run.fills,
    }
