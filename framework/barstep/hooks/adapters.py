"""What is registered with pluggy for a plugin: functions that add the plugin's own context to the hook's parameters."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

from barstep.hooks.checks import hooks_of, marks, parameters
from barstep.hooks.markers import hookimpl, hookspec
from barstep.hooks.specs import HOOK_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    import pluggy

    from barstep.domain.errors import PluginError
    from barstep.hooks.manager import Registered
    from barstep.hooks.plugin import Plugin


class Adapter:
    """What is registered with pluggy for a plugin: functions that add the plugin's own context."""

    def __init__(
        self,
        entry: Registered,
        methods: Mapping[str, Callable[..., Any]],
        error: Callable[[str, str, Exception], PluginError],
    ) -> None:
        functions = hooks_of(type(entry.plugin))
        for hook, method in methods.items():
            wrapper = bool((marks(functions[hook]) or {}).get("wrapper"))
            adapted = _adapt(entry, hook, method, wrapper, error)
            setattr(self, hook, hookimpl(wrapper=wrapper)(adapted))

    def __dir__(self) -> list[str]:
        """Only the hooks: pluggy looks at every name that there is."""
        return list(vars(self))


def _adapt(
    entry: Registered,
    hook: str,
    method: Callable[..., Any],
    wrapper: bool,
    error: Callable[[str, str, Exception], PluginError],
) -> Callable[..., Any]:
    context = entry.context

    def answer(*args: Any) -> Any:
        followed = getattr(args[0], "contract", None) if args and entry.contracts else None
        if followed is not None and followed.id not in entry.contracts:
            return None
        try:
            given = method(*args, context)
        except Exception as cause:
            raise error(entry.name, hook, cause) from cause
        return (entry.name, given) if hook == "on_risk" else given

    def call(thing: Any) -> Any:
        return answer(thing)

    def call_bare() -> Any:
        return answer()

    def around(thing: Any) -> Generator[None, Any, Any]:
        return (yield from method(thing, context))

    def around_bare() -> Generator[None, Any, Any]:
        return (yield from method(context))

    takes = _taken(hook)
    if takes:
        return _renamed(around if wrapper else call, takes)
    return around_bare if wrapper else call_bare


def _taken(hook: str) -> str:
    """The one parameter a hook has besides the context, empty for none."""
    return next((name for name in parameters(hook) if name != "ctx"), "")


def _renamed(function: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    """Name a function's one parameter: pluggy reads parameter names from the code and passes what they ask for."""
    code = function.__code__
    function.__code__ = code.replace(co_varnames=(name, *code.co_varnames[1:]))
    return function


@cache
def make_specs() -> type:
    """A class with one specification for each hook."""

    class Specs:
        """The hooks as pluggy sees them: without the context, which each adapter adds."""

    for hook in HOOK_NAMES:

        def spec(thing: Any) -> None:
            """See `HookSpecs`."""

        def bare() -> None:
            """See `HookSpecs`."""

        takes = _taken(hook)
        setattr(Specs, hook, staticmethod(hookspec(_renamed(spec, takes) if takes else bare)))
    return Specs


def positional(plugin: Plugin, hook: str) -> Callable[..., Any]:
    """The plugin's bound method, taking all of the hook's parameters by position."""
    method: Callable[..., Any] = getattr(plugin, hook)
    allowed = parameters(hook)
    taken = tuple(inspect.signature(method).parameters)
    if taken == allowed:
        return method
    places = [allowed.index(name) for name in taken]
    return lambda *args: method(*(args[place] for place in places))


def pluggy_call(pm: pluggy.PluginManager, hook: str) -> Callable[..., Any]:
    """Pluggy's own call of a hook, taking all of its parameters by position."""
    caller = getattr(pm.hook, hook)
    names = [name for name in parameters(hook) if name != "ctx"]
    return lambda *args: caller(**dict(zip(names, args, strict=False)))
