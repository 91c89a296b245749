"""Calls hooks: one typed method for each, on tuples of bound methods frozen before the run.

pluggy registers and validates. While no wrapper and no tracing is there, a hook is a loop over bound methods in the
order of the configuration, which a test proves to make the same calls as pluggy's own; otherwise pluggy's call runs.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import pluggy

from barstep.domain.errors import ConfigError, PluginError
from barstep.domain.risk import RiskDecision, Verdict
from barstep.hooks.adapters import Adapter, make_specs, pluggy_call, positional
from barstep.hooks.checks import file_of, hooks_of, is_heard
from barstep.hooks.markers import PROJECT
from barstep.hooks.specs import HOOK_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from barstep.domain.bar import Bar
    from barstep.domain.fill import Fill, Trade
    from barstep.domain.order import Order
    from barstep.domain.session import Session
    from barstep.hooks.plugin import Plugin


class Registered(NamedTuple):
    """A plugin of a run: its name there, the instance and its own context."""

    name: str
    plugin: Plugin
    context: Any
    contracts: tuple[str, ...] = ()
    """Ids of the contracts it follows, in the order of the run's data; none for all of them."""


class Call(NamedTuple):
    """One frozen call: who is called, the callable and the context it gets."""

    name: str
    method: Callable[..., Any]
    context: Any


