"""Flat times: after which bars of a session everything is closed (R18)."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import time

    from barstep.domain.bar import Feed
    from barstep.domain.session import Session
    from barstep.engine.streams import Segment, Stream

NO_ROWS: frozenset[int] = frozenset()


def flat_rows_of(
    stream: Stream, segment: Segment, flat_times: Mapping[str, time], warnings: list[str]
) -> frozenset[int]:
    """The rows of a segment after which everything is closed: the last to end by the earliest flat time (R18).

    A holiday that belongs to the next trading day has a flat time of its own, at the latest when trading halts.

    Args:
        stream: The bars.
        segment: Some rows of one session.
        flat_times: Clock times by plugin, in the exchange's zone.
        warnings: Is told when bars are too long for the flat time.
    """
    if not flat_times:
        return NO_ROWS
    if stream.flat_of is not segment:
        clock = min(flat_times.values())
        moments = segment.session.flat_moments(clock)
        rows = (_flat_row(stream, segment, moment, clock, warnings) for moment in moments)
        stream.flat_of, stream.flat_rows = segment, frozenset(row for row in rows if row >= 0)
    return stream.flat_rows


def _flat_row(stream: Stream, segment: Segment, flat_ns: int, clock: time, warnings: list[str]) -> int:
    ends = stream.market.ends
    row = bisect_right(ends, flat_ns, segment.start, segment.stop) - 1
    if row < segment.start:
        return -1
    data_ends = segment.stop == len(ends) and stream.next_end() is None
    if row == segment.stop - 1 and data_ends and ends[row] < flat_ns:
        return -1  # bars that are not there might have come before the flat time: R25 closes instead
    if row == segment.stop - 1 and not segment.ends:
        following = stream.next_end()
        return row if following is not None and following > flat_ns else -1
    if row + 1 < segment.stop and stream.market.starts[row + 1] < flat_ns and not warnings:
        warnings.append(straddle_warning(stream.feed, segment.session, flat_ns, clock))
    return row


def straddle_warning(feed: Feed, session: Session, flat_ns: int, clock: time) -> str:
    """What a run says when a flat time falls inside a bar, with the timeframe that would be exact."""
    seconds = (flat_ns - session.open_ns) // NS
    sizes = {"30m": 1800, "15m": 900, "10m": 600, "5m": 300, "2m": 120, "1m": 60, "1s": 1}
    exact = next(name for name, size in sizes.items() if seconds % size == 0)
    return (
        f"bars of {feed.timeframe.text} straddle the flat time {clock:%H:%M}: positions are closed at the "
        f"last bar that ends before it; {exact} bars would be exact (R18)"
    )
