"""The request limits of the live gateway, for those who want to meet them at home (gateway API, 2.3)."""

from __future__ import annotations

import time
from collections import deque
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BARS = (50, 30.0)
"""History/retrieveBars: that many requests in that many seconds."""
OTHERS = (200, 60.0)
"""Everything else together, logins included."""

_MOST_CALLERS = 1_000


class Limits:
    """Counts requests in a sliding window for each caller: which window and whose is not documented.

    Args:
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: dict[tuple[str, bool], deque[float]] = {}

    def wait(self, caller: str, path: str) -> int:
        """Count a request: 0 when it may pass, else the seconds until one would; a refused one does not count."""
        bars = path == "History/retrieveBars"
        most, window = BARS if bars else OTHERS
        now = self._now()
        seen = self._seen.get((caller, bars))
        if seen is None:
            if len(self._seen) >= _MOST_CALLERS:
                self._seen = {key: times for key, times in self._seen.items() if times[-1] > now - OTHERS[1]}
            seen = self._seen[caller, bars] = deque()
        while seen and seen[0] <= now - window:
            seen.popleft()
        if len(seen) >= most:
            return max(1, ceil(seen[0] + window - now))
        seen.append(now)
        return 0