class HookManager:
    """The plugins of one run, registered with a plugin manager of their own.

    Args:
        plugins: In the order of the configuration.
        when: Gives the replay's clock as text, for error messages.
    """

    def __init__(self, plugins: Sequence[Registered], when: Callable[[], str]) -> None:
        self.plugins = tuple(plugins)
        self._when = when
        self._traced = False
        self._contracts = {entry.name: entry.contracts for entry in self.plugins if entry.contracts}
        self._followed = {
            "on_session_start": {name: contracts[:1] for name, contracts in self._contracts.items()},
            "on_session_end": {name: contracts[-1:] for name, contracts in self._contracts.items()},
        }
        self.pm = pluggy.PluginManager(PROJECT)
        self.pm.add_hookspecs(make_specs())
        self._methods: dict[str, dict[str, Callable[..., Any]]] = {}
        for entry in reversed(self.plugins):  # pluggy calls the last registered first
            if isinstance(entry.plugin, type):
                raise ConfigError(
                    f"{entry.name}: got the class {entry.plugin.__name__}, write {entry.plugin.__name__}()"
                )
            methods = {hook: positional(entry.plugin, hook) for hook in self._heard_by(entry)}
            self._methods[entry.name] = methods
            self.pm.register(Adapter(entry, methods, self.error), name=entry.name)
        self.pm.check_pending()
        self.freeze()

    def freeze(self) -> None:
        """Fix what each hook calls; call it again after registering anything with `pm` by hand."""
        self._everything = {hook: self._freeze(hook) for hook in HOOK_NAMES}
        self._by_contract = {"": self._everything}
        self.focus("")

    def focus(self, contract: str, *, account_too: bool = True) -> None:
        """Call only plugins that follow a contract (by id), and with `account_too` those that follow all of them.

        A plugin on several contracts hears a session once: it starts with its first contract's, and ends with its last's.
        """
        frozen = self._by_contract.get(contract)
        if frozen is None:
            frozen = {
                h: _followers(calls, self._followed.get(h, self._contracts), contract)
                for h, calls in self._everything.items()
            }
            self._by_contract[contract] = frozen
        if not account_too:
            frozen = {h: tuple(c for c in calls if self._contracts.get(c.name)) for h, calls in frozen.items()}
        self._frozen = frozen
        self.bar_calls = frozen["on_bar"]
        self.fill_calls = frozen["on_fill"]
        self.hears_orders = bool(frozen["on_order"])
        self._on_trade = frozen["on_trade"]
        self.hears_fills_only = not (frozen["on_trade"] or frozen["on_order"])

    def silence(self) -> None:
        """Call nothing from now on: the run is over, what is still to be recorded is nobody's to answer."""
        self._by_contract = {"": dict.fromkeys(HOOK_NAMES, ())}
        self.focus("")

    def trace(self, before: Callable[..., None], after: Callable[..., None]) -> None:
        """Watch every hook call, as pluggy's `add_hookcall_monitoring` does; pluggy's own call then runs."""
        self.pm.add_hookcall_monitoring(before, after)
        self._traced = True
        self.freeze()

    def order(self) -> dict[str, list[str]]:
        """Which plugins each hook calls, in order."""
        return {
            hook: [entry.name for entry in self.plugins if hook in self._methods[entry.name]] for hook in HOOK_NAMES
        }

    def on_start(self) -> None:
        """Before the first bar."""
        self._run("on_start")

    def on_session_start(self, session: Session) -> None:
        """A trading day begins."""
        self._run("on_session_start", session)

    def on_bar(self, bar: Bar) -> None:
        """A bar is complete. The replay makes the same calls itself, from `bar_calls`: it saves a call a bar."""
        self._run("on_bar", bar)

    def on_risk(self, order: Order) -> list[Verdict]:
        """Ask every risk rule about an order; the answers that object, in the order of the rules."""
        name = ""
        verdicts = []
        try:
            for name, method, context in self._frozen["on_risk"]:
                answer = method(order, context)
                if answer is None:
                    continue
                for rule, decision in answer if name == PROJECT else ((name, answer),):
                    if decision is not None:
                        verdicts.append(_verdict(rule, decision))
        except Exception as error:
            self.fail(name, "on_risk", error)
        return verdicts

    def on_fill(self, fill: Fill) -> None:
        """An order filled."""
        if self.fill_calls:
            self._run("on_fill", fill)

    def on_trade(self, trade: Trade) -> None:
        """A round trip closed."""
        if self._on_trade:
            self._run("on_trade", trade)

    def on_order(self, order: Order) -> None:
        """An order's status changed."""
        self._run("on_order", order)

    def on_session_end(self, session: Session) -> None:
        """A trading day is over."""
        self._run("on_session_end", session)

    def on_stop(self) -> None:
        """After the last bar."""
        self._run("on_stop")

    def _run(self, hook: str, *args: object) -> None:
        name = ""
        try:
            for name, method, context in self._frozen[hook]:  # noqa: B007 - named in the error below
                method(*args, context)
        except Exception as error:
            self.fail(name, hook, error)

    def _heard_by(self, entry: Registered) -> list[str]:
        heard, name = [], ""
        try:
            for name in hooks_of(type(entry.plugin)):
                if is_heard(entry.plugin, name):
                    heard.append(name)
        except Exception as error:
            cause = raised_at(error, file_of(type(entry.plugin)))
            raise PluginError(entry.name, f"@only_if of {name}", cause, "before the run", error) from error
        return heard

    def _freeze(self, hook: str) -> tuple[Call, ...]:
        impls = getattr(self.pm.hook, hook).get_hookimpls()
        if self._traced or any(impl.wrapper or not isinstance(impl.plugin, Adapter) for impl in impls):
            return (Call(PROJECT, pluggy_call(self.pm, hook), None),)
        entries = (entry for entry in self.plugins if hook in self._methods[entry.name])
        return tuple(Call(entry.name, self._methods[entry.name][hook], entry.context) for entry in entries)

    def fail(self, name: str, hook: str, cause: Exception) -> NoReturn:
        """Raise what a plugin's exception leaves as; one that is named already is raised as it is."""
        if isinstance(cause, PluginError):
            raise cause
        raise self.error(name, hook, cause) from cause

    def error(self, name: str, hook: str, cause: Exception) -> PluginError:
        """What a plugin's exception leaves as: named, with file and line and the replay's clock."""
        return PluginError(name, hook, raised_at(cause, self._file(name)), self._when(), cause)

    def _file(self, name: str) -> str:
        plugin = next((entry.plugin for entry in self.plugins if entry.name == name), None)
        return file_of(type(plugin)) if plugin is not None else ""


def _verdict(rule: str, decision: object) -> Verdict:
    if not isinstance(decision, RiskDecision):
        raise TypeError(f"on_risk of {rule} returned {decision!r}: expected None or a RiskDecision")
    return Verdict(rule, decision.size, decision.reason)


def _followers(calls: tuple[Call, ...], contracts: dict[str, tuple[str, ...]], contract: str) -> tuple[Call, ...]:
    return tuple(call for call in calls if contract in contracts.get(call.name, (contract,)))


def raised_at(cause: BaseException, file: str) -> str:
    """`file:line` of the deepest frame inside the plugin's own file, else of the deepest frame."""
    frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    chosen = own or list(frames)
    return f"{chosen[-1].filename}:{chosen[-1].lineno}" if chosen else file or "?"
