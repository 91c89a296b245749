"""Which plugin is called when, by the frozen calls and by pluggy's own, and what happens when one raises."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barstep import Observer, RiskDecision, RiskRule, Strategy, hookimpl, only_if
from barstep.domain.errors import ConfigError, PluginError
from barstep.hooks.manager import HookManager, Registered
from barstep.hooks.markers import hookimpl as raw_hookimpl
from barstep.hooks.specs import HOOK_NAMES

THING = SimpleNamespace(contract=SimpleNamespace(id="A"))
CALLS: list[tuple[str, str, object]] = []


class Everything(Strategy):
    """Implements every hook but on_risk, and notes each call."""

    @hookimpl
    def on_start(self, ctx):
        CALLS.append((ctx, "on_start", None))

    @hookimpl
    def on_session_start(self, session, ctx):
        CALLS.append((ctx, "on_session_start", session))

    @hookimpl
    def on_bar(self, bar, ctx):
        CALLS.append((ctx, "on_bar", bar))

    @hookimpl
    def on_fill(self, ctx, fill):
        CALLS.append((ctx, "on_fill", fill))

    @hookimpl
    def on_trade(self, trade, ctx):
        CALLS.append((ctx, "on_trade", trade))

    @hookimpl
    def on_order(self, order, ctx):
        CALLS.append((ctx, "on_order", order))

    @hookimpl
    def on_session_end(self, session, ctx):
        CALLS.append((ctx, "on_session_end", session))

    @hookimpl
    def on_stop(self, ctx):
        CALLS.append((ctx, "on_stop", None))


class Judge(RiskRule):
    """Answers with what it is given, and notes the call."""

    def __init__(self, answer=None):
        self.answer = answer

    @hookimpl
    def on_risk(self, order, ctx):
        CALLS.append((ctx, "on_risk", order))
        return self.answer


class OnlyBars(Observer):
    @hookimpl
    def on_bar(self, bar):
        CALLS.append(("only bars", "on_bar", bar))


@pytest.fixture(autouse=True)
def _clean():
    CALLS.clear()


def call_all(manager: HookManager) -> list[tuple[str, str, object]]:
    CALLS.clear()
    for hook in HOOK_NAMES:
        takes = () if hook in ("on_start", "on_stop") else (THING,)
        getattr(manager, hook)(*takes)
    return list(CALLS)


@pytest.mark.parametrize("hook", HOOK_NAMES)
def test_every_hook_reaches_its_plugins_in_the_order_of_the_configuration(manage, hook):
    manager = manage(Everything(), Judge(), Everything(), Judge())
    who = [ctx for ctx, name, _ in call_all(manager) if name == hook]
    kind = "judge" if hook == "on_risk" else "everything"
    assert who == [f"ctx of {n}" for n in ("everything0", "judge1", "everything2", "judge3") if kind in n]
    assert manager.order()[hook] == [name.removeprefix("ctx of ") for name in who]


KINDS = [Everything, Judge, OnlyBars]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(range(3)), min_size=1, max_size=6))
def test_frozen_calls_are_pluggys_own_calls(kinds):
    plugins = [KINDS[kind]() for kind in kinds]
    entries = [Registered(f"p{i}", plugin, f"ctx{i}") for i, plugin in enumerate(plugins)]
    frozen = HookManager(entries, str)
    traced = HookManager(entries, str)
    seen: list[str] = []
    traced.trace(lambda name, *_: seen.append(name), lambda *_: None)
    assert call_all(frozen) == call_all(traced)
    assert seen == list(HOOK_NAMES), "and pluggy did make them"


def test_a_wrapper_registered_by_hand_runs_around_all_plugins(manage):
    manager = manage(Everything(), Everything())

    class Around:
        @raw_hookimpl(wrapper=True)
        def on_bar(self, bar):
            CALLS.append(("around", "before", bar))
            result = yield
            CALLS.append(("around", "after", bar))
            return result

    manager.pm.register(Around())
    manager.freeze()
    manager.on_bar(THING)
    assert [what for _, what, _ in CALLS] == ["before", "on_bar", "on_bar", "after"]


def test_a_plugins_own_wrapper_runs_around_the_others(manage):
    class Around(Observer):
        @hookimpl(wrapper=True)
        def on_bar(self, bar, ctx):
            CALLS.append((ctx, "before", bar))
            yield
            CALLS.append((ctx, "after", bar))

    manager = manage(Everything(), Around())
    manager.on_bar(THING)
    assert [what for _, what, _ in CALLS] == ["before", "on_bar", "after"]


@pytest.mark.parametrize("traced", [False, True])
def test_on_risk_collects_every_answer_with_its_rule(manage, traced):
    manager = manage(Judge(), Judge(RiskDecision.deny("no")), Judge(RiskDecision.resize(2, "two")))
    if traced:
        manager.trace(lambda *_: None, lambda *_: None)
    assert [(v.rule, v.size, v.reason) for v in manager.on_risk(THING)] == [("judge1", 0, "no"), ("judge2", 2, "two")]


@pytest.mark.parametrize("traced", [False, True])
def test_on_risk_refuses_other_answers(manage, traced):
    manager = manage(Judge(False))
    if traced:
        manager.trace(lambda *_: None, lambda *_: None)
    with pytest.raises(PluginError, match=r"expected None or a RiskDecision") as caught:
        manager.on_risk(THING)
    assert caught.value.hook == "on_risk"


@pytest.mark.parametrize("hook", [name for name in HOOK_NAMES if name != "on_risk"])
@pytest.mark.parametrize("traced", [False, True])
def test_an_exception_leaves_as_a_plugin_error(manage, hook, traced):
    class Raises(Everything):
        pass

    def raising(self, *args):
        raise ZeroDivisionError("in the plugin")

    takes = {"on_start": ("ctx",), "on_stop": ("ctx",)}.get(hook)
    if takes:
        method = lambda self, ctx: raising(self)  # noqa: E731
    else:
        name = {"on_session_start": "session", "on_session_end": "session"}.get(hook, hook.removeprefix("on_"))
        scope: dict[str, object] = {"raising": raising}
        exec(f"def method(self, {name}, ctx): raising(self)", scope)  # noqa: S102 - a hook needs its exact names
        method = scope["method"]
    setattr(Raises, hook, hookimpl(method))
    manager = manage(Everything(), Raises())
    if traced:
        manager.trace(lambda *_: None, lambda *_: None)
    with pytest.raises(PluginError) as caught:
        getattr(manager, hook)(*(() if takes else (THING,)))
    error = caught.value
    assert (error.plugin, error.hook, error.when) == ("raises1", hook, "2013-09-02 10:00:00")
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert "test_manager.py:" in error.where


def test_a_class_in_place_of_an_instance_is_refused(manage):
    with pytest.raises(ConfigError, match=r"got the class Everything, write Everything\(\)"):
        HookManager([Registered("x", Everything, None)], str)


@pytest.mark.parametrize("traced", [False, True])
def test_a_plugin_that_follows_one_contract_hears_of_no_other(manage, traced):
    manager = manage(Everything(), Everything(), OnlyBars(), contracts=("A", "B"))
    if traced:
        manager.trace(lambda *_: None, lambda *_: None)
    manager.focus("A")
    manager.on_bar(THING)
    assert [ctx for ctx, _, _ in CALLS] == ["ctx of everything0", "only bars"]


class Picky(Everything):
    """Has use for fills only on request."""

    fills: bool = False

    @hookimpl
    @only_if(lambda self: self.fills)
    def on_fill(self, ctx, fill):
        CALLS.append((ctx, "on_fill", fill))


class Anew(Picky):
    """Implements the hook again, without a condition."""

    @hookimpl
    def on_fill(self, ctx, fill):
        CALLS.append((ctx, "anew", fill))


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(
    ("plugin", "heard"),
    [(Picky(), ["on_trade"]), (Picky(fills=True), ["on_fill", "on_trade"]), (Anew(), ["anew", "on_trade"])],
)
def test_a_hook_with_a_condition_is_called_only_where_it_holds(plugin, heard, traced):
    hooks = HookManager([Registered("p", plugin, "ctx")], lambda: "now")
    if traced:  # pluggy's own call
        hooks.trace(lambda *_: None, lambda *_: None)
    CALLS.clear()
    hooks.on_fill(THING)
    hooks.on_trade(THING)
    assert [("ctx", hook, THING) for hook in heard] == CALLS
    assert ("p" in hooks.order()["on_fill"]) == (len(heard) == 2)
    if not traced:
        assert [call.name for call in hooks.fill_calls] == ["p"] * (len(heard) - 1)


def test_a_condition_that_fails_names_plugin_and_hook():
    class Broken(Picky):
        """Asks for an option that is not there."""

        @hookimpl
        @only_if(lambda self: self.fill > 0)
        def on_fill(self, ctx, fill):
            pass

    with pytest.raises(PluginError, match=r"(?s)p.*only_if of on_fill.*before the run.*no attribute 'fill'") as told:
        HookManager([Registered("p", Broken(), "ctx")], lambda: "now")
    assert "test_manager.py" in str(told.value)
    assert isinstance(told.value.__cause__, AttributeError)


def test_a_condition_has_to_be_asked():
    with pytest.raises(TypeError, match=r"only_if got True: write @only_if\(lambda self"):
        only_if(True)
