"""Flat times: after which bars of a session everything is closed (R18)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import time
from typing import TYPE_CHECKING, NamedTuple

from barstep.domain.risk import Verdict
from barstep.domain.session import NS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from barstep.domain.bar import Feed
    from barstep.domain.session import Session
    from barstep.engine.streams import Segment, Stream

FLAT = "flat by {clock:%H:%M} until the next session"
"""What an order says that is asked for after the last bar before a flat time."""


class FlatTime(NamedTuple):
    """A plugin's flat time.

    Attributes:
        clock: Time of day in the exchange's zone.
        before_pause: Minutes before a holiday's pause, if that comes earlier.
        plugin: Who asked for it.
    """

    clock: time
    before_pause: int
    plugin: str


class FlatUntil(NamedTuple):
    """The last bar before a flat moment is over: nothing opens until then, UTC nanoseconds; the verdict says why."""

    moment_ns: int
    verdict: Verdict


FlatRows = dict[int, FlatUntil]
"""The rows after which everything is closed."""


def flat_rows_of(stream: Stream, segment: Segment, flat_times: Mapping[str, FlatTime], warnings: list[str]) -> FlatRows:
    """The rows of a segment after which everything is closed: the last to end by the earliest flat time (R18).

    A holiday that belongs to the next trading day has a flat time of its own, at the latest when trading halts.

    Args:
        stream: The bars.
        segment: Some rows of one session.
        flat_times: Flat times by plugin.
        warnings: Is told when bars are too long for the flat time.
    """
    if not flat_times:
        return {}
    if stream.flat_of is not segment:
        stream.flat_of, stream.flat_rows = segment, {}
        wanted = [
            [(moment, each) for moment in segment.session.flat_moments(each.clock, each.before_pause)]
            for each in flat_times.values()
        ]
        for moment, each in map(min, zip(*wanted, strict=True)):
            row = _flat_row(stream, segment, moment, each.clock, warnings)
            if row >= 0:
                verdict = Verdict(each.plugin, 0, FLAT.format(clock=each.clock))
                stream.flat_rows[row] = FlatUntil(moment, verdict)
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
