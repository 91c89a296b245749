"""Assertions about scenario tables and risk rules, whose messages show what happened instead."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from barstep.hooks.adapters import positional
from barstep.hooks.plugin import RiskRule
from barstep.testing.play import Played, play_table, show
from barstep.testing.shelf import ORDERS
from barstep.testing.table import read_ask, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.domain.order import Order
    from barstep.testing.shelf import Entry

_FLAT = "400 402 398 400"


def assert_table(table: str, *plugins: Entry, **sections: Any) -> Played:
    """Play a table and compare its last column with what happened, bar by bar.

    Args:
        table: See `barstep.testing.table`; every bar needs its last column, empty where nothing is to happen.
        plugins, sections: As for `play_table`.

    Returns:
        What came out, for further questions.

    Raises:
        AssertionError: With the table as expected and as it happened.
        ValueError: A bar has no last column, so that nothing would be compared.
    """
    bare = next((row for row in read_table(table).rows if row.expected is None), None)
    if bare is not None:
        raise ValueError(
            f"the bar {bare.bar[:4]} has no last column: write `| orders | what happens`, empty for nothing"
        )
    played = play_table(table, *plugins, **sections)
    expected = [_spaced(row.expected or "") for row in played.table.rows]
    happened = [_spaced("; ".join(events)) for events in played.happened]
    if expected != happened:
        raise AssertionError(
            f"expected:\n{show(played.table, expected)}\n\nhappened:\n{show(played.table, happened)}\n\n"
            f"first at bar {next(n for n, (e, h) in enumerate(zip(expected, happened, strict=True)) if e != h)}"
        )
    return played


def assert_rule(
    rule: RiskRule | type[RiskRule],
    order: str,
    *,
    allows: bool = False,
    denies: bool = False,
    resizes: int | None = None,
    reason: str = "",
    after: str = _FLAT,
    position: int = 0,
    **sections: Any,
) -> Order:
    """Ask a rule about one order in one state, and check its answer.

    Args:
        rule: The rule, with its options.
        order: As in a table: `buy 2 limit 398 sl 6`.
        allows, denies, resizes: What is expected, exactly one of them; `resizes` is the number of contracts that is sent.
        reason: What the reason must contain.
        after: A table that leads to the state: its bars, and its orders, about which the rule is not asked; it sees
            everything else. The order comes after the last bar.
        position: Signed contracts to hold at the end of `after`, bought or sold in bars added in front of it.
        sections: As for `play_table`.

    Returns:
        The order, with every reason.

    Raises:
        AssertionError: The rule answered otherwise, or the venue refused the order.
    """
    if (allows, denies, resizes is not None).count(True) != 1:
        raise TypeError("expected exactly one of allows=True, denies=True and resizes=N")
    made = rule() if isinstance(rule, type) else rule
    text = _leading_to(position, after) + f"\n{_last_close(after)} | {order} |"
    last = len(read_table(text).rows) - 1
    read_ask(order)
    with _asked_from(made, last):
        played = play_table(text, made, **sections)
    if played.bars <= last:
        raise AssertionError(f"{order}: it was never asked for: the account failed before ({played.failed})")
    return _judge(played, order, type(made).__name__, allows=allows, resizes=resizes, reason=reason)


@contextmanager
def _asked_from(rule: RiskRule, bar: int) -> Iterator[None]:
    """Have a rule's `on_risk` called from a bar on, and no objection before it."""
    if not hasattr(rule, "on_risk"):
        yield
        return
    asked = positional(rule, "on_risk")

    def on_risk(order: Order, ctx: Any) -> Any:
        return asked(order, ctx) if ctx.bar_index >= bar else None

    rule.on_risk = on_risk
    try:
        yield
    finally:
        del rule.on_risk


def _judge(played: Played, text: str, rule: str, *, allows: bool, resizes: int | None, reason: str) -> Order:
    """The order that was asked for after the last bar, if it fared as expected."""
    asked = (one for one in played.orders if one.plugin == ORDERS and one.asked_ns == played.end_ns)
    found = next(asked, None)
    if found is None:
        raise AssertionError(f"{text}: it asked for no order")
    if found.status == "denied":
        did, answer = "denied", "denies"
    elif found.status == "rejected":
        raise AssertionError(f"{text}: the venue rejected it: {found.reason}")
    elif found.size < found.asked:
        did, answer = f"resized to {found.size}", f"resizes={found.size}"
    else:
        did, answer = "allowed", "allows"
    expected = "allows" if allows else "denies" if resizes is None else f"resizes={resizes}"
    why = f": {found.reason}" if found.reason else ""
    if answer != expected:
        raise AssertionError(f"{rule}, {text}: it was {did}{why}; expected {expected}")
    if reason not in found.reason:
        raise AssertionError(f"{rule}, {text}: it was {did}{why}; expected a reason with {reason!r}")
    return found


def _leading_to(position: int, after: str) -> str:
    """A table that ends with a position, and then goes on as said."""
    if not position:
        return after
    first = read_table(after).rows[0].bar[0]
    flat = " ".join([f"{first:g}"] * 4)
    return f"{flat} | position {position} |\n{flat} |  |\n{after}"


def _last_close(after: str) -> str:
    close = read_table(after).rows[-1].bar[3]
    return " ".join([f"{close:g}"] * 4)


def _spaced(text: str) -> str:
    return " ".join(text.split())
