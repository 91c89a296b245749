"""Labels of an axis that counts rows: times of the exchange at round steps."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NS = 1_000_000_000
_STEPS = [n * 60 for n in (1, 5, 15, 30, 60, 120, 240, 360, 720)] + [
    n * 86_400 for n in (1, 2, 7, 14, 30, 91, 182, 365, 730)
]
_PAUSES = 20  # times longer than its bars a stretch may be, for breaks in trading


def labels(times: NDArray[np.int64], zone: str, most: int = 7) -> tuple[list[int], list[str]]:
    """Rows to label, and the labels.

    Args:
        times: Moment of each row, ascending, UTC nanoseconds.
        zone: IANA name of the zone the labels are in.
        most: Labels at most.
    """
    if not len(times):
        return [], []
    place = ZoneInfo(zone)
    first, last = (datetime.fromtimestamp(int(t) // _NS, place) for t in (times[0], times[-1]))
    seconds = times // _NS + int(_offset(first))
    least = int(seconds[-1] - seconds[0]) / (_PAUSES * most)
    for step in [s for s in _STEPS if s >= least] or _STEPS[-1:]:
        rows = np.flatnonzero(np.diff(seconds // step)) + 1
        if len(rows) <= most:
            break
    rows = rows[:: max(1, -(-len(rows) // most))]
    shown, day = [], None
    for row in rows:
        moment = datetime.fromtimestamp(int(times[row]) // _NS, place)
        date = f"{moment.day} {moment:%b}" + (f" {moment:%Y}" if last.year != first.year or step >= 30 * 86_400 else "")
        shown.append(date if step >= 86_400 else f"{moment:%H:%M}" + (f"<br>{date}" if moment.date() != day else ""))
        day = moment.date()
    return [int(row) for row in rows], shown


def _offset(moment: datetime) -> float:
    offset = moment.utcoffset()
    return offset.total_seconds() if offset is not None else 0.0
