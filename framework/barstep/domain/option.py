"""How a plugin declares its options: annotated class fields, with `option(...)` where a bound or a help text matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MISSING: Any = object()
"""Default of an option that the configuration must give."""


@dataclass(frozen=True, slots=True)
class Option:
    """What `option(...)` records about a field; the loader replaces it by the configured value."""

    default: Any = MISSING
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    help: str = ""


def option(
    default: Any = MISSING,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    help: str = "",
) -> Any:
    """Declare a plugin option with a default, bounds and a help text.

    Args:
        default: Value when the configuration gives none; leave it out to make the option required.
        ge, gt, le, lt: Bounds for numbers.
        help: One line for `barstep plugins show`.
    """
    return Option(default, ge, gt, le, lt, help)


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option of a plugin class as the loader found it: its name, its type hint and what was declared."""

    name: str
    type: Any
    spec: Option
