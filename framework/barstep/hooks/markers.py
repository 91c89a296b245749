"""The two markers of the project, as pluggy makes them, and the condition that a hook may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable

Hook = TypeVar("Hook", bound="Callable[..., Any]")

PROJECT = "barstep"
"""Name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's method as a hook: write `@hookimpl` above it."""


def only_if(condition: Callable[[Any], bool]) -> Callable[[Hook], Hook]:
    """Mark a hook that has nothing to do under some options: write `@only_if(lambda self: ...)` below `@hookimpl`.

    Args:
        condition: Asked of the plugin once, before the run; where it is false the hook is not called.

    Raises:
        TypeError: The condition cannot be asked.
    """
    if not callable(condition):
        raise TypeError(
            f"only_if got {condition!r}: write @only_if(lambda self: ...), which is asked when the options are known"
        )

    def mark(hook: Hook) -> Hook:
        hook.only_if = condition  # type: ignore[attr-defined]
        return hook

    return mark
