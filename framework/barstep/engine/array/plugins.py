"""Which plugins the array lane can play: their array forms, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.domain.errors import PluginError
from barstep.engine.array.account import Named
from barstep.engine.array.causality import LOOKS, LookAheadError, looks_ahead
from barstep.engine.array.signals import wants_of
from barstep.hooks.checks import hooks_of, where
from barstep.hooks.manager import raised_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.engine.array.bars import ArrayBars
    from barstep.engine.array.work import Wants
    from barstep.hooks.plugin import Plugin

ALL_BARS = "all bars at once"
_OF_POSITIONS = ("on_start", "on_bar")
_OF_EVENTS = ("on_start", "on_fill", "on_trade", "on_order", "on_stop")


def fault_of(name: str, section: str, cls: type[Plugin], make: Callable[[], Any]) -> str:
    """Why a plugin cannot run in the array lane; empty when it can.

    A claim to an array form holds for the class that makes it. Where a class below overrides a hook it has to be made anew.
    """
    if section == "strategies":
        return _fault(name, cls, "positions", "has no positions(bars)", _OF_POSITIONS)
    if section == "risk":
        fault = _fault(name, cls, "array_form", "has no array_form()", None)
        return fault or ("" if make().array_form() is not None else f"{name} has no array form with these options")
    if not getattr(cls, "events_only", False):
        return f"the observer {name} may look at the account or at bars: events_only = True says that it does not"
    return _fault(name, cls, "events_only", "", _OF_EVENTS)


def wants_from(name: str, strategy: Plugin, bars: ArrayBars, file: str, looks: int = LOOKS) -> Wants:
    """What a strategy wants over all bars, tried on shorter histories (see `looks_ahead`) not to know the bars after each.

    Raises:
        PluginError: `positions` raised, returned what it should not, or looks ahead.
    """
    positions: Any = getattr(strategy, "positions")  # noqa: B009 - only some strategies have it
    place = where(type(strategy).positions)  # type: ignore[attr-defined]
    try:
        answer = positions(bars)
    except Exception as error:
        raise PluginError(name, "positions", raised_at(error, file), ALL_BARS, error) from error
    try:
        wants = wants_of(answer, len(bars))
    except ValueError as error:
        raise PluginError(name, "positions", place, ALL_BARS, error) from None
    seen = looks_ahead(positions, bars, wants, looks)
    if seen:
        raise PluginError(name, "positions", place, ALL_BARS, LookAheadError(seen))
    return wants


def forms_of(name: str, rule: Plugin) -> list[Named]:
    """The array forms of a risk rule."""
    made: Any = getattr(rule, "array_form")()  # noqa: B009 - only some rules have it
    return [Named(name, form) for form in (made if isinstance(made, list | tuple) else (made,))]


def _fault(name: str, cls: type[Plugin], claim: str, without: str, allowed: tuple[str, ...] | None) -> str:
    hooks = hooks_of(cls)
    order = [each for each in cls.__mro__ if claim in vars(each)]
    if not order:
        return f"{name} {without}"
    later = cls.__mro__[: cls.__mro__.index(order[0])]
    for hook in hooks:
        if any(hook in vars(each) for each in later):
            return f"{name} overrides {hook} of a class whose {claim} does not know of it"
        if allowed is not None and hook not in allowed:
            return f"{name} has {hook}, which the array lane does not call"
    return ""
