"""What a plugin class must look like; the loader refuses plugins that would stay silent, with the line to change."""

from __future__ import annotations

import difflib
import inspect
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from barstep.domain.option import Option
from barstep.hooks.extension import DataSource, Extension
from barstep.hooks.markers import PROJECT
from barstep.hooks.plugin import Plugin, RiskRule, Strategy
from barstep.hooks.specs import HOOK_NAMES, HookSpecs

if TYPE_CHECKING:
    from collections.abc import Callable


_KNOWN: WeakKeyDictionary[type, dict[str, Callable[..., Any]]] = WeakKeyDictionary()
"""The hooks of classes that were looked at before: a run asks for them dozens of times."""


@cache
def parameters(hook: str) -> tuple[str, ...]:
    """Names of a hook's parameters, without self."""
    return tuple(inspect.signature(getattr(HookSpecs, hook)).parameters)[1:]


def marks(method: object) -> dict[str, Any] | None:
    """What `@hookimpl` left on a method, or None when it is not marked."""
    found: dict[str, Any] | None = getattr(method, f"{PROJECT}_impl", None)
    return found


def hooks_of(cls: type) -> dict[str, Callable[..., Any]]:
    """The marked hook methods of a plugin class by name."""
    if cls in _KNOWN:
        return _KNOWN[cls]
    members = {name: member for base in reversed(cls.__mro__) for name, member in vars(base).items()}
    marked = (
        (name, member) for name, member in sorted(members.items()) if inspect.isfunction(member) and marks(member)
    )
    found = _KNOWN[cls] = dict(marked)
    return found


def is_heard(plugin: Plugin, hook: str) -> bool:
    """Whether a plugin, as it is configured, has use for a hook that it implements (`only_if`)."""
    condition = getattr(hooks_of(type(plugin))[hook], "only_if", None)
    return condition is None or bool(condition(plugin))


def faults(cls: type[Plugin]) -> list[str]:
    """Every reason to refuse a plugin class, each as `file:line: what is wrong and what to write`."""
    marked = hooks_of(cls)
    typed = inspect.get_annotations(cls)
    bare = [name for name, value in vars(cls).items() if isinstance(value, Option) and name not in typed]
    found = [f"{where(cls)}: {cls.__name__}.{name} needs a type: write {name}: int = option(...)" for name in bare]
    if issubclass(cls, Extension):
        return found + [f"{where(cls)}: {fault}" for fault in _extension_faults(cls, marked)]
    found += [fault for name, method in marked.items() for fault in _method_faults(cls, name, method)]
    for name in HOOK_NAMES:
        method = getattr(cls, name, None)
        if method is not None and name not in marked:
            found.append(
                f"{where(method)}: {cls.__name__}.{name} is named like a hook but not marked: write @hookimpl above it"
            )
    wishes = issubclass(cls, Strategy) and callable(getattr(cls, "positions", None))
    if not marked and not found and not wishes:
        found.append(f"{where(cls)}: {cls.__name__} has no hooks: mark at least one method with @hookimpl")
    elif issubclass(cls, Strategy) and "on_bar" not in marked and not found and not wishes:
        found.append(f"{where(cls)}: the strategy {cls.__name__} has no on_bar: mark one with @hookimpl")
    return found


def _extension_faults(cls: type[Extension], marked: dict[str, Callable[..., Any]]) -> list[str]:
    """Why a class that answers a question would not be asked, or would answer wrongly."""
    found, name = [], cls.function
    method = inspect.getattr_static(cls, name)
    base = next(base for base in cls.__mro__ if Extension in base.__bases__)
    wanted = ", ".join(inspect.signature(getattr(base, name)).parameters)
    if method is vars(base)[name]:
        found.append(f"{cls.__name__} has no {name}: write def {name}({wanted})")
    elif not inspect.isfunction(method) or inspect.iscoroutinefunction(method):
        found.append(f"{cls.__name__}.{name} would not be called: write it as a plain def {name}({wanted})")
    elif ", ".join(inspect.signature(method).parameters) != wanted:
        found.append(f"{cls.__name__}.{name} takes {inspect.signature(method)}: write def {name}({wanted})")
    hooks = [*marked, *(hook for hook in HOOK_NAMES if hasattr(cls, hook) and hook not in marked)]
    if hooks:
        found.append(f"{cls.__name__}.{hooks[0]} would never run: hooks belong to strategies, risk rules and observers")
    if issubclass(cls, DataSource) and cls.stamp not in ("open", "close"):
        found.append(f'{cls.__name__}.stamp is {cls.stamp!r}: write stamp = "open" or stamp = "close" (R2)')
    return found


def _method_faults(cls: type[Plugin], name: str, method: Callable[..., Any]) -> list[str]:
    found = [f"{cls.__name__}.{name}{what}" for what in _misuses(cls, name, method)]
    return [f"{where(method)}: {fault}" for fault in found]  # finding the line takes its time: only for a fault


def _misuses(cls: type[Plugin], name: str, method: Callable[..., Any]) -> list[str]:
    if name not in HOOK_NAMES:
        near = difflib.get_close_matches(name, HOOK_NAMES, 1)
        return [" is marked, but there is no such hook: " + (f"did you mean {near[0]}?" if near else _all_hooks())]
    if name == "on_risk" and not issubclass(cls, RiskRule):
        return [": only a risk rule is asked about orders: inherit from RiskRule"]
    found = []
    options = marks(method) or {}
    for option in ("tryfirst", "trylast", "specname", "optionalhook", "hookwrapper"):
        if options.get(option):
            found.append(f": hookimpl({option}=...) is not used here: plugins run in the order of the configuration")
    if inspect.iscoroutinefunction(method) or (inspect.isgeneratorfunction(method) and not options.get("wrapper")):
        found.append(" would never run: write it as a plain def, without async and without yield")
    allowed = parameters(name)
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        if parameter.name not in allowed:
            found.append(f" takes {parameter.name!r}, but {name} gives only {', '.join(allowed)}")
        elif parameter.default is not inspect.Parameter.empty:
            found.append(f": {parameter.name} has a default, so it would never receive its value: write it without")
    return found


def file_of(cls: type) -> str:
    """The file of a class, empty for one that was typed into a session."""
    try:
        return inspect.getfile(cls)
    except (OSError, TypeError):
        return ""


def where(thing: Any) -> str:
    """`file:line` of a class or function."""
    try:
        lines = inspect.getsourcelines(thing)
        return f"{inspect.getsourcefile(thing)}:{lines[1]}"
    except (OSError, TypeError):
        return f"{getattr(thing, '__module__', '?')}:?"


def _all_hooks() -> str:
    return f"the hooks are {', '.join(HOOK_NAMES)}"
