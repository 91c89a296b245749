"""Trade/search: the fills of a replay, one row each (gateway API, 8.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from barstep.broker.forms import fill_ns, trade_form
from barstep.broker.wire import done
from barstep.domain.session import NS

if TYPE_CHECKING:
    from barstep.gateway.seats import Call


def search(call: Call) -> dict[str, Any]:
    """Fills in event order, newest first in the live dialect; a flip is one row, whose result is its closing part's."""
    seat, values = call.seat(), call.values
    if seat.session is None:
        return done(trades=[])
    first, last = values["startTimestamp"], values["endTimestamp"]
    day = None if call.live else values["startDate"]
    if day is not None:
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NS
        first = start if first is None else max(first, start)
    rows = [
        trade_form(fill, number, seat.number, call.live)
        for number, fill in enumerate(seat.session.fills, 1)
        if (first is None or fill_ns(fill) >= first) and (last is None or fill_ns(fill) <= last)
    ]
    return done(trades=rows[::-1] if call.live else rows)
