"""A strategy that has only `positions`, in the event lane: what it wants is known at the start and asked for bar by bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.engine.array.kernel.layout import KEEP
from barstep.hooks.markers import hookimpl
from barstep.hooks.plugin import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.domain.bar import Bar
    from barstep.engine.array.work import Wants
    from barstep.engine.context import Context


class Follower(Strategy):
    """Calls `ctx.set_position` after each bar as the positions say."""

    def __init__(self, wants: Callable[[], Wants]) -> None:
        self._make = wants

    @hookimpl
    def on_start(self, ctx: Context) -> None:  # noqa: ARG002 - the hook's signature
        """Ask for the positions over all bars; they are proved on shorter histories not to look ahead."""
        wants = self._make()
        self._positions = wants.positions.tolist()
        self._distances = [values.tolist() for values in wants[1:]]

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        """Ask for the position wanted after this bar."""
        want = self._positions[bar.index]
        if want != KEEP:
            stop, target, trail = (row[bar.index if len(row) > 1 else 0] or None for row in self._distances)
            ctx.set_position(want, stop_loss_ticks=stop, take_profit_ticks=target, trailing_stop_ticks=trail)
