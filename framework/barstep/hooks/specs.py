"""Every hook with its exact signature. A plugin implements any of them, marked with `@hookimpl`.

Hooks run between bars, never inside one: what a plugin does takes effect through orders, brackets and guards (P2).
Plugins are called in the order of the configuration: strategies, then risk rules, then observers. `ctx` is the
plugin's own context. A method may leave out parameters it does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.hooks.markers import hookspec

if TYPE_CHECKING:
    from barstep.domain.bar import Bar
    from barstep.domain.fill import Fill, Trade
    from barstep.domain.order import Order
    from barstep.domain.risk import RiskDecision
    from barstep.domain.session import Session
    from barstep.engine.context import Context


class HookSpecs:
    """The hooks, in the order in which a replay reaches them."""

    @hookspec
    def on_start(self, ctx: Context) -> None:
        """Before the first bar: declare indicators, set guards. Orders are refused here (R4)."""

    @hookspec
    def on_session_start(self, session: Session, ctx: Context) -> None:
        """A trading day begins, before its first bar. Orders asked for here are eligible at that bar's open (R4)."""

    @hookspec
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        """A bar is complete. Orders asked for here are eligible from the next bar's open (R4)."""

    @hookspec
    def on_risk(self, order: Order, ctx: Context) -> RiskDecision | None:
        """An order, or part of one, would open or add `order.opens` contracts in the worst case.

        Return None for no objection, `RiskDecision.deny(reason)` or `RiskDecision.resize(n, reason)`. Every rule is asked;
        any denial wins, else the smallest size; all reasons are kept. Reducing orders, bracket children and the closing
        part of a flip are never judged. Only risk rules implement it.
        """

    @hookspec
    def on_fill(self, fill: Fill, ctx: Context) -> None:
        """An order filled, in whole or in part; called for each execution in event order, before `on_bar`."""

    @hookspec
    def on_trade(self, trade: Trade, ctx: Context) -> None:
        """A round trip closed; called right after the `on_fill` of the closing execution."""

    @hookspec
    def on_order(self, order: Order, ctx: Context) -> None:
        """An order's status changed: working, filled, cancelled, expired, denied or rejected, or it was modified.

        The order shows its state at the end of the bar, so two changes inside one bar look alike.
        """

    @hookspec
    def on_session_end(self, session: Session, ctx: Context) -> None:
        """A trading day is over, after its last bar."""

    @hookspec
    def on_stop(self, ctx: Context) -> None:
        """After the last bar, also after an error or an interruption. Orders are refused here (R4)."""


HOOK_NAMES = tuple(name for name in vars(HookSpecs) if name.startswith("on_"))
"""All hooks by name, in the order of a replay."""
