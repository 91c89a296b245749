"""Ctrl-C while bars are played."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stoppable(Protocol):
    """What ends after the bar being played once it is told to."""

    stopping: bool


@contextmanager
def stop_on_interrupt(player: Stoppable) -> Iterator[None]:
    """The first Ctrl-C ends the run after the bar being played, the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        player.stopping = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
