"""What a strategy or a risk rule needs for the array lane: positions over columns of bars, and rules as data.

A strategy's `positions(bars)` returns the position it wants after each bar, `KEEP` for no wish, or a `WithBracket`; a risk
rule's `array_form()` returns forms; an observer that needs no more than events says `events_only = True`.
"""

from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.forms import BalanceFloor, EntryCap, EntryHours, FlatBy, Form, GuardForm, PositionCap
from barstep.engine.array.signals import KEEP, WithBracket, crossover, when_changed

__all__ = [
    "KEEP",
    "ArrayBars",
    "BalanceFloor",
    "EntryCap",
    "EntryHours",
    "FlatBy",
    "Form",
    "GuardForm",
    "PositionCap",
    "WithBracket",
    "crossover",
    "when_changed",
]
