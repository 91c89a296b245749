"""Where a stream's bars begin and end."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from barstep import data
from barstep.domain.errors import DataError
from barstep.domain.session import to_datetime
from barstep.runs.sources import sessions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.domain.bar import BarStream


class Extent(NamedTuple):
    """Where bars begin and end: the first one's start and the last one's end, and their trading days."""

    start: datetime
    end: datetime
    first_day: date
    last_day: date


def extent(stream: BarStream) -> Extent:
    """Where a stream's bars begin and end; generated bars are gone through for it, files are not read whole.

    Raises:
        DataError: When there is no bar.
    """
    span: Callable[[], tuple[int, int] | None] | None = getattr(stream, "span", None)
    if span is not None:
        low, high = span() or (0, 0)
    else:
        ends = [(int(bars.start_ns[0]), int(bars.end_ns[-1])) for bars in stream.chunks()] or [(0, 0)]
        low, high = ends[0][0], ends[-1][1]
    if low == high:
        raise DataError(f"{stream.feed.contract.name}: no bars between start and end; choose other dates")
    zone, sessions = stream.feed.zone, sessions_of(stream)
    days = sessions.between(low, high - 1)
    return Extent(to_datetime(low, zone), to_datetime(high, zone), days[0].date, days[-1].date)


def past_expiry(stream: BarStream, last_ns: int) -> str:
    """A warning when bars run on after their contract's end, or an empty text.

    An equity index contract ends on its third Friday, any other at the latest with its month.
    """
    contract, last = stream.feed.contract, to_datetime(last_ns, stream.feed.zone).date()
    end = data.last_day(contract)
    if end is None or last <= end:
        return ""
    return (
        f"bars run to {last}, but {contract.name} ends by {end}: where the file joins several contracts, the jumps "
        "between them count as profit or loss"
    )
