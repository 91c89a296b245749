"""Keeping to a gateway's request limits without being told off (gateway API, 2.3)."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HISTORY = (50, 30.0)
"""History/retrieveBars: that many requests in that many seconds."""


class Pace:
    """Waits where one more request would be too many within a sliding window.

    Args:
        most: Requests in a window.
        window: Its length in seconds.
        now: Seconds of a clock that never goes back.
        sleep: Waits.
    """

    def __init__(
        self,
        most: int = HISTORY[0],
        window: float = HISTORY[1],
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._most, self._window, self._now, self._sleep = most, window, now, sleep
        self._times: deque[float] = deque()

    def wait(self) -> None:
        """Return when the next request may be sent; it counts from then on."""
        if len(self._times) >= self._most:
            pause = self._times.popleft() + self._window - self._now()
            if pause > 0:
                self._sleep(pause)
        self._times.append(self._now())
