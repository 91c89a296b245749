"""The rules of the fill model in a sentence each: what `explain` says and the pages show."""

from __future__ import annotations

RULES: dict[str, str] = {
    "R1": "A bar must make sense: low and high enclose open and close, prices lie on the grid, times rise.",
    "R2": "A bar covers the time from its start up to, and without, its end.",
    "R3": "Orders are sent between bars, when a bar is complete; sessions, expiries and guard resets come before a bar.",
    "R4": "An order can fill from the open of the bar after it was sent, plus latency_bars.",
    "R5": "Nothing fills in a bar without volume or outside the trading hours.",
    "R6": "A market order fills at the next open plus slippage, or with market_fill: current_close at the close.",
    "R7": "A limit fills at its price once the price trades limit_through_ticks beyond it; a new one at a better open.",
    "R8": "A stop fills when its level is touched, at the level or at an open beyond it, plus slippage.",
    "R9": "A stop-limit wakes up like a stop, then fills within its limit or rests as a limit.",
    "R10": "A trailing stop follows the best price at its distance, then acts as a stop.",
    "R11": "A join order is a limit at the last close.",
    "R12": "Stop and target come with the entry's fill; one cancels the other, and both end with the position.",
    "R13": "At the open come guards, then market orders, stops, stop-limits and limits, each by id.",
    "R14": "Inside a bar the price goes open, high, low, close (A) or open, low, high, close (B).",
    "R15": "On each leg of the path the nearest level comes first; at one price a stop comes before a limit.",
    "R16": "After each fill in the path guards and new orders are tested at that price.",
    "R17": "Where paths A and B end differently the bar is ambiguous: the worse outcome is kept, all are stored.",
    "R17b": "A target in the bar of its own entry gives way to the stop when the bar reaches both.",
    "R18": "At a flat time everything is cancelled and closed at the close, less forced_slip_ticks.",
    "R19": "A guard acts where its level is reached: all is cancelled and closed there, less forced_slip_ticks.",
    "R20": "Results are matched first in, first out, and fees are paid per contract and side at each fill.",
    "R21": "Finer bars that cover a bar exactly decide what happened in it; otherwise its own prices do.",
    "R22": "All orders together take at most their share of a bar's volume; the rest waits.",
    "R23": "A cancel or a change acts between bars; a new price or a larger size makes the order new again.",
    "R24": "A price between two ticks is refused, or rounded to the one that fills later.",
    "R25": "The end of the data cancels what works and closes positions at the last close, less market_slip_ticks.",
    "R25b": "Bars of several contracts that end together are played in the order of the configuration.",
    "R26": "Each fill keeps its bar, phase, leg, level, rule and certainty.",
    "R27": "Nothing in the exchange is random.",
    "R28": "After each bar no order may be left that should have filled.",
}
"""Our words for each rule; the contract itself is the fill model."""

PHASES = {
    "open": "at the open",
    "path": "inside the bar",
    "settle": "at the close, by a flat time",
    "hooks": "at the close, while it was sent",
    "end": "at the end of the data",
}

_REASONS = (
    ("OCO: order", "R12"),
    ("position closed", "R12"),
    ("nothing left to reduce", "R12"),
    ("end of data", "R25"),
    ("flat time", "R18"),
    ("already reached by the last close", "R8"),
    ("is not on the", "R24"),
    ("no price yet", "R3"),
    ("the account has failed", "R19"),
    ("from the first session's start to the last bar", "R4"),
)


def rule_of(status: str, reason: str, guards: set[str]) -> str:
    """The rule behind the end of an order that did not fill; empty when a plugin or a person decided."""
    for words, rule in _REASONS:
        if words in reason:
            return rule
    if any(part in guards for part in reason.split("; ")):
        return "R19"
    return {"expired": "R3", "cancelled": "R23"}.get(status, "")
